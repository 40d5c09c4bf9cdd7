#include "core/limits.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "gossip/peer_call_private.h"
#include "gossip/peer_comparison_private.h"
#include "gossip/peer_fetched_private.h"
#include "gossip/peer_reading_private.h"
#include "protocol/hex.h"
#include "protocol/reconcile.h"

enum {
    MOST_FRUITLESS = 16,
    MOST_GATHERED_BYTES = LIMITS_JSON_OF_ONE / 4, /* as it is paid for; as much is written, … */
    MOST_PAID_BYTES = LIMITS_JSON_OF_ONE / 2,     /* … and the rest is for pages on their way */
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

void peer_session_give_up(struct peer_link *link, enum result result, struct http_answer *answer)
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

static void note_differences(struct peer_link *link, const struct peer_comparison *comparison)
{
    struct session_state *session = &link->session;
    session->left_out = session->left_out || comparison->left_out;
    for (size_t i = 0; i < comparison->ours.count; i++) {
        hash_list_add(&session->have, comparison->ours.hashes[i]);
    }
    for (size_t i = 0; i < comparison->theirs.count; i++) {
        const uint8_t *hash = comparison->theirs.hashes[i];
        if (!refused_hashes_holds(link->gossip->refused, hash, &link->node_id,
                                  gossip_io_now(link->gossip))) {
            hash_list_add(&session->need, hash);
        }
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

/* The one before, which may be empty, is freed. */
static void take_message(struct session_state *session, struct peer_comparison *comparison)
{
    buffer_deinit(&session->message);
    session->message = comparison->message;
    buffer_init(&comparison->message);
}

static void take_comparison(struct peer_link *link, struct peer_comparison *comparison)
{
    struct session_state *session = &link->session;
    const struct gossip_outcome by_cursor = {.succeeded = true, .by_cursor = true};
    enum result result = comparison->result;
    if (link->removed) {
        peer_session_give_up(link, RESULT_UNREACHABLE, NULL);
        return;
    }
    note_differences(link, comparison);
    take_message(session, comparison);
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

static void compared(struct peer_lane *lane, enum result result, struct http_answer *answer)
{
    struct peer_link *link = lane->link;
    const struct gossip_outcome by_cursor = {.succeeded = true, .by_cursor = true};
    if (result == RESULT_OK && !link->removed && speaks_no_negentropy(answer->status)) {
        end(link);
        peer_call_conclude(&link->exchange, &by_cursor);
    } else if (result != RESULT_OK || link->removed || answer->status != 200) {
        peer_session_give_up(link, result, answer);
    } else {
        peer_comparison_go_on(link, &answer->body, take_comparison);
    }
}

static void compare(struct peer_link *link)
{
    link->exchange.body = link->session.message;
    buffer_init(&link->session.message);
    peer_call_post(&link->exchange, "/sync/v1/reconcile", octets, RECONCILE_MOST_MESSAGE_BYTES,
                   compared);
}

static void take_first(struct peer_link *link, struct peer_comparison *comparison)
{
    if (comparison->result != RESULT_OK || link->removed) {
        postpone(link, false);
        return;
    }
    take_message(&link->session, comparison);
    compare(link);
}

static void found(void *context, const struct endpoint *endpoint)
{
    struct peer_link *link = context;
    if (endpoint == NULL || link->removed) {
        peer_session_give_up(link, RESULT_UNREACHABLE, NULL);
    } else {
        peer_comparison_begin(link, take_first);
    }
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
    if (peer_addresses_must_search(link->addresses)) { /* nothing is read for who is nowhere */
        peer_addresses_reach(link->addresses, link->exchange.urgency, found, link);
    } else {
        peer_comparison_begin(link, take_first);
    }
}

static void verified(struct peer_link *link, struct received_batch *page)
{
    link->session.receiving--;
    if (page->verified == RESULT_BUSY) {
        link->session.crowded = true;
    } else if (page->verified != RESULT_OK) {
        peer_links_report(link, "no answer to a fetch");
    } else {
        page_size_note_events(&link->fetching, page->bytes,
                              page->batch.count + page->batch.refused_count);
        peer_fetched_sort_out(link, page);
        link->gossip->caught_events += (int64_t)page->batch.count;
        session_state_gather(&link->session, &page->batch);
    }
    /* Nothing more comes to gather when the session waits for its last pages, or is over. */
    const struct session_state *session = &link->session;
    bool due = !session->active || (session->waiting && hash_list_left(&session->need) == 0) ||
               gossip_io_now(link->gossip) - session->stored_ms >= GATHERING_MS;
    if (due || (session->gathered != NULL &&
                event_batch_weight(session->gathered) >= MOST_GATHERED_BYTES)) {
        store_gathered(link);
    }
    go_on_waiting(link);
}

/* The next comparison finds the rest. */
static void rescued(struct peer_link *link, enum result result, struct http_answer *answer,
                    struct buffer *page)
{
    if (page->length_bytes > 0 && !link->removed) {
        struct http_answer whole = {.status = answer->status, .body = *page};
        buffer_init(page);
        (void)peer_receiving_verify(link, &whole, &link->session.asked, verified);
    }
    peer_turn_wasted(link);
    peer_session_give_up(link, result, answer);
}

static void fetched(struct peer_lane *lane, enum result result, struct http_answer *answer)
{
    struct peer_link *link = lane->link;
    if (result == RESULT_TIMEOUT || result == RESULT_UNREACHABLE) {
        page_size_broke(&link->fetching);
        if (answer->status == 200 && !link->removed) {
            peer_fetched_rescue(link, result, answer, rescued);
            return;
        }
    }
    if (result == RESULT_OK && !link->removed && answer->status == 400 && !link->fetches_plainly) {
        link->fetches_plainly = true; /* it knows no "most_bytes", and says so */
        postpone(link, false);
        return;
    }
    if (result != RESULT_OK || link->removed || answer->status != 200) {
        if (result != RESULT_BUSY) { /* no room for it here */
            peer_turn_wasted(link);
        }
        peer_session_give_up(link, result, answer);
        return;
    }
    page_size_carried(&link->fetching, answer->body.length_bytes, answer->took_ms);
    if (peer_receiving_verify(link, answer, &link->session.asked, verified)) {
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
    for (const struct peer_link *other = link->gossip->sessions; other != NULL;
         other = other->next_session) {
        if (other != link && is_fetching(other) && hash_list_holds(&other->session.asked, hash)) {
            return true;
        }
    }
    return false;
}

static void ask(struct peer_link *link)
{
    const struct hash_list *asked = &link->session.asked;
    struct buffer *body = &link->exchange.body;
    char hex[2 * BLAKE3_HASH_BYTES + 1];
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

static void fill_page(struct peer_link *link);

/* What came meanwhile makes room in the page. */
static void take_lacking(struct peer_lane *lane, size_t looked_for, const struct hash_list *lacking)
{
    struct peer_link *link = lane->link;
    struct hash_list *asked = &link->session.asked;
    if (link->removed) {
        peer_session_give_up(link, RESULT_UNREACHABLE, NULL);
        return;
    }
    asked->count -= looked_for;
    for (size_t i = 0; i < lacking->count; i++) {
        hash_list_add(asked, lacking->hashes[i]);
    }
    fill_page(link);
}

/* What is to be asked for next: neither what came meanwhile nor what is on its way. What is yet to
 * be looked for here the others leave to this session already. */
static void fill_page(struct peer_link *link)
{
    struct hash_list *need = &link->session.need;
    struct hash_list *asked = &link->session.asked;
    struct hash_list added = {0};
    size_t page = page_size_next_events(&link->fetching);
    link->session.asked_ms = gossip_io_now(link->gossip);
    while (asked->count < page && hash_list_left(need) > 0) {
        const uint8_t *hash = need->hashes[need->next++];
        if (is_fetched_elsewhere(link, hash)) {
            link->session.elsewhere = true;
        } else {
            hash_list_add(asked, hash);
            hash_list_add(&added, hash);
        }
    }
    if (added.count > 0) {
        peer_reading_lacking(&link->exchange, &added, take_lacking);
    } else if (asked->count == 0) {
        go_on(link);
    } else {
        ask(link);
    }
}

static void fetch(struct peer_link *link)
{
    hash_list_clear(&link->session.asked);
    fill_page(link);
}

static void acknowledged(struct peer_lane *lane, struct http_answer *answer,
                         struct peer_acknowledgement *acknowledgement)
{
    struct peer_link *link = lane->link;
    const struct gossip_outcome outcome = {.succeeded = true,
                                           .more = true,
                                           .rejected = acknowledgement->rejected,
                                           .rejected_count = acknowledgement->rejected_count};
    if (acknowledgement->result != RESULT_OK || acknowledgement->accepted < 0 || link->removed) {
        peer_session_give_up(link, acknowledgement->result == RESULT_BUSY ? RESULT_BUSY : RESULT_OK,
                             answer);
        return;
    }
    peer_call_note_sent(lane, answer);
    if (acknowledgement->accepted > 0) {
        link->session.progressed = true;
        link->session.fruitless = 0;
    }
    peer_call_conclude(lane, &outcome);
}

static void sent(struct peer_lane *lane, enum result result, struct http_answer *answer)
{
    if (result == RESULT_OK && answer->status == 200 && !lane->link->removed) {
        peer_call_read(lane, answer, acknowledged);
        return;
    }
    if (result != RESULT_OK) {
        page_size_broke(&lane->link->sending); /* half a body is of no use to the other side */
    }
    peer_session_give_up(lane->link, result, answer);
}

static void send_page(struct peer_link *link, size_t soon_bytes);

/* Up to the first that did not fit; what is not in the log any more is passed over. */
static void take_page(struct peer_lane *lane, struct peer_page *page)
{
    struct peer_link *link = lane->link;
    if (page->result != RESULT_OK || link->removed) {
        peer_session_give_up(link, link->removed ? RESULT_UNREACHABLE : page->result, NULL);
    } else if (page->weighs_too_much && peer_backlog_is_left(link)) {
        postpone(link, true);
    } else if (page->weighs_too_much) {
        send_page(link, 0);
    } else {
        link->session.have.next += page->passed;
        lane->events = page->count;
        lane->body = page->body;
        buffer_init(&page->body);
        peer_call_post(lane, "/sync/v1/events", NULL, PEER_CALL_MOST_ACKNOWLEDGEMENT_BYTES, sent);
    }
}

static void send_page(struct peer_link *link, size_t soon_bytes)
{
    const struct hash_list *have = &link->session.have;
    peer_reading_of_hashes(&link->exchange, hash_list_first(have),
                           hash_list_page(have, EVENT_BATCH_MOST_EVENTS), soon_bytes, take_page);
}

/* Who needs more comparisons than it takes to send all that we have lacks what it was sent. */
static bool may_begin_anew(const struct peer_link *link)
{
    struct event_log *log = link->gossip->options.log;
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    uint64_t most = snapshot->event_count / PEER_COMPARISON_MOST_LACKING + MOST_FRUITLESS;
    log_snapshot_release(log, &snapshot);
    return link->session.progressed && link->session.comparisons < most;
}

/* More came than is written: the next page is asked for when some of it is. */
static bool is_ahead(const struct peer_link *link)
{
    size_t receiving = link->session.receiving;
    bool much = account_charged(link->account, ACCOUNT_JSON) > MOST_PAID_BYTES;
    return receiving > (much || hash_list_left(&link->session.need) == 0 ? 0 : MOST_RECEIVING - 1);
}

/* Fetch what we need, send what they lack, compare on; and once more from the start while either
 * brought somebody something. */
void peer_session_step(struct peer_link *link)
{
    struct session_state *session = &link->session;
    bool needs = hash_list_left(&session->need) > 0;
    bool compared_all = session->message.length_bytes == 0;
    bool sends = !needs && hash_list_left(&session->have) > 0;
    bool lost_its_turn = needs && session->much && link->gossip->turns.holder != link;
    if (!needs && compared_all) {
        store_gathered(link);
    }
    link->exchange.busy = true;
    size_t soon_bytes = sends ? peer_backlog_soon_bytes(link) : 0;
    if ((sends && soon_bytes == 0 && peer_backlog_is_left(link)) || lost_its_turn) {
        postpone(link, true);
    } else if (session->active && (needs || compared_all) && is_ahead(link)) {
        session->waiting = true;
    } else if (needs) {
        fetch(link);
    } else if (sends) {
        send_page(link, soon_bytes);
    } else if (!compared_all) {
        compare(link);
    } else if (!session->active || may_begin_anew(link)) {
        begin(link);
    } else {
        finish(link);
    }
}
