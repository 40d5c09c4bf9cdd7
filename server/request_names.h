/* The names in a request: of headers that must not come twice, and in its query those that its
 * route has (§14).
 *
 * Thread: the listener's.
 */
#ifndef HEARTHCHAT_SERVER_REQUEST_NAMES_H
#define HEARTHCHAT_SERVER_REQUEST_NAMES_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#define REQUEST_NAMES_MESSAGE_BYTES 96

/* `known`: names with a blank behind each; NULL: none. False when there is another one: what to say
 * to that. */
bool request_names_judge(struct MHD_Connection *connection, const char *known,
                         char message_out[static REQUEST_NAMES_MESSAGE_BYTES]);

/* How often that header stands in the request. */
size_t request_names_count_header(struct MHD_Connection *connection, const char *name);

#endif
