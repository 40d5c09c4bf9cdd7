/* Text of others: how long it is, whether it is plain, and how it is shown.
 *
 * Thread: any. Texts are valid UTF-8.
 */
#ifndef HEARTHCHAT_PROTOCOL_DISPLAY_TEXT_H
#define HEARTHCHAT_PROTOCOL_DISPLAY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Characters (code points) of valid UTF-8. */
size_t display_text_count_characters(const char *text);

/* What a peer calls something, fit to be shown: at most 64 characters, control characters as
 * spaces. The caller frees it. */
char *display_text_make(const char *text);

/* Of marks that follow each other on one character, so many are shown. */
#define DISPLAY_TEXT_MOST_MARKS 8

/* A name, as a fact is shown, "" when nothing of it can be seen (visible_text.h): what can't be
 * seen or turns the direction of writing falls away (joiners inside of emoji stay), blanks and
 * controls are one space, none at the ends. The caller frees it. */
char *display_text_make_fact(const char *text);

/* What somebody wrote, in lines: whatever ends a line anywhere becomes a line break with `indent`
 * behind it, other control characters but tabs become '?', and what turns the direction of writing
 * until it is told otherwise falls away. The caller frees it. */
char *display_text_make_prose(const char *text, const char *indent);

/* True when a control character (U+0000-U+001F, U+007F) is inside. */
bool display_text_has_control_character(const char *text);

#endif
