/* The index of the owner's messages, kept with them: what runs of characters each holds
 * (search_grams_private.h), by its place; the text itself stays where it is.
 *
 * Thread: writer; log_search_bound() any.
 * Places are in the order of lamports, but for those of messages that find no room there: they come
 * behind all, so that no message of a place has a greater lamport than log_search_bound() of it.
 */
#ifndef HEARTHCHAT_STORE_LOG_SEARCH_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_SEARCH_PRIVATE_H

#include "store/log_private.h"

/* SQL: the names in a list of attachments. */
#define LOG_SEARCH_NAMES(list)                                                                     \
    "coalesce((SELECT group_concat(json_extract(value,'$.name'),' ') FROM json_each(" list ")),''" \
    ")"

/* A message that is in the table: after it came, before it goes. */
void log_search_add(struct event_log *log, int64_t seq);
void log_search_remove(struct event_log *log, int64_t seq);

/* The same message with other words, after it was removed, where it stood. */
void log_search_put_back(struct event_log *log, int64_t seq);

/* Words were deleted for good: what is left of them in the index is to go too, in slices. */
void log_search_note_deleted(struct event_log *log);

/* Read from the disk. */
void log_search_load(struct event_log *log);

/* One slice, inside a transaction. True: that was the last. */
bool log_search_sweep(struct event_log *log);

void log_search_clear(struct event_log *log);

/* Whether texts were folded by the rules of today; if not, log_search_renew() makes all anew. */
bool log_search_is_of_today(struct event_log *log);
void log_search_renew(struct event_log *log);

/* The greatest lamport that a message of that place, or of one before it, may have. */
int64_t log_search_bound(int64_t place);

/* Compares it with what the messages say. Leaves a table behind: for copies alone. */
bool log_search_is_whole(struct event_log *log);

#endif
