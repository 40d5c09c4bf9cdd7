/* Who can be sealed to: the receiving keys that accepted events offer (§24.1), ours to anybody and
 * others' to us or to everybody.
 *
 * Thread: writer, inside a transaction. Each look costs the logarithm of what a member offered.
 */
#ifndef HEARTHCHAT_STORE_LOG_OFFERS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_OFFERS_PRIVATE_H

#include "protocol/receiving_key.h"
#include "store/log_private.h"

/* Whether events of that type offer any. */
bool log_offers_may_be_in(enum event_type type);

/* An event was accepted, or is not any more, whether it is shown or not. */
void log_offers_enter(struct event_log *log, const struct event *event);
void log_offers_leave(struct event_log *log, const struct event *event);

struct log_offer {
    struct receiving_key key;
    bool to_everybody; /* it is a prekey */
};

/* The owner's current offer for the peer, both by their numbers. False: there is none. */
bool log_offers_current(struct event_log *log, int64_t owner, int64_t peer,
                        struct log_offer *offer_out);

/* SQL: whether there is one; a reset is an offer itself. Our number is the first: it is found at
 * once. */
#define LOG_OFFERS_IS_ANY(owner, peer)                                                             \
    "EXISTS(SELECT 1 FROM offers o WHERE o.owner=" owner " AND o.peer<=" peer                      \
    " AND (o.peer=0 OR o.peer=" peer "))"

/* How many prekeys this node has published. */
int64_t log_offers_count_prekeys(struct event_log *log);

/* Whether of any of our current offers the secret is not in the store. */
bool log_offers_is_any_lost(struct event_log *log);

#endif
