#include "handlers/found_json.h"

#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "core/utf8.h"
#include "protocol/json_build.h"

enum { CHARACTERS_BEFORE = 40, CHARACTERS_OF_SNIPPET = 160 };

/* A part of a text, in bytes. */
struct part {
    size_t begin;
    size_t end;
};

static size_t step(const char *text, size_t at)
{
    size_t bytes = utf8_measure(text + at, strnlen(text + at, 4));
    return bytes == 0 ? 1 : bytes;
}

/* UTF-16 code units of a part of the text. */
static json_int_t count_units(const char *text, size_t begin, size_t end)
{
    json_int_t units = 0;
    while (begin < end) {
        size_t bytes = step(text, begin);
        units += bytes == 4 ? 2 : 1;
        begin += bytes;
    }
    return units;
}

static json_t *make_ranges(const struct search_found *found)
{
    json_t *ranges = json_array();
    json_int_t units = 0;
    size_t at = 0;
    for (size_t i = 0; found->in_body && i < found->range_count; i++) {
        json_int_t begin = units + count_units(found->text, at, found->ranges[i].begin);
        units = begin + count_units(found->text, found->ranges[i].begin, found->ranges[i].end);
        at = found->ranges[i].end;
        (void)json_array_append_new(ranges, json_build_pack("[I,I]", begin, units));
    }
    return ranges;
}

/* Up to that many characters before, at a blank if there is one. */
static size_t find_begin(const char *text, size_t from)
{
    size_t begin = from;
    size_t characters = 0;
    while (begin > 0 && characters < CHARACTERS_BEFORE) {
        begin--;
        characters += ((unsigned char)text[begin] & 0xc0) != 0x80 ? 1 : 0;
    }
    const char *blank = begin == 0 ? NULL : memchr(text + begin, ' ', from - begin);
    return blank == NULL ? begin : (size_t)(blank - text) + 1;
}

static struct part choose_part(const struct search_found *found)
{
    size_t first = found->range_count > 0 ? found->ranges[0].begin : 0;
    struct part part = {.begin = find_begin(found->text, first)};
    part.end = part.begin;
    for (size_t i = 0; i < CHARACTERS_OF_SNIPPET && found->text[part.end] != '\0'; i++) {
        part.end += step(found->text, part.end);
    }
    return part;
}

static void append_piece(json_t *pieces, const char *before, const char *text, size_t length_bytes,
                         const char *behind)
{
    char *piece = memory_format("%s%.*s%s", before, (int)length_bytes, text, behind);
    (void)json_array_append_new(pieces, json_build_stored_text(piece));
    memory_free(piece);
}

static json_t *make_pieces(const struct search_found *found)
{
    const struct part part = choose_part(found);
    const char *text = found->text;
    json_t *pieces = json_array();
    size_t at = part.begin;
    for (size_t i = 0; i < found->range_count && found->ranges[i].begin < part.end; i++) {
        size_t begin = found->ranges[i].begin;
        size_t end = found->ranges[i].end < part.end ? found->ranges[i].end : part.end;
        append_piece(pieces, i == 0 && part.begin > 0 ? "…" : "", text + at, begin - at, "");
        append_piece(pieces, "", text + begin, end - begin, "");
        at = end;
    }
    append_piece(pieces, "", text + at, part.end - at, text[part.end] == '\0' ? "" : "…");
    return pieces;
}

static json_t *join(json_t *pieces)
{
    struct buffer text;
    size_t index;
    json_t *part;
    buffer_init(&text);
    json_array_foreach(pieces, index, part)
    {
        buffer_append_text(&text, json_string_value(part));
    }
    json_t *joined = json_build_text(buffer_text(&text));
    buffer_deinit(&text);
    return joined;
}

void found_json_set(json_t *message, const struct search_found *found)
{
    json_t *pieces = make_pieces(found);
    (void)json_object_set_new(message, "found", make_ranges(found));
    (void)json_object_set_new(message, "snippet", join(pieces));
    (void)json_object_set_new(message, "snippet_parts", pieces);
}
