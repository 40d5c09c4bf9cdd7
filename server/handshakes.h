/* TLS handshakes that wait for their other end.
 *
 * libmicrohttpd takes a connection for ready as long as it is in its handshake, and its thread
 * turns at full speed until the other end goes on (as of 0.9.75). So a handshake that has nothing
 * to read is suspended there and waits here, until all that GnuTLS asked for has come, in however
 * small pieces. Its deadline is connections.h's.
 * Thread: begin, end: the connection's; create, close, destroy: startup. One of its own waits.
 */
#ifndef HEARTHCHAT_SERVER_HANDSHAKES_H
#define HEARTHCHAT_SERVER_HANDSHAKES_H

#include <microhttpd.h>

#include "core/result.h"

struct handshakes;
struct handshake;

/* RESULT_IO when the system gives no thread or no descriptor. */
enum result handshakes_create(struct handshakes **handshakes_out);

/* Everybody goes back to libmicrohttpd and nobody waits any more: it can't be stopped while one is
 * suspended. NULL is fine. */
void handshakes_close(struct handshakes *handshakes);

/* Closed by now, and all ended. */
void handshakes_destroy(struct handshakes **handshakes);

/* A connection that was just accepted; TLS reads through what this returns as long as it lives. */
struct handshake *handshakes_begin(struct handshakes *handshakes,
                                   struct MHD_Connection *connection);

/* The connection is gone. NULL is fine. */
void handshakes_end(struct handshake **handshake);

#endif
