#include "protocol/text_columns.h"

#include <stdbool.h>
#include <string.h>
#include <unicode/uchar.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "core/utf8.h"

static size_t columns_of(UChar32 character)
{
    const size_t tab = 8;
    const UChar32 as_picture = 0xfe0f;
    int32_t width = u_getIntPropertyValue(character, UCHAR_EAST_ASIAN_WIDTH);
    int8_t type = u_charType(character);
    if (character == '\t') {
        return tab;
    }
    if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK) {
        return character == as_picture ? 1 : 0;
    }
    return width == U_EA_FULLWIDTH || width == U_EA_WIDE ? 2 : 1;
}

/* A text on its way into lines. */
struct wrapping {
    struct buffer lines;
    const char *indent;
    size_t indent_columns;
    size_t most_columns;
    size_t columns; /* of the last line so far */
};

static void break_line(struct wrapping *wrapping)
{
    size_t end = wrapping->lines.length_bytes;
    while (end > 0 && wrapping->lines.data[end - 1] == ' ') {
        end--;
    }
    buffer_truncate(&wrapping->lines, end);
    buffer_append_text(&wrapping->lines, "\n");
    buffer_append_text(&wrapping->lines, wrapping->indent);
    wrapping->columns = wrapping->indent_columns;
}

static bool fits(const struct wrapping *wrapping, size_t columns)
{
    return wrapping->columns + columns <= wrapping->most_columns;
}

/* The bytes of the character there, and how wide it is. */
static size_t measure(const char *at, size_t *columns_out)
{
    uint32_t character = 0;
    size_t bytes = utf8_decode(at, strnlen(at, 4), &character);
    *columns_out = columns_of((UChar32)character);
    return bytes == 0 ? 1 : bytes;
}

/* How wide the word is that begins there; of one that is too long for a line, no less than that. */
static size_t measure_word(const struct wrapping *wrapping, const char *at)
{
    size_t word = 0;
    while (*at != '\0' && strchr(" \t\n", *at) == NULL && word <= wrapping->most_columns) {
        size_t columns = 0;
        at += measure(at, &columns);
        word += columns;
    }
    return word;
}

char *text_columns_wrap(const char *text, const char *indent, size_t columns)
{
    struct wrapping wrapping = {
        .indent = indent, .indent_columns = strlen(indent), .most_columns = columns};
    bool in_word = false;
    if (columns < wrapping.indent_columns + 8) { /* as wide as its widest character, a tab */
        return memory_duplicate_string(text);
    }
    buffer_init(&wrapping.lines);
    while (*text != '\0') {
        size_t width = 0;
        size_t bytes = measure(text, &width);
        bool is_blank = *text == ' ' || *text == '\t';
        if (*text == '\n') {
            wrapping.columns = width = 0;
        } else if (!in_word && !is_blank && !fits(&wrapping, measure_word(&wrapping, text)) &&
                   wrapping.indent_columns + measure_word(&wrapping, text) <= columns) {
            break_line(&wrapping);
        } else if (!fits(&wrapping, width)) {
            break_line(&wrapping);
            width = is_blank ? 0 : width;
        }
        in_word = !is_blank && *text != '\n';
        if (width > 0 || !is_blank) {
            buffer_append(&wrapping.lines, text, bytes);
        }
        wrapping.columns += width;
        text += bytes;
    }
    return buffer_take(&wrapping.lines);
}
