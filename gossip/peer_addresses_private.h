/* Where a link's calls go: the peer's address book, the address that works, and the search for one
 * when none does: all candidates are asked for /health with the key pinned, each a little after the
 * one before it, and the first that answers is it. Calls themselves are never doubled.
 *
 * Thread: gossip. The books are changed with gossip's lock taken, so that others may read them.
 * Limits: PEER_ADDRESSES_MOST_PROBES at once a peer; what peer_doors_private.h says.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_ADDRESSES_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_ADDRESSES_PRIVATE_H

#include "gossip/address_book.h"
#include "gossip/urgency.h"
#include "protocol/node_id.h"

#define PEER_ADDRESSES_MOST_PROBES 4
#define PEER_ADDRESSES_MOST_WAITING 4
#define PEER_ADDRESSES_STAGGER_MS 300
#define PEER_ADDRESSES_PROBE_MS 10000

struct gossip;
struct peer_addresses;

/* NULL: nobody answers anywhere. Borrowed for the call. */
typedef void peer_addresses_found(void *context, const struct endpoint *endpoint);

/* Its probes may outlive it; what is left of them goes with peer_addresses_forget_all(), when there
 * is no client any more. Nobody may be waiting. */
struct peer_addresses *peer_addresses_create(struct gossip *gossip, const struct node_id *node_id);
void peer_addresses_destroy(struct peer_addresses **addresses);
void peer_addresses_forget_all(struct gossip *gossip);

/* It is not known where the peer is, and there is more than one place to try. */
bool peer_addresses_must_search(const struct peer_addresses *addresses);

/* Calls `found` once: at once when it is known where the peer is, or there is only one place to
 * try; else when the search has ended. At most PEER_ADDRESSES_MOST_WAITING at once. */
void peer_addresses_reach(struct peer_addresses *addresses, enum urgency urgency,
                          peer_addresses_found *found, void *context);

/* A call there ended; RESULT_OK whenever the peer itself said anything. True when it failed and
 * there are other addresses to try. */
bool peer_addresses_tried(struct peer_addresses *addresses, const struct endpoint *endpoint,
                          enum result result);

/* Somebody says that the peer is there. Where that is new and calls go elsewhere, both are tried:
 * a peer that moved leaves connections behind that seem to live. True when a try there is worth it:
 * the last one was not just now. */
bool peer_addresses_claim(struct peer_addresses *addresses, const struct endpoint *endpoint,
                          enum address_source source);

/* It is there: its key was seen. */
void peer_addresses_confirm(struct peer_addresses *addresses, const struct endpoint *endpoint);

/* The same as a claim, of its newest manifest. */
void peer_addresses_take_manifest(struct peer_addresses *addresses,
                                  const struct endpoints *endpoints);

/* The port that the newest manifest named first; 0: none. */
uint16_t peer_addresses_port(const struct peer_addresses *addresses);

/* Begins what is due of all searches; when to come again. */
int64_t peer_addresses_step(struct gossip *gossip);

/* Our own addresses changed: they are looked at, and every peer is searched for anew. */
void peer_addresses_start_over(struct gossip *gossip);

struct address_book *peer_addresses_book(struct peer_addresses *addresses);

#endif
