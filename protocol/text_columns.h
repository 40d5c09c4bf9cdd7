/* How wide text is on a terminal, and where its lines end there.
 *
 * Thread: any. Texts are valid UTF-8. What terminals disagree about counts as the wider.
 */
#ifndef HEARTHCHAT_PROTOCOL_TEXT_COLUMNS_H
#define HEARTHCHAT_PROTOCOL_TEXT_COLUMNS_H

#include <stddef.h>

/* The text with a line break and `indent` wherever a line would be wider than `columns`: at
 * blanks, which fall away, or inside a word that is too long for a line. Unchanged where `columns`
 * leaves no room behind the indent. The caller frees it. */
char *text_columns_wrap(const char *text, const char *indent, size_t columns);

#endif
