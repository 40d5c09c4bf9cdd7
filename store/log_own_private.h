/* Own events, from inside the writer.
 *
 * Thread: writer, inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_OWN_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_OWN_PRIVATE_H

#include "store/log_sealing_private.h"

/* Completes, seals, signs and stores an own event. Consumes the draft. */
enum result log_own_append(struct event_log *log, struct event_draft *draft,
                           struct append_answer *answer_out);

/* The same of a draft that may have been sealed before its turn; `early` may be NULL. */
enum result log_own_append_early(struct event_log *log, struct event_draft *draft,
                                 struct log_early_message *early, struct append_answer *answer_out);

/* Signs and stores one that is complete, and keeps what belongs to it. Consumes the draft. */
enum result log_own_append_with(struct event_log *log, struct event_draft *draft,
                                const struct log_secrets *secrets,
                                struct append_answer *answer_out);

#endif
