/* The log's asynchronous calls as blocking ones, for threads that may wait: founding, joining,
 * tests.
 *
 * Thread: any but the writer's.
 */
#ifndef HEARTHCHAT_STORE_LOG_WAIT_H
#define HEARTHCHAT_STORE_LOG_WAIT_H

#include "store/event_log.h"

/* log_append_event(), and its answer. Consumes the draft. Returns the answer's result. */
enum result log_wait_append(struct event_log *log, struct event_draft *draft,
                            struct append_answer *answer_out);

/* log_receive_events(), and how many were accepted. Consumes the events. `refusals_out` (may be
 * NULL) takes one an event. */
enum result log_wait_receive(struct event_log *log, struct verified_event **events, size_t count,
                             const struct node_id *source, size_t *accepted_out,
                             enum event_refusal *refusals_out);

#endif
