#include "protocol/search_text.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "protocol/visible_text.h"

/* A piece ends after so many characters: Unicode's bound for text that is handled as it comes. */
enum { OUR_VERSION = 1, MOST_CHARACTERS = 32, MOST_UNITS = 1024 };

/* Characters below, alone, are looked up. */
enum { TABLE_CHARACTERS = 0x800, MOST_TABLE_BYTES = 7 };

static const UChar32 voiced = 0x3099;
static const UChar32 half_voiced = 0x309a;
static const UChar32 keycap = 0x20e3;
static const UChar32 replacement = 0xfffd;

struct characters {
    UChar32 list[MOST_UNITS];
    int32_t count;
};

struct folded {
    uint8_t length_bytes;
    char bytes[MOST_TABLE_BYTES];
};

struct tables {
    const UNormalizer2 *folder; /* case, compatibility, and what is invisible */
    const UNormalizer2 *decomposer;
    const UNormalizer2 *composer;
    struct folded low[TABLE_CHARACTERS];
};

/* What people type for each other, and Unicode doesn't say so. Sorted. */
static const struct {
    UChar32 character;
    UChar32 instead[2];
} others[] = {
    {0x0060, {'\''}},     {0x00ab, {'"'}},    {0x00b4, {'\''}},   {0x00bb, {'"'}},
    {0x00c6, {'a', 'e'}}, {0x00d0, {'d'}},    {0x00d8, {'o'}},    {0x00de, {'t', 'h'}},
    {0x00e6, {'a', 'e'}}, {0x00f0, {'d'}},    {0x00f8, {'o'}},    {0x00fe, {'t', 'h'}},
    {0x0110, {'d'}},      {0x0111, {'d'}},    {0x0126, {'h'}},    {0x0127, {'h'}},
    {0x0131, {'i'}},      {0x0141, {'l'}},    {0x0142, {'l'}},    {0x0152, {'o', 'e'}},
    {0x0153, {'o', 'e'}}, {0x0166, {'t'}},    {0x0167, {'t'}},    {0x02b9, {'\''}},
    {0x02bc, {'\''}},     {0x0629, {0x0647}}, {0x0649, {0x064a}}, {0x0671, {0x0627}},
    {0x06a9, {0x0643}},   {0x06cc, {0x064a}}, {0x2010, {'-'}},    {0x2011, {'-'}},
    {0x2012, {'-'}},      {0x2013, {'-'}},    {0x2014, {'-'}},    {0x2015, {'-'}},
    {0x2018, {'\''}},     {0x2019, {'\''}},   {0x201a, {'\''}},   {0x201b, {'\''}},
    {0x201c, {'"'}},      {0x201d, {'"'}},    {0x201e, {'"'}},    {0x201f, {'"'}},
    {0x2032, {'\''}},     {0x2033, {'"'}},    {0x2044, {'/'}},    {0x2212, {'-'}},
};

static void add(struct characters *characters, UChar32 character)
{
    if (characters->count < MOST_UNITS) {
        characters->list[characters->count++] = character;
    }
}

/* False: the table has nothing instead. */
static bool add_other(struct characters *characters, UChar32 character)
{
    size_t low = 0;
    size_t high = sizeof others / sizeof others[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (others[middle].character < character) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == sizeof others / sizeof others[0] || others[low].character != character) {
        return false;
    }
    add(characters, others[low].instead[0]);
    if (others[low].instead[1] != 0) {
        add(characters, others[low].instead[1]);
    }
    return true;
}

/* Where marks are not what makes another letter of it. */
static bool is_without_marks(UChar32 character)
{
    UErrorCode error = U_ZERO_ERROR;
    switch (uscript_getScript(character, &error)) {
    case USCRIPT_COMMON:
    case USCRIPT_INHERITED:
    case USCRIPT_LATIN:
    case USCRIPT_GREEK:
    case USCRIPT_CYRILLIC:
    case USCRIPT_HEBREW:
    case USCRIPT_ARABIC:
    case USCRIPT_SYRIAC:
        return true;
    default:
        return false;
    }
}

static bool is_dropped(UChar32 character)
{
    const UChar32 tatweel = 0x640;
    const UChar32 first_skin = 0x1f3fb;
    const UChar32 last_skin = 0x1f3ff;
    int8_t type = u_charType(character);
    bool is_mark = (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK) &&
                   character != voiced && character != half_voiced && character != keycap;
    return (is_mark && is_without_marks(character)) || type == U_FORMAT_CHAR ||
           character == tatweel || (character >= first_skin && character <= last_skin);
}

