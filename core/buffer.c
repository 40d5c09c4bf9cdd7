#include "core/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

void buffer_init(struct buffer *buffer)
{
    *buffer = (struct buffer){0};
}

void buffer_deinit(struct buffer *buffer)
{
    memory_free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_truncate(struct buffer *buffer, size_t length_bytes)
{
    buffer->length_bytes = length_bytes;
    if (buffer->data != NULL) {
        buffer->data[length_bytes] = '\0';
    }
}

void buffer_clear(struct buffer *buffer)
{
    buffer_truncate(buffer, 0);
}

static void make_room(struct buffer *buffer, size_t more_bytes)
{
    size_t needed = buffer->length_bytes + more_bytes + 1;
    if (needed <= buffer->capacity_bytes) {
        return;
    }
    size_t capacity = buffer->capacity_bytes == 0 ? 256 : buffer->capacity_bytes;
    while (capacity < needed) {
        capacity *= 2;
    }
    buffer->data = memory_resize(buffer->data, capacity, 1);
    buffer->capacity_bytes = capacity;
}

char *buffer_extend(struct buffer *buffer, size_t more_bytes)
{
    make_room(buffer, more_bytes);
    char *added = buffer->data + buffer->length_bytes;
    buffer->length_bytes += more_bytes;
    added[more_bytes] = '\0';
    return added;
}

void buffer_reserve(struct buffer *buffer, size_t more_bytes)
{
    size_t needed = buffer->length_bytes + more_bytes + 1;
    if (needed > buffer->capacity_bytes) {
        buffer->data = memory_resize(buffer->data, needed, 1);
        buffer->data[buffer->length_bytes] = '\0';
        buffer->capacity_bytes = needed;
    }
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length_bytes)
{
    char *added = buffer_extend(buffer, length_bytes);
    if (length_bytes > 0) {
        memcpy(added, bytes, length_bytes);
    }
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_append_byte(struct buffer *buffer, char byte)
{
    make_room(buffer, 1);
    buffer->data[buffer->length_bytes++] = byte;
    buffer->data[buffer->length_bytes] = '\0';
}

void buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        abort();
    }
    buffer_append(buffer, text, (size_t)length);
    memory_free(text);
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->data == NULL ? "" : buffer->data;
}

char *buffer_take(struct buffer *buffer)
{
    char *data = buffer->data == NULL ? memory_duplicate("", 0) : buffer->data;
    *buffer = (struct buffer){0};
    return data;
}
