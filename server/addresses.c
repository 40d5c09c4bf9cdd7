#include "server/addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void add(struct endpoints *endpoints, const char *host, uint16_t port)
{
    if (endpoints->count < NODE_MANIFEST_MOST_ENDPOINTS) {
        struct endpoint *endpoint = &endpoints->list[endpoints->count++];
        (void)snprintf(endpoint->host, sizeof endpoint->host, "%s", host);
        endpoint->port = port;
    }
}

/* The address as text when others can use it: not loopback, not bound to one link. */
static bool format(const struct sockaddr *address, int family, char *text, socklen_t size)
{
    if (address == NULL || address->sa_family != family) {
        return false;
    }
    if (family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        return inet_ntop(family, &v4->sin_addr, text, size) != NULL;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
    return !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) &&
           inet_ntop(family, &v6->sin6_addr, text, size) != NULL;
}

static void add_family(const struct ifaddrs *list, int family, uint16_t port,
                       struct endpoints *endpoints)
{
    char text[INET6_ADDRSTRLEN];
    for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
        if ((at->ifa_flags & IFF_UP) != 0 && (at->ifa_flags & IFF_LOOPBACK) == 0 &&
            format(at->ifa_addr, family, text, sizeof text)) {
            add(endpoints, text, port);
        }
    }
}

void addresses_detect(const char *host, uint16_t port, struct endpoints *endpoints_out)
{
    struct ifaddrs *list = NULL;
    endpoints_out->count = 0;
    bool all_v4 = strcmp(host, "0.0.0.0") == 0;
    bool all_v6 = strcmp(host, "::") == 0;
    if (!all_v4 && !all_v6) {
        add(endpoints_out, host, port);
        return;
    }
    if (getifaddrs(&list) == 0) {
        add_family(list, AF_INET, port, endpoints_out);
        if (all_v6) {
            add_family(list, AF_INET6, port, endpoints_out);
        }
        freeifaddrs(list);
    }
    if (endpoints_out->count == 0) {
        add(endpoints_out, all_v4 ? "127.0.0.1" : "::1", port);
    }
}
