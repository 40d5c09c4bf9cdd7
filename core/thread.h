/* Threads and locks; the only room that knows pthread.
 *
 * Threads of this program share inboxes (core/inbox.h) and published snapshots; a struct lock
 * guards the few words of such a meeting place and is never held across I/O.
 */
#ifndef HEARTHCHAT_CORE_THREAD_H
#define HEARTHCHAT_CORE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/result.h"

struct thread;
struct lock;

/* Runs body(context) on a thread of its own. `name` (at most 15 bytes) shows in top and gdb.
 * RESULT_IO when the system gives no thread. */
enum result thread_start(const char *name, void (*body)(void *context), void *context,
                         struct thread **thread_out);

/* Waits for its end and frees it; NULL is fine. */
void thread_join(struct thread **thread);

/* Blocks every signal in this thread and those it starts; main then waits for them. */
void thread_block_signals(void);

/* Waits until SIGINT or SIGTERM comes (blocked before) and returns it. */
int thread_wait_for_stop_signal(void);

struct lock *lock_create(void);
void lock_destroy(struct lock **lock);
void lock_take(struct lock *lock);
void lock_release(struct lock *lock);

/* With the lock taken: gives it back until lock_wake_all() or `timeout_ms` (negative: no limit) and
 * takes it again. False on time-out. Wakes without a reason happen: look at the condition again. */
bool lock_wait(struct lock *lock, int64_t timeout_ms);
void lock_wake_all(struct lock *lock);

#endif
