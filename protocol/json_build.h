/* Building JSON out of C: the one place that calls jansson's packers, which give NULL for text that
 * is no UTF-8, for a NULL or a NaN among the arguments, and for want of memory.
 *
 * Thread: any. The caller owns what it gets (json_decref).
 * What this program wrote, or checked where it came in, goes through the functions that never
 * return NULL: a failure there is a fault of ours and ends the process, as in core/memory.h. What
 * others wrote and nobody has checked yet goes through json_build_try(). tests/lint/jansson.py
 * holds it.
 */
#ifndef HEARTHCHAT_PROTOCOL_JSON_BUILD_H
#define HEARTHCHAT_PROTOCOL_JSON_BUILD_H

#include <jansson.h>
#include <stddef.h>

#include "core/result.h"

/* json_pack(), never NULL. */
json_t *json_build_pack(const char *format, ...);

/* A JSON string, never NULL. */
json_t *json_build_text(const char *text);

/* The same of bytes that are ASCII without a NUL; of a number; both as canonical_parse() has them.
 */
json_t *json_build_ascii(const char *bytes, size_t length_bytes);
json_t *json_build_number(double number);

/* Sets a member of an object; consumes `value`. The name is ASCII. */
void json_build_member(json_t *object, const char *name, json_t *value);

/* A deep copy, never NULL; nor may `value` be. */
json_t *json_build_copy(const json_t *value);

/* json_pack() of what nobody checked. RESULT_INVALID, and *value_out NULL, when the arguments have
 * no JSON. */
enum result json_build_try(json_t **value_out, const char *format, ...);

/* A JSON string of bytes that nobody checked. The same, also when there is a NUL among them. */
enum result json_build_try_text(const char *bytes, size_t length_bytes, json_t **value_out);

/* A JSON string of text from our own disk, which may be damaged: '?' in place of bytes that belong
 * to no character, null for NULL. Never NULL. */
json_t *json_build_stored_text(const char *text);

#endif
