/* Sends that wait to learn whether the recipient's node acknowledged them (§11, Delivery).
 *
 * Thread: gossip (one at a time). Each waiter is decided once: the first word counts.
 */
#ifndef HEARTHCHAT_GOSSIP_SEND_WAITERS_H
#define HEARTHCHAT_GOSSIP_SEND_WAITERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/node_id.h"
#include "protocol/ulid.h"

struct send_waiter {
    struct node_id recipient;
    char event_id[ULID_TEXT_BYTES];
    int64_t seq; /* of the message */
    int64_t deadline_ms;
    void *token; /* the caller's */
    bool decided;
    bool direct;
};

struct send_waiters {
    struct send_waiter *list;
    size_t count;
};

void send_waiters_deinit(struct send_waiters *waiters);

void send_waiters_add(struct send_waiters *waiters, const struct send_waiter *waiter);

void send_waiters_decide(struct send_waiter *waiter, bool direct);

/* Not direct: those for that recipient. */
void send_waiters_give_up(struct send_waiters *waiters, const struct node_id *recipient);

/* Takes one out that is decided, or whose time is over (not direct). False: none. */
bool send_waiters_take(struct send_waiters *waiters, int64_t now_ms, struct send_waiter *out);

/* When send_waiters_take() has something next; INT64_MAX: never. */
int64_t send_waiters_due(const struct send_waiters *waiters);

#endif
