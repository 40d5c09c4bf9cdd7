/* What the two halves of a listener share: http_listener.c (the daemon), listener_request.c (its
 * requests).
 *
 * Thread: as each member says.
 */
#ifndef HEARTHCHAT_SERVER_HTTP_LISTENER_PRIVATE_H
#define HEARTHCHAT_SERVER_HTTP_LISTENER_PRIVATE_H

#include "core/lock.h"
#include "server/connections.h"
#include "server/handshakes.h"
#include "server/http_listener.h"
#include "server/listener_request.h"

struct http_listener {
    struct http_listener_options options;
    struct MHD_Daemon *daemon;
    struct connections *connections;
    struct handshakes *handshakes; /* NULL: no TLS */
    int socket;
    uint16_t port;
    bool only_ipv4;    /* instead of all of IPv6 too */
    struct lock *lock; /* guards what follows */
    bool quiesced;     /* no request goes to a handler any more */
    bool drained;      /* nor is one suspended */
    size_t pending;    /* requests given to a handler and not answered yet */
    size_t unsent;     /* those, and the ones whose answer is still on its way out */
};

/* What MHD keeps with an open socket for us. */
struct listener_socket {
    struct connection *connection;
    struct handshake *handshake; /* NULL: no TLS */
    struct listener_owner owner;
};

/* MHD's callbacks for a request; the context is the listener. */
void *listener_request_on_target(void *context, const char *target,
                                 struct MHD_Connection *connection);
enum MHD_Result listener_request_on_access(void *context, struct MHD_Connection *connection,
                                           const char *url, const char *method, const char *version,
                                           const char *upload, size_t *upload_bytes, void **slot);
void listener_request_on_completed(void *context, struct MHD_Connection *connection, void **slot,
                                   enum MHD_RequestTerminationCode code);

#endif
