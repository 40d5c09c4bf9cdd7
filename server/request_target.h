/* The target of a request's first line, as it came over the wire.
 *
 * Thread: any; no state.
 */
#ifndef HEARTHCHAT_SERVER_REQUEST_TARGET_H
#define HEARTHCHAT_SERVER_REQUEST_TARGET_H

#include <stdbool.h>

#define REQUEST_TARGET_MOST_PARAMETERS 64

/* True when its path and its parameters are, once decoded (%XX), UTF-8 without a NUL: handlers get
 * them as text that ends at a NUL, and answer with JSON. */
bool request_target_is_text(const char *target);

/* Where its parameters after the REQUEST_TARGET_MOST_PARAMETERS-th begin, at the '&' before them;
 * NULL: there are none. */
const char *request_target_find_excess(const char *target);

#endif
