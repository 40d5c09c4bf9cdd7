#include "core/edit_distance.h"

#include <stdbool.h>
#include <string.h>

enum { MOST_BYTES = 64, FAR = 1000 };

static int lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter;
}

static bool is_same(char left, char right)
{
    return lower(left) == lower(right);
}

static size_t least(size_t left, size_t right)
{
    return left < right ? left : right;
}

size_t edit_distance_measure(const char *left, const char *right)
{
    size_t rows[3][MOST_BYTES]; /* the last three: two in the other order look back two */
    size_t height = strlen(left);
    size_t width = strlen(right);
    if (height >= MOST_BYTES || width >= MOST_BYTES) {
        return FAR;
    }
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
            bool same = is_same(left[i - 1], right[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && is_same(left[i - 1], right[j - 2]) &&
                is_same(left[i - 2], right[j - 1])) {
                row[j] = least(row[j], twice_above[j - 2] + 1);
            }
        }
    }
    return rows[height % 3][width];
}

const char *edit_distance_find(const char *word, const char *const *candidates)
{
    const char *found = NULL;
    const size_t length = strlen(word);
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
