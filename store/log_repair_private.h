/* Keys that a peer gives for messages that could not be opened (§24.8).
 *
 * Thread: writer, inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_REPAIR_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_REPAIR_PRIVATE_H

#include "protocol/payload.h"
#include "store/log_private.h"

/* Takes from `given`, a message of a peer that was opened, each key that is one of a message of the
 * conversation with that peer, which has none yet: `open` is called for it. All else is ignored,
 * and everything while views are derived: what was taken is in the keyring. */
void log_repair_take_keys(struct event_log *log, const struct event *given,
                          const struct payload *payload,
                          void (*open)(struct event_log *log, const struct event *event,
                                       int64_t seq));

#endif
