/* From the modules of a QR code (ISO/IEC 18004) to its text: format, mask, blocks, Reed-Solomon,
 * segments.
 *
 * Thread: any; no state. Errors are mended as far as the code's level goes, never guessed beyond.
 * Limits: versions 1 to 40; kanji segments are not read, no text of ours has them.
 */
#ifndef HEARTHCHAT_HANDLERS_QR_DECODE_H
#define HEARTHCHAT_HANDLERS_QR_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buffer.h"

#define QR_DECODE_MOST_VERSION 40
#define QR_DECODE_MOST_SIZE (17 + 4 * QR_DECODE_MOST_VERSION) /* modules along a side */

/* How many modules a side of that version has. */
int qr_decode_size(int version);

/* `modules`: rows of 0 and 1 for dark. False when they are no code; then nothing was appended. The
 * bytes are as they were put in, which may be no UTF-8. */
bool qr_decode_modules(const uint8_t *modules, int version, struct buffer *text_out);

#endif
