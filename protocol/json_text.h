/* Canonical JSON written at once, member by member, for what is made by the thousand: jansson's
 * objects of it would cost ten times as much.
 *
 * Thread: any. Who writes an object names its members in canonical order, that of their bytes;
 * names need no escape. Texts are from our own disk, as json_build_stored_text() takes them.
 */
#ifndef HEARTHCHAT_PROTOCOL_JSON_TEXT_H
#define HEARTHCHAT_PROTOCOL_JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/buffer.h"

/* A comma, if something stands before it in its object or array. */
void json_text_separate(struct buffer *out);

/* A value. NULL is null. */
void json_text_write(struct buffer *out, const char *text);
void json_text_write_integer(struct buffer *out, int64_t integer);

/* Members of an object whose brace is written. These are here for their names to be written without
 * being measured. */

/* The name of a member, and room for its value, which the caller writes from where this points to.
 */
static inline char *json_text_name(struct buffer *out, const char *name, size_t value_bytes)
{
    const size_t length = strlen(name);
    const size_t commas = out->data[out->length_bytes - 1] == '{' ? 0 : 1;
    char *at = buffer_extend(out, commas + length + 3 + value_bytes);
    *at = ',';
    at += commas;
    *at++ = '"';
    at = mempcpy(at, name, length);
    return mempcpy(at, "\":", 2);
}

static inline void json_text_add(struct buffer *out, const char *name, const char *text)
{
    (void)json_text_name(out, name, 0);
    json_text_write(out, text);
}

/* Of a text without escapes whose length is known. */
static inline void json_text_add_plain(struct buffer *out, const char *name, const char *text,
                                       size_t length)
{
    char *at = json_text_name(out, name, length + 2);
    *at++ = '"';
    at = mempcpy(at, text, length);
    *at = '"';
}

static inline void json_text_add_null(struct buffer *out, const char *name)
{
    (void)mempcpy(json_text_name(out, name, 4), "null", 4);
}

static inline void json_text_add_bool(struct buffer *out, const char *name, bool value)
{
    if (value) {
        (void)mempcpy(json_text_name(out, name, 4), "true", 4);
    } else {
        (void)mempcpy(json_text_name(out, name, 5), "false", 5);
    }
}

static inline void json_text_add_integer(struct buffer *out, const char *name, int64_t integer)
{
    (void)json_text_name(out, name, 0);
    json_text_write_integer(out, integer);
}

#endif
