#include "core/edit_distance.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/utf8.h"

enum { MOST_CHARACTERS = 63, FAR = 1000 };

struct word {
    uint32_t characters[MOST_CHARACTERS];
    size_t length;
};

/* False when it is too long. */
static bool read_word(const char *text, struct word *word_out)
{
    word_out->length = 0;
    while (*text != '\0' && word_out->length < MOST_CHARACTERS) {
        uint32_t character = 0;
        size_t bytes = utf8_decode(text, strnlen(text, 4), &character);
        bool is_capital = character >= 'A' && character <= 'Z';
        word_out->characters[word_out->length++] = is_capital ? character - 'A' + 'a' : character;
        text += bytes == 0 ? 1 : bytes;
    }
    return *text == '\0';
}

static size_t least(size_t left, size_t right)
{
    return left < right ? left : right;
}

size_t edit_distance_measure(const char *left, const char *right)
{
    size_t rows[3][MOST_CHARACTERS + 1]; /* the last three: two in the other order look back two */
    struct word from_word;
    struct word to_word;
    if (!read_word(left, &from_word) || !read_word(right, &to_word)) {
        return FAR;
    }
    const uint32_t *from = from_word.characters;
    const uint32_t *to = to_word.characters;
    const size_t height = from_word.length;
    const size_t width = to_word.length;
    for (size_t i = 0; i <= height; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *twice_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            if (i == 0) {
                row[j] = j;
                continue;
            }
            bool same = from[i - 1] == to[j - 1];
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
                row[j] = least(row[j], twice_above[j - 2] + 1);
            }
        }
    }
    return rows[height % 3][width];
}

const char *edit_distance_find(const char *word, const char *const *candidates)
{
    const char *found = NULL;
    const size_t length = edit_distance_measure(word, "");
    size_t nearest = (length + 2) / 3 + 1; /* a third of it may be wrong, not all */
    for (; *candidates != NULL; candidates++) {
        size_t distance = edit_distance_measure(word, *candidates);
        if (distance < nearest && distance < length) {
            nearest = distance;
            found = *candidates;
        }
    }
    return found;
}
