/* Clearing conversations, a slice at a time.
 *
 * Thread: writer, inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_CLEARING_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_CLEARING_PRIVATE_H

#include "store/log_private.h"

/* SQL: the arrival number up to which a conversation was cleared. */
#define LOG_CLEARING_THROUGH(conversation)                                                         \
    "coalesce((SELECT x.through FROM clearings x WHERE x.conversation=" conversation "),0)"

/* SQL: of `messages m` those that the owner wants to see. Every index that lists a conversation
 * has them alone, and `seq` too. */
#define LOG_CLEARING_LEFT(conversation)                                                            \
    "m.cleared=0 AND +m.seq>" LOG_CLEARING_THROUGH(conversation) " "

/* Read from the disk; what was begun is begun again. */
void log_clearing_load(struct event_log *log);

void log_clearing_run_slice(struct event_log *log);

#endif
