/* What enters the log: §6 steps 2, 4, 5 and 6.
 *
 * Thread: writer, inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_ACCEPT_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_ACCEPT_PRIVATE_H

#include "store/log_private.h"

#define LOG_ACCEPT_MOST_LAMPORT_STEP 1000000 /* §6 step 4 */

/* A log that is fetched ticks once an event, long after the others did: its own next event must not
 * be too far ahead for them. */
#define LOG_ACCEPT_MOST_AHEAD_OF_HEAD (LOG_ACCEPT_MOST_LAMPORT_STEP / 2)

/* An event on its way in. */
struct log_arrival {
    struct verified_event *event; /* consumed: NULL afterwards */
    enum event_refusal refusal;   /* out; EVENT_ACCEPTABLE for what is held already, too */
    int64_t seq;                  /* out; 0: nothing new was stored */
};

/* Takes a batch in, which is in replay order: first what drives the membership, by one replay, then
 * the rest. Moves the clock past each that is stored, or to it when they are our own. */
void log_accept_batch(struct event_log *log, struct log_arrival *arrivals, size_t count,
                      const struct node_id *source, bool is_own);

#endif
