/* Events of a peer on their way to the log: through the verifier's threads, then the writer's.
 *
 * Thread: gossip; what is made on the others comes back through the list in struct gossip.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_RECEIVING_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_RECEIVING_PRIVATE_H

#include "gossip/event_batch.h"
#include "gossip/http_client.h"
#include "gossip/session_state.h"

struct gossip;
struct peer_link;
struct received_batch;

/* Deals with a batch, which is freed afterwards. */
typedef void received_batch_done(struct peer_link *link, struct received_batch *batch);

/* News of events that a peer sent: first that they are verified, then what the writer made of them.
 */
struct received_batch {
    struct gossip *gossip;
    struct node_id source;
    received_batch_done *done;
    bool of_session;
    uint64_t link_number;
    unsigned session_number;
    struct received_batch *next;

    struct hash_list asked;    /* of a page that was fetched and verified, and is not stored yet */
    struct http_answer answer; /* while it is verified */
    size_t bytes;              /* of the page */
    enum result verified;      /* as verifier_done says */
    struct event_batch batch;

    size_t events;   /* that the writer was given */
    bool lost;       /* the disk did not take it */
    size_t accepted; /* stored */
    enum event_refusal first_refusal;
};

/* Has the writer store events (consumed) that the link's peer sent in its session. False: it is too
 * busy. */
bool peer_receiving_store(struct peer_link *link, struct event_batch *batch,
                          received_batch_done *done);

/* Has the verifier look at the answer to a fetch; takes it, and `asked`. False: it is too busy. */
bool peer_receiving_verify(struct peer_link *link, struct http_answer *answer,
                           struct hash_list *asked, received_batch_done *done);

/* Has events (consumed; an array that is nobody else's) of a text (consumed) verified and stored
 * that came from the link's peer and were not asked for one by one. False: the verifier is too
 * busy. */
bool peer_receiving_read(struct peer_link *link, struct foreign_text *text, json_t *events);

/* Deals with what the verifier and the writer have done. */
void peer_receiving_take(struct gossip *gossip);

/* Frees what nobody deals with any more. */
void peer_receiving_forget(struct gossip *gossip);

#endif
