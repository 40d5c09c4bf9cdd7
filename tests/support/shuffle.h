/* A history given to a log in another order, as reconciliation would: in batches, and what is
 * refused for now offered again until nothing more is accepted.
 *
 * Thread: any. A number `*random` makes all choices, so a seed is a history and its order.
 */
#ifndef HEARTHCHAT_TESTS_SHUFFLE_H
#define HEARTHCHAT_TESTS_SHUFFLE_H

#include "store/event_log.h"

/* 0 to most - 1. */
unsigned shuffle_below(uint64_t *random, unsigned most);

/* The same event anew: a log consumes what it is given. */
struct verified_event *shuffle_copy_event(const struct verified_event *event);

/* In batches of 1 to `most_batch`. The events are the caller's still. */
void shuffle_give_all(struct event_log *log, struct verified_event *const *events, size_t count,
                      unsigned most_batch, uint64_t *random);

/* A fresh directory, in memory where there is one; removed with test_remove_directory(). */
char *shuffle_directory(void);

#endif
