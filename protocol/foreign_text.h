/* A text that somebody else wrote: it is read as JSON only while what that takes, up to a hundred
 * times its bytes, is charged to the account of who wrote it (core/account.h).
 *
 * Thread: one that may parse, one at a time. The bytes are the caller's, and are there until the
 * last foreign_text_parse(); the account is shared.
 */
#ifndef HEARTHCHAT_PROTOCOL_FOREIGN_TEXT_H
#define HEARTHCHAT_PROTOCOL_FOREIGN_TEXT_H

#include <jansson.h>

#include "core/account.h"
#include "core/buffer.h"
#include "core/error.h"

struct foreign_text {
    const char *bytes;
    size_t length_bytes;
    struct account *account; /* NULL: closed */
    size_t charged_bytes;
};

/* Charges the account with the text and all that it can become. RESULT_FULL: no account could ever
 * pay for it; RESULT_BUSY: not while so much else of that caller, or of all, is under way. */
enum result foreign_text_open(struct foreign_text *text_out, struct account *account,
                              const char *bytes, size_t length_bytes);

/* As canonical_parse(). */
enum result foreign_text_parse(const struct foreign_text *text, int most_nesting,
                               json_t **value_out, struct error *error);

/* Both at once; what is not RESULT_OK is closed. */
enum result foreign_text_read(struct foreign_text *text_out, struct account *account,
                              const struct buffer *bytes, int most_nesting, json_t **value_out,
                              struct error *error);

/* Gives back what was charged: when the value, the events in it, and the text are gone. May be
 * called again. */
void foreign_text_close(struct foreign_text *text);

#endif
