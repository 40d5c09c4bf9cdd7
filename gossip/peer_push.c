#include "gossip/gossip_private.h"
#include "gossip/peer_call_private.h"
#include "gossip/peer_reading_private.h"

/* What the peer has above our head; a push asks for none. */
static void take_events(struct peer_lane *lane, struct peer_acknowledgement *acknowledgement)
{
    if (lane == &lane->link->exchange && json_is_array(acknowledgement->events) &&
        json_array_size(acknowledgement->events) <= (size_t)2 * EVENT_BATCH_MOST_EVENTS) {
        (void)peer_receiving_read(lane->link, acknowledgement->text, acknowledgement->events);
        acknowledgement->events = NULL;
    }
}

static void acknowledged(struct peer_lane *lane, struct http_answer *answer,
                         struct peer_acknowledgement *acknowledgement)
{
    const struct gossip_outcome outcome = {.succeeded = true,
                                           .through = lane->through,
                                           .more = lane->more,
                                           .uncounted = answer->uncounted,
                                           .rejected = acknowledgement->rejected,
                                           .rejected_count = acknowledgement->rejected_count};
    if (acknowledgement->result != RESULT_OK || lane->link->removed) {
        peer_call_fail(lane, acknowledgement->result == RESULT_BUSY ? RESULT_BUSY : RESULT_OK,
                       answer);
        return;
    }
    peer_call_note_sent(lane, answer);
    take_events(lane, acknowledgement);
    peer_call_conclude(lane, &outcome);
}

/* A push that fails ends no session beside it. */
static void posted(struct peer_lane *lane, enum result result, struct http_answer *answer)
{
    if (result == RESULT_OK && answer->status == 200 && !lane->link->removed) {
        peer_call_read(lane, answer, acknowledged);
        return;
    }
    if (result != RESULT_OK) {
        page_size_broke(&lane->link->sending);
    }
    peer_call_fail(lane, result, answer);
}

static void read(struct peer_lane *lane, struct peer_page *page)
{
    lane->through = page->through;
    lane->events = page->count;
    lane->more = page->full;
    if (page->result != RESULT_OK || lane->link->removed) {
        /* What could not be read was not sent: the cursor must not pass it. */
        peer_call_fail(lane, page->result, NULL);
        return;
    }
    lane->body = page->body;
    buffer_init(&page->body);
    peer_call_post(lane, "/sync/v1/events", NULL,
                   lane == &lane->link->push ? PEER_CALL_MOST_ACKNOWLEDGEMENT_BYTES
                                             : PEER_CALL_MOST_PAGE_BYTES,
                   posted);
}

/* What was stored just now goes without a reader; false: it needs one. */
static bool push_fresh(struct peer_lane *lane, const struct gossip_action *action)
{
    const struct gossip *gossip = lane->link->gossip;
    struct event_batch_writer writer;
    event_batch_begin(&writer, &gossip->community_id);
    writer.most_bytes = page_size_next(&lane->link->sending);
    if (!fresh_events_write(gossip->fresh, action->seqs, action->seq_count, &writer)) {
        buffer_deinit(&writer.body);
        return false;
    }
    event_batch_end(&writer, -1);
    struct peer_page page = {
        .body = writer.body, .count = writer.count, .through = action->seqs[action->seq_count - 1]};
    lane->busy = true;
    read(lane, &page);
    return true;
}

/* A push that does not fit into one call goes on as an exchange: the rest is reported as a gap.
 */
void peer_push_start(struct gossip *gossip, const struct gossip_action *action)
{
    struct peer_link *link = peer_links_find(gossip, &action->peer);
    if (action->kind == GOSSIP_PUSH) {
        link->push.urgency = action->urgency;
        if (!push_fresh(&link->push, action)) {
            peer_reading_of_seqs(&link->push, action->seqs, action->seq_count, read);
        }
    } else {
        link->exchange.urgency = action->urgency;
        peer_reading_after(&link->exchange, action->cursor, read);
    }
}
