/* Whatever the text, what is folded is text without controls and doubled blanks, within its bounds,
 * and piece by piece the whole; whatever is looked for in it is found in whole characters, in
 * order. The query is what stands before the first NUL. */
#include <string.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "fuzz/fuzz.h"
#include "protocol/search_text.h"
#include "protocol/search_words.h"

enum { MOST_RANGES = 16 };

static void check_folded(const char *text, size_t length)
{
    struct buffer folded;
    buffer_init(&folded);
    search_text_fold(text, length, &folded);
    FUZZ_ASSERT(folded.length_bytes <= SEARCH_TEXT_MOST_GROWTH * length);
    FUZZ_ASSERT(strlen(buffer_text(&folded)) == folded.length_bytes);
    FUZZ_ASSERT(utf8_is_text(buffer_text(&folded)));
    FUZZ_ASSERT(buffer_text(&folded)[0] != ' ' && strstr(buffer_text(&folded), "  ") == NULL);
    for (const char *at = buffer_text(&folded); *at != '\0'; at++) {
        FUZZ_ASSERT((unsigned char)*at >= ' ' && *at != 0x7f && !(*at >= 'A' && *at <= 'Z'));
    }
    buffer_deinit(&folded);
}

static void check_pieces(const char *text, size_t length)
{
    struct search_text_walk walk = {.text = text, .length_bytes = length, .after_blank = true};
    struct search_text_piece piece;
    struct buffer folded;
    size_t at = 0;
    size_t folded_bytes = 0;
    buffer_init(&folded);
    while (search_text_next(&walk, &folded, &piece)) {
        FUZZ_ASSERT(piece.begin == at && piece.end > at && piece.end <= length);
        at = piece.end;
        folded_bytes += piece.folded_bytes;
    }
    FUZZ_ASSERT(at == length && folded_bytes == folded.length_bytes);
    buffer_deinit(&folded);
}

static void check_ranges(const char *query, const char *text)
{
    struct search_words words;
    struct search_range ranges[MOST_RANGES];
    size_t at = 0;
    search_words_init(&words, query);
    size_t count = search_words_find(&words, text, MOST_RANGES, ranges);
    FUZZ_ASSERT(count <= MOST_RANGES);
    for (size_t i = 0; i < count; i++) {
        FUZZ_ASSERT((i == 0 || ranges[i].begin > at) && ranges[i].end > ranges[i].begin);
        FUZZ_ASSERT(ranges[i].end <= strlen(text));
        FUZZ_ASSERT(!utf8_is_text(text) ||
                    (utf8_is_valid(text, ranges[i].begin) && utf8_is_valid(text, ranges[i].end)));
        at = ranges[i].end;
    }
    search_words_deinit(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *text = memory_duplicate(bytes, length);
    size_t query = strlen(text);
    check_folded(text, length);
    check_pieces(text, length);
    check_ranges(text, query < length ? text + query + 1 : text);
    memory_free(text);
    return 0;
}
