/* A listening socket and its requests: libmicrohttpd on one side, exchanges on the other.
 *
 * Thread: start/stop: startup. Handlers run on the pool's threads; answers may come from any.
 * Limits: bodies and headers as in the options; whoever sends more is told so.
 */
#ifndef HEARTHCHAT_SERVER_HTTP_LISTENER_H
#define HEARTHCHAT_SERVER_HTTP_LISTENER_H

#include <microhttpd.h>

#include "server/routes.h"
#include "server/tls_certificate.h"

struct http_listener;
struct http_exchange;

/* A refusal that a gate or a front door asks for. */
struct refusal {
    enum wire_code code;
    const char *message;
};

struct http_listener_options {
    const char *name; /* for the log */
    const char *host;
    uint16_t port; /* 0: any free one */
    size_t most_body_bytes;
    size_t most_memory_bytes; /* a connection: headers and buffers */
    unsigned idle_seconds;
    const struct tls_certificate *tls; /* NULL: plain */
    const struct routes *routes;
    const struct services *services;
    void *context; /* for the hooks below */
    /* Called with the headers: who calls. False: refused as *refusal_out says. */
    bool (*admit)(void *context, struct http_exchange *exchange, struct refusal *refusal_out);
    /* Called with the whole request, before the handler; NULL: not needed. */
    bool (*admit_body)(void *context, struct http_exchange *exchange, struct refusal *refusal_out);
    /* A request that no route takes; true when it was answered. NULL: none. */
    bool (*fallback)(void *context, struct http_exchange *exchange);
    /* Adds headers to an answer; NULL: none. */
    void (*decorate)(void *context, struct http_exchange *exchange, struct MHD_Response *response,
                     const struct reply *reply);
    /* An upgrade to WebSocket; true when the connection is to be let go to take_over(). NULL: 426.
     */
    bool (*upgrade)(void *context, struct http_exchange *exchange);
};

/* Takes the port. RESULT_BUSY when another program has it, RESULT_IO otherwise, the reason in
 * `error`. */
enum result http_listener_open(const struct http_listener_options *options,
                               struct http_listener **listener_out, struct error *error);

/* Begins to answer. */
enum result http_listener_start(struct http_listener *listener, struct error *error);

/* No new connections, and no request to a handler, from here on: 503 `partition`. */
void http_listener_quiesce(struct http_listener *listener);

/* Waits until every request that a handler has is answered, and a second at most for slow readers
 * to take the answers. */
void http_listener_drain(struct http_listener *listener);
void http_listener_stop(struct http_listener **listener);

uint16_t http_listener_port(const struct http_listener *listener);

/* What hooks may ask of a request. */
struct exchange *http_exchange_base(struct http_exchange *exchange);
struct MHD_Connection *http_exchange_connection(struct http_exchange *exchange);
const char *http_exchange_method(const struct http_exchange *exchange);
const char *http_exchange_target(const struct http_exchange *exchange); /* raw, with its query */
const struct route *http_exchange_route(const struct http_exchange *exchange); /* or NULL */

/* For upgrade(): called once MHD has let go of the connection. */
void http_exchange_on_released(struct http_exchange *exchange, void (*released)(void *context),
                               void *context);

#endif
