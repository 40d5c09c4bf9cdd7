#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "store/log_private.h"

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

/* Community events first, each kind in replay order: what makes an author valid comes before the
 * author. */
static int compare_received(const void *left, const void *right)
{
    const struct event *a = event_verified_get(((const struct received *)left)->event);
    const struct event *b = event_verified_get(((const struct received *)right)->event);
    int a_later = event_type_is_community(a->type) ? 0 : 1;
    int b_later = event_type_is_community(b->type) ? 0 : 1;
    return a_later != b_later ? a_later - b_later : event_compare(a, b);
}

/* A message for us is answered in the transaction that stores it: never twice, never not. */
static void answer_message(struct event_log *log, const struct log_event *stored)
{
    const struct event *event = event_verified_get(stored->event);
    const struct node_id *self = &log->options.key->node_id;
    if (event->type != EVENT_MESSAGE_SENT || !stored->concerns_us ||
        !log->options.answers_messages || !node_id_equal(&event->data.message.recipient, self) ||
        database_integer(&log->database, 0,
                         "SELECT 1 FROM receipts WHERE target_event_id=?1 AND type=?2 AND author=?3"
                         " LIMIT 1",
                         "tib", event->event_id, (int64_t)EVENT_MESSAGE_DELIVERED, self->key,
                         NODE_ID_BYTES) != 0) {
        return;
    }
    struct append_answer answer = {0};
    struct event_draft draft =
        event_draft_delivered(event->event_id, clock_wall_ms(log->options.clock) / 1000);
    (void)log_append_own(log, &draft, &answer);
}

static void run_receive(struct writer_job *job, struct event_log *log)
{
    struct receive_job *receive = (struct receive_job *)job;
    const struct node_id *source = receive->has_source ? &receive->source : NULL;
    qsort(receive->received, receive->count, sizeof *receive->received, compare_received);
    for (size_t i = 0; i < receive->count; i++) {
        struct received *received = &receive->received[i];
        int64_t lamport = event_verified_get(received->event)->lamport;
        int64_t seq = 0;
        receive->refusals[received->position] = log_accept(log, &received->event, source, &seq);
        if (seq == 0) {
            continue;
        }
        struct log_state *state = &log->state;
        state->clock = (lamport > state->clock ? lamport : state->clock) + 1;
        receive->accepted++;
        struct log_event stored = log->fresh[log->fresh_count - 1];
        answer_message(log, &stored);
    }
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

enum result event_log_receive(struct event_log *log, struct verified_event **events, size_t count,
                              const struct node_id *source, event_log_received *done, void *context)
{
    struct receive_job *receive = memory_allocate(1, sizeof *receive);
    receive->job = (struct writer_job){run_receive, answer_receive};
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
    memory_free(events);
    enum result result = log_submit(log, &receive->job);
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

struct peers_job {
    struct writer_job job;
    size_t count;
    struct peer_record records[];
};

static void run_save_peers(struct writer_job *job, struct event_log *log)
{
    struct peers_job *peers = (struct peers_job *)job;
    for (size_t i = 0; i < peers->count; i++) {
        const struct peer_record *record = &peers->records[i];
        database_run(&log->database, "INSERT OR REPLACE INTO peers VALUES(?1,?2,?3)", "bii",
                     record->node_id.key, NODE_ID_BYTES, record->cursor, record->last_seen);
    }
}

static void forget_save_peers(struct writer_job *job, struct event_log *log, enum result commit)
{
    (void)log;
    (void)commit;
    memory_free(job);
}

enum result event_log_save_peers(struct event_log *log, const struct peer_record *records,
                                 size_t count)
{
    struct peers_job *peers = memory_allocate(1, sizeof *peers + count * sizeof *records);
    peers->job = (struct writer_job){run_save_peers, forget_save_peers};
    peers->count = count;
    if (count > 0) {
        memcpy(peers->records, records, count * sizeof *records);
    }
    enum result result = log_submit(log, &peers->job);
    if (result != RESULT_OK) {
        memory_free(peers);
    }
    return result;
}
