/* A conversation is cleared: all its messages are deleted on this device alone.
 *
 * Thread: any. At once none of them is shown, found or counted any more; then their keys, words and
 * entries in the index go in slices between the writer's other work, after a restart too. Of what
 * was sent in clear the event, which every member keeps, keeps the text. Neither a derivation
 * anew brings them back, nor an author who belongs again. What is cleared costs who reads a
 * conversation nothing.
 */
#ifndef HEARTHCHAT_STORE_LOG_CLEAR_H
#define HEARTHCHAT_STORE_LOG_CLEAR_H

#include "store/event_log.h"

/* What was cleared: how many messages were shown. */
typedef void log_clear_done(void *context, enum result result, const struct error *error,
                            int64_t messages);

/* All that is there of that conversation now. RESULT_OK: it is on the disk that it is to go; of a
 * conversation that there isn't, nothing was. RESULT_IO. `done` as event_log_answered. */
enum result log_clear_conversation(struct event_log *log, const struct node_id *peer,
                                   log_clear_done *done, void *context);

#endif
