/* Reading the members of a JSON object by type, without surprises.
 *
 * Thread: any. Everything returned is borrowed from the object. A missing member and one of another
 * type are the same failure: false, with the output untouched.
 */
#ifndef HEARTHCHAT_PROTOCOL_JSON_MEMBERS_H
#define HEARTHCHAT_PROTOCOL_JSON_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/blake3.h"
#include "protocol/node_id.h"

/* True when the object has exactly the named members; the list ends with NULL. */
bool json_members_are(const json_t *object, const char *const *names);

bool json_members_string(const json_t *object, const char *name, const char **text_out,
                         size_t *length_bytes_out); /* length may be NULL */
bool json_members_integer(const json_t *object, const char *name, int64_t least, int64_t most,
                          int64_t *integer_out);
bool json_members_boolean(const json_t *object, const char *name, bool *boolean_out);
bool json_members_node_id(const json_t *object, const char *name, struct node_id *node_id_out);
/* 64 lower-case hex digits, as an event's hash is written. */
bool json_members_hash(const json_t *object, const char *name,
                       uint8_t hash_out[static BLAKE3_HASH_BYTES]);
bool json_members_wall_clock(const json_t *object, const char *name, const char **text_out);
bool json_members_array(const json_t *object, const char *name, const json_t **array_out);
bool json_members_object(const json_t *object, const char *name, const json_t **object_out);

/* The integer in a JSON number (read as real or built as integer). False when it is not whole. */
bool json_members_whole_number(const json_t *value, int64_t *integer_out);

#endif
