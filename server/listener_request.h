/* A request on its way through a listener: what gates, doors and hooks may ask of it and tell it.
 *
 * Thread: the loop or the reader that has the request. All that is returned is borrowed from it.
 */
#ifndef HEARTHCHAT_SERVER_LISTENER_REQUEST_H
#define HEARTHCHAT_SERVER_LISTENER_REQUEST_H

#include <microhttpd.h>
#include <sys/types.h>

#include "server/callers.h"
#include "server/routes.h"

struct listener_request;

/* A refusal that a gate or a front door asks for. */
struct refusal {
    enum wire_code code;
    const char *message;    /* for the caller; static */
    const char *reason;     /* for the log, more exactly; valid for the call. NULL: the message */
    int64_t retry_after_ms; /* 0: as usual */
    bool hang_up;           /* closed without an answer */
};

/* Which user of this machine the other end of a connection is, once it was found out. */
struct listener_owner {
    bool known;
    uid_t uid;
};

struct request *listener_request_base(struct listener_request *request);
struct MHD_Connection *listener_request_connection(struct listener_request *request);
const struct sockaddr *listener_request_address(const struct listener_request *request);
struct listener_owner *listener_request_owner(struct listener_request *request); /* for a gate */
const char *listener_request_method(const struct listener_request *request);
const char *
listener_request_target(const struct listener_request *request); /* raw, with its query */
const struct route *listener_request_route(const struct listener_request *request); /* or NULL */

/* The least that a caller must be to learn more than "no": of the path, whatever the method. */
enum caller_level listener_request_least(const struct listener_request *request);

/* How often that header came. */
size_t listener_request_count_header(const struct listener_request *request, const char *name);

/* For a gate: on whose account the request's bytes are held; the one whom the gate knows. */
void listener_request_charge(struct listener_request *request, const struct account_key *key);
void listener_request_welcome(struct listener_request *request);

/* … who does not know yet, but will from the whole request (admit_body), whatever its route. */
void listener_request_defer(struct listener_request *request);

/* For upgrade(): called once MHD has let go of the connection. */
void listener_request_on_released(struct listener_request *request, void (*released)(void *context),
                                  void *context);

#endif
