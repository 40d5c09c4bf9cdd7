/* What an envelope holds (§24.3): a message, or what is to become of one, as canonical JSON.
 *
 * Thread: any; time and memory are bounded by ENVELOPE_MOST_PAYLOAD_BYTES, some 100 bytes for each
 * of the text at most.
 * Ownership: a struct payload owns its JSON, and its texts are borrowed from that. The JSON of a
 * message with keys, or with attachments, holds them; what it held is not wiped, a struct
 * content_key is by who has it.
 */
#ifndef HEARTHCHAT_PROTOCOL_PAYLOAD_H
#define HEARTHCHAT_PROTOCOL_PAYLOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "protocol/blake3.h"
#include "protocol/envelope.h"
#include "protocol/ulid.h"

#define PAYLOAD_MOST_KEYS 500
#define PAYLOAD_MOST_EMOJI_BYTES 32
#define PAYLOAD_MOST_TYPE_BYTES 255 /* of an attachment */

/* Another one with every kind that is read anew: what was unsupported is then tried again. */
#define PAYLOAD_VERSION "1"

enum payload_kind {
    PAYLOAD_TEXT,     /* a message */
    PAYLOAD_EDIT,     /* what its author says instead */
    PAYLOAD_DELETE,   /* its author takes it back */
    PAYLOAD_REACTION, /* to one */
    PAYLOAD_KEYS,     /* of messages that the reader could not open (§24.8) */
};

struct payload {
    enum payload_kind kind;
    const char *body; /* of a text, of an edit; "" else */
    size_t body_bytes;
    const json_t *attachments; /* of a text: array of what §24.10, or an event in clear (§5), has;
                                  NULL: none */
    bool has_target;
    uint8_t target[BLAKE3_HASH_BYTES]; /* the event that it speaks of: `reply_to`, `of`, `to` */
    const char *emoji;                 /* of a reaction; "" takes it back, and stands elsewhere */
    const json_t *keys;                /* array of what payload_key_at() reads; NULL: none */
    size_t key_count;
    json_t *json; /* all of it, also what nobody knows */
};

/* What was opened. ENVELOPE_OPENED: it is to be deinited; ENVELOPE_UNREADABLE: no JSON by §2, no
 * object, no kind, or members of its kind of a wrong shape; ENVELOPE_UNSUPPORTED: a kind that this
 * version does not know. Unknown members are ignored. */
enum envelope_outcome payload_read(const void *text, size_t length_bytes,
                                   struct payload *payload_out);

/* May be called again. */
void payload_deinit(struct payload *payload);

/* Whether its reader says that it was delivered (§24.6). */
bool payload_asks_for_receipt(enum payload_kind kind);

struct payload_key {
    uint8_t event[BLAKE3_HASH_BYTES];
    struct content_key key;
};

/* The `index`-th key, from 0. False: that entry is malformed, to be passed over; nothing secret is
 * in *key_out. */
bool payload_key_at(const struct payload *payload, size_t index, struct payload_key *key_out);

/* The attachments as a message in clear has them, without their keys: canonical JSON, appended. */
void payload_write_attachments(const struct payload *payload, struct buffer *text);

/* All of it, as canonical JSON, appended: what the owner's programs get, without the keys of its
 * attachments (§24.14). Of keys: which messages they opened, by their event ids. */
void payload_write_opened(const struct payload *payload, struct buffer *text);
void payload_write_opened_keys(const char (*event_ids)[ULID_TEXT_BYTES], size_t count,
                               struct buffer *text);

/* Each appends the canonical JSON of a payload; the arguments are as above, and were checked.
 * RESULT_INVALID, nothing appended: it is longer than an envelope may hold, for of what a body may
 * have some characters take six bytes here. `attachments` NULL or empty: none. */
enum result payload_write_text(const char *body, const json_t *attachments, const uint8_t *reply_to,
                               struct buffer *text);
enum result payload_write_edit(const uint8_t of[static BLAKE3_HASH_BYTES], const char *body,
                               struct buffer *text);
void payload_write_delete(const uint8_t of[static BLAKE3_HASH_BYTES], struct buffer *text);
void payload_write_reaction(const uint8_t to[static BLAKE3_HASH_BYTES], const char *emoji,
                            struct buffer *text);

/* At most PAYLOAD_MOST_KEYS. What is appended is secret. */
void payload_write_keys(const struct payload_key *keys, size_t count, struct buffer *text);

#endif
