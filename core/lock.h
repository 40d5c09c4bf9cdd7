/* Locks: one guards the few words of a place where threads meet. One that is held while something
 * takes its time says so where it is.
 *
 * Thread: any. Ownership: create gives, destroy takes.
 */
#ifndef HEARTHCHAT_CORE_LOCK_H
#define HEARTHCHAT_CORE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct lock;

struct lock *lock_create(void);
void lock_destroy(struct lock **lock);
void lock_take(struct lock *lock);
void lock_release(struct lock *lock);

/* With the lock taken: gives it back until lock_wake_all() or `timeout_ms` (negative: no limit) and
 * takes it again. False on time-out. Wakes without a reason happen: look at the condition again. */
bool lock_wait(struct lock *lock, int64_t timeout_ms);
void lock_wake_all(struct lock *lock);

/* Gives the lock back, then wakes one of those who wait, who finds it free. */
void lock_release_and_wake_one(struct lock *lock);

#endif
