/* By what two people find out that nobody is between them: sixty digits that are the same on both
 * sides, and for ever, since a NodeID is its key (§24.12).
 *
 * Thread: any; a safety number takes some milliseconds.
 */
#ifndef HEARTHCHAT_PROTOCOL_SAFETY_NUMBER_H
#define HEARTHCHAT_PROTOCOL_SAFETY_NUMBER_H

#include "core/result.h"
#include "protocol/node_id.h"

#define SAFETY_NUMBER_DIGITS 60
#define SAFETY_NUMBER_QR_BYTES (sizeof "hearthnet-verify://v1/" + SAFETY_NUMBER_DIGITS)

/* `digits_out` in whatever order the two are given. */
void safety_number_make(const struct node_id *one, const struct node_id *other,
                        char digits_out[static SAFETY_NUMBER_DIGITS + 1]);

/* What a QR code of it says, and back. RESULT_INVALID: it is none. */
void safety_number_format_qr(const char digits[static SAFETY_NUMBER_DIGITS + 1],
                             char text_out[static SAFETY_NUMBER_QR_BYTES]);
enum result safety_number_parse_qr(const char *text,
                                   char digits_out[static SAFETY_NUMBER_DIGITS + 1]);

#endif
