/* What is signed of a request and of its answer between nodes (§9, §10).
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_PROTOCOL_REQUEST_SIGNATURE_H
#define HEARTHCHAT_PROTOCOL_REQUEST_SIGNATURE_H

#include <jansson.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/result.h"
#include "protocol/signing.h"

#define REQUEST_CLOCK_TOLERANCE_SECONDS 300

/* The X-HearthNet-* headers of a request as they came; all borrowed, none NULL. */
struct request_envelope {
    const char *capability; /* of endpoints without a JSON body: the path with its query */
    const char *version;
    const char *request_id;
    const char *from;
    const char *community;
    const char *timestamp;
    const char *signature;
};

/* Checks forms, freshness at `wall_seconds` and the signature over `body` (borrowed; NULL means
 * {}). RESULT_INVALID malformed, RESULT_EXPIRED, RESULT_UNAUTHORIZED wrong signature. */
enum result request_signature_verify(const struct request_envelope *envelope, const json_t *body,
                                     int64_t wall_seconds, struct node_id *from_out);

/* The canonical bytes that are signed, appended to `text`. */
enum result request_signature_canonical(const struct request_envelope *envelope, const json_t *body,
                                        struct buffer *text);

/* Signs an answer: over canonical {"body","from","request_id","timestamp"}. */
void request_signature_sign_answer(const struct signing_key *key, const char *body,
                                   size_t body_bytes, const char *request_id, const char *timestamp,
                                   char signature_out[static SIGNATURE_TEXT_BYTES]);

/* The same of a body that need not be copied: REQUEST_SIGNATURE_ROOM_BYTES before it and as many
 * behind it are written. */
#define REQUEST_SIGNATURE_ROOM_BYTES 256
void request_signature_sign_around(const struct signing_key *key, char *body, size_t body_bytes,
                                   const char *request_id, const char *timestamp,
                                   char signature_out[static SIGNATURE_TEXT_BYTES]);

#endif
