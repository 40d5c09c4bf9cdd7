/* Threads; the only room that knows pthread.
 *
 * Threads of this program share inboxes (core/inbox.h), published snapshots, and the few words that
 * a struct lock guards (core/lock.h).
 */
#ifndef HEARTHCHAT_CORE_THREAD_H
#define HEARTHCHAT_CORE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/result.h"

struct thread;

/* Runs body(context) on a thread of its own. `name` (at most 15 bytes) shows in top and gdb.
 * RESULT_IO when the system gives no thread. */
enum result thread_start(const char *name, void (*body)(void *context), void *context,
                         struct thread **thread_out);

/* Waits for its end and frees it; NULL is fine. */
void thread_join(struct thread **thread);

/* This thread leaves the cores to those of less niceness, from here on. */
void thread_be_nice(int niceness);

/* What a loop never does, lest everybody waits whom it serves; the writer too, but for its own
 * database and events. */
enum {
    THREAD_READS_LOG = 1, /* by a reader's connection, or compares its set with another */
    THREAD_PARSES = 2,    /* JSON that somebody else wrote */
    THREAD_SIGNS = 4,     /* or verifies a signature */
    THREAD_SLOW_WORK = THREAD_READS_LOG | THREAD_PARSES | THREAD_SIGNS,
};

/* Forbids them to this thread from here on. */
void thread_forbid(unsigned what);

bool thread_may(unsigned what);

/* For what does them: ends the program where they are forbidden, if this is a debug build. */
void thread_expect(unsigned what);

/* Milliseconds that this thread has had of a core, since some moment. */
int64_t thread_worked_ms(void);

/* Blocks every signal in this thread and those it starts; main then waits for them. */
void thread_block_signals(void);

/* Waits until SIGINT, SIGTERM or SIGHUP comes (blocked before). A SIGHUP that was ignored when the
 * process began (nohup) is none: it is to outlive its terminal. */
void thread_wait_for_stop_signal(void);

/* The same, or until there is something to read: true. */
bool thread_wait_for_input(int descriptor);

#endif
