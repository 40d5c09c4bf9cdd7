#include "core/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_abort(void *pointer)
{
    if (pointer == NULL) {
        (void)fputs("{\"level\":\"error\",\"event\":\"out_of_memory\"}\n", stderr);
        abort();
    }
    return pointer;
}

void *memory_allocate(size_t count, size_t size_bytes)
{
    return or_abort(calloc(count == 0 ? 1 : count, size_bytes == 0 ? 1 : size_bytes));
}

void *memory_resize(void *pointer, size_t count, size_t size_bytes)
{
    if (size_bytes != 0 && count > SIZE_MAX / size_bytes) {
        return or_abort(NULL);
    }
    size_t total = count * size_bytes;
    return or_abort(realloc(pointer, total == 0 ? 1 : total));
}

char *memory_duplicate_string(const char *text)
{
    return memory_duplicate(text, strlen(text));
}

char *memory_duplicate(const void *bytes, size_t length_bytes)
{
    char *copy = memory_allocate(length_bytes + 1, 1);
    if (length_bytes > 0) {
        memcpy(copy, bytes, length_bytes);
    }
    return copy;
}

char *memory_format(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return or_abort(length < 0 ? NULL : text);
}

void memory_free(void *pointer)
{
    free(pointer);
}
