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

/* True when a control character (U+0000-U+001F, U+007F) is inside. */
bool display_text_has_control_character(const char *text);

#endif
