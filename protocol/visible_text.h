/* What of a text can be seen: one idea of it for names, texts that are shown, and searching.
 *
 * Thread: any; pure. Texts are valid UTF-8.
 */
#ifndef HEARTHCHAT_PROTOCOL_VISIBLE_TEXT_H
#define HEARTHCHAT_PROTOCOL_VISIBLE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* A space of any script, also what looks like one (the empty Braille pattern), or a line's end. */
bool visible_text_is_blank(uint32_t character);

/* Not drawn, and no blank: format characters and what fonts ignore by default, variation selectors
 * among them. */
bool visible_text_is_hidden(uint32_t character);

/* Whether it is seen by itself: no blank, control, hidden character, or mark on another. */
bool visible_text_is_seen(uint32_t character);

/* Whether any character of it is. */
bool visible_text_has_any(const char *text);

#endif
