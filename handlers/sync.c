#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "gossip/event_batch.h"
#include "handlers/handlers.h"
#include "protocol/canonical.h"
#include "protocol/event_kind.h"
#include "protocol/hex.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/number.h"
#include "store/event_reader.h"

static void add_head(void *context, enum event_type type, int64_t lamport)
{
    (void)json_object_set_new(context, event_kind_name(type), json_integer(lamport));
}

void sync_heads_handle(struct request *request, const struct node_parts *parts)
{
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    char community_id[NODE_ID_TEXT_BYTES];
    char fingerprint[2 * FINGERPRINT_BYTES + 1];
    json_t *heads = json_object();
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    node_id_format(&snapshot->membership->community_id, community_id);
    hex_format(snapshot->fingerprint, FINGERPRINT_BYTES, fingerprint);
    (void)event_reader_heads(log, add_head, heads);
    json_t *answer = json_build_pack("{s:s,s:I,s:o,s:I,s:s,s:[s]}", "community_id", community_id,
                                     "head", (json_int_t)snapshot->head, "heads_by_type", heads,
                                     "events", (json_int_t)snapshot->event_count, "fingerprint",
                                     fingerprint, "reconcile", "negentropy/1");
    log_snapshot_release(log, &snapshot);
    request_reply_json(request, 200, answer);
}

/* A batch that waits for the writer. */
struct syncing {
    struct request *request;
    const struct node_parts *parts;
    struct event_batch batch;
    int64_t our_head; /* of the caller; -1: it asks for nothing */
    bool membership;  /* it asks for no more than says who belongs */
};

/* Ours above the caller's head, never ending inside a lamport. */
struct pulling {
    json_t *events;
    size_t bytes;
    int64_t last_lamport;
    bool more;
};

static bool pull_event(void *context, int64_t seq, int64_t lamport, const char *text,
                       size_t length_bytes)
{
    struct pulling *pulling = context;
    json_t *event = NULL;
    (void)seq;
    bool full = json_array_size(pulling->events) >= EVENT_BATCH_MOST_EVENTS ||
                pulling->bytes + length_bytes > EVENT_BATCH_MOST_BYTES;
    if (full && lamport != pulling->last_lamport) {
        pulling->more = true;
        return false;
    }
    if (canonical_parse(text, length_bytes, CANONICAL_MOST_NESTING, &event, NULL) == RESULT_OK) {
        (void)json_array_append_new(pulling->events, event);
    }
    pulling->bytes += length_bytes;
    pulling->last_lamport = lamport;
    return true;
}

static void reply(struct syncing *syncing, size_t accepted, int64_t head)
{
    json_t *reasons = json_array();
    struct event_log *log = syncing->parts->log(syncing->parts->node);
    for (size_t i = 0; i < syncing->batch.refused_count; i++) {
        const struct refused_event *refused = &syncing->batch.refused[i];
        (void)json_array_append_new(reasons, json_build_pack("{s:s,s:s}", "event_id",
                                                             refused->event_id, "reason",
                                                             event_refusal_name(refused->refusal)));
    }
    json_t *answer = json_build_pack("{s:I,s:I,s:o,s:I}", "accepted", (json_int_t)accepted,
                                     "rejected", (json_int_t)syncing->batch.refused_count,
                                     "rejected_reasons", reasons, "new_head", (json_int_t)head);
    if (syncing->our_head >= 0) {
        struct pulling pulling = {.events = json_array()};
        if (syncing->membership) {
            (void)event_reader_membership(log, syncing->our_head, pull_event, &pulling);
            (void)json_object_set_new(answer, "membership", json_true());
        } else {
            (void)event_reader_after_lamport(log, syncing->our_head, pull_event, &pulling);
        }
        (void)json_object_set_new(answer, "events", pulling.events);
        if (pulling.more) {
            (void)json_object_set_new(answer, "more", json_true());
        }
    }
    request_reply_json(syncing->request, 200, answer);
    event_batch_deinit(&syncing->batch);
    memory_free(syncing);
}

