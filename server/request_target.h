/* The target of a request's first line, as it came over the wire.
 *
 * Thread: any; no state.
 */
#ifndef HEARTHCHAT_SERVER_REQUEST_TARGET_H
#define HEARTHCHAT_SERVER_REQUEST_TARGET_H

#include <stdbool.h>

/* True when its path and its parameters are, once decoded (%XX), UTF-8 without a NUL: handlers get
 * them as text that ends at a NUL, and answer with JSON. */
bool request_target_is_text(const char *target);

#endif