static bool is_blank(UChar32 character)
{
    return visible_text_is_blank((uint32_t)character) || u_charType(character) == U_CONTROL_CHAR ||
           character == replacement;
}

static void add_plain(struct characters *characters, UChar32 character)
{
    if (is_blank(character)) {
        add(characters, ' ');
    } else if (u_charType(character) == U_DECIMAL_DIGIT_NUMBER) {
        add(characters, '0' + u_charDigitValue(character));
    } else if (!is_dropped(character) && !add_other(characters, character)) {
        add(characters, character);
    }
}

static bool normalise(const UNormalizer2 *normaliser, struct characters *characters)
{
    UChar from[MOST_UNITS];
    UChar to[MOST_UNITS];
    int32_t length = 0;
    UErrorCode error = U_ZERO_ERROR;
    (void)u_strFromUTF32(from, MOST_UNITS, &length, characters->list, characters->count, &error);
    length = unorm2_normalize(normaliser, from, length, to, MOST_UNITS, &error);
    (void)u_strToUTF32(characters->list, MOST_UNITS, &characters->count, to, length, &error);
    return U_SUCCESS(error) != 0;
}

static void make_plain(struct characters *characters)
{
    const struct characters given = *characters;
    characters->count = 0;
    for (int32_t i = 0; i < given.count; i++) {
        add_plain(characters, given.list[i]);
    }
}

static void put_others(struct characters *characters)
{
    const struct characters given = *characters;
    characters->count = 0;
    for (int32_t i = 0; i < given.count; i++) {
        if (!add_other(characters, given.list[i])) {
            add(characters, given.list[i]);
        }
    }
}

/* A piece, folded; what can't be is a blank. */
static void fold(const struct tables *tables, struct characters *characters, struct buffer *out)
{
    put_others(characters);
    if (!normalise(tables->folder, characters) || !normalise(tables->decomposer, characters)) {
        buffer_append_byte(out, ' ');
        return;
    }
    make_plain(characters);
    if (!normalise(tables->composer, characters)) {
        buffer_append_byte(out, ' ');
        return;
    }
    for (int32_t i = 0; i < characters->count; i++) {
        char bytes[4];
        if (characters->list[i] != voiced && characters->list[i] != half_voiced) {
            buffer_append(out, bytes, utf8_encode((uint32_t)characters->list[i], bytes));
        }
    }
}

static void fill(struct tables *tables)
{
    struct buffer out;
    buffer_init(&out);
    for (UChar32 i = 0; i < TABLE_CHARACTERS; i++) {
        struct characters characters = {.list = {i}, .count = 1};
        buffer_clear(&out);
        fold(tables, &characters, &out);
        if (out.length_bytes > MOST_TABLE_BYTES) {
            buffer_truncate(&out, MOST_TABLE_BYTES);
        }
        tables->low[i].length_bytes = (uint8_t)out.length_bytes;
        memcpy(tables->low[i].bytes, buffer_text(&out), out.length_bytes);
    }
    buffer_deinit(&out);
}

/* NULL: ICU has lost its data. */
static const struct tables *get_tables(void)
{
    static struct tables *_Atomic shared;
    struct tables *tables = atomic_load(&shared);
    UErrorCode error = U_ZERO_ERROR;
    if (tables != NULL) {
        return tables;
    }
    tables = memory_allocate(1, sizeof *tables);
    tables->folder = unorm2_getNFKCCasefoldInstance(&error);
    tables->decomposer = unorm2_getNFDInstance(&error);
    tables->composer = unorm2_getNFCInstance(&error);
    if (U_SUCCESS(error)) {
        fill(tables);
    }
    struct tables *first = NULL;
    if (U_FAILURE(error) || !atomic_compare_exchange_strong(&shared, &first, tables)) {
        memory_free(tables);
        tables = first;
    }
    return tables;
}

/* The character there, and where the next one begins. */
static UChar32 read(const struct search_text_walk *walk, size_t at, size_t *next_out)
{
    uint32_t character = 0;
    size_t bytes = utf8_decode(walk->text + at, walk->length_bytes - at, &character);
    *next_out = at + (bytes == 0 ? 1 : bytes);
    return (UChar32)character;
}

