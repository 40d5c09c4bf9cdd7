/* What the scanner made of an event beside what the parser made of it.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_TESTS_ALIKE_H
#define HEARTHCHAT_TESTS_ALIKE_H

#include <stddef.h>

/* Whether the scanner reads the event with which the text begins just when the parser does and
 * would write it so, and nothing differs between what they read: NULL. Else what is wrong. The
 * community is the one that the text names first. */
const char *alike_difference(const char *text, size_t length_bytes);

#endif
