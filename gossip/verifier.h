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

/* What came of a batch. RESULT_OK: the text was {"events":[…],…} with no more of them than were
 * asked for. RESULT_BUSY: who sent it can't pay for it now (protocol/foreign_text.h). */
typedef void verifier_done(void *context, struct event_batch *batch, enum result result);

/* `reader`: of sealed messages between others than this one no envelope is read. RESULT_IO when the
 * system gives no threads. */
enum result verifier_create(size_t threads, const struct node_id *reader,
                            struct verifier **verifier_out);

/* Finishes what was submitted. */
void verifier_destroy(struct verifier **verifier);

/* The text, for which `payer` pays, and `asked`, which is sorted, are borrowed until `done` is
 * called; nothing else is verified. RESULT_FULL: nothing was taken on. */
enum result verifier_submit(struct verifier *verifier, struct account *payer,
                            const struct buffer *text, const struct node_id *community_id,
                            struct hash_list *asked, verifier_done *done, void *context);

/* The same of an array of events (consumed; nobody else's) out of that text (consumed), of which
 * none was asked for by its hash. */
enum result verifier_submit_events(struct verifier *verifier, struct foreign_text *text,
                                   json_t *events, const struct node_id *community_id,
                                   verifier_done *done, void *context);

#endif
