/* WallClock texts, YYYY-MM-DDThh:mm:ssZ: shown to people, never used for order (§1).
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_PROTOCOL_WALL_CLOCK_H
#define HEARTHCHAT_PROTOCOL_WALL_CLOCK_H

#include <stdint.h>

#include "core/result.h"

#define WALL_CLOCK_TEXT_BYTES 21

/* Seconds since 1970, years 0000 to 9999; days that no calendar has are RESULT_INVALID. */
enum result wall_clock_parse(const char *text, int64_t *seconds_out);

/* Seconds outside those years are clamped. */
void wall_clock_format(int64_t seconds, char text_out[static WALL_CLOCK_TEXT_BYTES]);

#endif
