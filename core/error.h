/* One sentence about a failure, where a person will read about it.
 *
 * Thread: any. A fixed buffer, so that reporting a failure can't fail; longer text is cut.
 */
#ifndef HEARTHCHAT_CORE_ERROR_H
#define HEARTHCHAT_CORE_ERROR_H

#include "core/result.h"

#define ERROR_MESSAGE_BYTES 256

struct error {
    char message[ERROR_MESSAGE_BYTES]; /* NUL-terminated sentence; "" when nothing was said */
};

/* Writes the message and returns `result`, so that a failure is one statement. `error` may be NULL.
 * The message is valid UTF-8 whatever it quotes: other bytes become '?'. */
enum result error_set(struct error *error, enum result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
