#include <stdlib.h>
#include <string.h>

#include "handlers/capabilities.h"
#include "handlers/endpoints.h"
#include "protocol/fields.h"

static const char *named_in(const struct exchange *exchange, const char *header, const char *member)
{
    const char *text = exchange->header(exchange, header);
    if (text == NULL) {
        (void)fields_string(exchange->body, member, &text, NULL);
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

void bus_call_handle(struct exchange *exchange, const struct services *services)
{
    static const char *const known[] = {"params", "input", "capability", "version", NULL};
    const json_t *input = NULL;
    const char *name = named_in(exchange, "X-HearthNet-Capability", "capability");
    const char *version = named_in(exchange, "X-HearthNet-Capability-Version", "version");
    size_t understood = 0;
    for (size_t i = 0; known[i] != NULL; i++) {
        understood += json_object_get(exchange->body, known[i]) != NULL ? 1 : 0;
    }
    if (name == NULL || !fields_object(exchange->body, "input", &input) ||
        understood != json_object_size(exchange->body)) {
        exchange_reply_error(exchange, WIRE_BAD_REQUEST,
                             "Expected {\"params\":{},\"input\":{…}} and the capability's name in "
                             "X-HearthNet-Capability.");
        return;
    }
    const struct capability *capability = capabilities_find(name);
    if (capability == NULL) {
        exchange_reply_error(exchange, WIRE_NOT_FOUND, "This node has no such capability.");
    } else if (exchange->caller.level != CALLER_SELF && !capability->for_peers) {
        exchange_reply_error(exchange, WIRE_UNAUTHORIZED,
                             "Only this node's owner may call this, on the machine itself.");
    } else if (!serves(capability, version == NULL ? "1.0" : version)) {
        exchange_reply_schema_mismatch(exchange,
                                       "This version of the capability is not served here.",
                                       capability->schema_hash);
    } else {
        capabilities_call(capability, exchange, services, input);
    }
}

void bus_capabilities_handle(struct exchange *exchange, const struct services *services)
{
    json_t *list = json_pack("{s:o}", "capabilities", capabilities_to_json(services->chat_enabled));
    if (exchange->caller.level == CALLER_SELF) {
        exchange_reply_output(exchange, list);
    } else {
        exchange_reply_json(exchange, 200, list);
    }
}
