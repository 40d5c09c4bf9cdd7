/* How often we knock at a host where the peer never answered, whoever of all peers is said to be
 * there: a community is not to be led to a stranger's door.
 *
 * Thread: gossip. Limits: LIMITS_KNOCKS. Doors that opened, this machine's and those that the owner
 * named are not counted.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_DOORS_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_DOORS_PRIVATE_H

#include <stdbool.h>

#include "gossip/address_book.h"

struct gossip;

/* For gossip->doors. */
struct buckets *peer_doors_create(void);

/* Counts one for the peer whose book that is; false: not now. */
bool peer_doors_knock(struct gossip *gossip, const struct address_book *book,
                      const struct endpoint *endpoint);

/* The peer answered there; to be said before the book knows it. */
void peer_doors_opened(struct gossip *gossip, const struct address_book *book,
                       const struct endpoint *endpoint);

#endif
