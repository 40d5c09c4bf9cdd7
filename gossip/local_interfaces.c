#include "gossip/local_interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const struct in6_addr *v6_of(const struct ifaddrs *at)
{
    return at->ifa_addr == NULL || at->ifa_addr->sa_family != AF_INET6
               ? NULL
               : &((const struct sockaddr_in6 *)(const void *)at->ifa_addr)->sin6_addr;
}

static bool is_link_local(const struct ifaddrs *at)
{
    const struct in6_addr *v6 = v6_of(at);
    return v6 != NULL && IN6_IS_ADDR_LINKLOCAL(v6) && (at->ifa_flags & IFF_UP) != 0 &&
           (at->ifa_flags & IFF_LOOPBACK) == 0;
}

static void add_address(struct local_interfaces *interfaces, const struct ifaddrs *at)
{
    const struct in6_addr *v6 = v6_of(at);
    if (interfaces->address_count == LOCAL_INTERFACES_MOST_ADDRESSES) {
        return;
    }
    char *text = interfaces->addresses[interfaces->address_count];
    if (v6 != NULL) {
        interfaces->address_count +=
            inet_ntop(AF_INET6, v6, text, LOCAL_INTERFACES_ADDRESS_BYTES) == NULL ? 0 : 1;
    } else if (at->ifa_addr != NULL && at->ifa_addr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)at->ifa_addr;
        interfaces->address_count +=
            inet_ntop(AF_INET, &v4->sin_addr, text, LOCAL_INTERFACES_ADDRESS_BYTES) == NULL ? 0 : 1;
    }
}

/* An address by which it may be reached from more than one link. */
static bool has_another(const struct ifaddrs *list, const char *name)
{
    for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
        if (at->ifa_addr != NULL && strcmp(at->ifa_name, name) == 0 &&
            (at->ifa_addr->sa_family == AF_INET || (v6_of(at) != NULL && !is_link_local(at)))) {
            return true;
        }
    }
    return false;
}

static bool has_link(const struct local_interfaces *interfaces, const char *name)
{
    for (size_t i = 0; i < interfaces->link_count; i++) {
        if (strcmp(interfaces->links[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_links(struct local_interfaces *interfaces, const struct ifaddrs *list, bool another)
{
    for (const struct ifaddrs *at = list;
         at != NULL && interfaces->link_count < LOCAL_INTERFACES_MOST_LINKS; at = at->ifa_next) {
        if (is_link_local(at) && has_another(list, at->ifa_name) == another &&
            !has_link(interfaces, at->ifa_name)) {
            (void)snprintf(interfaces->links[interfaces->link_count++], LOCAL_INTERFACES_NAME_BYTES,
                           "%s", at->ifa_name);
        }
    }
}

void local_interfaces_read(struct local_interfaces *interfaces_out)
{
    struct ifaddrs *list = NULL;
    interfaces_out->address_count = 0;
    interfaces_out->link_count = 0;
    if (getifaddrs(&list) != 0) {
        return;
    }
    for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
        add_address(interfaces_out, at);
    }
    add_links(interfaces_out, list, true);
    add_links(interfaces_out, list, false);
    freeifaddrs(list);
}

bool local_interfaces_have(const struct local_interfaces *interfaces, const char *address)
{
    for (size_t i = 0; i < interfaces->address_count; i++) {
        if (strcmp(interfaces->addresses[i], address) == 0) {
            return true;
        }
    }
    return false;
}
