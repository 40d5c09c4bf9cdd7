/* The set of accepted events as reconciliation compares it (§12): kept in memory, in step with the
 * log.
 *
 * Thread: any; one at a time. Commits don't wait for who compares: what they bring is in the set
 * when the next one begins. A long log is read off the critical path when it is opened: until then
 * every function here returns RESULT_BUSY. Messages are limited to RECONCILE_MOST_MESSAGE_BYTES.
 */
#ifndef HEARTHCHAT_STORE_EVENT_SET_H
#define HEARTHCHAT_STORE_EVENT_SET_H

#include "protocol/reconcile.h"
#include "store/event_log.h"

/* As reconcile_initiate(), reconcile_respond(), reconcile_continue(). */
enum result event_set_initiate(struct event_log *log, struct buffer *message_out);
enum result event_set_respond(struct event_log *log, const void *message, size_t length_bytes,
                              struct buffer *answer_out, struct error *error);
enum result event_set_continue(struct event_log *log, const void *message, size_t length_bytes,
                               reconcile_learned *learned, void *context, struct buffer *next_out,
                               struct error *error);

#endif
