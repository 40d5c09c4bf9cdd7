/* Keeps the set of accepted events in step with the log.
 *
 * Thread: startup, writer, but for what says otherwise; a long log is read on a thread of its own.
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

/* The set as of the last commit, once nobody else has it, for whatever time; commits don't wait for
 * it to be given back. NULL, and nothing to give back, while it is being read. Thread: any that may
 * read the log. */
struct item_set *log_set_borrow(struct event_log *log);
void log_set_give_back(struct event_log *log);

#endif
