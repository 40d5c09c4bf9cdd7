#include "protocol/display_text.h"

#include "core/memory.h"

size_t display_text_count_characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text & 0xc0) != 0x80) {
            count++;
        }
    }
    return count;
}

char *display_text_make(const char *text)
{
    const size_t most_characters = 64;
    size_t bytes = 0;
    size_t characters = 0;
    for (; text[bytes] != '\0'; bytes++) {
        if (((unsigned char)text[bytes] & 0xc0) != 0x80 && ++characters > most_characters) {
            break;
        }
    }
    char *shown = memory_duplicate(text, bytes);
    for (char *at = shown; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || (unsigned char)*at == 0x7f) {
            *at = ' ';
        }
    }
    return shown;
}

bool display_text_has_control_character(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f) {
            return true;
        }
    }
    return false;
}
