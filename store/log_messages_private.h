/* The messages of the owner's conversations, beside their row in the table of kinds.
 *
 * Thread: writer, inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_MESSAGES_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_MESSAGES_PRIVATE_H

#include "store/log_private.h"

/* An accepted message turns out to be another one again (§24.4), and is not to be shown. */
void log_messages_give_way(struct event_log *log, const struct event *event, int64_t seq);

/* Deletes a message, shown or a repeat of one, on this device alone: its key, if it is sealed, goes
 * for good; of one in clear the event keeps the text. */
void log_messages_forget(struct event_log *log, const struct event *event, int64_t seq);

/* Of an accepted, sealed event of a conversation of ours: whether it is a message, shown or a
 * repeat of one. Of what is none, or says something of others, the key goes, and with it what it
 * said. */
bool log_messages_is_one(struct event_log *log, const struct event *event, int64_t seq);
void log_messages_spend(struct event_log *log, const struct event *event, int64_t seq);

/* Whether what an older version of this program could not read was tried again by this one; and
 * the trying (§24.2): what opens is answered. */
bool log_messages_are_of_today(struct event_log *log);
void log_messages_renew(struct event_log *log);

#endif
