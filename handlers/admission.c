#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "handlers/appending.h"
#include "handlers/capabilities.h"
#include "handlers/handlers.h"
#include "handlers/invite_text.h"
#include "handlers/open_invite.h"
#include "protocol/display_text.h"
#include "protocol/invite.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/visible_text.h"

void admission_create_handle(struct request *request, const struct node_parts *parts)
{
    struct policy policy = policy_default();
    struct error error = {""};
    const char *name = NULL;
    const json_t *policy_json = json_object_get(request->body, "policy");
    if (!json_members_string(request->body, "name", &name, NULL) || !visible_text_has_any(name) ||
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
    request_reply_output(request,
                         json_build_pack("{s:s,s:s,s:b,s:b}", "community_id", community_id,
                                         "community_name", answer->community_name, "already",
                                         (int)answer->already, "returned", (int)answer->returned));
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
    struct appending base; /* first: the one pointer becomes the other */
    struct invite invite;
};

static void on_invited(struct appending *base)
{
    struct inviting *inviting = (struct inviting *)base;
    const struct append_answer *answer = &base->answer;
    if (answer->result != RESULT_OK) {
        request_reply_error(base->request, wire_code_of_append(answer->result),
                            answer->error.message);
    } else {
        memcpy(inviting->invite.invite_event_id, answer->event_id, ULID_TEXT_BYTES);
        invite_text_reply(base->request, base->parts, &inviting->invite);
    }
    invite_deinit(&inviting->invite);
    memory_free(inviting);
}

/* A NodeID amid other text; one with a character too many is none. */
static bool find_node_id(const char *text, struct node_id *node_id_out)
{
    static const char prefix[] = "ed25519:";
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char id[NODE_ID_TEXT_BYTES + 1];
    for (const char *at = strstr(text, prefix); at != NULL; at = strstr(at + 1, prefix)) {
        size_t length = sizeof prefix - 1 + strspn(at + sizeof prefix - 1, digits);
        (void)snprintf(id, sizeof id, "%.*s", (int)(length < sizeof id ? length : sizeof id), at);
        if (node_id_parse(id, node_id_out) == RESULT_OK) {
            return true;
        }
    }
    return false;
}

/* The invitee by the text that a fresh device shows, or by NodeID. */
static bool read_invitee(const char *text, struct node_id *invitee_out, char **name_out)
{
    if (invite_parse_id_text(text, invitee_out, name_out) == RESULT_OK) {
        return true;
    }
    *name_out = memory_duplicate_string("");
    return find_node_id(text, invitee_out);
}

/* Consumes the invite. */
static void append_invitation(struct request *request, const struct node_parts *parts,
                              const char *display_name, struct invite *invite)
{
    struct inviting *inviting = memory_allocate(1, sizeof *inviting);
    struct event_draft draft = event_draft_invited(&invite->invitee, display_name,
                                                   invite->initial_level, invite->expires_at);
    inviting->base = (struct appending){.request = request, .parts = parts, .then = on_invited};
    inviting->invite = *invite;
    if (log_append_event(parts->log(parts->node), &draft, appending_done, inviting) != RESULT_OK) {
        invite_deinit(&inviting->invite);
        memory_free(inviting);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "Too much is being written at once; try again in a second.");
    }
}

/* A member that lost its log needs no invitation: the text leads it here (§17). Consumes the
 * invite. */
static void let_back(struct request *request, const struct node_parts *parts, struct invite *invite)
{
    if (node_id_equal(&invite->invitee, &parts->key->node_id)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "This is this node's own id; take that of the device to invite.");
    } else {
        invite_text_reply(request, parts, invite);
    }
    invite_deinit(invite);
}

void admission_invite_call(struct request *request, const struct node_parts *parts,
                           const json_t *input)
{
    const char *invitee_text = "";
    const char *display_name = NULL;
    const char *level_text = "member";
    enum member_level level = LEVEL_MEMBER;
    int64_t ttl_seconds = INVITE_TEXT_DEFAULT_TTL_SECONDS;
    struct node_id invitee;
    struct endpoints endpoints;
    char *own_name = NULL;
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL || !invite_text_endpoints(request, parts, &endpoints)) {
        return;
    }
    (void)json_members_string(input, "invitee_node_id", &invitee_text, NULL);
    (void)json_members_string(input, "initial_level", &level_text, NULL);
    (void)json_members_integer(input, "ttl_seconds", INT64_MIN, INT64_MAX, &ttl_seconds);
    if (!read_invitee(invitee_text, &invitee, &own_name)) {
        memory_free(own_name);
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "invitee_node_id must be a full NodeID (ed25519: and 43 characters) or "
                            "the hearthnet-id:// text that the other device shows.");
        return;
    }
    if (!json_members_string(input, "display_name", &display_name, NULL)) {
        display_name = own_name;
    }
    if (!member_level_parse(level_text, &level) || level == LEVEL_ANCHOR || ttl_seconds < 1 ||
        ttl_seconds > INVITE_TEXT_MOST_TTL_SECONDS ||
        display_text_count_characters(display_name) > 64 ||
        display_text_has_control_character(display_name)) {
        memory_free(own_name);
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "initial_level is member or trusted, ttl_seconds 1 to 31536000, "
                            "display_name at most 64 characters.");
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    struct invite invite = {
        .community_id = snapshot->membership->community_id,
        .inviter = parts->key->node_id,
        .invitee = invitee,
        .initial_level = level,
        .bootstrap_endpoints = endpoints,
        .expires_at = clock_wall_ms(parts->clock) / 1000 + ttl_seconds,
        .community_name = memory_duplicate_string(snapshot->membership->name),
    };
    bool is_member = membership_find(snapshot->membership, &invitee) != NULL;
    log_snapshot_release(log, &snapshot);
    if (is_member) {
        let_back(request, parts, &invite);
    } else {
        append_invitation(request, parts, display_name, &invite);
    }
    memory_free(own_name);
}

void admission_invite_handle(struct request *request, const struct node_parts *parts)
{
    if (json_object_get(request->body, "open") != NULL) {
        open_invite_make(request, parts);
    } else {
        capabilities_call(capabilities_find("community.invite"), request, parts, request->body);
    }
}
