/* The keyring: the content key of each event that this node could open, or why it has none (§24.9,
 * §24.11).
 *
 * Thread: writer, inside a transaction: a key is kept in that of its event.
 */
#ifndef HEARTHCHAT_STORE_LOG_KEYRING_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_KEYRING_PRIVATE_H

#include "protocol/envelope.h"
#include "store/log_private.h"

enum log_keyring_entry {
    LOG_KEYRING_NOTHING, /* nobody gave a key yet */
    LOG_KEYRING_KEY,
    LOG_KEYRING_UNREADABLE, /* no key will do: kept, lest it waits when the secrets are gone */
    LOG_KEYRING_DELETED,
    LOG_KEYRING_CLEARED, /* deleted with its conversation: not shown at all */
    LOG_KEYRING_EXPIRED,
    LOG_KEYRING_SPENT, /* it said something about a message that is deleted */
};

static inline bool log_keyring_is_deleted(enum log_keyring_entry entry)
{
    return entry == LOG_KEYRING_DELETED || entry == LOG_KEYRING_CLEARED;
}

/* *key_out is written for LOG_KEYRING_KEY alone; the caller wipes it. */
enum log_keyring_entry log_keyring_find(struct event_log *log,
                                        const uint8_t hash[static BLAKE3_HASH_BYTES],
                                        struct content_key *key_out);

/* What is there already stands. */
void log_keyring_keep(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES],
                      const struct content_key *key);
void log_keyring_note_unreadable(struct event_log *log,
                                 const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* Whatever there was: from now on there is no key, for this reason. What is cleared stays so. */
void log_keyring_end(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES],
                     enum log_keyring_entry reason);

/* The event was not stored after all. */
void log_keyring_forget(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES]);

#endif
