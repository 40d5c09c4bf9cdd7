/* How far two words are apart, to name the one that was meant.
 *
 * Thread: any. In characters of UTF-8; small and capital ASCII letters are the same.
 */
#ifndef HEARTHCHAT_CORE_EDIT_DISTANCE_H
#define HEARTHCHAT_CORE_EDIT_DISTANCE_H

#include <stddef.h>

/* Letters that are missing, too many, other ones, or two in the other order. Words of more than 63
 * characters are far from everything. */
size_t edit_distance_measure(const char *left, const char *right);

/* The nearest of them, or NULL: none is so near that it may have been meant. Ends with NULL. */
const char *edit_distance_find(const char *word, const char *const *candidates);

#endif
