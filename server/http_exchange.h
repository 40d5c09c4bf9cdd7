/* A request on its way through a listener: what gates, doors and hooks may ask of it and tell it.
 *
 * Thread: the pool thread that has the request. All that is returned is borrowed from it.
 */
#ifndef HEARTHCHAT_SERVER_HTTP_EXCHANGE_H
#define HEARTHCHAT_SERVER_HTTP_EXCHANGE_H

#include <microhttpd.h>

#include "server/callers.h"
#include "server/routes.h"

struct http_exchange;

/* A refusal that a gate or a front door asks for. */
struct refusal {
    enum wire_code code;
    const char *message;    /* for the caller; static */
    const char *reason;     /* for the log, more exactly; valid for the call. NULL: the message */
    int64_t retry_after_ms; /* 0: as usual */
    bool hang_up;           /* closed without an answer */
};

struct exchange *http_exchange_base(struct http_exchange *exchange);
struct MHD_Connection *http_exchange_connection(struct http_exchange *exchange);
const struct sockaddr *http_exchange_address(const struct http_exchange *exchange);
const char *http_exchange_method(const struct http_exchange *exchange);
const char *http_exchange_target(const struct http_exchange *exchange); /* raw, with its query */
const struct route *http_exchange_route(const struct http_exchange *exchange); /* or NULL */

/* The least that a caller must be to learn more than "no": of the path, whatever the method. */
enum caller_level http_exchange_least(const struct http_exchange *exchange);

/* How often that header came. */
size_t http_exchange_count_header(const struct http_exchange *exchange, const char *name);

/* For a gate: on whose account the request's bytes are held; the one whom the gate knows. */
void http_exchange_charge(struct http_exchange *exchange, const struct caller_key *key);
void http_exchange_welcome(struct http_exchange *exchange);

/* For upgrade(): called once MHD has let go of the connection. */
void http_exchange_on_released(struct http_exchange *exchange, void (*released)(void *context),
                               void *context);

#endif
