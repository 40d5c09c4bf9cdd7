#include "core/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

/* What the end of the buffer cut through. */
static void drop_half_character(char *text)
{
    size_t length = strlen(text);
    size_t begin = length;
    while (begin > 0 && length - begin < 4 && ((unsigned char)text[begin - 1] & 0xc0) == 0x80) {
        begin--;
    }
    if (begin > 0 && (unsigned char)text[begin - 1] >= 0xc0 &&
        utf8_measure(text + begin - 1, length - begin + 1) == 0) {
        text[begin - 1] = '\0';
    }
}

enum result error_set(struct error *error, enum result result, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        int length = vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        if (length >= (int)sizeof error->message) {
            drop_half_character(error->message);
        }
        utf8_mend(error->message); /* it quotes others, and is sent as JSON */
    }
    return result;
}
