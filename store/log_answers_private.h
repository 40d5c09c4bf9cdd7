/* Saying that a message for us is here (chat.message.delivered), once a message.
 *
 * Messages of a batch are answered after all of it is stored, and none while the log was set back
 * to a backup and has not caught up (log_life_private.h). Which wait to be answered is kept on the
 * disk. Thread: writer, inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_ANSWERS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_ANSWERS_PRIVATE_H

#include "store/log_private.h"

/* A message whose answer is due (log_receipts_private.h) was stored, and its batch. Answers it, or
 * lets it wait. */
void log_answers_give(struct event_log *log, const char *event_id, int64_t seq);

/* Answers some of what waits, for about 10 ms; in a synchronous log all. */
void log_answers_run_slice(struct event_log *log);

/* Reads whether anything waits. */
void log_answers_load(struct event_log *log);

#endif
