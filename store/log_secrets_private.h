/* The secrets of own events on their way into the log, and sealing a payload with new ones (§24.3).
 *
 * Thread: any; of the log only what does not change from its start on is read.
 * Ownership: what a struct log_secrets holds is released by log_secrets_wipe(), and the keys in it
 * are wiped; the JSON of its payload, and keys of messages or attachments in that, are not
 * (payload.h).
 */
#ifndef HEARTHCHAT_STORE_LOG_SECRETS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_SECRETS_PRIVATE_H

#include "protocol/payload.h"
#include "store/log_receiving_keys_private.h"

/* What an own event leaves with us. */
struct log_secrets {
    bool has_key;
    struct content_key key;
    bool has_payload;
    struct payload payload; /* that it opens, as whoever opens it reads it */
    bool has_pair;          /* of the receiving key that it offers */
    struct log_receiving_pair pair;
    int64_t peer; /* to whom; LOG_RECEIVING_KEYS_EVERYBODY */
};

/* What is to be sealed, and to whom; borrowed. */
struct log_sealed {
    const struct node_id *recipient;
    const char *client_id;
    const struct buffer *payload;
};

/* Under those terms. RESULT_INVALID: nothing can be sealed to that key. */
enum result log_secrets_seal(const struct event_log *log, const struct log_sealed *sealed,
                             const struct log_terms *terms, struct log_secrets *secrets_out,
                             struct event_draft *draft_out);

/* The same of a text; `answered`: the hash of the message that it answers, or NULL. RESULT_INVALID:
 * too long for an envelope, too. */
enum result log_secrets_seal_text(const struct event_log *log, const struct message_sent *message,
                                  const uint8_t *answered, const struct log_terms *terms,
                                  struct log_secrets *secrets_out, struct event_draft *draft_out);

void log_secrets_wipe(struct log_secrets *secrets);

#endif
