/* NodeID: an Ed25519 public key and its two texts (§1).
 *
 * Thread: any. Plain values, no ownership. A parsed NodeID is canonically encoded and not of small
 * order.
 */
#ifndef HEARTHCHAT_PROTOCOL_NODE_ID_H
#define HEARTHCHAT_PROTOCOL_NODE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/result.h"

#define NODE_ID_BYTES 32
#define NODE_ID_TEXT_BYTES 52  /* "ed25519:" + 43 + NUL */
#define NODE_ID_SHORT_BYTES 28 /* "ed25519:" + 4 groups of 4 + NUL */
#define NODE_ID_SHORT_KEY_BYTES 10

struct node_id {
    uint8_t key[NODE_ID_BYTES];
};

/* The only form in signed payloads. RESULT_INVALID for anything else. */
enum result node_id_parse(const char *text, struct node_id *node_id_out);

/* RESULT_INVALID for a key that is not canonical or is of small order. */
enum result node_id_from_key(const uint8_t key[static NODE_ID_BYTES], struct node_id *node_id_out);

void node_id_format(const struct node_id *node_id, char text_out[static NODE_ID_TEXT_BYTES]);

/* ed25519:XXXX-XXXX-XXXX-XXXX, of the first 10 bytes. */
void node_id_format_short(const struct node_id *node_id, char text_out[static NODE_ID_SHORT_BYTES]);

/* The 10 bytes of a short form; whom they mean depends on the members. */
enum result node_id_parse_short(const char *text,
                                uint8_t prefix_out[static NODE_ID_SHORT_KEY_BYTES]);

bool node_id_equal(const struct node_id *left, const struct node_id *right);
int node_id_compare(const struct node_id *left, const struct node_id *right);

#endif
