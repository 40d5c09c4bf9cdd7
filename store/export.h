/* The owner's messages with what proves them to a third person: their events as they were signed,
 * and the content keys that open these (§24.11).
 *
 * Thread: any; each call reads with a connection of its own, and all that it visits is of one
 * moment. What a visitor gets is borrowed for its call; keys are secret: who copies one wipes it.
 */
#ifndef HEARTHCHAT_STORE_EXPORT_H
#define HEARTHCHAT_STORE_EXPORT_H

#include "protocol/envelope.h"
#include "store/history.h"

/* What proves one message, while that is visited. */
struct export_proofs;

typedef void export_visit(void *context, const struct history_message *message,
                          const struct export_proofs *proofs);

/* In ascending (lamport, event_id) order, all of them. RESULT_IO. */
enum result export_read(struct event_log *log, export_visit *visit, void *context);

/* `key` NULL: it was not sealed, or there is no key, or not any more. */
typedef void export_visit_event(void *context, const json_t *event, const struct content_key *key);

/* The message's own event first; then, in replay order, those that say something of it (edits,
 * deletions, reactions), whether that counts or not. */
void export_visit_events(const struct export_proofs *proofs, export_visit_event *visit,
                         void *context);

#endif
