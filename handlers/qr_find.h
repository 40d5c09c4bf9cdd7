/* Finds and reads a QR code in a picture: a photograph that lies somewhat askew, a screenshot.
 *
 * The way: dark and light by the surroundings of each pixel, the three finders by their 1:1:3:1:1,
 * the fourth corner by the nearest alignment pattern, the modules by the projection that these four
 * fix.
 * Thread: any; no state. Takes some milliseconds and about ten bytes of memory a pixel.
 * Limits: QR_FIND_MOST_SIDE pixels a side; the first code that can be read is taken.
 */
#ifndef HEARTHCHAT_HANDLERS_QR_FIND_H
#define HEARTHCHAT_HANDLERS_QR_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buffer.h"

#define QR_FIND_MOST_SIDE 4096

/* `grey`: width * height bytes in rows, 0 for black. False when no code can be read; then nothing
 * was appended. The bytes are as they were put in, which may be no UTF-8. */
bool qr_find_text(const uint8_t *grey, int width, int height, struct buffer *text_out);

#endif
