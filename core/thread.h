/* Threads; the only room that knows pthread.
 *
 * Threads of this program share inboxes (core/inbox.h), published snapshots, and the few words that
 * a struct lock guards (core/lock.h).
 */
#ifndef HEARTHCHAT_CORE_THREAD_H
#define HEARTHCHAT_CORE_THREAD_H

#include <stdbool.h>

#include "core/result.h"

struct thread;

/* Runs body(context) on a thread of its own. `name` (at most 15 bytes) shows in top and gdb.
 * RESULT_IO when the system gives no thread. */
enum result thread_start(const char *name, void (*body)(void *context), void *context,
                         struct thread **thread_out);

/* Waits for its end and frees it; NULL is fine. */
void thread_join(struct thread **thread);

/* Blocks every signal in this thread and those it starts; main then waits for them. */
void thread_block_signals(void);

/* Waits until SIGINT, SIGTERM or SIGHUP comes (blocked before). A SIGHUP that was ignored when the
 * process began (nohup) is none: it is to outlive its terminal. */
void thread_wait_for_stop_signal(void);

/* The same, or until there is something to read: true. */
bool thread_wait_for_input(int descriptor);

#endif
