/* HTTP calls to peers (HTTPS with the peer's key pinned) and to the own local listener.
 *
 * Thread: http_client_start/stop: startup. http_client_call() blocks; a struct http_client
 * belongs to one thread. The only folder that includes curl. Whom we talk to is decided by the
 * pinned key alone (§9): a call to https without a pin is refused.
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

/* Our side of mutual TLS; made once from the device's key. The texts outlive every call: no copy
 * of the key is left behind. */
struct http_identity {
    const char *certificate_pem;
    const char *key_pem;
};

struct http_call {
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
 * any HTTP status is RESULT_OK. http_client_deinit_answer() in any case. */
enum result http_client_call(const struct http_call *call, struct http_answer *answer_out);
void http_client_deinit_answer(struct http_answer *answer);

/* Many calls at once on one thread, connections kept alive. */
struct http_client;

/* `done` is called from http_client_run(); the answer is borrowed for the call. */
typedef void http_client_done(void *context, enum result result, const struct http_answer *answer);

struct http_client *http_client_create(void);

/* Unfinished calls are dropped: `done` is not called. */
void http_client_destroy(struct http_client **client);

/* Starts a call; its strings and body are copied, the identity is not. `done` is called even
 * when it can't start. */
void http_client_send(struct http_client *client, const struct http_call *call,
                      http_client_done *done, void *context);

/* Works until something happened, somebody woke it, or `timeout_ms` passed. */
void http_client_run(struct http_client *client, int64_t timeout_ms);

/* Thread: any. */
void http_client_wake(struct http_client *client);

#endif
