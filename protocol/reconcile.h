/* Range-based set reconciliation, negentropy protocol version 1: messages in, messages out (§12).
 *
 * Two nodes learn what each lacks in bytes in proportion to the difference. The responder keeps no
 * state between messages, the initiator none but its set, which may change meanwhile.
 * Thread: any that may read the set. Buffers are the caller's and are appended to.
 * Limits: `limit_bytes` of a message, 0 for none, else at least 4,096: no message is longer,
 * however small the one it answers; what does not fit is taken up by the next round.
 */
#ifndef HEARTHCHAT_PROTOCOL_RECONCILE_H
#define HEARTHCHAT_PROTOCOL_RECONCILE_H

#include "core/buffer.h"
#include "core/error.h"
#include "protocol/item_set.h"

#define RECONCILE_LEAST_LIMIT_BYTES 4096
#define RECONCILE_MOST_MESSAGE_BYTES 262144 /* of requests and answers over HTTP */

/* The first message of an initiator. */
void reconcile_initiate(struct item_set *set, size_t limit_bytes, struct buffer *message_out);

/* The answer to an initiator's message; to one of another version, our version alone.
 * RESULT_INVALID with what is wrong. */
enum result reconcile_respond(struct item_set *set, const void *message, size_t length_bytes,
                              size_t limit_bytes, struct buffer *answer_out, struct error *error);

/* What an initiator learns: `ours`: the other lacks it (the id is of our set), else we need it.
 * Called in the order of the ranges; the set must not change meanwhile; one id may come
 * again in a later round. */
typedef void reconcile_learned(void *context, bool ours, const uint8_t id[static ITEM_ID_BYTES]);

/* Takes the answer and appends the next message; nothing is appended when the sets are settled.
 * RESULT_INVALID with what is wrong, RESULT_UNSUPPORTED when the responder speaks another version.
 */
enum result reconcile_continue(struct item_set *set, const void *message, size_t length_bytes,
                               size_t limit_bytes, reconcile_learned *learned, void *context,
                               struct buffer *next_out, struct error *error);

#endif
