/* Events of a peer on their way to the log: through the verifier's threads, then the writer's.
 *
 * Thread: gossip; what is made on the others comes back through the list in struct gossip.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_RECEIVING_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_RECEIVING_PRIVATE_H

#include "gossip/event_batch.h"
#include "gossip/peer_session_private.h"

struct gossip;

/* News of events that a peer sent: first that they are verified, then what the writer made of them.
 */
struct received_batch {
    struct gossip *gossip;
    struct node_id source;
    bool in_session;
    unsigned session_number;
    struct received_batch *next;

    bool is_page;           /* fetched and verified; not stored yet */
    struct hash_list asked; /* what the fetch asked for */
    bool understood;
    struct event_batch batch;

    size_t accepted; /* stored */
    enum event_refusal first_refusal;
};

/* Has the writer store events (consumed) that the link's peer sent; tells the link's session. */
void peer_receiving_store(struct peer_link *link, struct event_batch *batch, bool in_session);

/* Has the verifier look at the answer to a fetch; consumes `asked`. False: it is too busy. */
bool peer_receiving_verify(struct peer_link *link, const struct buffer *text,
                           struct hash_list *asked);

/* Deals with what the verifier and the writer have done. */
void peer_receiving_take(struct gossip *gossip);

/* Frees what nobody deals with any more. */
void peer_receiving_forget(struct gossip *gossip);

/* Logs what the peer does wrong, now and then. */
void peer_links_report(struct peer_link *link, const char *reason);

#endif
