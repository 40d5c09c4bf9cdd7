/* HTTP requests to peers (HTTPS with the peer's key pinned) and to the own local listener.
 *
 * Thread: http_client_start/stop: startup. http_client_call() blocks; a struct http_transport
 * belongs to one thread. The only folder that includes curl. Whom we talk to is decided by the
 * pinned key alone (§9): a request to https without a pin is refused.
 */
#ifndef HEARTHCHAT_GOSSIP_HTTP_CLIENT_H
#define HEARTHCHAT_GOSSIP_HTTP_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/result.h"
#include "protocol/signing.h"

#define HTTP_CLIENT_CONNECT_MS 3000
#define HTTP_CLIENT_TOTAL_MS 30000
#define HTTP_CLIENT_MOST_ANSWER_BYTES 16777216

/* Our side of mutual TLS; made once from the device's key. The texts outlive every request: no copy
 * of the key is left behind. */
struct http_identity {
    const char *certificate_pem;
    const char *key_pem;
};

struct http_request {
    const char *url;
    const char *method; /* "GET" or "POST" */
    const void *body;   /* NULL: none */
    size_t body_bytes;
    const char *content_type;             /* the whole header of the body; NULL: that of JSON */
    const struct node_id *peer;           /* whose key the server must have; NULL for plain http */
    const struct http_identity *identity; /* NULL: no client certificate */
    size_t most_answer_bytes;             /* 0: HTTP_CLIENT_MOST_ANSWER_BYTES */
    int64_t total_ms;                     /* 0: HTTP_CLIENT_TOTAL_MS */
    const atomic_bool *cancelled; /* once true, the call ends within a second; NULL: never */
};

struct http_answer {
    long status; /* 0: no answer */
    struct buffer body;
};

enum result http_client_start(void);
void http_client_stop(void);

/* Waits for the answer. RESULT_UNREACHABLE when nobody answered, RESULT_TIMEOUT,
 * RESULT_UNAUTHORIZED when the server has another key, RESULT_FULL when the answer is too large;
 * any HTTP status is RESULT_OK. http_answer_deinit() in any case. */
enum result http_client_call(const struct http_request *request, struct http_answer *answer_out);
void http_answer_deinit(struct http_answer *answer);

/* Many requests at once on one thread, connections kept alive. */
struct http_transport;

/* `done` is called from http_transport_run(); the answer is borrowed for the call. */
typedef void http_transport_done(void *context, enum result result,
                                 const struct http_answer *answer);

struct http_transport *http_transport_create(void);

/* Unfinished requests are dropped without a call. */
void http_transport_destroy(struct http_transport **transport);

/* Starts a request; its strings and body are copied, the identity is not. `done` is called even
 * when it can't start. */
void http_transport_send(struct http_transport *transport, const struct http_request *request,
                         http_transport_done *done, void *context);

/* Works until something happened, somebody woke it, or `timeout_ms` passed. */
void http_transport_run(struct http_transport *transport, int64_t timeout_ms);

/* Thread: any. */
void http_transport_wake(struct http_transport *transport);

#endif
