/* How the next message to a peer is to be sealed: to which key, with which number, and whether it
 * is due a new offer (§24.1, §24.2). They follow from the tables; here are those that
 * were found out and that nothing has changed since.
 *
 * Thread: writer, inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_TERMS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_TERMS_PRIVATE_H

#include "store/log_private.h"

/* Of a peer by its number. False: they are to be found out. */
bool log_terms_find(struct event_log *log, int64_t peer, struct log_terms *terms_out);

/* They were. */
void log_terms_keep(struct event_log *log, const struct log_terms *terms);

/* A message of ours to that peer with that number entered the log. */
void log_terms_pass(struct event_log *log, int64_t peer, int64_t number);

/* What they follow from changed otherwise. */
void log_terms_forget(struct event_log *log, int64_t peer);
void log_terms_forget_all(struct event_log *log);

#endif
