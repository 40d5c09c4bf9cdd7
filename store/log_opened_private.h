/* What sealed messages opened to, for the owner's programs (§24.14): read again by the content key,
 * for there is no second copy of it on the disk.
 *
 * Thread: any that may read the log, with a connection of its own.
 * Ownership: the caller frees the text, canonical JSON.
 */
#ifndef HEARTHCHAT_STORE_LOG_OPENED_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_OPENED_PRIVATE_H

#include "protocol/envelope.h"
#include "store/log_private.h"

/* Where a sealed message stands, as its envelope is bound to it. It borrows of the event. */
struct envelope_place log_opened_place(const struct event_log *log, const struct event *event);

/* Of an event that concerns us. NULL: it was not sealed, or there is nothing that it opens to. */
char *log_opened_make(const struct event_log *log, struct database *database,
                      const struct event *event);

/* Whether the event with this hash has a key, so that it is worth being parsed. */
bool log_opened_has_key(struct database *database, const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* Notes it of what this transaction stored. Thread: writer, before the commit. */
void log_opened_note(struct event_log *log);

#endif
