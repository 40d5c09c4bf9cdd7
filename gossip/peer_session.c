#include "core/limits.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "protocol/canonical.h"
#include "protocol/event_scan.h"
#include "protocol/hex.h"
#include "protocol/json_members.h"
#include "store/event_reader.h"
#include "store/event_set.h"

enum {
    MOST_LACKING = 16384, /* hashes that one side is told to lack before they are dealt with */
    MOST_FRUITLESS = 16,
    MOST_GATHERED = 8 * EVENT_BATCH_MOST_EVENTS,
    GATHERING_MS = 2000, /* … and no longer: on a thin wire each page is shown as it comes */
    MOST_RECEIVING = 6,  /* pages that are verified, stored, or wait for it */
};

static const char octets[] = "Content-Type: application/octet-stream";

static void go_on_waiting(struct peer_link *link)
{
    if (link->session.waiting && !link->gossip->finishing) {
        link->session.waiting = false;
        peer_session_step(link);
    }
}

static void received(struct peer_link *link, struct received_batch *batch)
{
    struct session_state *session = &link->session;
    session->receiving--;
    session->lost = session->lost || batch->lost;
    if (batch->accepted > 0) {
        session->progressed = true;
        session->comparisons = 0;
        session->fruitless = 0;
        peer_turn_brought(link);
    } else {
        peer_turn_wasted(link);
    }
    go_on_waiting(link);
}

/* Few large transactions write less to the disk than many small ones. */
static void store_gathered(struct peer_link *link)
{
    struct event_batch *gathered = link->session.gathered;
    link->session.stored_ms = gossip_io_now(link->gossip);
    if (gathered != NULL) {
        link->session.gathered = NULL;
        (void)peer_receiving_store(link, gathered, received);
        event_batch_deinit(gathered);
        memory_free(gathered);
    }
}

/* Stores what is gathered and forgets the rest, except what the writer still has. */
static void end(struct peer_link *link)
{
    store_gathered(link);
    peer_links_forget_session(link);
}

void peer_session_give_up(struct peer_link *link, enum result result,
                          const struct http_answer *answer)
{
    end(link);
    link->left_to_it = 0;
    peer_call_fail(&link->exchange, result, answer);
}

/* A step is done, the session goes on: what waits to be pushed may come in between. */
static void go_on(struct peer_link *link)
{
    const struct gossip_outcome outcome = {.succeeded = true, .more = true};
    peer_call_conclude(&link->exchange, &outcome);
}

/* `reached`: the peer answered. */
static void postpone(struct peer_link *link, bool reached)
{
    const struct gossip_outcome outcome = {.succeeded = reached, .postponed = true};
    end(link);
    peer_call_conclude(&link->exchange, &outcome);
}

static void finish(struct peer_link *link)
{
    if (link->session.elsewhere || link->session.crowded) {
        postpone(link, true); /* it may break off there */
        return;
    }
    if (link->gossip->turns.holder == link) { /* what it brought was passed on to nobody */
        gossip_state_events_missed(link->gossip->state, 0, true, gossip_io_now(link->gossip));
    }
    const struct gossip_outcome outcome = {
        .succeeded = true, .through = link->session.left_out ? 0 : link->session.through};
    if (!link->session.lost) {
        gossip_io_tell_caught_up(link->gossip);
    }
    end(link);
    peer_call_conclude(&link->exchange, &outcome);
}

static void note_difference(void *context, bool ours, const uint8_t id[static ITEM_ID_BYTES])
{
    struct peer_link *link = context;
    struct hash_list *list = ours ? &link->session.have : &link->session.need;
    if (!ours && refused_hashes_holds(link->gossip->refused, id, &link->node_id,
                                      gossip_io_now(link->gossip))) {
        return;
    }
    if (hash_list_left(list) < MOST_LACKING) {
        hash_list_add(list, id);
    } else {
        link->session.left_out = true;
    }
}

/* Only one session fetches more than a page at a time: the others would fetch the same. */
static bool may_catch_up(struct peer_link *link)
{
    if (hash_list_left(&link->session.need) > page_size_next_events(&link->fetching)) {
        link->session.much = peer_turn_take(link);
        return link->session.much;
    }
    return true;
}

static bool speaks_no_negentropy(long status)
{
    return status == 404 || status == 405 || status == 415 || status == 501;
}

