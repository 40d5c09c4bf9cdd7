/* The sealed messages of our conversations by what their headers say: their numbers (§24.2), and
 * which of them are one message (§24.4).
 *
 * Thread: writer, inside a transaction. Each look costs the logarithm of what a member sent; but
 * once in a log's life, when the first of our own comes from elsewhere (of a copy of this device,
 * or from before it was set back), all that we ever sealed is indexed in that transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_SEALINGS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_SEALINGS_PRIVATE_H

#include "store/log_private.h"

/* An event was accepted, whether it is shown or not. Of those with its author, recipient and
 * commitment the first in replay order is the message: the arrival number of the one that it was
 * until now, and is not any more; 0: none. */
int64_t log_sealings_enter(struct event_log *log, const struct event *event, int64_t seq);

/* It is not any more. No other one takes its place: what an author's admission ends with goes from
 * the end. */
void log_sealings_leave(struct event_log *log, const struct event *event, int64_t seq);

/* Whether another one with its commitment comes before this accepted event. */
bool log_sealings_is_again(struct event_log *log, const struct event *event, int64_t seq);

/* Whether what was written elsewhere is looked for among our own. */
void log_sealings_load(struct event_log *log);

/* The number of our next message to that node. */
uint32_t log_sealings_next(struct event_log *log, int64_t recipient);

#endif
