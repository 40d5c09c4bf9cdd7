/* What this node writes to peers so that both go on reading each other: offers (§24.1), questions
 * for keys that are missing, and keys for those who ask (§24.8).
 *
 * Thread: writer, inside a transaction.
 * Limits: an offer alone to a peer once a service day, and when a message of it was deleted; a
 * question to one once in ten minutes, for LOG_SESSIONS_MOST_TIMES times a message, a whole service
 * day between two; keys so often, too, and none of what the peer said that it got.
 */
#ifndef HEARTHCHAT_STORE_LOG_SESSIONS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_SESSIONS_PRIVATE_H

#include "protocol/payload.h"
#include "store/log_private.h"

#define LOG_SESSIONS_MOST_TIMES 3
#define LOG_SESSIONS_PAUSE_MS 600000   /* between two questions to one peer */
#define LOG_SESSIONS_MOST_WAITING 1000 /* of a peer's, that are looked at; the newest */

/* A new offer for that peer, if it has none that it can use; `is_owed`: whenever the last one was.
 */
void log_sessions_offer(struct event_log *log, int64_t peer, bool is_owed);

/* Asks whoever sent us something that can't be opened. */
void log_sessions_ask(struct event_log *log);

/* Answers some of those who asked us; whether there are more. */
bool log_sessions_answer(struct event_log *log);

/* A message with these keys, of PAYLOAD_MOST_KEYS at most. RESULT_MISMATCH: nothing can be sealed
 * to that member. */
enum result log_sessions_give(struct event_log *log, const struct node_id *asker,
                              const struct payload_key *keys, size_t count);

/* Reads whether anybody asked, and whether offers are owed. */
void log_sessions_load(struct event_log *log);

#endif
