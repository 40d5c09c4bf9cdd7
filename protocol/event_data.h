/* The `data` member of the event types that drive this node (§5), decoded.
 *
 * Thread: any. Texts and JSON are borrowed from the object that was decoded; the lists inside
 * belong to the union and go with event_kind_release(). A type's data has exactly the members that
 * §5 lists; event_kind.h decodes it.
 */
#ifndef HEARTHCHAT_PROTOCOL_EVENT_DATA_H
#define HEARTHCHAT_PROTOCOL_EVENT_DATA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/error.h"
#include "protocol/blake3.h"
#include "protocol/member_level.h"
#include "protocol/node_id.h"
#include "protocol/policy.h"

#define EVENT_DATA_MOST_BODY_BYTES 65536
#define EVENT_DATA_MOST_ATTACHMENTS 32
#define EVENT_DATA_MOST_NAME_BYTES 255
#define EVENT_DATA_MOST_CLIENT_ID_BYTES 128
#define EVENT_DATA_MOST_CO_SIGNERS 256
#define EVENT_DATA_MOST_NAME_CHARACTERS 64
#define EVENT_DATA_MOST_MANIFEST_BYTES 16384 /* canonical, §4 */
#define EVENT_DATA_MOST_HEADER_BYTES 16384   /* canonical, of an envelope, §5 */
#define EVENT_DATA_LEAST_CIPHERTEXT_BYTES 16
#define EVENT_DATA_MOST_CIPHERTEXT_BYTES 131072
#define EVENT_DATA_CID_TEXT_BYTES 72 /* "blake3:" + 64 + NUL */

/* Who co-signed the event's statement. */
struct co_signers {
    const json_t *claimed;    /* array of {"node_id","signature"}, of the right shape */
    struct node_id *node_ids; /* those whose signature holds, distinct; once that is proven */
    size_t count;
};

struct message_sent {
    struct node_id recipient;
    const char *client_id;
    bool sealed;            /* it has an envelope (§24.2) */
    const json_t *envelope; /* that one; NULL when clear, and between others (event_scan_page()) */
    const char *body;       /* "" when sealed */
    size_t body_bytes;
    const json_t *attachments; /* array of {"cid","name"}; NULL: none */
};

struct receipt {
    const char *target_event_id;
    const char *at; /* delivered_at or read_at */
};

struct community_created {
    const char *name;
    struct policy policy;
};

struct member_invited {
    struct node_id invitee;
    const char *display_name;
    enum member_level initial_level;
    const char *expires_at;
};

struct member_joined {
    const char *invite_event_id;
    const json_t *manifest;
};

struct member_revoked {
    const char *client_id;
    struct node_id target;
    const char *reason;
    struct co_signers co_signers;
};

struct level_changed {
    struct node_id target;
    enum member_level new_level;
    struct co_signers co_signers;
};

struct policy_updated {
    struct policy policy;
};

struct manifest_updated {
    const json_t *manifest;
};

union event_data {
    struct message_sent message;
    struct receipt receipt;
    struct community_created created;
    struct member_invited invited;
    struct member_joined joined;
    struct member_revoked revoked;
    struct level_changed level;
    struct policy_updated policy;
    struct manifest_updated manifest;
    const json_t *kept; /* of a type that drives nothing here: any object */
};

/* Body, client_id and attachments within their limits (§4). Shared by events and requests. */
enum result event_data_check_message(const char *client_id, const char *body, size_t body_bytes,
                                     const json_t *attachments, struct error *error);

/* The same for what has an envelope for its body, and the envelope's own shape: what its header
 * holds is not looked at (§24.2). */
enum result event_data_check_sealed(const char *client_id, const json_t *envelope,
                                    const json_t *attachments, struct error *error);

/* Of these the client_id and the attachments alone, and what may stand in an envelope. */
enum result event_data_check_frame(const char *client_id, const json_t *attachments,
                                   struct error *error);
bool event_data_is_ciphertext(const char *text, size_t length_bytes);

/* What may stand in an attachment (§4). */
bool event_data_is_cid(const char *text);
bool event_data_is_attachment_name(const char *name, size_t name_bytes);

/* A hash of what a message says and to whom: equal for a repeat, whatever the event that was made
 * of it. `attachments` NULL, here and below: none. */
void event_data_hash_message(const struct message_sent *message,
                             uint8_t hash_out[static BLAKE3_HASH_BYTES]);

/* The attachments as canonical JSON, appended. */
void event_data_write_attachments(const struct message_sent *message, struct buffer *text);

/* The canonical statement that co-signers of a revocation or a change of level sign (§5). Fresh
 * JSON. */
json_t *event_data_revocation_statement(const char *client_id, const char *reason,
                                        const struct node_id *target);
json_t *event_data_level_statement(enum member_level new_level, const struct node_id *target);

bool event_data_is_revocation_reason(const char *reason);

#endif
