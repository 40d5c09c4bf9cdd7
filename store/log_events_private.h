/* Stored events, read back.
 */
#ifndef HEARTHCHAT_STORE_LOG_EVENTS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_EVENTS_PRIVATE_H

#include "store/log_private.h"

/* Thread: any that may read. The event in that column of the row; it was verified before it was
 * stored. The caller destroys it. NULL when it is no event that is accepted today (logged). */
struct event *log_events_of_row(struct event_log *log, sqlite3_stmt *row, int column);

/* Thread: writer. By arrival number; NULL as above. */
struct event *log_events_read(struct event_log *log, int64_t seq);

/* Thread: writer. The arrival number of the accepted message with this hash; 0: there is none. */
int64_t log_events_find_message(struct event_log *log,
                                const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* The arrival number of the last event, aside or not; 0: there is none. */
int64_t log_events_last(struct database *database);

/* Thread: writer. 0: it is in the set; else why not (log_rebuild.c). */
void log_events_set_aside(struct event_log *log, int64_t seq, int64_t aside);

/* True when an event with this hash is stored, aside or not. */
bool log_events_hold(struct database *database, const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* Whether a twin of its that is accepted has a smaller hash, and hides it. */
bool log_events_have_twin_before(struct event_log *log, const struct event *event);

#endif
