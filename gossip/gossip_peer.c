#include <string.h>

#include "core/memory.h"
#include "gossip/gossip_news_private.h"
#include "gossip/gossip_private.h"
#include "gossip/peer_asking_private.h"

/* A member, by its id or the beginning of it, and a place where it may be. */
struct whereabouts {
    struct gossip_news news;
    struct node_id peer;
    uint8_t prefix[NODE_ID_SHORT_KEY_BYTES];
    struct endpoint where; /* port 0: none, or the one that it last named */
};

static void forget(struct gossip_news *news)
{
    memory_free(news);
}

static void post(struct gossip *gossip, struct whereabouts *whereabouts)
{
    if (gossip_post(gossip, &whereabouts->news) != RESULT_OK) {
        memory_free(whereabouts); /* it calls again, and is heard again */
    }
}

static void take_called(struct gossip *gossip, struct gossip_news *news)
{
    struct whereabouts *called = (struct whereabouts *)news;
    struct peer_link *link = peer_links_find(gossip, &called->peer);
    if (link != NULL) {
        if (called->where.port == 0) {
            called->where.port = peer_addresses_port(link->addresses);
        }
        peer_links_seen(link);
        link->called_us_ms = gossip_io_now(gossip);
        (void)peer_addresses_claim(link->addresses, &called->where, ADDRESS_CALLED);
        gossip_state_peer_called(gossip->state, &called->peer, gossip_io_now(gossip));
        lock_take(gossip->lock);
        gossip->called_at_ms = gossip_io_now(gossip);
        lock_release(gossip->lock);
    }
    memory_free(called);
}

void gossip_peer_called(struct gossip *gossip, const struct node_id *peer,
                        const struct endpoint *from)
{
    struct whereabouts *called = memory_allocate(1, sizeof *called);
    called->news = (struct gossip_news){take_called, forget};
    called->peer = *peer;
    if (from != NULL) {
        called->where = *from;
    }
    post(gossip, called);
}

int64_t gossip_peer_called_ms_ago(struct gossip *gossip)
{
    lock_take(gossip->lock);
    int64_t at_ms = gossip->called_at_ms;
    lock_release(gossip->lock);
    return at_ms == 0 ? -1 : gossip_io_now(gossip) - at_ms;
}

static void take_differs(struct gossip *gossip, struct gossip_news *news)
{
    struct whereabouts *differs = (struct whereabouts *)news;
    gossip_state_peer_differs(gossip->state, &differs->peer, gossip_io_now(gossip));
    memory_free(differs);
}

void gossip_peer_differs(struct gossip *gossip, const struct node_id *peer)
{
    struct whereabouts *differs = memory_allocate(1, sizeof *differs);
    differs->news = (struct gossip_news){take_differs, forget};
    differs->peer = *peer;
    post(gossip, differs);
}

static void take_heard(struct gossip *gossip, struct gossip_news *news)
{
    struct whereabouts *heard = (struct whereabouts *)news;
    for (struct peer_link *link = gossip->links; link != NULL; link = link->next) {
        if (!link->removed &&
            memcmp(link->node_id.key, heard->prefix, NODE_ID_SHORT_KEY_BYTES) == 0 &&
            peer_addresses_claim(link->addresses, &heard->where, ADDRESS_HINT)) {
            gossip_state_peer_heard(gossip->state, &link->node_id, gossip_io_now(gossip));
        }
    }
    memory_free(heard);
}

void gossip_peer_heard(struct gossip *gossip, const char *short_id, const struct endpoint *where)
{
    struct whereabouts *heard = memory_allocate(1, sizeof *heard);
    heard->news = (struct gossip_news){take_heard, forget};
    heard->where = *where;
    if (node_id_parse_short(short_id, heard->prefix) == RESULT_OK) {
        post(gossip, heard);
    } else {
        memory_free(heard);
    }
}

static void take_invited(struct gossip *gossip, struct gossip_news *news)
{
    struct whereabouts *invited = (struct whereabouts *)news;
    struct peer_link *link = peer_links_find(gossip, &invited->peer);
    if (link != NULL) {
        (void)peer_addresses_claim(link->addresses, &invited->where, ADDRESS_INVITE);
    }
    memory_free(invited);
}

void gossip_peer_invited(struct gossip *gossip, const struct node_id *inviter,
                         const struct endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        struct whereabouts *invited = memory_allocate(1, sizeof *invited);
        invited->news = (struct gossip_news){take_invited, forget};
        invited->peer = *inviter;
        invited->where = endpoints->list[i];
        post(gossip, invited);
    }
}

void gossip_peer_addresses(struct gossip *gossip, const struct node_id *peer,
                           gossip_peer_visit_address *visit, void *context)
{
    const struct address *list[ADDRESS_BOOK_MOST];
    lock_take(gossip->lock);
    const struct peer_link *link = peer_links_find(gossip, peer);
    size_t count = link == NULL ? 0 : address_book_list(peer_addresses_book(link->addresses), list);
    for (size_t i = 0; i < count; i++) {
        visit(context, list[i]);
    }
    lock_release(gossip->lock);
}

struct question {
    struct gossip_news news;
    struct endpoint where;
    gossip_peer_asked *done;
    void *context;
};

static void take_question(struct gossip *gossip, struct gossip_news *news)
{
    struct question *question = (struct question *)news;
    peer_asking_begin(gossip, &question->where, question->done, question->context);
    memory_free(question);
}

enum result gossip_peer_ask(struct gossip *gossip, const struct endpoint *where,
                            gossip_peer_asked *done, void *context)
{
    struct question *question = memory_allocate(1, sizeof *question);
    *question = (struct question){{take_question, forget}, *where, done, context};
    enum result result = gossip_post(gossip, &question->news);
    if (result != RESULT_OK) {
        memory_free(question);
    }
    return result;
}
