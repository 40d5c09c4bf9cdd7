/* The device's key on disk (§21).
 *
 * Thread: startup. The key stays the caller's; signing_key_deinit() wipes it.
 */
#ifndef HEARTHCHAT_STORE_DEVICE_KEY_H
#define HEARTHCHAT_STORE_DEVICE_KEY_H

#include "core/error.h"
#include "protocol/signing.h"

/* Reads keys/device.ed25519. RESULT_NOT_FOUND when there is none; RESULT_INVALID when it is damaged
 * or others may read it. */
enum result device_key_load(const char *directory, struct signing_key *key_out,
                            struct error *error);

/* Makes a key. RESULT_EXISTS when there is one already, which is left as it is; RESULT_FULL,
 * RESULT_IO. */
enum result device_key_create(const char *directory, struct signing_key *key_out,
                              struct error *error);

#endif