/* Whether it may melt into what stands before it: a mark does, what is invisible is left alone. */
static bool melts(const struct tables *tables, UChar32 character)
{
    const UChar32 first_mark = 0x300;
    return character >= first_mark && !unorm2_hasBoundaryBefore(tables->folder, character) &&
           !u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

/* The character there and those that may melt into it. */
static void take(const struct tables *tables, struct search_text_walk *walk,
                 struct characters *characters)
{
    characters->count = 0;
    while (walk->at < walk->length_bytes && characters->count < MOST_CHARACTERS) {
        size_t next = 0;
        UChar32 character = read(walk, walk->at, &next);
        if (characters->count > 0 && !melts(tables, character)) {
            return;
        }
        add(characters, character);
        walk->at = next;
    }
}

/* As it stands, when it is alone: Chinese characters, Korean syllables. */
static bool stays(UChar32 character)
{
    return (character >= 0x4e00 && character <= 0x9fff) ||
           (character >= 0xac00 && character <= 0xd7a3);
}

static void fold_taken(const struct tables *tables, const struct search_text_walk *walk,
                       size_t begin, struct characters *characters, struct buffer *out)
{
    UChar32 first = characters->list[0];
    if (characters->count == 1 && first < TABLE_CHARACTERS) {
        buffer_append(out, tables->low[first].bytes, tables->low[first].length_bytes);
    } else if (characters->count == 1 && stays(first)) {
        buffer_append(out, walk->text + begin, walk->at - begin);
    } else {
        fold(tables, characters, out);
    }
}

/* What was appended from there on gets no blank behind a blank. */
static void join_blanks(struct search_text_walk *walk, struct buffer *out, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < out->length_bytes; i++) {
        bool blank = out->data[i] == ' ';
        if (!blank || !walk->after_blank) {
            out->data[kept++] = out->data[i];
        }
        walk->after_blank = blank;
    }
    buffer_truncate(out, kept);
}

bool search_text_next(struct search_text_walk *walk, struct buffer *out,
                      struct search_text_piece *piece_out)
{
    struct characters characters;
    size_t before = out->length_bytes;
    const struct tables *tables = get_tables();
    *piece_out = (struct search_text_piece){.begin = walk->at};
    if (tables == NULL || walk->at >= walk->length_bytes) {
        return false;
    }
    take(tables, walk, &characters);
    fold_taken(tables, walk, piece_out->begin, &characters, out);
    join_blanks(walk, out, before);
    piece_out->end = walk->at;
    piece_out->folded_bytes = out->length_bytes - before;
    return true;
}

/* In ASCII, and nothing behind it may melt into it. */
static bool is_plain(const struct search_text_walk *walk)
{
    const char *at = walk->text + walk->at;
    return ((unsigned char)at[0] | (walk->at + 1 < walk->length_bytes ? (unsigned char)at[1] : 0)) <
           0x80;
}

/* What is plain, as search_text_next() would fold it. */
static void fold_plain(struct search_text_walk *walk, struct buffer *out)
{
    const struct tables *tables = get_tables();
    char folded[256];
    size_t count = 0;
    while (tables != NULL && walk->at < walk->length_bytes && is_plain(walk) &&
           count + MOST_TABLE_BYTES <= sizeof folded) {
        unsigned char character = (unsigned char)walk->text[walk->at++];
        for (size_t i = 0; i < tables->low[character].length_bytes; i++) {
            char byte = tables->low[character].bytes[i];
            if (byte != ' ' || !walk->after_blank) {
                folded[count++] = byte;
            }
            walk->after_blank = byte == ' ';
        }
    }
    buffer_append(out, folded, count);
}

void search_text_fold(const char *text, size_t length_bytes, struct buffer *out)
{
    struct search_text_walk walk = {
        .text = text, .length_bytes = length_bytes, .after_blank = true};
    struct search_text_piece piece;
    do {
        fold_plain(&walk, out);
    } while (search_text_next(&walk, out, &piece));
}

void search_text_version(char version_out[static SEARCH_TEXT_VERSION_BYTES])
{
    UVersionInfo version;
    u_getUnicodeVersion(version);
    (void)snprintf(version_out, SEARCH_TEXT_VERSION_BYTES, "%d, Unicode %d.%d", OUR_VERSION,
                   version[0], version[1]);
}
