#include "protocol/search_words.h"

#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utext.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "protocol/search_text.h"

static void add_word(struct search_words *words, const char *text, size_t length_bytes, bool quoted)
{
    while (length_bytes > 0 && text[length_bytes - 1] == ' ') {
        length_bytes--;
    }
    if (length_bytes > 0) {
        words->list = memory_resize(words->list, words->count + 1, sizeof *words->list);
        words->list[words->count++] = (struct search_word){
            .text = memory_duplicate(text, length_bytes),
            .length_bytes = length_bytes,
            .quoted = quoted,
        };
    }
}

/* What is quoted, or stands between quotes. */
static void add_words(struct search_words *words, const char *text, size_t length_bytes,
                      bool quoted)
{
    struct buffer folded;
    buffer_init(&folded);
    search_text_fold(text, length_bytes, &folded);
    const char *at = buffer_text(&folded);
    while (*at != '\0') {
        size_t length = quoted ? folded.length_bytes : strcspn(at, " ");
        add_word(words, at, length, quoted);
        at += length;
        at += *at == ' ';
    }
    buffer_deinit(&folded);
}

void search_words_init(struct search_words *words, const char *query)
{
    *words = (struct search_words){0};
    for (bool quoted = false; *query != '\0'; quoted = !quoted) {
        size_t length = strcspn(query, "\"");
        add_words(words, query, length, quoted);
        query += length;
        query += *query == '"';
    }
}

void search_words_deinit(struct search_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        memory_free(words->list[i].text);
    }
    memory_free(words->list);
    *words = (struct search_words){0};
}

/* A letter or digit of a script that parts its words. */
static bool goes_on(UChar32 character)
{
    UErrorCode error = U_ZERO_ERROR;
    switch (uscript_getScript(character, &error)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
        return false;
    default:
        return u_isalnum(character);
    }
}

/* Whether no word goes on over that place. */
static bool parts(const char *folded, size_t length_bytes, size_t at)
{
    uint32_t before = 0;
    uint32_t behind = 0;
    size_t begin = at;
    while (begin > 0 && utf8_measure(folded + begin, at - begin) == 0) {
        begin--;
    }
    (void)utf8_decode(folded + begin, at - begin, &before);
    (void)utf8_decode(folded + at, length_bytes - at, &behind);
    return at == 0 || at == length_bytes || !goes_on((UChar32)before) || !goes_on((UChar32)behind);
}

/* Where the word stands next; NULL: nowhere. */
static const char *find_next(const struct search_word *word, const char *folded,
                             size_t length_bytes, const char *from)
{
    const char *found = strstr(from, word->text);
    while (found != NULL && word->quoted &&
           !(parts(folded, length_bytes, (size_t)(found - folded)) &&
             parts(folded, length_bytes, (size_t)(found - folded) + word->length_bytes))) {
        found = strstr(found + 1, word->text);
    }
    return found;
}

bool search_words_match(const struct search_words *words, const char *folded)
{
    size_t length = strlen(folded);
    for (size_t i = 0; i < words->count; i++) {
        if (find_next(&words->list[i], folded, length, folded) == NULL) {
            return false;
        }
    }
    return true;
}

/* Marks the bytes of the folded text that belong to any of the words; whether there are some. */
static bool mark(const struct search_words *words, const struct buffer *folded, bool *marked)
{
    bool any = false;
    for (size_t i = 0; i < words->count; i++) {
        const struct search_word *word = &words->list[i];
        const char *text = buffer_text(folded);
        const char *at = find_next(word, text, folded->length_bytes, text);
        while (at != NULL) {
            any = true;
            memset(marked + (at - text), true, word->length_bytes);
            at = find_next(word, text, folded->length_bytes, at + word->length_bytes);
        }
    }
    return any;
}

struct finding {
    struct search_range *ranges;
    size_t count;
    size_t most;
    bool full;           /* there are more */
    size_t length_bytes; /* of the text */
    UBreakIterator *characters;
};

/* The end of the character that the place is inside of, on that side; of bytes that are no UTF-8
 * ICU may have nothing to say. */
static size_t snap(const struct finding *finding, size_t place,
                   int32_t (*move)(UBreakIterator *characters, int32_t offset))
{
    int32_t moved = ubrk_isBoundary(finding->characters, (int32_t)place)
                        ? (int32_t)place
                        : move(finding->characters, (int32_t)place);
    bool is_outwards = move == ubrk_preceding ? moved < (int32_t)place : moved > (int32_t)place;
    return moved != UBRK_DONE && is_outwards ? (size_t)moved : place;
}

static void add_range(struct finding *finding, size_t begin, size_t end)
{
    begin = snap(finding, begin, ubrk_preceding);
    end = snap(finding, end, ubrk_following);
    struct search_range *last = finding->count > 0 ? &finding->ranges[finding->count - 1] : NULL;
    if (last != NULL && begin <= last->end) {
        last->end = end > last->end ? end : last->end;
    } else if (finding->count < finding->most) {
        finding->ranges[finding->count++] = (struct search_range){begin, end};
    } else {
        finding->full = true;
    }
}

/* Follows the text once more, beside what became of it. What became nothing belongs to what was
 * found when it stands between two of its pieces. */
static void collect(struct finding *finding, const char *text, const bool *marked)
{
    struct search_text_walk walk = {
        .text = text, .length_bytes = finding->length_bytes, .after_blank = true};
    struct search_text_piece piece;
    struct search_range range = {0};
    struct buffer folded;
    buffer_init(&folded);
    while (!finding->full && search_text_next(&walk, &folded, &piece)) {
        bool found =
            piece.folded_bytes > 0 && memchr(marked + folded.length_bytes - piece.folded_bytes, 1,
                                             piece.folded_bytes) != NULL;
        if (found && range.end == 0) {
            range.begin = piece.begin;
        }
        if (found) {
            range.end = piece.end;
        } else if (piece.folded_bytes > 0 && range.end > 0) {
            add_range(finding, range.begin, range.end);
            range = (struct search_range){0};
        }
    }
    if (range.end > 0) {
        add_range(finding, range.begin, range.end);
    }
    buffer_deinit(&folded);
}

static size_t find_marked(const char *text, const bool *marked, size_t most,
                          struct search_range *ranges)
{
    UErrorCode error = U_ZERO_ERROR;
    struct finding finding = {.ranges = ranges, .most = most, .length_bytes = strlen(text)};
    UText *bytes = utext_openUTF8(NULL, text, (int64_t)finding.length_bytes, &error);
    finding.characters = ubrk_open(UBRK_CHARACTER, "", NULL, 0, &error);
    if (U_SUCCESS(error)) {
        ubrk_setUText(finding.characters, bytes, &error);
    }
    if (U_SUCCESS(error)) {
        collect(&finding, text, marked);
    }
    ubrk_close(finding.characters);
    (void)utext_close(bytes);
    return finding.count;
}

size_t search_words_find(const struct search_words *words, const char *text, size_t most,
                         struct search_range *ranges_out)
{
    struct buffer folded;
    size_t count = 0;
    buffer_init(&folded);
    search_text_fold(text, strlen(text), &folded);
    bool *marked = memory_allocate(folded.length_bytes + 1, sizeof *marked);
    if (most > 0 && mark(words, &folded, marked)) {
        count = find_marked(text, marked, most, ranges_out);
    }
    memory_free(marked);
    buffer_deinit(&folded);
    return count;
}
