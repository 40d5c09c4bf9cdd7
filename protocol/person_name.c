#include "protocol/person_name.h"

#include <stdatomic.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

#include "core/memory.h"
#include "protocol/blake3.h"
#include "protocol/visible_text.h"

/* Forms of compatibility and prototypes of what looks alike are longer, a character at most 18
 * times. */
enum { MOST_UNITS = 2 * PERSON_NAME_MOST_CHARACTERS, MOST_FOLDED_UNITS = 18 * MOST_UNITS };

struct text {
    UChar units[MOST_FOLDED_UNITS];
    int32_t length;
};

struct tables {
    const UNormalizer2 *composer;
    const UNormalizer2 *folder; /* case, compatibility, and what is invisible */
    USpoofChecker *checker;
};

/* Opened when the first name is looked at, and kept. */
static struct tables *get_tables(void)
{
    static struct tables *_Atomic shared;
    struct tables *tables = atomic_load(&shared);
    UErrorCode error = U_ZERO_ERROR;
    if (tables != NULL) {
        return tables;
    }
    tables = memory_allocate(1, sizeof *tables);
    tables->composer = unorm2_getNFCInstance(&error);
    tables->folder = unorm2_getNFKCCasefoldInstance(&error);
    tables->checker = uspoof_open(&error);
    struct tables *first = NULL;
    if (U_FAILURE(error) || !atomic_compare_exchange_strong(&shared, &first, tables)) {
        uspoof_close(tables->checker);
        memory_free(tables);
        tables = first;
    }
    return tables;
}

static bool read(const char *utf8, struct text *text)
{
    UErrorCode error = U_ZERO_ERROR;
    (void)u_strFromUTF8(text->units, MOST_UNITS, &text->length, utf8, -1, &error);
    return U_SUCCESS(error) != 0;
}

static bool normalise(const UNormalizer2 *normaliser, const struct text *from, struct text *to)
{
    UErrorCode error = U_ZERO_ERROR;
    to->length = unorm2_normalize(normaliser, from->units, from->length, to->units,
                                  MOST_FOLDED_UNITS, &error);
    return U_SUCCESS(error) != 0;
}

static bool turns_direction(UChar32 character)
{
    return u_hasBinaryProperty(character, UCHAR_BIDI_CONTROL) != 0;
}

static void trim(struct text *text)
{
    int32_t start = 0;
    while (start < text->length && visible_text_is_blank(text->units[start])) {
        start++;
    }
    while (text->length > start && visible_text_is_blank(text->units[text->length - 1])) {
        text->length--;
    }
    text->length -= start;
    memmove(text->units, text->units + start, (size_t)text->length * sizeof text->units[0]);
}

bool person_name_make(const char *typed, char name_out[static PERSON_NAME_BYTES])
{
    struct text given;
    struct text name;
    UChar32 characters[MOST_FOLDED_UNITS];
    int32_t count = 0;
    bool seen = false;
    UErrorCode error = U_ZERO_ERROR;
    const struct tables *tables = get_tables();
    if (tables == NULL || !read(typed, &given) || !normalise(tables->composer, &given, &name)) {
        return false;
    }
    trim(&name);
    (void)u_strToUTF32(characters, MOST_FOLDED_UNITS, &count, name.units, name.length, &error);
    for (int32_t i = 0; i < count; i++) {
        UChar32 character = characters[i];
        if (turns_direction(character) || u_charType(character) == U_CONTROL_CHAR ||
            u_charType(character) == U_LINE_SEPARATOR ||
            u_charType(character) == U_PARAGRAPH_SEPARATOR) {
            return false;
        }
        seen = seen || (u_isgraph(character) && visible_text_is_seen((uint32_t)character));
    }
    (void)u_strToUTF8(name_out, PERSON_NAME_BYTES, NULL, name.units, name.length, &error);
    return seen && count <= PERSON_NAME_MOST_CHARACTERS && U_SUCCESS(error);
}

static uint64_t key_of(const void *bytes, size_t length_bytes)
{
    uint8_t hash[BLAKE3_HASH_BYTES];
    uint64_t key = 0;
    blake3_hash(bytes, length_bytes, hash);
    memcpy(&key, hash, sizeof key);
    return key == 0 ? 1 : key;
}

static uint64_t key_of_text(const struct text *text)
{
    return text->length == 0 ? 0
                             : key_of(text->units, (size_t)text->length * sizeof text->units[0]);
}

/* Of what can be seen, the prototype of everything that looks like it. */
static uint64_t key_of_looks(const USpoofChecker *checker, const struct text *text)
{
    UChar32 characters[MOST_FOLDED_UNITS];
    struct text seen;
    struct text prototype;
    int32_t count = 0;
    int32_t kept = 0;
    UErrorCode error = U_ZERO_ERROR;
    (void)u_strToUTF32(characters, MOST_FOLDED_UNITS, &count, text->units, text->length, &error);
    for (int32_t i = 0; i < count; i++) {
        if (!visible_text_is_blank((uint32_t)characters[i]) &&
            !visible_text_is_hidden((uint32_t)characters[i])) {
            characters[kept++] = characters[i];
        }
    }
    (void)u_strFromUTF32(seen.units, MOST_FOLDED_UNITS, &seen.length, characters, kept, &error);
    prototype.length = uspoof_getSkeleton(checker, 0, seen.units, seen.length, prototype.units,
                                          MOST_FOLDED_UNITS, &error);
    return U_FAILURE(error) ? 0 : key_of_text(&prototype);
}

struct person_name_keys person_name_keys(const char *name)
{
    struct text text;
    struct text folded;
    if (!visible_text_has_any(name)) {
        return (struct person_name_keys){0, 0, 0};
    }
    const struct tables *tables = get_tables();
    if (tables == NULL || !read(name, &text) || !normalise(tables->folder, &text, &folded)) {
        uint64_t key = key_of(name, strlen(name));
        return (struct person_name_keys){key, key, key};
    }
    uint64_t looks = key_of_looks(tables->checker, &text);
    uint64_t looks_in_case = key_of_looks(tables->checker, &folded);
    trim(&folded);
    return (struct person_name_keys){key_of_text(&folded), looks, looks_in_case};
}
