#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "gossip/event_batch.h"
#include "gossip/gossip_private.h"
#include "protocol/canonical.h"
#include "protocol/fields.h"
#include "store/event_reader.h"

enum { MOST_URL_BYTES = 320 };

static void ignore_received(void *context, const struct receive_answer *answer)
{
    (void)context;
    (void)answer;
}

/* What the peer has above our head. */
static void take_events(struct peer_link *link, const json_t *answer)
{
    struct gossip *gossip = link->gossip;
    struct event_batch batch;
    const json_t *events = NULL;
    if (!fields_array(answer, "events", &events) ||
        json_array_size(events) > (size_t)2 * EVENT_BATCH_MOST_EVENTS) {
        return;
    }
    event_batch_read(gossip->options.log, events, &gossip->community_id, &batch);
    if (batch.count > 0) {
        (void)event_log_receive(gossip->options.log, batch.events, batch.count, &link->node_id,
                                ignore_received, NULL);
        batch.events = NULL;
    }
    event_batch_deinit(&batch);
}

/* The answer to /sync/v1/events. False when it is none. */
static bool read_answer(struct peer_link *link, const struct buffer *body,
                        struct gossip_outcome *outcome)
{
    json_t *answer = NULL;
    const json_t *reasons = NULL;
    size_t index;
    json_t *reason;
    if (canonical_parse(buffer_text(body), body->length_bytes, CANONICAL_MOST_NESTING_REQUEST,
                        &answer, NULL) != RESULT_OK ||
        !fields_array(answer, "rejected_reasons", &reasons)) {
        json_decref(answer);
        return false;
    }
    outcome->rejected = memory_allocate(json_array_size(reasons), sizeof *outcome->rejected);
    json_array_foreach(reasons, index, reason)
    {
        const char *event_id = NULL;
        if (fields_string(reason, "event_id", &event_id, NULL) && ulid_is_valid(event_id)) {
            memcpy(outcome->rejected[outcome->rejected_count++], event_id, ULID_TEXT_BYTES);
        }
    }
    take_events(link, answer);
    json_decref(answer);
    return true;
}

static void try_endpoint(struct peer_link *link);

/* Tells the state machine how the request ended. */
static void conclude(struct peer_link *link, const struct gossip_outcome *outcome)
{
    struct gossip *gossip = link->gossip;
    link->busy = false;
    buffer_deinit(&link->body);
    if (link->removed) {
        peer_links_free(gossip, link);
    } else {
        gossip_state_finished(gossip->state, &link->node_id, outcome, gossip_now(gossip));
    }
}

static void give_up(struct peer_link *link, enum result result)
{
    const struct gossip_outcome outcome = {.succeeded = false};
    char name[NODE_ID_SHORT_BYTES];
    node_id_format_short(&link->node_id, name);
    log_write(LOG_DEBUG, "peer.failed", "peer", name, "reason",
              result == RESULT_OK ? "refused" : result_name(result), NULL);
    conclude(link, &outcome);
}

static void posted(void *context, enum result result, const struct http_answer *answer)
{
    struct peer_link *link = context;
    struct gossip_outcome outcome = {.through = link->through, .more = link->more};
    if (result != RESULT_OK && !link->removed && ++link->tried < link->endpoints.count) {
        link->endpoint = (link->endpoint + 1) % link->endpoints.count;
        try_endpoint(link);
        return;
    }
    if (result == RESULT_OK && answer->status == 200 && !link->removed) {
        outcome.succeeded = read_answer(link, &answer->body, &outcome);
    }
    if (outcome.succeeded) {
        peer_links_seen(link);
        conclude(link, &outcome);
    } else {
        give_up(link, result);
    }
    memory_free(outcome.rejected);
}

static void try_endpoint(struct peer_link *link)
{
    char base[MOST_URL_BYTES];
    struct http_answer nothing = {0};
    if (link->endpoints.count == 0) {
        posted(link, RESULT_UNREACHABLE, &nothing);
        return;
    }
    endpoint_format_url(&link->endpoints.list[link->endpoint % link->endpoints.count], base,
                        sizeof base);
    char *url = memory_format("%s/sync/v1/events", base);
    struct http_request request = {.url = url,
                                   .method = "POST",
                                   .body = link->body.data,
                                   .body_bytes = link->body.length_bytes,
                                   .peer = &link->node_id,
                                   .identity = link->gossip->options.identity};
    http_transport_send(link->gossip->transport, &request, posted, link);
    memory_free(url);
}

struct filling {
    struct event_batch_writer writer;
    int64_t through;
    bool full;
};

static bool fill(void *context, int64_t seq, int64_t lamport, const char *text, size_t length_bytes)
{
    struct filling *filling = context;
    (void)lamport;
    if (!event_batch_add(&filling->writer, text, length_bytes)) {
        filling->full = true;
        return false;
    }
    filling->through = seq;
    return true;
}

/* A push that does not fit into one request goes on as an exchange: the rest is reported as a gap.
 */
void peer_exchange_start(struct gossip *gossip, const struct gossip_action *action)
{
    struct filling filling = {.through = action->cursor};
    struct peer_link *link = peer_links_find(gossip, &action->peer);
    struct event_log *log = gossip->options.log;
    int64_t our_head = -1;
    enum result result = RESULT_OK;
    event_batch_begin(&filling.writer, &gossip->community_id);
    if (action->kind == GOSSIP_EXCHANGE) {
        const struct log_snapshot *snapshot = event_log_acquire(log);
        int64_t last_seq = snapshot->last_seq;
        our_head = snapshot->head;
        event_log_release(log, &snapshot);
        result = event_reader_after_seq(log, action->cursor, EVENT_BATCH_MOST_EVENTS + 1, fill,
                                        &filling);
        if (result == RESULT_OK && !filling.full && last_seq > filling.through) {
            filling.through = last_seq; /* what is left in between is kept aside */
        }
    } else {
        result = event_reader_by_seq(log, action->seqs, action->seq_count, fill, &filling);
    }
    event_batch_end(&filling.writer, our_head);
    link->body = filling.writer.body;
    link->through = filling.through;
    link->more = filling.full;
    link->tried = 0;
    link->busy = true;
    if (result == RESULT_OK) {
        try_endpoint(link);
    } else {
        give_up(link,
                result); /* what could not be read was not sent: the cursor must not pass it */
    }
}
