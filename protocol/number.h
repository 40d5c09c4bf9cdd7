/* Doubles as ECMAScript prints them: the shortest digits that read back to the same double (§2).
 *
 * Thread: any. Assumes the C locale, which this program never leaves.
 */
#ifndef HEARTHCHAT_PROTOCOL_NUMBER_H
#define HEARTHCHAT_PROTOCOL_NUMBER_H

#include <stdbool.h>

#define NUMBER_TEXT_BYTES 32

/* The largest integer that a double and every JSON reader agree on: 2^53-1. */
#define NUMBER_SAFE_INTEGER 9007199254740991

/* False when the number is not finite, or would print as an integer beyond ±(2^53-1). */
bool number_has_text(double number);

/* False when it has none. To find the shortest digits takes many tries: of others' numbers it is
 * enough to know that there are some. */
bool number_format(double number, char text_out[static NUMBER_TEXT_BYTES]);

#endif
