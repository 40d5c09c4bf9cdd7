/* The index of the owner's messages: what runs of characters each holds (search_grams_private.h),
 * by its place; the text itself stays where it is. Messages enter it in batches: those with an
 * arrival number above `state.indexed` wait, and are looked at by each search. Until a message has
 * a place, there is a negative number as long as that will be: its row does not grow.
 *
 * Thread: writer; log_search_bound() any.
 * Limits: what waits is at most LOG_SEARCH_MOST_WAITING messages and LOG_SEARCH_MOST_WAITING_BYTES
 * of text, when a transaction ends: so much a search reads and a start counts.
 * Places are in the order of lamports, but for those of messages that find no room there: they come
 * behind all, so that no message of a place has a greater lamport than log_search_bound() of it.
 */
#ifndef HEARTHCHAT_STORE_LOG_SEARCH_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_SEARCH_PRIVATE_H

#include "store/log_private.h"

#define LOG_SEARCH_MOST_WAITING 256
#define LOG_SEARCH_MOST_WAITING_BYTES 131072

/* SQL: the names in a list of attachments. */
#define LOG_SEARCH_NAMES(list)                                                                     \
    "coalesce((SELECT group_concat(json_extract(value,'$.name'),' ') FROM json_each(" list ")),''" \
    ")"

/* A message that is in the table: after it came, before it goes. `text_bytes`: of its body and
 * names, or more. */
void log_search_add(struct event_log *log, int64_t seq, size_t text_bytes);
void log_search_remove(struct event_log *log, int64_t seq);

/* Before its words are others, and after. */
void log_search_take_out(struct event_log *log, int64_t seq);
void log_search_put_back(struct event_log *log, int64_t seq, size_t text_bytes);

/* Inside a transaction: nothing waits any more. */
void log_search_catch_up(struct event_log *log);

/* Whether so much waits, a quarter of what may, that it is worth a commit of its own when there is
 * time. */
bool log_search_is_behind(const struct event_log *log);

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
