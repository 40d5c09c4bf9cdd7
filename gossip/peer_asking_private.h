/* Asks at an address who is there (§19): those of [discovery] peers, on start and every
 * PEER_ASKING_EVERY_MS while the node that was found there is not online, and those that the owner
 * names. Who claims to be a member is believed once it has shown that member's key; from then on
 * the address stands in its book.
 *
 * Thread: gossip. Limits: PEER_ASKING_MOST of the owner's at once.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_ASKING_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_ASKING_PRIVATE_H

#include "gossip/gossip.h"

#define PEER_ASKING_EVERY_MS 60000
#define PEER_ASKING_TOTAL_MS 10000
#define PEER_ASKING_MOST 16

struct peer_asking;

struct peer_asking *peer_asking_create(struct gossip *gossip);
void peer_asking_destroy(struct peer_asking **asking);

/* Calls `done` once; RESULT_BUSY when too much is asked at once, or the node is stopping. */
void peer_asking_begin(struct gossip *gossip, const struct endpoint *where, gossip_peer_asked *done,
                       void *context);

/* Asks what is due; when to come again. */
int64_t peer_asking_step(struct gossip *gossip);

/* Everything is asked anew, at once. */
void peer_asking_start_over(struct gossip *gossip);

/* Answers whoever waits. */
void peer_asking_give_up(struct gossip *gossip);

#endif
