/* This node's receiving keys, at its owner's word.
 *
 * Thread: any; answered as log_append_event() is (event_log.h).
 */
#ifndef HEARTHCHAT_STORE_LOG_KEYS_H
#define HEARTHCHAT_STORE_LOG_KEYS_H

#include "store/event_log.h"

/* Publishes a prekey with `reset` (§24.1): all that was offered before ends, and from here on
 * everybody seals to this one. RESULT_UNSUPPORTED: this log keeps no keys. RESULT_UNAUTHORIZED:
 * this node is no member any more. */
enum result log_keys_rotate(struct event_log *log, event_log_answered *done, void *context);

#endif
