/* Where in a message something was found, as chat.search tells it.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_HANDLERS_FOUND_JSON_H
#define HEARTHCHAT_HANDLERS_FOUND_JSON_H

#include <jansson.h>

#include "store/search.h"

/* Sets in the message's JSON: "found", [[begin,end],…] in UTF-16 code units of its body, in order;
 * "snippet", a line of what is around the first of them (or around what was found in the names);
 * "snippet_parts", the same in pieces: plain, found, plain, found, … */
void found_json_set(json_t *message, const struct search_found *found);

#endif