static void compared(struct peer_lane *lane, enum result result, const struct http_answer *answer)
{
    struct peer_link *link = lane->link;
    struct session_state *session = &link->session;
    const struct gossip_outcome by_cursor = {.succeeded = true, .by_cursor = true};
    if (result == RESULT_OK && !link->removed && speaks_no_negentropy(answer->status)) {
        end(link);
        peer_call_conclude(&link->exchange, &by_cursor);
        return;
    }
    if (result != RESULT_OK || link->removed || answer->status != 200) {
        peer_session_give_up(link, result, answer);
        return;
    }
    buffer_clear(&session->message);
    result =
        event_set_continue(link->gossip->options.log, answer->body.data, answer->body.length_bytes,
                           note_difference, link, &session->message, NULL);
    if (result == RESULT_UNSUPPORTED) {
        end(link);
        peer_call_conclude(&link->exchange, &by_cursor);
    } else if (result != RESULT_OK || ++session->fruitless > MOST_FRUITLESS) {
        peer_links_report(link,
                          result != RESULT_OK ? "no negentropy message" : "endless comparison");
        peer_session_give_up(link, RESULT_INVALID, NULL);
    } else if (!may_catch_up(link)) {
        postpone(link, true);
    } else {
        go_on(link);
    }
}

static void compare(struct peer_link *link)
{
    link->exchange.body = link->session.message;
    buffer_init(&link->session.message);
    peer_call_post(&link->exchange, "/sync/v1/reconcile", octets, RECONCILE_MOST_MESSAGE_BYTES,
                   compared);
}

static void begin(struct peer_link *link)
{
    struct session_state *session = &link->session;
    struct event_log *log = link->gossip->options.log;
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    session->through = snapshot->last_seq; /* the set has at least these */
    log_snapshot_release(log, &snapshot);
    session->active = true;
    session->stored_ms = gossip_io_now(link->gossip);
    session->comparisons++;
    session->progressed = false;
    session->left_out = false;
    session->elsewhere = false;
    session->crowded = false;
    session->lost = false;
    if (event_set_initiate(log, &session->message) == RESULT_OK) {
        compare(link);
    } else {
        postpone(link, false);
    }
}

/* The hashes that one fetch asked for, each marked when it needs no asking any more. */
struct asked {
    const struct hash_list *list; /* sorted */
    bool *settled;
    size_t settled_count;
};

static bool settle(struct asked *asked, const uint8_t *hash)
{
    size_t at = hash_list_find(asked->list, hash);
    if (at == SIZE_MAX) {
        return false;
    }
    asked->settled_count += asked->settled[at] ? 0 : 1;
    asked->settled[at] = true;
    return true;
}

/* What can't be accepted is remembered. */
static void sort_out(struct peer_link *link, const struct event_batch *batch, struct asked *asked)
{
    struct gossip *gossip = link->gossip;
    for (size_t i = 0; i < batch->count; i++) {
        (void)settle(asked, event_verified_get(batch->events[i])->hash);
    }
    for (size_t i = 0; i < batch->refused_count; i++) {
        const struct refused_event *refused = &batch->refused[i];
        if (settle(asked, refused->hash)) {
            refused_hashes_add(gossip->refused, refused->hash,
                               refused->refusal == EVENT_INVALID_SIGNATURE ? &link->node_id : NULL,
                               gossip_io_now(gossip));
        }
        peer_links_report(link, event_refusal_name(refused->refusal));
    }
    if (batch->left_out_count > 0) {
        peer_links_report(link, "an event that nobody asked for");
    }
}

/* What did not fit into the answer is asked for again; of whom nothing came nothing is asked. */
static void ask_again(struct peer_link *link, const struct asked *asked)
{
    if (asked->settled_count == 0) {
        peer_links_report(link, "none of the events that it has");
        peer_turn_wasted(link);
        return;
    }
    for (size_t i = 0; i < asked->list->count; i++) {
        const uint8_t *hash = asked->list->hashes[i];
        if (!asked->settled[i] && !event_reader_holds(link->gossip->options.log, hash)) {
            hash_list_add(&link->session.need, hash);
        }
    }
}

