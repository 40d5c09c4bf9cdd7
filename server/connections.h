/* The open connections of a listener: how many there may be, of whom, and how long each may take
 * for what it is at (§10).
 *
 * libmicrohttpd's own time-out counts inactivity only: one byte a second lives for ever. Here every
 * state has a deadline, and a thread that shuts down the sockets that are past it.
 * Thread: any; one lock, under which sockets are looked at and shut down (neither waits).
 * create/destroy: startup. Limits: core/limits.h.
 */
#ifndef HEARTHCHAT_SERVER_CONNECTIONS_H
#define HEARTHCHAT_SERVER_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/log_limit.h"
#include "core/result.h"

struct connections;
struct connection;

struct connections_options {
    const struct clock *clock;
    struct log_limit *refusals; /* of lines about who was hung up on */
    int64_t idle_ms;
    size_t most;
    size_t spare;       /* so many more on loopback, while nobody waits for nothing */
    bool from_anywhere; /* the bounds of an address hold */
    bool tls;           /* the first bytes are a handshake's */
};

/* RESULT_IO when there is no thread for it. */
enum result connections_create(const struct connections_options *options,
                               struct connections **connections_out);

/* All have been removed by now. */
void connections_destroy(struct connections **connections);

/* A connection was accepted. Over a bound, the least deserving is closed; that may be this one. */
struct connection *connections_add(struct connections *connections, int descriptor,
                                   const struct sockaddr *address);

/* It is about to be closed: its descriptor is not touched any more. */
void connections_remove(struct connections *connections, struct connection **connection);

/* What it is at. Receiving: a request's first line is there. Body: its headers are, and a body is
 * to come. Handling: we are at work, for as long as it takes. Sending: an answer. Idle: it may
 * bring another request. A body and an answer may take as long as they move (§10). */
void connections_receiving(struct connections *connections, struct connection *connection);
void connections_body(struct connections *connections, struct connection *connection);
void connections_handling(struct connections *connections, struct connection *connection);
void connections_sending(struct connections *connections, struct connection *connection);
void connections_idle(struct connections *connections, struct connection *connection);

/* Somebody whom the gate knows: closed late when there are too many; who is favoured, last. */
void connections_welcome(struct connections *connections, struct connection *connection,
                         bool favoured);

#endif
