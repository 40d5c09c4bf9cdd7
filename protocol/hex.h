/* Bytes as lower-case hex digits.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_PROTOCOL_HEX_H
#define HEARTHCHAT_PROTOCOL_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes 2 * count digits and a NUL. */
void hex_format(const uint8_t *bytes, size_t count, char *text_out);

/* False unless the text is exactly 2 * count lower-case digits. */
bool hex_parse(const char *text, uint8_t *bytes_out, size_t count);

#endif
