#include "core/memory.h"
#include "handlers/chat_gate.h"
#include "handlers/contact_path.h"
#include "handlers/handlers.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "store/log_restoring.h"

/* Keys that wait to be on disk. */
struct restoring {
    struct request *request;
    struct log_restoring_answer answer;
};

static void reply(struct request *request, void *context)
{
    struct restoring *restoring = context;
    const struct log_restoring_answer *answer = &restoring->answer;
    if (answer->result == RESULT_OK) {
        request_reply_output(request,
                             json_build_pack("{s:I}", "messages", (json_int_t)answer->given));
    } else {
        request_reply_error(request,
                            answer->result == RESULT_MISMATCH ? WIRE_E2E_SESSION_MISSING
                                                              : wire_code_of_append(answer->result),
                            answer->error.message);
    }
    memory_free(restoring);
}

static void on_given(void *context, const struct log_restoring_answer *answer)
{
    struct restoring *restoring = context;
    restoring->answer = *answer;
    restoring->request->go_on(restoring->request, reply, restoring);
}

/* What is to be given, and to whom. */
struct wish {
    struct node_id peer;
    bool has_since;
    int64_t since;
    bool and_theirs;
};

/* {"peer"}, and since when or whether of both, if that is said: a member that is not this node.
 * False after answering what is wrong. */
static bool read_input(struct request *request, const struct node_parts *parts,
                       struct wish *wish_out)
{
    static const char *const alone[] = {"peer", NULL};
    static const char *const since[] = {"peer", "since_lamport", NULL};
    static const char *const theirs[] = {"peer", "theirs", NULL};
    const json_t *body = request->body;
    const char *peer_text = NULL;
    wish_out->has_since =
        json_members_are(body, since) &&
        json_members_integer(body, "since_lamport", 0, INT64_MAX, &wish_out->since);
    bool has_theirs = json_members_are(body, theirs) &&
                      json_members_boolean(body, "theirs", &wish_out->and_theirs);
    if ((!wish_out->has_since && !has_theirs && !json_members_are(body, alone)) ||
        !json_members_string(body, "peer", &peer_text, NULL)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Expected {\"peer\":\"ed25519:…\"}, or with a \"since_lamport\" from 0 "
                            "on, or \"theirs\":true, beside it.");
        return false;
    }
    return contact_path_resolve(request, parts, peer_text, &wish_out->peer);
}

void chat_restore_handle(struct request *request, const struct node_parts *parts)
{
    struct wish wish = {.has_since = false};
    struct event_log *log =
        chat_gate_is_open(request, parts) ? node_parts_log(parts, request) : NULL;
    if (log == NULL || !read_input(request, parts, &wish) ||
        !chat_gate_reaches(request, parts, &wish.peer)) {
        return;
    }
    struct restoring *restoring = memory_allocate(1, sizeof *restoring);
    restoring->request = request;
    if (log_restoring_give(log, &wish.peer, wish.has_since ? &wish.since : NULL, wish.and_theirs,
                           on_given, restoring) != RESULT_OK) {
        memory_free(restoring);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "Too much is being written at once; try again in a second.");
    }
}
