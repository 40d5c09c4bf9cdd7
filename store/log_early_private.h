/* Messages that are sealed before their turn, by the threads that hand them to the writer: it waits
 * for no X25519. Sealing needs no more of the log than the terms (log_terms_private.h); they are
 * guessed from the last ones and from how many wait, and the writer takes what was sealed only if
 * they are what it finds in its transaction. Else it seals the message itself, with new random
 * values: so what is sent is the same as if nothing was done early (§24.1, §24.2). Every value is
 * drawn for this one message, from W and its payload too (§24.3): there is no stock of them that a
 * copied machine could use for another one.
 *
 * Ownership: log_early_seal() gives; log_early_destroy() wipes.
 * Limits: LOG_EARLY_PEERS peers that were written to last; as many messages as the inbox holds.
 */
#ifndef HEARTHCHAT_STORE_LOG_EARLY_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_EARLY_PRIVATE_H

#include "store/log_secrets_private.h"

struct log_early_message {
    struct node_id recipient;
    uint64_t place; /* where it is counted; 0: nowhere any more */
    bool is_sealed; /* what follows is there */
    struct log_terms terms;
    struct event_draft draft;
    struct log_secrets secrets;
};

/* Before the draft is posted. NULL: it is none that can be sealed early. Thread: any that may do
 * slow work. */
struct log_early_message *log_early_seal(struct event_log *log, const struct event_draft *draft);

/* It was sealed for a later turn than the next one: others of that peer's were begun before it, and
 * not handed over, or not run yet. NULL is fine. Thread: writer. */
bool log_early_is_ahead(struct event_log *log, const struct log_early_message *early);

/* Its turn came, under those terms. True: they were guessed; draft and secrets are now those of the
 * envelope. Thread: writer, inside the transaction. */
bool log_early_take(struct event_log *log, struct log_early_message *early,
                    const struct log_terms *terms, struct event_draft *draft,
                    struct log_secrets *secrets_out);

/* A message to that peer was sealed under those terms: the next one's follow. `early` (may be NULL)
 * is the one whose turn it was. Thread: writer. */
void log_early_go_on(struct event_log *log, const struct node_id *peer,
                     const struct log_terms *terms, struct log_early_message *early);

/* The terms are not known any more. Thread: writer. */
void log_early_forget(struct event_log *log, int64_t peer);
void log_early_forget_all(struct event_log *log);

/* Also of one that never had its turn. NULL is fine. Thread: any. */
void log_early_destroy(struct event_log *log, struct log_early_message **early);

#endif
