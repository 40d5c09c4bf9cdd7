/* Threads that parse and verify pages of events, so that a first sync uses every core while the
 * network and the disk go on.
 *
 * Thread: create/destroy: startup; submit: any; `done` is called on one of the threads and must not
 * block. Without threads (0) submit does the work itself.
 * Limits: 64 batches wait at most.
 */
#ifndef HEARTHCHAT_GOSSIP_VERIFIER_H
#define HEARTHCHAT_GOSSIP_VERIFIER_H

#include "core/buffer.h"
#include "gossip/event_batch.h"
#include "gossip/hash_list.h"

struct verifier;

/* What came of a batch. `understood`: the text was {"events":[…],…} with no more of them than were
 * asked for. */
typedef void verifier_done(void *context, struct event_batch *batch, bool understood);

/* RESULT_IO when the system gives no threads. */
enum result verifier_create(size_t threads, struct verifier **verifier_out);

/* Finishes what was submitted. */
void verifier_destroy(struct verifier **verifier);

/* Consumes the text. `asked` is sorted and used until `done` is called; nothing else is verified.
 * RESULT_FULL: nothing was taken on. */
enum result verifier_submit(struct verifier *verifier, struct buffer *text,
                            const struct node_id *community_id, struct hash_list *asked,
                            verifier_done *done, void *context);

/* The same of an array of events (consumed; nobody else's) of which none was asked for by its hash.
 */
enum result verifier_submit_events(struct verifier *verifier, json_t *events,
                                   const struct node_id *community_id, verifier_done *done,
                                   void *context);

#endif
