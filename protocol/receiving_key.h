/* Receiving keys (§24.1): what messages are sealed to, as text and as the tag that names one.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_PROTOCOL_RECEIVING_KEY_H
#define HEARTHCHAT_PROTOCOL_RECEIVING_KEY_H

#include "core/result.h"
#include "protocol/hpke.h"
#include "protocol/node_id.h"

#define RECEIVING_KEY_TEXT_BYTES 51 /* "x25519:" + 43 + NUL */
#define RECEIVING_KEY_TAG_BYTES 8

struct receiving_key {
    uint8_t
        key[HPKE_KEY_BYTES]; /* the public half; its first RECEIVING_KEY_TAG_BYTES are the tag */
};

/* RESULT_INVALID: no such text, a number that is not written as §1 wants it, or a key of low order,
 * to which nothing can be sealed. */
enum result receiving_key_parse(const char *text, struct receiving_key *key_out);
void receiving_key_format(const struct receiving_key *key,
                          char text_out[static RECEIVING_KEY_TEXT_BYTES]);

/* A NodeID's key, converted (`identity_pubkey`, §24.1): nothing is ever sealed to it.
 * RESULT_INVALID for a NodeID that can't sign. */
enum result receiving_key_from_node_id(const struct node_id *node_id,
                                       struct receiving_key *key_out);

#endif
