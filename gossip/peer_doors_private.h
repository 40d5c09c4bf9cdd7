/* How often we knock at a host where the peer never answered, whoever of all peers is said to be
 * there, by whatever port or name: a community is not to be led to a stranger's door.
 *
 * A door is an IPv4 address or an IPv6 /64; on our own links each IPv6 address is one. A name's are
 * those that it means when it is called: it may have led to the peer, and lead elsewhere now.
 * Thread: gossip. Limits: gossip/knocks.h. Doors where the peer answered before, this machine's and
 * those that the owner named are not counted.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_DOORS_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_DOORS_PRIVATE_H

#include <stdbool.h>

#include "gossip/address_book.h"
#include "gossip/http_client.h"

struct gossip;

/* For gossip->doors. */
struct knocks *peer_doors_create(void);

/* Counts one for the peer whose book that is; false: not now. Of a name nothing is counted yet. */
bool peer_doors_knock(struct gossip *gossip, const struct address_book *book,
                      const struct endpoint *endpoint);

/* The peer answered there; to be said before the book knows it. */
void peer_doors_opened(struct gossip *gossip, const struct address_book *book,
                       const struct endpoint *endpoint);

/* What the client asks of calls to names: where they lead is known only then. */
struct http_guard peer_doors_guard(struct gossip *gossip);

#endif
