/* Keeps the set of accepted events in step with the log.
 *
 * Thread: startup, writer; a long log is read on a thread of its own.
 */
#ifndef HEARTHCHAT_STORE_LOG_SET_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_SET_PRIVATE_H

#include "store/log_private.h"

enum result log_set_open(struct event_log *log);
void log_set_close(struct event_log *log);

/* What a transaction changes, and what became of it. */
void log_set_note(struct event_log *log, int64_t lamport,
                  const uint8_t hash[static BLAKE3_HASH_BYTES], bool removed);
void log_set_settle(struct event_log *log, bool committed);

#endif
