#include <string.h>

#include "core/memory.h"
#include "handlers/appending.h"
#include "handlers/capabilities.h"
#include "handlers/handlers.h"
#include "protocol/co_signature.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"

enum { MOST_CLIENT_ID_BYTES = 128 };

/* A change of a member's standing that waits to be on disk. */
struct changing {
    struct appending base; /* first: the one pointer becomes the other */
    struct node_id target;
};

static void on_changed(struct appending *base)
{
    struct changing *changing = (struct changing *)base;
    const struct append_answer *answer = &base->answer;
    char target[NODE_ID_TEXT_BYTES];
    if (answer->result != RESULT_OK) {
        request_reply_error(base->request, wire_code_of_append(answer->result),
                            answer->error.message);
    } else {
        node_id_format(&changing->target, target);
        request_reply_output(
            base->request, json_build_pack("{s:s,s:I,s:s}", "event_id", answer->event_id, "lamport",
                                           (json_int_t)answer->lamport, "target_node_id", target));
    }
    memory_free(changing);
}

/* Ours and what others gave; the caller owns it. */
static json_t *gather(const struct node_parts *parts, const json_t *input, json_t *statement)
{
    json_t *co_signers = json_array();
    const json_t *others = NULL;
    struct node_id signer;
    size_t index;
    json_t *other;
    (void)json_array_append_new(co_signers, co_signature_make(parts->key, statement));
    (void)json_members_array(input, "co_signers", &others);
    json_array_foreach(others, index, other)
    {
        if (!json_members_node_id(other, "node_id", &signer) ||
            !node_id_equal(&signer, &parts->key->node_id)) {
            (void)json_array_append(co_signers, other);
        }
    }
    return co_signers;
}

static void append(struct request *request, struct event_log *log, struct event_draft draft,
                   const struct node_id *target)
{
    struct changing *changing = memory_allocate(1, sizeof *changing);
    changing->base = (struct appending){.request = request, .then = on_changed};
    changing->target = *target;
    if (log_append_event(log, &draft, appending_done, changing) != RESULT_OK) {
        memory_free(changing);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "Too much is being written at once; try again in a second.");
    }
}

/* The log and whom it is about; false after answering what is wrong. */
static bool begin(struct request *request, const struct node_parts *parts, const json_t *input,
                  struct event_log **log_out, struct node_id *target_out)
{
    const char *target = "";
    (void)json_members_string(input, "target_node_id", &target, NULL);
    *log_out = node_parts_log(parts, request);
    return *log_out != NULL && node_parts_resolve(parts, request, target, target_out);
}

void member_change_revoke_call(struct request *request, const struct node_parts *parts,
                               const json_t *input)
{
    struct event_log *log = NULL;
    struct node_id target;
    const char *reason = "";
    const char *client_id = NULL;
    char agreed[CO_SIGNATURE_CLIENT_ID_BYTES];
    if (!begin(request, parts, input, &log, &target)) {
        return;
    }
    (void)json_members_string(input, "reason", &reason, NULL);
    if (!event_data_is_revocation_reason(reason)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "reason is compromised, inactive, policy_violation or other.");
        return;
    }
    co_signature_client_id(&target, reason, agreed);
    if (!json_members_string(input, "client_id", &client_id, NULL)) {
        client_id = agreed;
    }
    if (client_id[0] == '\0' || strlen(client_id) > MOST_CLIENT_ID_BYTES) {
        request_reply_error(request, WIRE_BAD_REQUEST, "client_id has 1 to 128 bytes.");
        return;
    }
    json_t *co_signers =
        gather(parts, input, event_data_revocation_statement(client_id, reason, &target));
    append(request, log, event_draft_revoked(client_id, &target, reason, co_signers), &target);
    json_decref(co_signers);
}

void member_change_revoke_handle(struct request *request, const struct node_parts *parts)
{
    capabilities_call(capabilities_find("community.revoke"), request, parts, request->body);
}

void member_change_level_handle(struct request *request, const struct node_parts *parts)
{
    struct event_log *log = NULL;
    struct node_id target;
    const char *level_text = "";
    enum member_level level = LEVEL_MEMBER;
    if (!begin(request, parts, request->body, &log, &target)) {
        return;
    }
    (void)json_members_string(request->body, "new_level", &level_text, NULL);
    if (!member_level_parse(level_text, &level)) {
        request_reply_error(request, WIRE_BAD_REQUEST, "new_level is member, trusted or anchor.");
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    const struct member *member = membership_find(snapshot->membership, &target);
    bool promoted = member != NULL && level > member->level;
    bool same = member != NULL && level == member->level;
    log_snapshot_release(log, &snapshot);
    if (same) {
        request_reply_error(request, WIRE_BAD_REQUEST, "The member has this level already.");
        return;
    }
    json_t *co_signers = gather(parts, request->body, event_data_level_statement(level, &target));
    append(request, log, event_draft_level(promoted, &target, level, co_signers), &target);
    json_decref(co_signers);
}

/* What is to be agreed to; NULL when it is neither. */
static json_t *read_statement(const json_t *input, const struct node_id *target)
{
    const char *reason = NULL;
    const char *level_text = NULL;
    enum member_level level = LEVEL_MEMBER;
    char client_id[CO_SIGNATURE_CLIENT_ID_BYTES];
    (void)json_members_string(input, "reason", &reason, NULL);
    (void)json_members_string(input, "new_level", &level_text, NULL);
    if (reason != NULL && level_text == NULL && event_data_is_revocation_reason(reason)) {
        co_signature_client_id(target, reason, client_id);
        return event_data_revocation_statement(client_id, reason, target);
    }
    return reason == NULL && level_text != NULL && member_level_parse(level_text, &level)
               ? event_data_level_statement(level, target)
               : NULL;
}

void member_change_agree_handle(struct request *request, const struct node_parts *parts)
{
    struct event_log *log = NULL;
    struct node_id target;
    struct buffer text;
    if (!begin(request, parts, request->body, &log, &target)) {
        return;
    }
    json_t *statement = read_statement(request->body, &target);
    if (statement == NULL) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Say what is agreed to: reason is compromised, inactive, "
                            "policy_violation or other, or new_level is member, trusted or "
                            "anchor.");
        return;
    }
    json_t *agreement = co_signature_make(parts->key, statement);
    buffer_init(&text);
    co_signature_format(agreement, &text);
    (void)json_object_set_new(agreement, "text", json_build_text(buffer_text(&text)));
    buffer_deinit(&text);
    request_reply_output(request, agreement);
}
