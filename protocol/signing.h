/* Ed25519 signatures over canonical JSON (§3).
 *
 * Thread: any; a struct signing_key is read-only after signing_key_init(). Its memory is secret:
 * the owner calls signing_key_deinit(), which wipes it. signing_start() once, before anything else
 * in this folder.
 */
#ifndef HEARTHCHAT_PROTOCOL_SIGNING_H
#define HEARTHCHAT_PROTOCOL_SIGNING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/result.h"
#include "protocol/node_id.h"

#define SIGNING_SEED_BYTES 32
#define SIGNATURE_BYTES 64
#define SIGNATURE_TEXT_BYTES 95 /* "ed25519:" + 86 + NUL */

struct signing_key {
    uint8_t secret[64]; /* libsodium's form: seed and public key */
    struct node_id node_id;
};

struct signature {
    uint8_t bytes[SIGNATURE_BYTES];
};

/* Prepares libsodium. RESULT_IO when the system has no randomness. */
enum result signing_start(void);

void signing_key_init(struct signing_key *key, const uint8_t seed[static SIGNING_SEED_BYTES]);
void signing_key_deinit(struct signing_key *key);

/* A fresh random seed. */
void signing_generate_seed(uint8_t seed_out[static SIGNING_SEED_BYTES]);

/* `length_bytes` random bytes. */
void signing_random(void *bytes_out, size_t length_bytes);

/* Zeroes memory that held a secret; the compiler can't drop it. */
void signing_wipe(void *bytes, size_t length_bytes);

/* Whether both are the same, in a time that says nothing of where they differ. */
bool signing_equal(const void *one, const void *other, size_t length_bytes);

void signing_sign(const struct signing_key *key, const void *bytes, size_t length_bytes,
                  struct signature *signature_out);

/* RESULT_UNAUTHORIZED when it is not that node's signature of those bytes. */
enum result signing_verify(const struct node_id *node_id, const void *bytes, size_t length_bytes,
                           const struct signature *signature);

/* "ed25519:…" and back. */
void signing_format_signature(const struct signature *signature,
                              char text_out[static SIGNATURE_TEXT_BYTES]);
enum result signing_parse_signature(const char *text, struct signature *signature_out);

/* libcurl's "sha256//…" pin of a node's key (§9): SHA-256 of its SubjectPublicKeyInfo. */
#define SIGNING_PIN_BYTES 53
void signing_format_pin(const struct node_id *node_id, char pin_out[static SIGNING_PIN_BYTES]);

/* Sets the object's `signature` member over the rest of it; replaces one that is there. */
enum result signing_sign_object(const struct signing_key *key, json_t *object);

/* Checks the object's `signature` member against `node_id`. */
enum result signing_verify_object(const struct node_id *node_id, const json_t *object);

#endif