static void verified(struct peer_link *link, struct received_batch *page)
{
    struct asked asked = {.list = &page->asked};
    link->session.receiving--;
    if (!page->understood) {
        peer_links_report(link, "no answer to a fetch");
    } else {
        page_size_note_events(&link->fetching, page->bytes,
                              page->batch.count + page->batch.refused_count);
        asked.settled = memory_allocate(page->asked.count, sizeof *asked.settled);
        sort_out(link, &page->batch, &asked);
        link->gossip->caught_events += (int64_t)page->batch.count;
        if (link->session.active && link->session.number == page->session_number) {
            ask_again(link, &asked);
        }
        session_state_gather(&link->session, &page->batch);
        memory_free(asked.settled);
    }
    /* Nothing more comes to gather when the session waits for its last pages, or is over. */
    const struct session_state *session = &link->session;
    bool due = !session->active || (session->waiting && hash_list_left(&session->need) == 0) ||
               gossip_io_now(link->gossip) - session->stored_ms >= GATHERING_MS;
    if (due || (session->gathered != NULL && session->gathered->count >= MOST_GATHERED)) {
        store_gathered(link);
    }
    go_on_waiting(link);
}

/* What is whole of an answer that broke off is kept; the next comparison finds the rest. */
static void keep_what_came(struct peer_link *link, const struct http_answer *answer)
{
    struct buffer page;
    buffer_init(&page);
    page_size_broke(&link->fetching);
    if (answer->status == 200 &&
        event_scan_broken_page(buffer_text(&answer->body), answer->body.length_bytes, &page)) {
        (void)peer_receiving_verify(link, &page, &link->session.asked, verified);
    }
    buffer_deinit(&page);
}

static void fetched(struct peer_lane *lane, enum result result, const struct http_answer *answer)
{
    struct peer_link *link = lane->link;
    if (result == RESULT_TIMEOUT || result == RESULT_UNREACHABLE) {
        keep_what_came(link, answer);
    }
    if (result == RESULT_OK && !link->removed && answer->status == 400 && !link->fetches_plainly) {
        link->fetches_plainly = true; /* it knows no "most_bytes", and says so */
        postpone(link, false);
        return;
    }
    if (result != RESULT_OK || link->removed || answer->status != 200) {
        peer_turn_wasted(link);
        peer_session_give_up(link, result, answer);
        return;
    }
    page_size_carried(&link->fetching, answer->body.length_bytes, peer_call_took(lane, answer));
    if (peer_receiving_verify(link, &answer->body, &link->session.asked, verified)) {
        go_on(link);
    } else {
        peer_session_give_up(link, RESULT_FULL, NULL);
    }
}

/* … and is to be waited for. */
static bool is_fetching(const struct peer_link *link)
{
    return link->turn.in_vain == 0 &&
           gossip_io_now(link->gossip) - link->session.asked_ms < LIMITS_FETCH_MS;
}

static bool is_fetched_elsewhere(const struct peer_link *link, const uint8_t *hash)
{
    for (size_t i = 0; i < link->gossip->link_count; i++) {
        const struct peer_link *other = link->gossip->links[i];
        if (other != link && is_fetching(other) && hash_list_holds(&other->session.asked, hash)) {
            return true;
        }
    }
    return false;
}

/* What is to be asked for next: neither what came meanwhile nor what is on its way. */
static void take_page(struct peer_link *link)
{
    struct hash_list *need = &link->session.need;
    struct hash_list *asked = &link->session.asked;
    size_t page = page_size_next_events(&link->fetching);
    hash_list_clear(asked);
    link->session.asked_ms = gossip_io_now(link->gossip);
    while (asked->count < page && hash_list_left(need) > 0) {
        const uint8_t *hash = need->hashes[need->next++];
        if (is_fetched_elsewhere(link, hash)) {
            link->session.elsewhere = true;
        } else if (!event_reader_holds(link->gossip->options.log, hash)) {
            hash_list_add(asked, hash);
        }
    }
}

static void fetch(struct peer_link *link)
{
    const struct hash_list *asked = &link->session.asked;
    struct buffer *body = &link->exchange.body;
    char hex[2 * BLAKE3_HASH_BYTES + 1];
    take_page(link);
    if (asked->count == 0) {
        go_on(link);
        return;
    }
    buffer_init(body);
    buffer_append_text(body, "{\"hashes\":[");
    for (size_t i = 0; i < asked->count; i++) {
        hex_format(asked->hashes[i], BLAKE3_HASH_BYTES, hex);
        buffer_append_format(body, "%s\"%s\"", i == 0 ? "" : ",", hex);
    }
    buffer_append_text(body, "]");
    if (!link->fetches_plainly) {
        buffer_append_format(body, ",\"most_bytes\":%zu", page_size_next(&link->fetching));
    }
    buffer_append_text(body, "}");
    peer_call_post(&link->exchange, "/sync/v1/fetch", NULL, PEER_CALL_MOST_PAGE_BYTES, fetched);
}

