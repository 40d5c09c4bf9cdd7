/* Read-only connections, as many as there are readers at once.
 *
 * Thread: any. Whoever acquires one releases it; a reader that failed is not used again.
 */
#ifndef HEARTHCHAT_STORE_LOG_READERS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_READERS_PRIVATE_H

#include "store/log_private.h"

struct database *log_readers_acquire(struct event_log *log);

/* RESULT_IO when anything that was read with it failed. */
enum result log_readers_release(struct event_log *log, struct database **reader);

void log_readers_close(struct event_log *log);

#endif
