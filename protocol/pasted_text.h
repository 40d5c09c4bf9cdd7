/* An invite or an id inside whatever somebody pasted (§17): amid other words, wrapped, quoted in a
 * mail, in <…>, with characters that nobody sees, with a capital first letter.
 *
 * Thread: any; pure. Where such a text ends, its own JSON says, so that what follows it can be
 * anything. Takes a time that grows like the text.
 */
#ifndef HEARTHCHAT_PROTOCOL_PASTED_TEXT_H
#define HEARTHCHAT_PROTOCOL_PASTED_TEXT_H

#include <stddef.h>

/* The first that is whole, without what is not part of it; else what there is of the first, up to
 * `most_bytes`. NULL: `prefix` (lower case, ASCII) is not in it. The caller frees it. */
char *pasted_text_find(const char *text, const char *prefix, size_t most_bytes);

#endif
