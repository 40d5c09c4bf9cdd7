#include <string.h>

#include "core/memory.h"
#include "handlers/capabilities.h"
#include "handlers/handlers.h"
#include "protocol/display_text.h"
#include "protocol/invite.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"

enum { DEFAULT_TTL_SECONDS = 7 * 86400, MOST_TTL_SECONDS = 365 * 86400 };

void admission_create_handle(struct request *request, const struct node_parts *parts)
{
    struct policy policy = policy_default();
    struct error error = {""};
    const char *name = NULL;
    const json_t *policy_json = json_object_get(request->body, "policy");
    if (!json_members_string(request->body, "name", &name, NULL) || name[0] == '\0' ||
        display_text_count_characters(name) > EVENT_DATA_MOST_NAME_CHARACTERS ||
        display_text_has_control_character(name)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Give the community a name of 1 to 64 characters: {\"name\":\"…\"}.");
        return;
    }
    if (policy_json != NULL && policy_parse_partial(policy_json, &policy, &error) != RESULT_OK) {
        request_reply_error(request, WIRE_BAD_REQUEST, error.message);
        return;
    }
    enum result result = parts->found(parts->node, name, &policy, &error);
    if (result != RESULT_OK) {
        request_reply_error(request, wire_code_of_append(result), error.message);
        return;
    }
    node_info_handle(request, parts);
}

static void on_joined(void *context, const struct join_answer *answer)
{
    struct request *request = context;
    if (answer->result != RESULT_OK) {
        request_reply_error(request, wire_code_of_join(answer->result), answer->error.message);
        return;
    }
    char community_id[NODE_ID_TEXT_BYTES];
    node_id_format(&answer->community_id, community_id);
    request_reply_output(request, json_build_pack("{s:s,s:s,s:b}", "community_id", community_id,
                                                  "community_name", answer->community_name,
                                                  "already", (int)answer->already));
}

void admission_join_handle(struct request *request, const struct node_parts *parts)
{
    const char *invite = NULL;
    if (!json_members_string(request->body, "invite", &invite, NULL)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Expected {\"invite\":\"hearthnet://v1/…\"}.");
        return;
    }
    if (parts->join(parts->node, invite, on_joined, request) != RESULT_OK) {
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "This node is joining already; wait for that to end.");
    }
}

/* An invitation that waits for its event to be on disk. */
struct inviting {
    struct request *request;
    const struct node_parts *parts;
    struct invite invite;
};

static void on_invited(void *context, const struct append_answer *answer)
{
    struct inviting *inviting = context;
    if (answer->result != RESULT_OK) {
        request_reply_error(inviting->request, wire_code_of_append(answer->result),
                            answer->error.message);
    } else {
        char expires_at[WALL_CLOCK_TEXT_BYTES];
        memcpy(inviting->invite.invite_event_id, answer->event_id, ULID_TEXT_BYTES);
        wall_clock_format(inviting->invite.expires_at, expires_at);
        char *text = invite_make(&inviting->invite, inviting->parts->key);
        request_reply_output(inviting->request, json_build_pack("{s:s,s:s}", "invite", text,
                                                                "expires_at", expires_at));
        memory_free(text);
    }
    invite_deinit(&inviting->invite);
    memory_free(inviting);
}

/* The invitee by NodeID, or by the text that a fresh device shows. */
static bool read_invitee(const char *text, struct node_id *invitee_out, char **name_out)
{
    if (node_id_parse(text, invitee_out) == RESULT_OK) {
        *name_out = memory_duplicate_string("");
        return true;
    }
    return invite_parse_id_text(text, invitee_out, name_out) == RESULT_OK;
}

void admission_invite_call(struct request *request, const struct node_parts *parts,
                           const json_t *input)
{
    const char *invitee_text = "";
    const char *display_name = NULL;
    const char *level_text = "member";
    enum member_level level = LEVEL_MEMBER;
    int64_t ttl_seconds = DEFAULT_TTL_SECONDS;
    struct node_id invitee;
    char *own_name = NULL;
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    (void)json_members_string(input, "invitee_node_id", &invitee_text, NULL);
    (void)json_members_string(input, "initial_level", &level_text, NULL);
    (void)json_members_integer(input, "ttl_seconds", INT64_MIN, INT64_MAX, &ttl_seconds);
    if (!read_invitee(invitee_text, &invitee, &own_name)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "invitee_node_id must be a full NodeID (ed25519: and 43 characters) or "
                            "the hearthnet-id:// text that the other device shows.");
        return;
    }
    if (!json_members_string(input, "display_name", &display_name, NULL)) {
        display_name = own_name;
    }
    if (!member_level_parse(level_text, &level) || level == LEVEL_ANCHOR || ttl_seconds < 1 ||
        ttl_seconds > MOST_TTL_SECONDS || display_text_count_characters(display_name) > 64 ||
        display_text_has_control_character(display_name)) {
        memory_free(own_name);
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "initial_level is member or trusted, ttl_seconds 1 to 31536000, "
                            "display_name at most 64 characters.");
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    struct inviting *inviting = memory_allocate(1, sizeof *inviting);
    inviting->request = request;
    inviting->parts = parts;
    inviting->invite = (struct invite){
        .community_id = snapshot->membership->community_id,
        .inviter = parts->key->node_id,
        .invitee = invitee,
        .initial_level = level,
        .bootstrap_endpoints = *parts->endpoints(parts->node),
        .expires_at = clock_wall_ms(parts->clock) / 1000 + ttl_seconds,
        .community_name = memory_duplicate_string(snapshot->membership->name),
    };
    log_snapshot_release(log, &snapshot);
    struct event_draft draft =
        event_draft_invited(&invitee, display_name, level, inviting->invite.expires_at);
    memory_free(own_name);
    if (log_append_event(log, &draft, on_invited, inviting) != RESULT_OK) {
        invite_deinit(&inviting->invite);
        memory_free(inviting);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "Too much is being written at once; try again in a second.");
    }
}

void admission_invite_handle(struct request *request, const struct node_parts *parts)
{
    capabilities_call(capabilities_find("community.invite"), request, parts, request->body);
}
