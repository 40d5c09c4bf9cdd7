/* Messages that a peer had, and whose keys its device has lost: it says so by asking for them
 * again (§24.8). They are given when this node's owner says so (log_restoring.h), and not before:
 * whoever has a stolen device's key alone could ask, too.
 *
 * Thread: any that may read the log.
 * Limits: what a peer names is remembered once a message.
 */
#ifndef HEARTHCHAT_STORE_LOG_LOST_H
#define HEARTHCHAT_STORE_LOG_LOST_H

#include "store/event_log.h"

/* How many there are that can still be given. */
enum result log_lost_count(struct event_log *log, const struct node_id *peer, int64_t *count_out);

#endif
