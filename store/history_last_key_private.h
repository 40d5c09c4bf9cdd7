/* When a deleted message is gone for good: its own key is, the receiving key that it was sealed to
 * may open it still (§24.9).
 *
 * Thread: any; that of the connection.
 */
#ifndef HEARTHCHAT_STORE_HISTORY_LAST_KEY_PRIVATE_H
#define HEARTHCHAT_STORE_HISTORY_LAST_KEY_PRIVATE_H

#include "store/database_private.h"
#include "store/log_private.h"

/* Of a message to us: as history_message's `key_goes`. */
int64_t history_last_key_goes(struct database *reader,
                              const uint8_t hash[static BLAKE3_HASH_BYTES]);

#endif
