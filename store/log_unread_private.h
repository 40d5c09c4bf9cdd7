/* What a list of conversations tells of each: its last message, how many are to us and above what
 * was read of it, and the first of these. Kept with the conversation, so that nobody looks for it.
 *
 * Thread: writer, inside a transaction.
 * Read is up to the greater of what we said to have read and what was read silently. That place
 * stands with the count: the count is true of it at any moment.
 */
#ifndef HEARTHCHAT_STORE_LOG_UNREAD_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_UNREAD_PRIVATE_H

#include "store/log_private.h"

/* A message that is in the table: after it came, before it goes or is cleared. */
void log_unread_add(struct event_log *log, const struct event *event, int64_t seq,
                    int64_t conversation);
void log_unread_remove(struct event_log *log, const struct event *event, int64_t seq,
                       int64_t conversation);

/* After what was read of it may be another place: costs what lies in between. */
void log_unread_follow(struct event_log *log, int64_t conversation);

/* After all that there was is out of sight. */
void log_unread_clear(struct event_log *log, int64_t conversation);

/* Makes all anew. `self`: our number. */
void log_unread_count_all(struct database *database, int64_t self);

#endif
