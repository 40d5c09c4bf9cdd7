/* The receiving keys that this node offered, with their secrets (§24.1, §24.9, §24.11).
 *
 * Thread: writer, inside a transaction. Secrets that are given out are the caller's to wipe.
 * Limits: LOG_RECEIVING_KEYS_MOST of those that were offered to one peer; over that the oldest
 * that was used goes.
 */
#ifndef HEARTHCHAT_STORE_LOG_RECEIVING_KEYS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_RECEIVING_KEYS_PRIVATE_H

#include "protocol/receiving_key.h"
#include "store/log_private.h"

#define LOG_RECEIVING_KEYS_MOST 64
#define LOG_RECEIVING_KEYS_DAYS 30     /* of service, after a newer one took its place */
#define LOG_RECEIVING_KEYS_EVERYBODY 0 /* for a peer's number */

struct log_receiving_pair {
    struct receiving_key public;
    uint8_t secret[HPKE_KEY_BYTES];
};

/* Keeps one that the own event of that lamport offers: to `peer`, by its number, or to everybody;
 * then it takes the place of those before it. */
void log_receiving_keys_keep(struct event_log *log, const struct log_receiving_pair *pair,
                             int64_t peer, int64_t lamport);

/* The event was not stored after all. */
void log_receiving_keys_drop(struct event_log *log, const struct receiving_key *public);

/* The `number`-th with that tag, from 0. */
bool log_receiving_keys_find(struct event_log *log,
                             const uint8_t tag[static RECEIVING_KEY_TAG_BYTES], size_t number,
                             struct log_receiving_pair *pair_out);

/* Whether this very pair is here. */
bool log_receiving_keys_holds(struct event_log *log, const struct log_receiving_pair *pair);

/* Whether its secret is here, and whether anything that was sealed to it was opened. */
bool log_receiving_keys_has(struct event_log *log, const struct receiving_key *public);
bool log_receiving_keys_is_used(struct event_log *log, const struct receiving_key *public);

/* The service day of the newest prekey; 0: there is none. */
int64_t log_receiving_keys_newest_day(struct event_log *log);

/* Deletes those whose time is over (§24.9). True: some were. */
bool log_receiving_keys_sweep(struct event_log *log);

/* A message of that author, with that number of §24.2, was opened with it. */
void log_receiving_keys_note_use(struct event_log *log, const struct receiving_key *public,
                                 int64_t author, int64_t number);

#endif
