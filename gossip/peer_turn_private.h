/* Whose turn it is to fetch more than a page: one session's at a time, for the others would fetch
 * the same. Who brings nothing that is accepted, or has had it for long, gives it to the next that
 * waits; who was asked in vain least often since it last brought something goes first, then who has
 * waited longest.
 *
 * Thread: gossip. Limits: LIMITS_FETCH_MS, LIMITS_TURN_MS. Where nobody waits nobody loses it.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_TURN_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_TURN_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

struct gossip;
struct peer_link;

/* A link's part in it; {0} at first. */
struct peer_turn {
    unsigned in_vain; /* fetches and turns that brought nothing, since something last came */
    int64_t waits_since_ms;
    int64_t asked_ms; /* when it last wanted the turn and did not get it; 0: it does not wait */
};

/* Gossip's; {0} at first. */
struct peer_turns {
    struct peer_link *holder; /* NULL: none */
    int64_t since_ms;
    int64_t brought_ms; /* when something was last accepted, or it began */
};

/* Wants it. True: has it. */
bool peer_turn_take(struct peer_link *link);

/* Something that the link's peer sent was accepted; or it was asked, and nothing was. */
void peer_turn_brought(struct peer_link *link);
void peer_turn_wasted(struct peer_link *link);

/* Its session is over. */
void peer_turn_release(const struct peer_link *link);

/* Whether somebody has it and makes something of it. */
bool peer_turn_is_used(const struct gossip *gossip);

#endif
