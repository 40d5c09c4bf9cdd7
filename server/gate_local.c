#include "server/gate_local.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/socket_owner.h"

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && v6->sin6_addr.s6_addr[12] == 127);
    }
    return false;
}

/* One of our three names with our port, which nobody says where it is the web's own. */
static bool is_own_host(const char *host, uint16_t port)
{
    enum { WEB_PORT = 80 };
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    char expected[32];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(expected, sizeof expected, "%s:%u", names[i], (unsigned)port);
        if (strcasecmp(host, expected) == 0 ||
            (port == WEB_PORT && strcasecmp(host, names[i]) == 0)) {
            return true;
        }
    }
    return false;
}

static bool is_own_origin(const char *origin, uint16_t port)
{
    static const char scheme[] = "http://";
    return strncasecmp(origin, scheme, sizeof scheme - 1) == 0 &&
           is_own_host(origin + sizeof scheme - 1, port);
}

static const char nobody_knows[] = "nobody knows which user asks";

/* NULL for our own user and root; else what to say in the log. Who can't be found out is not let
 * in, and looked for again with the next request.
 */
static const char *find_foreign_user(struct listener_request *request,
                                     const struct sockaddr *client)
{
    static _Thread_local char reason[48];
    struct MHD_Connection *connection = listener_request_connection(request);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct listener_owner *owner = listener_request_owner(request);
    if (!owner->known && info != NULL) {
        owner->known = socket_owner_find(info->connect_fd, client, &owner->uid) == RESULT_OK;
    }
    if (!owner->known) {
        return nobody_knows;
    }
    (void)snprintf(reason, sizeof reason, "another user of this machine asks: %u",
                   (unsigned)owner->uid);
    return owner->uid == getuid() || owner->uid == 0 ? NULL : reason;
}

/* Whether another site's page asks. Browsers say so themselves on requests that carry no Origin
 * (images, scripts); following a link to us is fine. */
static bool is_foreign_fetch(const struct request *base)
{
    const char *site = base->header(base, "Sec-Fetch-Site");
    const char *mode = base->header(base, "Sec-Fetch-Mode");
    return site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0 &&
           (mode == NULL || strcmp(mode, "navigate") != 0);
}

/* It let none but our own pages through. What says so without being one is the owner's, too. */
static bool is_from_browser(const struct request *base)
{
    return base->header(base, "Origin") != NULL || base->header(base, "Sec-Fetch-Site") != NULL;
}

static bool passed_proxy(const struct request *base)
{
    static const char *const marks[] = {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (base->header(base, marks[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* NULL: nothing speaks against it. */
static const char *find_reason(struct listener_request *request, uint16_t port, bool same_user_only)
{
    const struct request *base = listener_request_base(request);
    const struct sockaddr *client = listener_request_address(request);
    const char *host = base->header(base, "Host");
    const char *origin = base->header(base, "Origin");
    if (!is_loopback(client)) {
        return "it comes from another machine";
    }
    if (host == NULL || listener_request_count_header(request, "Host") != 1 ||
        !is_own_host(host, port)) {
        return "its Host is another name than ours";
    }
    if ((origin != NULL &&
         (listener_request_count_header(request, "Origin") != 1 || !is_own_origin(origin, port))) ||
        is_foreign_fetch(base)) {
        return "another site's page asks";
    }
    if (passed_proxy(base)) {
        return "it passed a proxy";
    }
    return same_user_only ? find_foreign_user(request, client) : NULL;
}

bool gate_local_admit(struct listener_request *request, uint16_t port, bool same_user_only,
                      struct refusal *refusal_out)
{
    const char *reason = find_reason(request, port, same_user_only);
    if (reason == nobody_knows) {
        *refusal_out = (struct refusal){.code = WIRE_PARTITION,
                                        .message = "This node can't find out just now which user "
                                                   "of this machine asks: try again in a moment.",
                                        .reason = reason};
        return false;
    }
    if (reason != NULL) {
        *refusal_out = (struct refusal){.code = WIRE_UNAUTHORIZED,
                                        .message = "This address answers only this machine's "
                                                   "owner: open it directly, by its own name.",
                                        .reason = reason};
        return false;
    }
    struct request *base = listener_request_base(request);
    base->caller.level = CALLER_SELF;
    base->caller.is_tab = is_from_browser(base);
    return true;
}
