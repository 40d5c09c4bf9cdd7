/* What came of a fetch: which of the events that were asked for, and what of an answer that broke
 * off.
 *
 * Thread: gossip.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_FETCHED_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_FETCHED_PRIVATE_H

#include "gossip/peer_link_private.h"
#include "gossip/peer_receiving_private.h"

/* Takes what is whole of an answer to the exchange's fetch out of it, by a reader; then `done`,
 * with an empty page if that is nothing. All of it is borrowed for `done`. */
typedef void peer_fetched_rescued(struct peer_link *link, enum result result,
                                  struct http_answer *answer, struct buffer *page);
void peer_fetched_rescue(struct peer_link *link, enum result result, struct http_answer *answer,
                         peer_fetched_rescued *done);

/* Of a page that was understood: what can't be accepted is remembered; what did not come is asked
 * for again, if its session goes on, but of whom nothing came nothing is asked. */
void peer_fetched_sort_out(struct peer_link *link, const struct received_batch *page);

#endif
