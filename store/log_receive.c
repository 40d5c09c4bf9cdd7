#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/event_kind.h"
#include "store/log_accept_private.h"
#include "store/log_answers_private.h"
#include "store/log_life_private.h"
#include "store/log_receipts_private.h"
#include "store/log_writer_private.h"

struct received {
    struct verified_event *event;
    size_t position; /* in the batch as it came */
};

struct receive_job {
    struct writer_job job;
    struct received *received;
    size_t count;
    enum event_refusal *refusals;
    char (*event_ids)[ULID_TEXT_BYTES];
    size_t accepted;
    bool has_source;
    struct node_id source;
    event_log_received *done;
    void *context;
};

static int compare_received(const void *left, const void *right)
{
    return event_compare(event_verified_get(((const struct received *)left)->event),
                         event_verified_get(((const struct received *)right)->event));
}

/* A message for us is answered in the transaction that stores it: never twice, never not. */
static void answer_ours(struct event_log *log, size_t first, size_t count)
{
    const struct event *newest = NULL; /* that we wrote, in another life */
    for (size_t i = first; i < first + count && log->options.has_a_life; i++) {
        const struct event *event = event_verified_get(log->fresh[i].event);
        if (node_id_equal(&event->author, &log->options.key->node_id) &&
            (newest == NULL || strcmp(event->wall_clock, newest->wall_clock) > 0)) {
            newest = event;
        }
    }
    if (newest != NULL) {
        log_life_find_another(log, newest);
    }
    for (size_t i = first; i < first + count; i++) {
        const struct log_event stored = log->fresh[i]; /* answers are stored there, too */
        const struct event *event = event_verified_get(stored.event);
        if (stored.concerns_us &&
            log_receipts_is_due(log, event, stored.seq, stored.asks_for_receipt)) {
            log_answers_give(log, event->event_id, stored.seq);
        }
    }
}

static void run_receive(struct writer_job *job, struct event_log *log)
{
    struct receive_job *receive = (struct receive_job *)job;
    struct log_arrival *arrivals = memory_allocate(receive->count, sizeof *arrivals);
    size_t first = log->fresh_count;
    qsort(receive->received, receive->count, sizeof *receive->received, compare_received);
    for (size_t i = 0; i < receive->count; i++) {
        arrivals[i].event = receive->received[i].event;
        receive->received[i].event = NULL;
    }
    log_accept_batch(log, arrivals, receive->count, receive->has_source ? &receive->source : NULL,
                     false);
    for (size_t i = 0; i < receive->count; i++) {
        receive->refusals[receive->received[i].position] = arrivals[i].refusal;
        receive->accepted += arrivals[i].seq != 0 ? 1 : 0;
    }
    answer_ours(log, first, log->fresh_count - first);
    memory_free(arrivals);
}

static void answer_receive(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct receive_job *receive = (struct receive_job *)job;
    struct receive_answer answer = {.result = commit,
                                    .accepted = receive->accepted,
                                    .refusals = receive->refusals,
                                    .event_ids = receive->event_ids,
                                    .count = receive->count,
                                    .head = log->state.head};
    receive->done(receive->context, &answer);
    for (size_t i = 0; i < receive->count; i++) {
        event_verified_destroy(&receive->received[i].event); /* only when the batch did not run */
    }
    memory_free(receive->received);
    memory_free(receive->refusals);
    memory_free(receive->event_ids);
    memory_free(receive);
}

static bool are_receipts(struct verified_event *const *events, size_t count)
{
    size_t receipts = 0;
    while (receipts < count &&
           event_kind_get(event_verified_get(events[receipts])->type)->is_receipt) {
        receipts++;
    }
    return receipts == count;
}

enum result log_receive_events(struct event_log *log, struct verified_event **events, size_t count,
                               const struct node_id *source, event_log_received *done,
                               void *context)
{
    struct receive_job *receive = memory_allocate(1, sizeof *receive);
    receive->job = (struct writer_job){.run = run_receive, .done = answer_receive};
    receive->received = memory_allocate(count, sizeof *receive->received);
    receive->refusals = memory_allocate(count, sizeof *receive->refusals);
    receive->event_ids = memory_allocate(count, sizeof *receive->event_ids);
    receive->count = count;
    receive->done = done;
    receive->context = context;
    if (source != NULL) {
        receive->has_source = true;
        receive->source = *source;
    }
    for (size_t i = 0; i < count; i++) {
        receive->received[i] = (struct received){events[i], i};
        memcpy(receive->event_ids[i], event_verified_get(events[i])->event_id, ULID_TEXT_BYTES);
    }
    receive->job.can_wait = are_receipts(events, count);
    memory_free(events);
    enum result result = log_writer_submit(log, &receive->job);
    if (result != RESULT_OK) {
        for (size_t i = 0; i < count; i++) {
            event_verified_destroy(&receive->received[i].event);
        }
        memory_free(receive->received);
        memory_free(receive->refusals);
        memory_free(receive->event_ids);
        memory_free(receive);
    }
    return result;
}
