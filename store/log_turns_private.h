/* What is to be written to peers soon, and by itself (§24.1, §24.8): a new offer to who used the
 * last one, a question for keys that are missing. In memory alone, for who was not answered before
 * a stop writes again. But for what lets secrets of deleted messages go (§24.9): that is owed at
 * once, and on the disk.
 *
 * Thread: writer; where offers are owed, inside a transaction.
 * Limits: LOG_TURNS_MOST peers; of more nothing is noted.
 */
#ifndef HEARTHCHAT_STORE_LOG_TURNS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_TURNS_PRIVATE_H

#include "store/log_private.h"

#define LOG_TURNS_WAIT_MS 60000    /* before an offer alone is written: a message may come */
#define LOG_TURNS_QUESTION_MS 5000 /* before a question: others of its kind may come */

/* Something of that peer was opened with a receiving key of ours. */
void log_turns_note_opened(struct event_log *log, int64_t peer);

/* A message of that peer was deleted. */
void log_turns_owe_offer(struct event_log *log, int64_t peer);

/* A peer's message waits for a key. */
void log_turns_note_waiting(struct event_log *log);

/* The same, at that moment. */
void log_turns_ask_at(struct event_log *log, int64_t at_ms);

/* Whether something is to be done now. */
bool log_turns_are_due(const struct event_log *log);

/* Takes the next peer whose turn has come; 0: there is none. */
int64_t log_turns_take_opened(struct event_log *log);

/* Takes a peer to whom an offer is owed; 0: there is none. To whom is blocked it stays owed. */
int64_t log_turns_take_owed(struct event_log *log);

/* Takes the question, if its time has come. */
bool log_turns_take_waiting(struct event_log *log);

/* What was taken since then was taken in vain. */
void log_turns_put_back(struct event_log *log, const struct log_turns *before);

#endif
