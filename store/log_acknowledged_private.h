/* Who has said that a message is there, whatever is shown of it: of a receipt that another event
 * with its id hides, too (§24.8). What was once said can't be unsaid by whoever has the key of its
 * author.
 *
 * Thread: writer, inside a transaction. Each look costs the logarithm of what a member said.
 */
#ifndef HEARTHCHAT_STORE_LOG_ACKNOWLEDGED_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_ACKNOWLEDGED_PRIVATE_H

#include "store/log_private.h"

/* An event was accepted, or is not any more. */
void log_acknowledged_enter(struct event_log *log, const struct event *event, int64_t seq);
void log_acknowledged_leave(struct event_log *log, const struct event *event, int64_t seq);

/* Whether that node, by its number, has said so of a message with this id. */
bool log_acknowledged_is(struct event_log *log, int64_t author, const char *event_id);

#endif
