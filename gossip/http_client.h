/* HTTP calls to peers (HTTPS with the peer's key pinned) and to the own local listener.
 *
 * Thread: http_client_start/stop: startup. http_client_call() blocks; a struct http_client
 * belongs to one thread. The only folder that includes curl. Whom we talk to is decided by the
 * pinned key alone (§9): a call to https without a pin is refused, unless it asks for any key. A
 * connection whose other end is silent for LIMITS_PEER_DEAD_MS is dead, even if nobody said so.
 */
#ifndef HEARTHCHAT_GOSSIP_HTTP_CLIENT_H
#define HEARTHCHAT_GOSSIP_HTTP_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/buffer.h"
#include "core/result.h"
#include "protocol/signing.h"

/* Deadlines follow progress (§10): a line of 64 kbit/s takes as long as it takes. */
#define HTTP_CLIENT_CONNECT_MS 3000    /* somebody is there: TCP; an address that is dead */
#define HTTP_CLIENT_HANDSHAKE_MS 10000 /* … and TLS, beside a page on a line of 600 ms */
#define HTTP_CLIENT_QUIET_MS 15000     /* less than HTTP_CLIENT_PROGRESS_BYTES moved for so long */
#define HTTP_CLIENT_PROGRESS_BYTES 1024
#define HTTP_CLIENT_TOTAL_MS 600000
#define HTTP_CLIENT_MOST_ANSWER_BYTES 16777216
#define HTTP_CLIENT_UNCOUNTED "X-HearthNet-Uncounted" /* a header of the answer to such a call */

struct sockaddr;

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
    const char *content_type;   /* the whole header of the body; NULL: that of JSON */
    const struct node_id *peer; /* whose key the server must have; NULL for plain http */
    bool any_key;  /* https without a pin: what the server says is to be believed by nobody */
    bool fresh;    /* not on a connection that is there already */
    bool anywhere; /* whatever the client's guard says */
    const struct http_identity *identity; /* NULL: no client certificate */
    size_t most_answer_bytes;             /* 0: HTTP_CLIENT_MOST_ANSWER_BYTES */
    struct account *account;              /* on which the answer is held; shared; NULL: none */
    int64_t total_ms;                     /* 0: HTTP_CLIENT_TOTAL_MS */
    int64_t quiet_ms; /* 0: HTTP_CLIENT_QUIET_MS; longer for who has to think before answering */
    const atomic_bool *cancelled; /* once true, the call ends within a second; NULL: never */
};

struct http_answer {
    long status;     /* 0: no answer */
    int64_t date;    /* what the server's clock shows, seconds since 1970; 0: it does not say */
    bool uncounted;  /* it says that the call is none of those that it limits */
    int64_t took_ms; /* from the request's first byte on; 0: nothing was sent */
    struct buffer body;
    struct account *account; /* the client's own, as what follows */
    size_t charged_bytes;
};

enum result http_client_start(void);
void http_client_stop(void);

/* Waits for the answer. RESULT_UNREACHABLE when nobody answered or the connection broke,
 * RESULT_TIMEOUT (with what came of the answer until then, in both cases), RESULT_UNAUTHORIZED
 * when the server has another key, RESULT_FULL when the answer is too large, RESULT_BUSY when its
 * account can't hold it now; any HTTP status is RESULT_OK. http_client_deinit_answer() in any case.
 */
enum result http_client_call(const struct http_call *call, struct http_answer *answer_out);
void http_client_deinit_answer(struct http_answer *answer);

/* Takes an answer's body out of it, with what is paid for it; the rest is copied. */
struct http_answer http_client_take_answer(struct http_answer *answer);

/* Many calls at once on one thread, connections kept alive. */
struct http_client;

/* Asked before a connection is opened, with one of the addresses that the URL's host means: false:
 * not there. And told where an answer came from. From http_client_run(). */
struct http_guard {
    bool (*may_open)(void *context, const char *url, const struct sockaddr *address);
    void (*answered)(void *context, const char *url, const char *address);
    void *context;
};

/* `done` is called from http_client_run(); the answer is borrowed for the call, or taken. */
typedef void http_client_done(void *context, enum result result, struct http_answer *answer);

/* At most so many connections at once, those kept alive among them. `guard` is copied; NULL: none.
 */
struct http_client *http_client_create(size_t most_connections, const struct http_guard *guard);

/* Unfinished calls are dropped: `done` is not called. */
void http_client_destroy(struct http_client **client);

/* Starts a call; its strings and body are copied, the identity is not. `done` is called even
 * when it can't start. */
void http_client_send(struct http_client *client, const struct http_call *call,
                      http_client_done *done, void *context);

/* Ends the calls for which `is_cut` says so, as RESULT_UNREACHABLE. `local_address`: ours, "" while
 * there is no connection. */
void http_client_cut(struct http_client *client,
                     bool (*is_cut)(void *context, const char *url, const char *local_address),
                     void *context);

/* No call that begins from now on goes over a connection that is there already. */
void http_client_renew(struct http_client *client);

/* As http_client_call(), over a connection that is there already if one is. */
enum result http_client_wait(struct http_client *client, const struct http_call *call,
                             struct http_answer *answer_out);

/* Works until something happened, somebody woke it, or `timeout_ms` passed. */
void http_client_run(struct http_client *client, int64_t timeout_ms);

/* Thread: any. */
void http_client_wake(struct http_client *client);

#endif
