/* What is said about a setting that there is not: where it belongs, or which was meant.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_SERVER_SETTING_HINT_H
#define HEARTHCHAT_SERVER_SETTING_HINT_H

#include <stddef.h>

#include "core/error.h"

#define SETTING_HINT_BYTES 64

struct setting_name {
    const char *section;
    const char *key;
};

/* As much of it as a sentence takes, in whole characters; "…" where it goes on. */
void setting_hint_cut(const char *text, char shown_out[static SETTING_HINT_BYTES]);

/* RESULT_INVALID, for there is no such setting among the first 32 `names`. */
enum result setting_hint_refuse(const struct setting_name *names, size_t count, const char *section,
                                const char *key, struct error *error);

#endif
