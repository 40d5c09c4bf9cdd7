/* Offers (§24.1): the receiving keys that accepted events give to others, and which of them is to
 * be sealed to. A function of the events, in whatever order they came.
 *
 * Thread: any that may verify signatures. Plain values.
 */
#ifndef HEARTHCHAT_PROTOCOL_OFFER_H
#define HEARTHCHAT_PROTOCOL_OFFER_H

#include "protocol/event.h"
#include "protocol/receiving_key.h"

struct offer {
    struct node_id owner; /* who has the secret */
    struct node_id peer;  /* to whom; zeros when to_everybody */
    struct receiving_key key;
    int64_t lamport; /* its event's place in replay order, with the next two */
    char event_id[ULID_TEXT_BYTES];
    uint8_t hash[BLAKE3_HASH_BYTES];
    bool to_everybody; /* a prekey */
    bool is_reset;     /* a prekey before which no reply of its owner counts any more */
};

/* What an accepted event offers. False: nothing, or it is malformed; *offer_out is untouched. */
bool offer_of(const struct event *event, struct offer *offer_out);

/* `owner`'s current offer for `peer` among those, which may be in any order, and others'. Borrowed;
 * NULL: there is none. */
const struct offer *offer_current(const struct offer *offers, size_t count,
                                  const struct node_id *owner, const struct node_id *peer);

#endif
