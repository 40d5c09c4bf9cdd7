/* A listening socket and its requests: libmicrohttpd on one side, handlers on the other.
 *
 * Thread: start/stop: startup. Handlers run on the readers; answers may come from any thread.
 * Limits: bodies as in the options, headers as in core/limits.h; whoever sends more is told so.
 */
#ifndef HEARTHCHAT_SERVER_HTTP_LISTENER_H
#define HEARTHCHAT_SERVER_HTTP_LISTENER_H

#include "server/listener_request.h"
#include "server/tls_certificate.h"

struct http_listener;

struct http_listener_options {
    const char *name; /* for the log */
    const char *host; /* "::": IPv4 too, and IPv4 alone where the system has no IPv6 */
    uint16_t port;    /* 0: any free one */
    size_t most_body_bytes;
    size_t most_memory_bytes; /* a connection: what comes before a body, and an answer's head */
    int64_t idle_ms;
    size_t most_connections;
    size_t spare_connections;          /* of loopback: connections.h */
    bool from_anywhere;                /* not from loopback alone: the bounds of an address hold */
    const struct tls_certificate *tls; /* NULL: plain */
    const struct routes *routes;
    const struct node_parts *parts;
    struct account_table *accounts; /* who pays for what is held here */
    bool holds_answers;             /* answers count too, not bodies alone */
    struct readers *readers;        /* who work on what came */
    void *context;                  /* for the hooks below */
    /* Called with the headers, on a loop: who calls, and whether that one may. False: refused as
     * *refusal_out says. */
    bool (*admit)(void *context, struct listener_request *request, struct refusal *refusal_out);
    /* Called with the whole request, on a reader, before the handler; NULL: not needed. */
    bool (*admit_body)(void *context, struct listener_request *request,
                       struct refusal *refusal_out);
    /* A request whose path no route has; true when it was answered. NULL: 404. */
    bool (*fallback)(void *context, struct listener_request *request);
    /* Adds headers to an answer; NULL: none. */
    void (*decorate)(void *context, struct listener_request *request, struct MHD_Response *response,
                     const struct reply *reply);
    /* Signs an answer to an identified caller, on a reader; NULL: none is. */
    void (*sign)(void *context, struct listener_request *request, struct MHD_Response *response,
                 const struct reply *reply);
    /* An upgrade to WebSocket; true when the connection is let go of, to whom waits for it
     * (listener_request_on_released()), false when it was answered. NULL: a request like others. */
    bool (*upgrade)(void *context, struct listener_request *request);
    /* An answer that is an error, for the log: `reason` as the refusal said it. */
    void (*refused)(void *context, struct listener_request *request, const struct reply *reply,
                    const char *reason);
};

/* Takes the port. RESULT_BUSY when another program has it, RESULT_IO otherwise, the reason in
 * `error`. */
enum result http_listener_open(const struct http_listener_options *options,
                               struct http_listener **listener_out, struct error *error);

/* Begins to answer. */
enum result http_listener_start(struct http_listener *listener, struct error *error);

/* No new connections, and no request to a handler, from here on: 503 `partition`. NULL is fine,
 * here and below. */
void http_listener_quiesce(struct http_listener *listener);

/* Waits until every request that a handler has is answered, and a second at most for slow readers
 * to take the answers. */
void http_listener_drain(struct http_listener *listener);
void http_listener_stop(struct http_listener **listener);

uint16_t http_listener_port(const struct http_listener *listener);

/* Whether "::" was asked for, and there is no IPv6. */
bool http_listener_has_only_ipv4(const struct http_listener *listener);

#endif
