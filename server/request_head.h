/* What a request's headers say of what comes after them.
 *
 * Thread: the connection's.
 */
#ifndef HEARTHCHAT_SERVER_REQUEST_HEAD_H
#define HEARTHCHAT_SERVER_REQUEST_HEAD_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "server/routes.h"

/* Whether the header is a list that has this word, in whatever case, in one line or in several. */
bool request_head_has_token(struct MHD_Connection *connection, const char *name, const char *token);

bool request_head_announces_body(struct MHD_Connection *connection);

/* Before a request's headers are read: of the cookies, which nobody here reads, MHD is to make no
 * copy and no list. */
void request_head_drop_cookies(struct MHD_Connection *connection);

/* 0, or the status to refuse it with, and a sentence that stays: 414 for a `target` over
 * LIMITS_TARGET_BYTES, 431 for more than LIMITS_HEADERS_BYTES in all. */
int request_head_judge_length(struct MHD_Connection *connection, const char *target,
                              const char **message_out);

/* 0 when the body may come, else the status to refuse it with, and a sentence that stays. */
int request_head_judge_body(struct MHD_Connection *connection, enum route_body body,
                            size_t most_bytes, const char **message_out);

#endif
