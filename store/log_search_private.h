/* The index of words over the owner's messages, kept with them; the text itself stays where it is.
 *
 * Thread: writer.
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

void log_search_clear(struct event_log *log);

/* Checks itself against the messages. */
bool log_search_is_whole(struct event_log *log);

#endif
