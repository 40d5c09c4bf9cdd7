/* Canonical JSON: strict reading, and the one byte string that is hashed and signed (§2).
 *
 * Thread: any. What canonical_parse() accepts, canonical_write() writes, and reads back the same.
 * Numbers arrive as doubles (json_real): read integers with json_members.h.
 */
#ifndef HEARTHCHAT_PROTOCOL_CANONICAL_H
#define HEARTHCHAT_PROTOCOL_CANONICAL_H

#include <jansson.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/error.h"

#define CANONICAL_MOST_NESTING 32         /* of an event or any other signed object */
#define CANONICAL_MOST_NESTING_REQUEST 36 /* of a request around it */

/* Reads one JSON text of ours, or a short one (tests/lint/includes.py says whose), the whole of
 * `bytes`: others' by foreign_text.h. RESULT_INVALID for everything that §2 refuses, with
 * the reason in `error` (may be NULL). The caller owns *value_out (json_decref). */
enum result canonical_parse(const char *bytes, size_t length_bytes, int most_nesting,
                            json_t **value_out, struct error *error);

/* About how many bytes the value of a JSON text would take once it is read, the text apart: an
 * upper bound, found without reading it (foreign_text.h). */
size_t canonical_weigh(const char *bytes, size_t length_bytes);

/* Appends the canonical text. RESULT_INVALID for a value that has none (a number out of range). */
enum result canonical_write(const json_t *value, struct buffer *text);

/* The same for `object` without its member `except`, at the top level only. */
enum result canonical_write_without(const json_t *object, const char *except, struct buffer *text);

/* A string alone, in its quotes. */
void canonical_write_text(const char *text, size_t length_bytes, struct buffer *out);

/* How many bytes the canonical text takes; SIZE_MAX for a value that has none. */
size_t canonical_measure(const json_t *value);

/* RESULT_INVALID when `value` nests deeper than that. */
enum result canonical_check_nesting(const json_t *value, int most_nesting);

#endif
