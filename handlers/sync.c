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

/* A push on its way: its events are read, taken by the writer, and what the caller lacks is read
 * for the answer. What it holds meanwhile its caller pays for. */
struct syncing {
    struct request *request;
    const struct node_parts *parts;
    struct event_log *log;
    struct node_id community_id;
    json_t *body; /* until its events are read */
    const json_t *events;
    struct event_batch batch;
    size_t accepted;
    int64_t head;     /* ours */
    int64_t our_head; /* of the caller; -1: it asks for nothing */
    bool membership;  /* it asks for no more than says who belongs */
};

/* Ours above the caller's head, never ending inside a lamport. */
struct pulling {
    struct buffer events;
    size_t count;
    int64_t last_lamport;
    bool more;
};

static void end(struct syncing *syncing)
{
    event_batch_deinit(&syncing->batch);
    json_decref(syncing->body);
    memory_free(syncing);
}

static void add_refusals(const struct event_batch *batch, struct buffer *answer)
{
    json_t *reasons = json_array();
    for (size_t i = 0; i < batch->refused_count; i++) {
        const struct refused_event *refused = &batch->refused[i];
        (void)json_array_append_new(reasons, json_build_pack("{s:s,s:s}", "event_id",
                                                             refused->event_id, "reason",
                                                             event_refusal_name(refused->refusal)));
    }
    (void)canonical_write(reasons, answer);
    json_decref(reasons);
}

/* Stored texts are canonical, so the whole is: it is written, never parsed again. */
static void reply(const struct syncing *syncing, const struct pulling *pulling)
{
    struct buffer answer;
    buffer_init(&answer);
    buffer_append_format(&answer, "{\"accepted\":%zu", syncing->accepted);
    if (syncing->our_head >= 0) {
        buffer_append_text(&answer, ",\"events\":[");
        buffer_append(&answer, pulling->events.data, pulling->events.length_bytes);
        buffer_append_text(&answer, syncing->membership ? "],\"membership\":true" : "]");
        buffer_append_text(&answer, pulling->more ? ",\"more\":true" : "");
    }
    buffer_append_format(&answer, ",\"new_head\":%lld,\"rejected\":%zu,\"rejected_reasons\":",
                         (long long)syncing->head, syncing->batch.refused_count);
    add_refusals(&syncing->batch, &answer);
    buffer_append_byte(&answer, '}');
    request_reply_to_news(syncing->request, answer.data, answer.length_bytes,
                          syncing->our_head < 0 && syncing->accepted > 0 &&
                              syncing->batch.refused_count == 0);
    buffer_deinit(&answer);
}

static bool pull_event(void *context, int64_t seq, int64_t lamport, const char *text,
                       size_t length_bytes)
{
    struct pulling *pulling = context;
    (void)seq;
    bool full = pulling->count >= EVENT_BATCH_MOST_EVENTS ||
                pulling->events.length_bytes + length_bytes > EVENT_BATCH_MOST_BYTES;
    if (full && lamport != pulling->last_lamport) {
        pulling->more = true;
        return false;
    }
    buffer_append_text(&pulling->events, pulling->count++ == 0 ? "" : ",");
    buffer_append(&pulling->events, text, length_bytes);
    pulling->last_lamport = lamport;
    return true;
}

static void pull(struct syncing *syncing)
{
    struct pulling pulling = {.more = false};
    enum result result = RESULT_OK;
    buffer_init(&pulling.events);
    if (syncing->our_head >= 0) {
        result = (syncing->membership ? event_reader_membership : event_reader_after_lamport)(
            syncing->log, syncing->our_head, pull_event, &pulling);
    }
    if (result == RESULT_OK) {
        reply(syncing, &pulling);
    } else {
        request_reply_error(syncing->request, WIRE_INTERNAL_ERROR,
                            "This node can't read its log; ask another one.");
    }
    buffer_deinit(&pulling.events);
    end(syncing);
}

/* The first that is to be warned of. Whose joining is not here yet writes already: that comes
 * again, behind it. */
static enum event_refusal find_worst(const struct event_batch *batch)
{
    size_t worst = 0;
    while (worst + 1 < batch->refused_count &&
           batch->refused[worst].refusal == EVENT_UNKNOWN_AUTHOR) {
        worst++;
    }
    return batch->refused[worst].refusal;
}

static void log_refusals(const struct syncing *syncing)
{
    char name[NODE_ID_SHORT_BYTES];
    char others[24];
    size_t left_out = 0;
    if (syncing->batch.refused_count == 0) {
        return;
    }
    const enum event_refusal worst = find_worst(&syncing->batch);
    const char *reason = event_refusal_name(worst);
    node_id_format_short(&syncing->request->caller.node_id, name);
    if (log_limit_admit(syncing->parts->refusals, name, reason,
                        clock_monotonic_ms(syncing->request->clock), &left_out)) {
        (void)snprintf(others, sizeof others, "%zu", left_out);
        log_write(worst == EVENT_UNKNOWN_AUTHOR ? LOG_INFO : LOG_WARNING, "sync.refused", "peer",
                  name, "first_reason", reason, "left_out", left_out == 0 ? NULL : others, NULL);
    }
}

static void on_taken(struct request *request, void *context)
{
    (void)request;
    log_refusals(context);
    pull(context);
}

static void on_failed(struct request *request, void *context)
{
    request_reply_error(request, WIRE_INTERNAL_ERROR,
                        "The disk did not take the events; send them again later.");
    end(context);
}

static void on_received(void *context, const struct receive_answer *answer)
{
    struct syncing *syncing = context;
    syncing->accepted = answer->accepted;
    syncing->head = answer->head;
    for (size_t i = 0; i < answer->count; i++) {
        if (answer->refusals[i] != EVENT_ACCEPTABLE) {
            event_batch_refuse(&syncing->batch, answer->event_ids[i], answer->refusals[i]);
        }
    }
    syncing->request->go_on(syncing->request, answer->result == RESULT_OK ? on_taken : on_failed,
                            syncing);
}

static void give(struct syncing *syncing)
{
    struct request *request = syncing->request;
    struct verified_event **events = syncing->batch.events;
    syncing->batch.events = NULL;
    if (log_receive_events(syncing->log, events, syncing->batch.count, &request->caller.node_id,
                           on_received, syncing) != RESULT_OK) {
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "This node is busy writing; send the events again in a second.");
        end(syncing);
    }
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

static bool is_over(void *context)
{
    const struct request *request = context;
    return request->is_over(request);
}

/* A thousand signatures take a while: others have their turns between. */
static void read_events(struct request *request, void *context)
{
    struct syncing *syncing = context;
    if (!event_batch_read_on(syncing->log, syncing->events, &syncing->community_id, is_over,
                             request, &syncing->batch)) {
        request->go_on(request, read_events, syncing);
        return;
    }
    /* The events go to the writer's thread: from here on nobody shares their JSON. */
    json_decref(syncing->body);
    syncing->body = NULL;
    if (syncing->batch.count == 0) {
        on_taken(request, syncing);
    } else {
        give(syncing);
    }
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
    *syncing = (struct syncing){.request = request,
                                .parts = parts,
                                .log = log,
                                .community_id = community_id,
                                .body = request->body,
                                .events = events,
                                .head = head,
                                .our_head = our_head};
    (void)json_members_boolean(request->body, "membership", &syncing->membership);
    request->body = NULL;
    read_events(request, syncing);
}