static void log_refusals(const struct syncing *syncing)
{
    char name[NODE_ID_SHORT_BYTES];
    char others[24];
    size_t left_out = 0;
    if (syncing->batch.refused_count == 0) {
        return;
    }
    const char *reason = event_refusal_name(syncing->batch.refused[0].refusal);
    node_id_format_short(&syncing->request->caller.node_id, name);
    if (log_limit_admit(syncing->parts->refusals, name, reason,
                        clock_monotonic_ms(syncing->request->clock), &left_out)) {
        (void)snprintf(others, sizeof others, "%zu", left_out);
        log_write(LOG_WARNING, "sync.refused", "peer", name, "first_reason", reason, "left_out",
                  left_out == 0 ? NULL : others, NULL);
    }
}

static void on_received(void *context, const struct receive_answer *answer)
{
    struct syncing *syncing = context;
    if (answer->result != RESULT_OK) {
        request_reply_error(syncing->request, WIRE_INTERNAL_ERROR,
                            "The disk did not take the events; send them again later.");
        event_batch_deinit(&syncing->batch);
        memory_free(syncing);
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        if (answer->refusals[i] != EVENT_ACCEPTABLE) {
            event_batch_refuse(&syncing->batch, answer->event_ids[i], answer->refusals[i]);
        }
    }
    log_refusals(syncing);
    reply(syncing, answer->accepted, answer->head);
}

static bool read_request(struct request *request, const struct node_id *community_id,
                         const json_t **events_out, int64_t *our_head_out)
{
    struct node_id named;
    const json_t *body = request->body;
    *our_head_out = -1;
    if (!json_members_node_id(body, "community_id", &named) ||
        !json_members_array(body, "events", events_out) ||
        (json_object_get(body, "our_head") != NULL &&
         !json_members_integer(body, "our_head", 0, NUMBER_SAFE_INTEGER, our_head_out))) {
        request_reply_error(
            request, WIRE_BAD_REQUEST,
            "Expected {\"community_id\":\"ed25519:…\",\"events\":[…]}, and our_head "
            "as a whole number if at all.");
        return false;
    }
    if (!node_id_equal(&named, community_id)) {
        request_reply_error(request, WIRE_WRONG_COMMUNITY,
                            "This node belongs to another community.");
        return false;
    }
    if (json_array_size(*events_out) > EVENT_BATCH_MOST_EVENTS) {
        request_reply_http_error(request, 413, "Send at most 1000 events at once.");
        return false;
    }
    return true;
}

void sync_events_handle(struct request *request, const struct node_parts *parts)
{
    const json_t *events = NULL;
    int64_t our_head = -1;
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    struct node_id community_id = snapshot->membership->community_id;
    int64_t head = snapshot->head;
    log_snapshot_release(log, &snapshot);
    if (!read_request(request, &community_id, &events, &our_head)) {
        return;
    }
    struct syncing *syncing = memory_allocate(1, sizeof *syncing);
    syncing->request = request;
    syncing->parts = parts;
    syncing->our_head = our_head;
    (void)json_members_boolean(request->body, "membership", &syncing->membership);
    event_batch_read(log, events, &community_id, &syncing->batch);
    /* The events go to the writer's thread: from here on nobody shares their JSON. */
    json_decref(request->body);
    request->body = NULL;
    if (syncing->batch.count == 0) {
        log_refusals(syncing);
        reply(syncing, 0, head);
        return;
    }
    struct verified_event **verified = syncing->batch.events;
    syncing->batch.events = NULL;
    if (log_receive_events(log, verified, syncing->batch.count, &request->caller.node_id,
                           on_received, syncing) != RESULT_OK) {
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "This node is busy writing; send the events again in a second.");
        event_batch_deinit(&syncing->batch);
        memory_free(syncing);
    }
}
