#include "core/memory.h"
#include "handlers/appending.h"
#include "handlers/handlers.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "store/log_keys.h"

static void on_rotated(struct appending *rotating)
{
    const struct append_answer *answer = &rotating->answer;
    if (answer->result != RESULT_OK) {
        request_reply_error(rotating->request, wire_code_of_append(answer->result),
                            answer->error.message);
    } else {
        request_reply_output(rotating->request,
                             json_build_pack("{s:s,s:I}", "event_id", answer->event_id, "lamport",
                                             (json_int_t)answer->lamport));
    }
    memory_free(rotating);
}

void keys_rotate_handle(struct request *request, const struct node_parts *parts)
{
    static const char *const nothing[] = {NULL};
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    if (!json_members_are(request->body, nothing)) {
        request_reply_error(request, WIRE_BAD_REQUEST, "Expected {}.");
        return;
    }
    struct appending *rotating = memory_allocate(1, sizeof *rotating);
    *rotating = (struct appending){.request = request, .parts = parts, .then = on_rotated};
    if (log_keys_rotate(log, appending_done, rotating) != RESULT_OK) {
        memory_free(rotating);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "Too much is being written at once; try again in a second.");
    }
}
