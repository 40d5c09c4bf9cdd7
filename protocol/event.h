/* Events: signed, immutable, identified by their hash (§4, §5).
 *
 * Thread: any; an event is read-only once made.
 * Ownership: event_parse(), event_verify() and event_sign() give to the caller, who destroys. Texts
 * inside are borrowed from the event. Only event_verify() and event_sign() make a struct
 * verified_event, and the log takes nothing else.
 */
#ifndef HEARTHCHAT_PROTOCOL_EVENT_H
#define HEARTHCHAT_PROTOCOL_EVENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/error.h"
#include "protocol/blake3.h"
#include "protocol/event_data.h"
#include "protocol/event_type.h"
#include "protocol/node_id.h"
#include "protocol/signing.h"
#include "protocol/ulid.h"
#include "protocol/wall_clock.h"

#define EVENT_MOST_BYTES 262144 /* canonical, §4 */

struct event {
    char event_id[ULID_TEXT_BYTES];
    char wall_clock[WALL_CLOCK_TEXT_BYTES];
    int64_t lamport;
    struct node_id community_id;
    struct node_id author;
    enum event_type type;
    union event_data data;
    uint8_t hash[BLAKE3_HASH_BYTES];           /* of the canonical bytes that are signed */
    struct buffer signed_text;                 /* those bytes, until it is verified */
    char signature_text[SIGNATURE_TEXT_BYTES]; /* "" when it is malformed */
    json_t *json;                              /* holds what `data` borrows; owned */
    bool proven;                               /* event_prove() held */
};

struct verified_event;

/* Why an event was refused, in the words of §6. */
enum event_refusal {
    EVENT_ACCEPTABLE,
    EVENT_BAD,
    EVENT_SCHEMA_UNKNOWN,
    EVENT_WRONG_COMMUNITY,
    EVENT_INVALID_SIGNATURE,
    EVENT_LAMPORT_TOO_FAR,
    EVENT_UNKNOWN_AUTHOR,
    EVENT_REVOKED_AUTHOR,
};

/* "bad_event", …; "" for EVENT_ACCEPTABLE. */
const char *event_refusal_name(enum event_refusal refusal);

/* Shape, sizes, ids and community (§6 step 1), and the hash. `json` as canonical_parse() reads it;
 * takes a reference. `community_id` NULL: any. On refusal *event_out is untouched. */
enum event_refusal event_parse(json_t *json, const struct node_id *community_id,
                               struct event **event_out);
void event_destroy(struct event **event);

/* The hash of whatever is offered as an event, well-formed or not; all zeros when it has none. */
void event_hash_json(const json_t *json, uint8_t hash_out[static BLAKE3_HASH_BYTES]);

/* Checks the signature (§6 step 3), and after it those inside the event. Consumes the event in any
 * case; RESULT_UNAUTHORIZED when its signature is malformed or not the author's, RESULT_INVALID
 * when one inside does not hold: that is bad_event. */
enum result event_verify(struct event **event, struct verified_event **verified_out);

/* Checks the signatures inside the event, of co-signers and manifests, alone: where its own is
 * known to hold. Only then is it known whose do. RESULT_INVALID as above. `error` may be NULL. */
enum result event_prove(struct event *event, struct error *error);

/* What an own event is made from; everything else is filled in by event_sign(). */
struct event_draft {
    json_t *data; /* consumed by event_sign() */
    enum event_type type;
    bool sealed_only;               /* a message that may not go in clear text (§24.5) */
    char reply_to[ULID_TEXT_BYTES]; /* of a message: the event id of the one that it answers, of the
                                       same conversation, for its envelope alone; "": none */
};

/* Makes and signs an own event. RESULT_INVALID when the data breaks the type's rules or the event
 * is too large. Consumes draft->data. */
enum result event_sign(struct event_draft *draft, const struct signing_key *key,
                       const struct node_id *community_id, const char *event_id, int64_t lamport,
                       int64_t wall_seconds, struct verified_event **verified_out,
                       struct error *error);

const struct event *event_verified_get(const struct verified_event *verified);
void event_verified_destroy(struct verified_event **verified);

/* The canonical text of the whole event, signature included: what is stored and passed on.
 * Borrowed. */
const char *event_verified_text(const struct verified_event *verified, size_t *length_bytes_out);

/* Replay order everywhere: (lamport, event_id, hash) (§6). */
int event_compare(const struct event *left, const struct event *right);

#endif
