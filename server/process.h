/* What this process gives up before it serves: leftovers of its memory, files that others can read,
 * and, when configured, system calls that no chat node needs.
 *
 * Thread: main, before other threads are started, except where it says otherwise.
 */
#ifndef HEARTHCHAT_SERVER_PROCESS_H
#define HEARTHCHAT_SERVER_PROCESS_H

#include <stddef.h>

#include "core/error.h"

/* Files are made for their owner alone; a crash leaves no core that holds the key; as many
 * descriptors as the system gives, up to LIMITS_DESCRIPTORS. */
void process_prepare(void);

/* `wanted` connections, or fewer where the system gives fewer descriptors than LIMITS_DESCRIPTORS:
 * those that the node needs itself are set aside (LIMITS_OWN_DESCRIPTORS). */
size_t process_afford_connections(size_t wanted);

/* What only the start needed of the program and its libraries is no part of this process any more:
 * it lies in the kernel's cache of files, and comes back when it is used. Thread: any, at any time.
 */
void process_settle(void);

/* A seccomp filter, for machines without systemd: no other program is run, no other process looked
 * into, no memory made executable, no file system mounted, no user changed. Holds for all threads
 * that are started from here on. RESULT_UNSUPPORTED where the kernel has no such thing. */
enum result process_confine(struct error *error);

#endif
