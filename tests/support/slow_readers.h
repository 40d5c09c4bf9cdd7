/* A reader that stands still where a test wants it.
 *
 * Thread: the test's.
 */
#ifndef HEARTHCHAT_TESTS_SLOW_READERS_H
#define HEARTHCHAT_TESTS_SLOW_READERS_H

#include <stdbool.h>

#include "core/lock.h"
#include "core/readers.h"

/* Readers of which the only one stands still, but for a round of what waits for it now and then. */
struct slow_readers {
    struct reader_job job;
    struct readers *own; /* NULL: they are the others, too */
    struct readers *readers;
    struct lock *lock; /* guards what follows */
    unsigned allowed;
    unsigned rounds; /* it stood still so many times */
    bool released;
    bool ended;
};

/* From here on it stands still, behind what was posted before. */
void slow_readers_hold(struct slow_readers *slow);

/* What waited when it was let do so is done once, and it stands still again. */
void slow_readers_let_a_round_pass(struct slow_readers *slow);

/* It goes on for good. */
void slow_readers_let_go(struct slow_readers *slow);

#endif
