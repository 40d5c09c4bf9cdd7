#include "store/log_wait.h"

#include <string.h>

#include "core/lock.h"

/* A callback on the writer thread meets the thread that waits for it. */
struct meeting {
    struct lock *lock;
    bool over;
    struct append_answer *appended;
    enum result received;
    size_t accepted;
    enum event_refusal *refusals;
};

static void end(struct meeting *meeting)
{
    lock_take(meeting->lock);
    meeting->over = true;
    lock_wake_all(meeting->lock);
    lock_release(meeting->lock);
}

static void meet(struct meeting *meeting)
{
    lock_take(meeting->lock);
    while (!meeting->over) {
        (void)lock_wait(meeting->lock, -1);
    }
    lock_release(meeting->lock);
}

static void on_appended(void *context, const struct append_answer *answer)
{
    struct meeting *meeting = context;
    *meeting->appended = *answer;
    end(meeting);
}

enum result log_wait_append(struct event_log *log, struct event_draft *draft,
                            struct append_answer *answer_out)
{
    struct meeting meeting = {.lock = lock_create(), .appended = answer_out};
    enum result result = log_append_event(log, draft, on_appended, &meeting);
    if (result == RESULT_OK) {
        meet(&meeting);
        result = answer_out->result;
    } else {
        *answer_out = (struct append_answer){.result = result};
        (void)error_set(&answer_out->error, result, "Too much is being written at once.");
    }
    lock_destroy(&meeting.lock);
    return result;
}

static void on_received(void *context, const struct receive_answer *answer)
{
    struct meeting *meeting = context;
    meeting->received = answer->result;
    meeting->accepted = answer->accepted;
    if (meeting->refusals != NULL) {
        memcpy(meeting->refusals, answer->refusals, answer->count * sizeof *answer->refusals);
    }
    end(meeting);
}

enum result log_wait_receive(struct event_log *log, struct verified_event **events, size_t count,
                             const struct node_id *source, size_t *accepted_out,
                             enum event_refusal *refusals_out)
{
    struct meeting meeting = {.lock = lock_create(), .refusals = refusals_out};
    enum result result = log_receive_events(log, events, count, source, on_received, &meeting);
    if (result == RESULT_OK) {
        meet(&meeting);
        result = meeting.received;
    }
    *accepted_out = meeting.accepted;
    lock_destroy(&meeting.lock);
    return result;
}
