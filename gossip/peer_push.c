#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "protocol/canonical.h"
#include "protocol/json_members.h"
#include "store/event_reader.h"

/* What the peer has above our head. */
static void take_events(struct peer_link *link, json_t *answer)
{
    const json_t *events = NULL;
    if (json_members_array(answer, "events", &events) &&
        json_array_size(events) <= (size_t)2 * EVENT_BATCH_MOST_EVENTS) {
        json_t *taken = json_incref(json_object_get(answer, "events"));
        (void)json_object_del(answer, "events");
        (void)peer_receiving_read(link, taken);
    }
}

/* A push that fails ends no session beside it. */
static void fail(struct peer_lane *lane, enum result result, const struct http_answer *answer)
{
    if (result != RESULT_OK) {
        page_size_broke(&lane->link->sending);
    }
    peer_call_fail(lane, result, answer);
}

static void posted(struct peer_lane *lane, enum result result, const struct http_answer *answer)
{
    struct peer_link *link = lane->link;
    struct gossip_outcome outcome = {.through = lane->through, .more = lane->more};
    json_t *json = NULL;
    if (result == RESULT_OK && !link->removed) {
        outcome.succeeded = peer_call_read_answer(answer, &json, &outcome);
    }
    if (outcome.succeeded) {
        peer_call_note_sent(lane, answer);
        if (lane == &link->exchange) { /* a push asks for none */
            take_events(link, json);
        }
        peer_call_conclude(lane, &outcome);
    } else {
        fail(lane, result, answer);
    }
    json_decref(json);
    memory_free(outcome.rejected);
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

/* A push that does not fit into one call goes on as an exchange: the rest is reported as a gap.
 */
void peer_push_start(struct gossip *gossip, const struct gossip_action *action)
{
    struct filling filling = {.through = action->cursor};
    struct peer_link *link = peer_links_find(gossip, &action->peer);
    struct peer_lane *lane = action->kind == GOSSIP_PUSH ? &link->push : &link->exchange;
    struct event_log *log = gossip->options.log;
    int64_t our_head = -1;
    enum result result = RESULT_OK;
    lane->urgency = action->urgency;
    event_batch_begin(&filling.writer, &gossip->community_id);
    filling.writer.most_bytes = page_size_next(&link->sending);
    if (action->kind == GOSSIP_CURSOR) {
        const struct log_snapshot *snapshot = log_snapshot_acquire(log);
        int64_t last_seq = snapshot->last_seq;
        our_head = snapshot->head;
        log_snapshot_release(log, &snapshot);
        result = event_reader_after_seq(log, action->cursor, EVENT_BATCH_MOST_EVENTS + 1, fill,
                                        &filling);
        if (result == RESULT_OK && !filling.full && last_seq > filling.through) {
            filling.through = last_seq; /* what is left in between is kept aside */
        }
    } else {
        result = event_reader_by_seq(log, action->seqs, action->seq_count, fill, &filling);
    }
    event_batch_end(&filling.writer, our_head);
    lane->body = filling.writer.body;
    lane->through = filling.through;
    lane->events = filling.writer.count;
    lane->more = filling.full;
    if (result == RESULT_OK) {
        peer_call_post(lane, "/sync/v1/events", NULL,
                       action->kind == GOSSIP_PUSH ? PEER_CALL_MOST_ACKNOWLEDGEMENT_BYTES
                                                   : PEER_CALL_MOST_PAGE_BYTES,
                       posted);
    } else { /* what could not be read was not sent: the cursor must not pass it */
        buffer_deinit(&lane->body);
        peer_call_fail(lane, result, NULL);
    }
}
