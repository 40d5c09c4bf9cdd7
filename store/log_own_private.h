/* Own events, from inside the writer.
 *
 * Thread: writer, inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_OWN_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_OWN_PRIVATE_H

#include "store/log_private.h"

/* Completes, signs and stores an own event. Consumes the draft. */
enum result log_own_append(struct event_log *log, struct event_draft *draft,
                           struct append_answer *answer_out);

#endif
