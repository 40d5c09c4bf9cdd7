#include "gossip/peer_fetched_private.h"

#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "gossip/gossip_work_private.h"
#include "protocol/event_scan.h"

struct broken_page {
    struct gossip_work work;
    struct peer_link *link;
    enum result result;
    struct http_answer answer;
    struct buffer page;
    peer_fetched_rescued *done;
};

static bool scan(struct gossip_work *work)
{
    struct broken_page *broken = (struct broken_page *)work;
    const struct buffer *body = &broken->answer.body;
    if (!event_scan_broken_page(buffer_text(body), body->length_bytes, &broken->page)) {
        buffer_clear(&broken->page);
    }
    return true;
}

static void end(struct gossip_work *work)
{
    struct broken_page *broken = (struct broken_page *)work;
    broken->done(broken->link, broken->result, &broken->answer, &broken->page);
}

static void discard(struct gossip_work *work)
{
    struct broken_page *broken = (struct broken_page *)work;
    http_client_deinit_answer(&broken->answer);
    buffer_deinit(&broken->page);
}

void peer_fetched_rescue(struct peer_link *link, enum result result, struct http_answer *answer,
                         peer_fetched_rescued *done)
{
    struct broken_page *broken = memory_allocate(1, sizeof *broken);
    broken->work = (struct gossip_work){.run = scan, .end = end, .discard = discard};
    broken->link = link;
    broken->result = result;
    broken->done = done;
    broken->answer = http_client_take_answer(answer);
    gossip_work_begin(link->gossip, &broken->work, link, URGENCY_KNOWN);
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
        if (!asked->settled[i]) { /* who has it by now is seen before it is asked for */
            hash_list_add(&link->session.need, asked->list->hashes[i]);
        }
    }
}

void peer_fetched_sort_out(struct peer_link *link, const struct received_batch *page)
{
    struct asked asked = {.list = &page->asked};
    asked.settled = memory_allocate(page->asked.count, sizeof *asked.settled);
    sort_out(link, &page->batch, &asked);
    if (link->session.active && link->session.number == page->session_number) {
        ask_again(link, &asked);
    }
    memory_free(asked.settled);
}