static void sent(struct peer_lane *lane, enum result result, const struct http_answer *answer)
{
    struct peer_link *link = lane->link;
    struct gossip_outcome outcome = {.more = true};
    json_t *json = NULL;
    int64_t accepted = 0;
    if (result == RESULT_OK && !link->removed) {
        outcome.succeeded =
            peer_call_read_answer(answer, &json, &outcome) &&
            json_members_integer(json, "accepted", 0, EVENT_BATCH_MOST_EVENTS, &accepted);
    }
    if (outcome.succeeded) {
        peer_call_note_sent(lane, answer);
        if (accepted > 0) {
            link->session.progressed = true;
            link->session.fruitless = 0;
        }
        peer_call_conclude(&link->exchange, &outcome);
    } else {
        if (result != RESULT_OK) {
            page_size_broke(&link->sending); /* half a body is of no use to the other side */
        }
        peer_session_give_up(link, result, answer);
    }
    json_decref(json);
    memory_free(outcome.rejected);
}

static bool add_text(void *context, int64_t seq, int64_t lamport, const char *text,
                     size_t length_bytes)
{
    (void)seq;
    (void)lamport;
    return event_batch_add(context, text, length_bytes);
}

static void send_page(struct peer_link *link)
{
    struct hash_list *have = &link->session.have;
    struct event_batch_writer writer;
    size_t page = hash_list_page(have, EVENT_BATCH_MOST_EVENTS);
    bool *taken = memory_allocate(page, sizeof *taken);
    event_batch_begin(&writer, &link->gossip->community_id);
    writer.most_bytes = page_size_next(&link->sending);
    enum result result = event_reader_by_hash(link->gossip->options.log, hash_list_first(have),
                                              page, add_text, &writer, taken);
    event_batch_end(&writer, -1);
    /* Up to the first that did not fit; what is not in the log any more is passed over. */
    size_t done = page;
    for (size_t i = 0; i < page && writer.full; i++) {
        if (!taken[i]) {
            done = i;
            break;
        }
    }
    have->next += done;
    memory_free(taken);
    link->exchange.body = writer.body;
    link->exchange.events = writer.count;
    if (result == RESULT_OK) {
        peer_call_post(&link->exchange, "/sync/v1/events", NULL,
                       PEER_CALL_MOST_ACKNOWLEDGEMENT_BYTES, sent);
    } else {
        buffer_deinit(&link->exchange.body);
        peer_session_give_up(link, result, NULL);
    }
}

/* Who needs more comparisons than it takes to send all that we have lacks what it was sent. */
static bool may_begin_anew(const struct peer_link *link)
{
    struct event_log *log = link->gossip->options.log;
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    uint64_t most = snapshot->event_count / MOST_LACKING + MOST_FRUITLESS;
    log_snapshot_release(log, &snapshot);
    return link->session.progressed && link->session.comparisons < most;
}

static bool has_lost_its_turn(const struct peer_link *link)
{
    return link->session.much && link->gossip->turns.holder != link &&
           hash_list_left(&link->session.need) > 0;
}

/* Fetch what we need, send what they lack, compare on; and once more from the start while either
 * brought somebody something. */
void peer_session_step(struct peer_link *link)
{
    struct session_state *session = &link->session;
    bool compared_all = session->message.length_bytes == 0;
    size_t most = hash_list_left(&session->need) > 0 ? MOST_RECEIVING - 1 : 0;
    if (hash_list_left(&session->need) == 0 && compared_all) {
        store_gathered(link);
    }
    link->exchange.busy = true;
    bool sends = hash_list_left(&session->need) == 0 && hash_list_left(&session->have) > 0;
    if ((sends && peer_backlog_is_left(link)) || has_lost_its_turn(link)) {
        postpone(link, true);
    } else if (session->active && (hash_list_left(&session->need) > 0 || compared_all) &&
               session->receiving > most) {
        session->waiting = true;
    } else if (hash_list_left(&session->need) > 0) {
        fetch(link);
    } else if (hash_list_left(&session->have) > 0) {
        send_page(link);
    } else if (!compared_all) {
        compare(link);
    } else if (!session->active || may_begin_anew(link)) {
        begin(link);
    } else {
        finish(link);
    }
}
