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

#include "core/buffer.h"

/* A comma, if something stands before it in its object or array. */
void json_text_separate(struct buffer *out);

/* The name of a member; what is appended next is its value. */
void json_text_name(struct buffer *out, const char *name);

/* Members. NULL is null. */
void json_text_add(struct buffer *out, const char *name, const char *text);
void json_text_add_bool(struct buffer *out, const char *name, bool value);
void json_text_add_integer(struct buffer *out, const char *name, int64_t integer);

/* A value. */
void json_text_write(struct buffer *out, const char *text);

#endif
