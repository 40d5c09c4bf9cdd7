/* A growing byte string: always NUL-terminated behind its length, so `data` may be read as text.
 *
 * Thread: any, one at a time. buffer_init() needs no heap; buffer_deinit() frees what grew.
 * A buffer has no limit of its own: whoever fills it from outside checks the limit first.
 */
#ifndef HEARTHCHAT_CORE_BUFFER_H
#define HEARTHCHAT_CORE_BUFFER_H

#include <stddef.h>

struct buffer {
    char *data; /* NULL until the first byte */
    size_t length_bytes;
    size_t capacity_bytes;
};

void buffer_init(struct buffer *buffer);
void buffer_deinit(struct buffer *buffer);

/* Forgets the content, keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* Keeps the first `length_bytes`, of at least so many. */
void buffer_truncate(struct buffer *buffer, size_t length_bytes);

/* Makes it so many bytes longer, which are the caller's to write, from where this points to: all of
 * them, before the next change. */
char *buffer_extend(struct buffer *buffer, size_t more_bytes);

/* Makes room for so many bytes more, and for no others. */
void buffer_reserve(struct buffer *buffer, size_t more_bytes);

void buffer_append(struct buffer *buffer, const void *bytes, size_t length_bytes);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_byte(struct buffer *buffer, char byte);
void buffer_append_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The content as text, "" when empty. Borrowed until the next change. */
const char *buffer_text(const struct buffer *buffer);

/* Gives the content to the caller (memory_free) and leaves the buffer empty. Never NULL. */
char *buffer_take(struct buffer *buffer);

#endif
