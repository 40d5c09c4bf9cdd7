#include <stdlib.h>
#include <string.h>

#include "handlers/capabilities.h"
#include "handlers/handlers.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"

static const char *named_in(const struct request *request, const char *header, const char *member)
{
    const char *text = request->header(request, header);
    if (text == NULL) {
        (void)json_members_string(request->body, member, &text, NULL);
    }
    return text;
}

/* `name@A.B` is served by X.Y iff X = A and Y >= B. */
static bool serves(const struct capability *capability, const char *version)
{
    char *end = NULL;
    long major = strtol(version, &end, 10);
    if (version[0] < '0' || version[0] > '9' || *end != '.' || end[1] < '0' || end[1] > '9') {
        return false;
    }
    long minor = strtol(end + 1, &end, 10);
    return *end == '\0' && major == capability->major && minor <= capability->minor;
}

void bus_call_handle(struct request *request, const struct node_parts *parts)
{
    static const char *const known[] = {"params", "input", "capability", "version", NULL};
    const json_t *input = NULL;
    const char *name = named_in(request, "X-HearthNet-Capability", "capability");
    const char *version = named_in(request, "X-HearthNet-Capability-Version", "version");
    size_t understood = 0;
    for (size_t i = 0; known[i] != NULL; i++) {
        understood += json_object_get(request->body, known[i]) != NULL ? 1 : 0;
    }
    if (name == NULL || !json_members_object(request->body, "input", &input) ||
        understood != json_object_size(request->body)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Expected {\"params\":{},\"input\":{…}} and the capability's name in "
                            "X-HearthNet-Capability.");
        return;
    }
    struct capability *capability = capabilities_find(name);
    if (capability == NULL) {
        request_reply_error(request, WIRE_NOT_FOUND, "This node has no such capability.");
    } else if (request->caller.level != CALLER_SELF && !capability->for_peers) {
        request_reply_error(request, WIRE_UNAUTHORIZED,
                            "Only this node's owner may call this, on the machine itself.");
    } else if (!serves(capability, version == NULL ? "1.0" : version)) {
        request_reply_schema_mismatch(request, "This version of the capability is not served here.",
                                      capability->schema_hash);
    } else {
        capabilities_call(capability, request, parts, input);
    }
}

void bus_capabilities_handle(struct request *request, const struct node_parts *parts)
{
    json_t *list =
        json_build_pack("{s:o}", "capabilities", capabilities_to_json(parts->chat_enabled));
    if (request->caller.level == CALLER_SELF) {
        request_reply_output(request, list);
    } else {
        request_reply_json(request, 200, list);
    }
}
