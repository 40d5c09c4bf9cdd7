#include "protocol/display_text.h"

#include <string.h>
#include <unicode/uchar.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "core/utf8.h"
#include "protocol/visible_text.h"

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

/* A text on its way to be shown. */
struct showing {
    struct buffer shown;
    size_t marks; /* at the end of it */
    UChar32 last; /* before them; 0: nothing yet */
};

static void show(struct showing *showing, UChar32 character)
{
    char bytes[4];
    int8_t type = u_charType(character);
    bool is_mark =
        type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_COMBINING_SPACING_MARK;
    showing->marks = is_mark ? showing->marks + 1 : 0;
    showing->last = is_mark ? showing->last : character;
    if (showing->marks <= DISPLAY_TEXT_MOST_MARKS) {
        buffer_append(&showing->shown, bytes, utf8_encode((uint32_t)character, bytes));
    }
}

/* The character there, and where the next one begins. */
static UChar32 read(const char *text, size_t *at)
{
    uint32_t character = 0;
    size_t bytes = utf8_decode(text + *at, strnlen(text + *at, 4), &character);
    *at += bytes == 0 ? 1 : bytes;
    return (UChar32)character;
}

static bool is_blank(UChar32 character)
{
    return visible_text_is_blank((uint32_t)character) || u_charType(character) == U_CONTROL_CHAR;
}

/* What chooses between two forms of a character has its place behind it. */
static bool is_hidden(UChar32 character)
{
    return visible_text_is_hidden((uint32_t)character) &&
           !u_hasBinaryProperty(character, UCHAR_VARIATION_SELECTOR);
}

/* Whether a joiner makes one picture of two. */
static bool joins(const struct showing *showing, const char *behind)
{
    size_t at = 0;
    return (u_hasBinaryProperty(showing->last, UCHAR_EXTENDED_PICTOGRAPHIC) ||
            u_hasBinaryProperty(showing->last, UCHAR_EMOJI_MODIFIER)) &&
           u_hasBinaryProperty(read(behind, &at), UCHAR_EXTENDED_PICTOGRAPHIC);
}

char *display_text_make_fact(const char *text)
{
    const UChar32 joiner = 0x200d;
    struct showing showing = {.last = 0};
    bool after_blank = false;
    buffer_init(&showing.shown);
    bool any = visible_text_has_any(text);
    for (size_t at = 0; any && text[at] != '\0';) {
        UChar32 character = read(text, &at);
        if (is_blank(character)) {
            after_blank = showing.last != 0;
        } else if (!is_hidden(character) || (character == joiner && joins(&showing, text + at))) {
            if (after_blank) {
                show(&showing, ' ');
            }
            after_blank = false;
            show(&showing, character);
        }
    }
    return buffer_take(&showing.shown);
}

static bool ends_line(UChar32 character)
{
    const UChar32 next_line = 0x85;
    return (character >= '\n' && character <= '\r') || character == next_line ||
           u_charType(character) == U_LINE_SEPARATOR ||
           u_charType(character) == U_PARAGRAPH_SEPARATOR;
}

/* Until it is told otherwise: not the marks that are a letter of a direction. */
static bool turns_direction(UChar32 character)
{
    switch (u_charDirection(character)) {
    case U_LEFT_TO_RIGHT_EMBEDDING:
    case U_LEFT_TO_RIGHT_OVERRIDE:
    case U_RIGHT_TO_LEFT_EMBEDDING:
    case U_RIGHT_TO_LEFT_OVERRIDE:
    case U_POP_DIRECTIONAL_FORMAT:
    case U_FIRST_STRONG_ISOLATE:
    case U_LEFT_TO_RIGHT_ISOLATE:
    case U_RIGHT_TO_LEFT_ISOLATE:
    case U_POP_DIRECTIONAL_ISOLATE:
        return true;
    default:
        return false;
    }
}

char *display_text_make_prose(const char *text, const char *indent)
{
    struct showing showing = {.last = 0};
    buffer_init(&showing.shown);
    for (size_t at = 0; text[at] != '\0';) {
        UChar32 character = read(text, &at);
        if (ends_line(character)) {
            at += character == '\r' && text[at] == '\n' ? 1 : 0;
            show(&showing, '\n');
            buffer_append_text(&showing.shown, indent);
        } else if (u_charType(character) == U_CONTROL_CHAR && character != '\t') {
            show(&showing, '?');
        } else if (!turns_direction(character)) {
            show(&showing, character);
        }
    }
    return buffer_take(&showing.shown);
}
