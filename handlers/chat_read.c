#include "core/memory.h"
#include "handlers/appending.h"
#include "handlers/handlers.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"

static void on_marked(struct appending *marking)
{
    const struct append_answer *answer = &marking->answer;
    if (answer->result != RESULT_OK) {
        request_reply_error(marking->request, wire_code_of_append(answer->result),
                            answer->error.message);
    } else {
        request_reply_output(marking->request,
                             json_build_pack("{s:b}", "already", (int)answer->repeated));
    }
    memory_free(marking);
}

void chat_read_handle(struct request *request, const struct node_parts *parts)
{
    static const char *const members[] = {"peer", "event_id", NULL};
    const char *peer_text = NULL;
    const char *event_id = NULL;
    struct node_id peer;
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    if (!json_members_are(request->body, members) ||
        !json_members_string(request->body, "peer", &peer_text, NULL) ||
        !json_members_string(request->body, "event_id", &event_id, NULL) ||
        !ulid_is_valid(event_id)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Expected {\"peer\":\"ed25519:…\",\"event_id\":\"…\"}.");
        return;
    }
    if (!node_parts_resolve(parts, request, peer_text, &peer)) {
        return;
    }
    struct appending *marking = memory_allocate(1, sizeof *marking);
    *marking = (struct appending){.request = request, .parts = parts, .then = on_marked};
    if (log_mark_read_up_to(log, &peer, event_id, !parts->read_receipts_enabled, appending_done,
                            marking) != RESULT_OK) {
        memory_free(marking);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "Too much is being written at once; try again in a second.");
    }
}
