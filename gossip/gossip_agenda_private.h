/* Which peer is looked at next, and when, for what: nobody else is looked at, however many there
 * are. What depends on all of them together (how many subscriptions and tries there are) keeps a
 * whole agenda waiting.
 *
 * Thread: gossip.
 */
#ifndef HEARTHCHAT_GOSSIP_GOSSIP_AGENDA_PRIVATE_H
#define HEARTHCHAT_GOSSIP_GOSSIP_AGENDA_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gossip/urgency.h"

struct gossip_state;
struct peer;

/* What is done when it is due. */
enum gossip_agenda {
    GOSSIP_AGENDA_CALLS, /* whatever waits for nobody else, and presence */
    GOSSIP_AGENDA_SUBSCRIPTIONS,
    GOSSIP_AGENDA_TRIES, /* exchanges with who may be anywhere */
};
#define GOSSIP_AGENDAS 3

struct agenda {
    struct peer **heap;
    size_t count;
};

struct due {
    int64_t at_ms; /* INT64_MAX: never, it is not in that agenda */
    size_t place;
};

/* To be called after each change of a peer; one comes, goes. */
void gossip_agenda_follow(struct gossip_state *state, struct peer *peer);
void gossip_agenda_follow_all(struct gossip_state *state);
void gossip_agenda_add(struct gossip_state *state, struct peer *peer);
void gossip_agenda_remove(struct gossip_state *state, struct peer *peer);

/* Who is due at state->now_ms, and what for; NULL: nobody. When somebody is, at the earliest. */
struct peer *gossip_agenda_first(const struct gossip_state *state, enum gossip_agenda *kind_out);
int64_t gossip_agenda_wake_at(const struct gossip_state *state);

/* When that may begin; INT64_MAX: not as things stand. */
int64_t gossip_agenda_subscribe_at(const struct peer *peer);
int64_t gossip_agenda_push_at(const struct peer *peer);
int64_t gossip_agenda_exchange_at(const struct gossip_state *state, const struct peer *peer);

/* Who was heard of since the last call to it was lost is there. */
enum urgency gossip_agenda_urgency(const struct peer *peer);

/* Until proven otherwise; one that failed is given another chance by the call under way, which
 * began without what is stored only now. */
bool gossip_agenda_is_reachable(const struct peer *peer);

/* Exchanges two of the peers, both reachable or both not. */
void gossip_agenda_swap(struct gossip_state *state, size_t one, size_t other);

#endif
