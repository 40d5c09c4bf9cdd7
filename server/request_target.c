#include "server/request_target.h"

#include <stddef.h>
#include <string.h>

#include "core/memory.h"
#include "core/utf8.h"

/* 0 to 15; 16 for what is no digit. */
static unsigned value_of(char digit)
{
    return digit >= '0' && digit <= '9'   ? (unsigned)(digit - '0')
           : digit >= 'a' && digit <= 'f' ? (unsigned)(digit - 'a') + 10
           : digit >= 'A' && digit <= 'F' ? (unsigned)(digit - 'A') + 10
                                          : 16;
}

bool request_target_is_text(const char *target)
{
    size_t length = 0;
    char *decoded = memory_duplicate_string(target);
    for (const char *at = target; *at != '\0'; at++) {
        unsigned high = *at == '%' ? value_of(at[1]) : 16;
        unsigned low = high < 16 ? value_of(at[2]) : 16;
        decoded[length] = *at;
        if (low < 16) {
            decoded[length] = (char)(high << 4 | low);
            at += 2;
        }
        length++;
    }
    decoded[length] = '\0';
    bool is_text =
        memchr(decoded, '\0', length + 1) == decoded + length && utf8_is_valid(decoded, length);
    memory_free(decoded);
    return is_text;
}

const char *request_target_find_excess(const char *target)
{
    const char *at = strchr(target, '?');
    for (size_t i = 0; at != NULL && i < REQUEST_TARGET_MOST_PARAMETERS; i++) {
        at = strchr(at + 1, '&');
    }
    return at;
}
