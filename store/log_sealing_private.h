/* Sealing an own message (§24.3), and the secrets of own events on their way into the log.
 *
 * Thread: writer, inside the transaction that appends the event, but for what says "any".
 */
#ifndef HEARTHCHAT_STORE_LOG_SEALING_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_SEALING_PRIVATE_H

#include "store/log_early_private.h"

/* What is refused where only an envelope will do. */
#define LOG_SEALING_NOT_ENCRYPTED "This conversation is not end-to-end encrypted."

/* Begins a start of the node: its randomness is hedged by a key of its own. Before the first job; a
 * transaction of its own. */
enum result log_sealing_begin(struct event_log *log);

/* A draft of a message in clear text becomes one with an envelope, if its recipient can open it; of
 * other drafts, nothing. `early`: what was made of it before its turn (log_early_private.h), or
 * NULL. RESULT_MISMATCH: it can't, and the draft says that it must, or answers
 * another message. RESULT_NOT_FOUND: that one is not here.
 * RESULT_INVALID: too long for an envelope. */
enum result log_sealing_seal(struct event_log *log, struct event_draft *draft,
                             struct log_early_message *early, struct log_secrets *secrets_out,
                             struct append_answer *answer);

/* RESULT_MISMATCH: the recipient offers no key. RESULT_INVALID: it can't be sealed to. */
enum result log_sealing_seal_payload(struct event_log *log, const struct log_sealed *sealed,
                                     struct log_secrets *secrets_out,
                                     struct event_draft *draft_out);

/* Whether the peer, by its number, is due a new offer of ours (§24.2): it has used the current one,
 * or that is a prekey, or its secret is gone. */
bool log_sealing_needs_reply(struct event_log *log, int64_t peer);

/* How the next message to the peer, by its number, is to be sealed, as the tables have it, whatever
 * is remembered (log_terms_private.h). False: nothing can be sealed to it. */
bool log_sealing_read_terms(struct event_log *log, int64_t peer, struct log_terms *terms_out);

/* A fresh receiving key, for one peer or everybody. */
void log_sealing_make_pair(struct event_log *log, int64_t peer, struct log_secrets *secrets);

/* The event is signed: what opens it and what it offers is kept; or it was not stored after all. */
void log_sealing_keep(struct event_log *log, const struct log_secrets *secrets,
                      const struct event *event);
void log_sealing_forget(struct event_log *log, const struct log_secrets *secrets,
                        const uint8_t hash[static BLAKE3_HASH_BYTES]);

#endif
