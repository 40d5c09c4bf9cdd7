#include "server/lan_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "protocol/lan_hint.h"

enum { BATCH = 32 };

static const char group_v4[] = "239.255.42.42";
static const char group_v6[] = "ff02::4242";

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static void set(int socket, int level, int option, int value)
{
    (void)setsockopt(socket, level, option, &value, sizeof value);
}

static socklen_t fill_group(sa_family_t family, unsigned link, union address *address_out)
{
    memset(address_out, 0, sizeof *address_out);
    if (family == AF_INET) {
        address_out->v4.sin_family = AF_INET;
        address_out->v4.sin_port = htons(LAN_SOCKET_PORT);
        (void)inet_pton(AF_INET, group_v4, &address_out->v4.sin_addr);
        return sizeof address_out->v4;
    }
    address_out->v6.sin6_family = AF_INET6;
    address_out->v6.sin6_port = htons(LAN_SOCKET_PORT);
    address_out->v6.sin6_scope_id = link;
    (void)inet_pton(AF_INET6, group_v6, &address_out->v6.sin6_addr);
    return sizeof address_out->v6;
}

int lan_socket_open(sa_family_t family, bool *hears_out)
{
    union address address;
    socklen_t length = fill_group(family, 0, &address);
    int opened = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (opened < 0) {
        return -1;
    }
    set(opened, SOL_SOCKET, SO_REUSEADDR, 1);
    if (family == AF_INET) {
        /* Only what we joined ourselves, and what is sent to all: bound to the group, not to us. */
        set(opened, IPPROTO_IP, IP_MULTICAST_ALL, 0);
        set(opened, IPPROTO_IP, IP_MULTICAST_TTL, 1);
        set(opened, IPPROTO_IP, IP_MULTICAST_LOOP, 1);
    } else {
        set(opened, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        set(opened, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
        set(opened, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1);
        set(opened, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
        /* A group of one link can't be bound to without that link: what is sent to us comes too. */
        set(opened, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        address.v6.sin6_addr = in6addr_any;
    }
    *hears_out = bind(opened, &address.any, length) == 0;
    return opened;
}

static int change_membership(int socket, sa_family_t family, unsigned link, bool joins)
{
    union address group;
    (void)fill_group(family, link, &group);
    if (family == AF_INET) {
        const struct ip_mreqn request = {.imr_multiaddr = group.v4.sin_addr,
                                         .imr_ifindex = (int)link};
        return setsockopt(socket, IPPROTO_IP, joins ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP,
                          &request, sizeof request);
    }
    const struct ipv6_mreq request = {.ipv6mr_multiaddr = group.v6.sin6_addr,
                                      .ipv6mr_interface = link};
    return setsockopt(socket, IPPROTO_IPV6, joins ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &request,
                      sizeof request);
}

enum result lan_socket_join(int socket, sa_family_t family, unsigned link)
{
    return change_membership(socket, family, link, true) == 0 || errno == EADDRINUSE ? RESULT_OK
                                                                                     : RESULT_IO;
}

void lan_socket_leave(int socket, sa_family_t family, unsigned link)
{
    (void)change_membership(socket, family, link, false);
}

bool lan_socket_send(int socket, sa_family_t family, const struct lan_link *link, const char *bytes,
                     size_t length_bytes)
{
    union address group;
    union {
        struct cmsghdr head;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    } control = {0};
    struct iovec text = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length_bytes};
    struct msghdr message = {.msg_name = &group,
                             .msg_namelen = fill_group(family, link->index, &group),
                             .msg_iov = &text,
                             .msg_iovlen = 1,
                             .msg_control = &control};
    if (family == AF_INET) {
        struct in_pktinfo source = {.ipi_ifindex = (int)link->index};
        memcpy(&source.ipi_spec_dst, link->v4, sizeof link->v4);
        control.head = (struct cmsghdr){
            .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof source)};
        memcpy(CMSG_DATA(&control.head), &source, sizeof source);
        message.msg_controllen = CMSG_SPACE(sizeof source);
    } else {
        struct in6_pktinfo source = {.ipi6_ifindex = link->index};
        memcpy(&source.ipi6_addr, link->v6, sizeof link->v6);
        control.head = (struct cmsghdr){.cmsg_level = IPPROTO_IPV6,
                                        .cmsg_type = IPV6_PKTINFO,
                                        .cmsg_len = CMSG_LEN(sizeof source)};
        memcpy(CMSG_DATA(&control.head), &source, sizeof source);
        message.msg_controllen = CMSG_SPACE(sizeof source);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)length_bytes;
}

/* False when no machine has that address, or only this one. */
static bool read_source(const union address *from, struct lan_datagram *datagram)
{
    memset(datagram->address, 0, sizeof datagram->address);
    datagram->family = from->any.sa_family;
    datagram->link = 0;
    if (datagram->family == AF_INET) {
        uint32_t address = ntohl(from->v4.sin_addr.s_addr);
        memcpy(datagram->address, &from->v4.sin_addr, sizeof from->v4.sin_addr);
        return address >> 24 != 0 && address >> 24 != 127 && address >> 28 < 14;
    }
    const struct in6_addr *address = &from->v6.sin6_addr;
    memcpy(datagram->address, address, sizeof *address);
    datagram->link = IN6_IS_ADDR_LINKLOCAL(address) ? from->v6.sin6_scope_id : 0;
    return datagram->family == AF_INET6 && !IN6_IS_ADDR_UNSPECIFIED(address) &&
           !IN6_IS_ADDR_LOOPBACK(address) && !IN6_IS_ADDR_MULTICAST(address) &&
           !IN6_IS_ADDR_V4MAPPED(address);
}

/* An IPv4 socket hears nothing else. */
static bool is_to_group(struct msghdr *message, sa_family_t family)
{
    union address group;
    struct in6_pktinfo sent_to;
    (void)fill_group(AF_INET6, 0, &group);
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
        if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO &&
            at->cmsg_len == CMSG_LEN(sizeof sent_to)) {
            memcpy(&sent_to, CMSG_DATA(at), sizeof sent_to);
            return IN6_ARE_ADDR_EQUAL(&sent_to.ipi6_addr, &group.v6.sin6_addr);
        }
    }
    return family == AF_INET;
}

size_t lan_socket_receive(int socket, size_t most,
                          void (*take)(void *context, const struct lan_datagram *datagram),
                          void *context)
{
    char bytes[BATCH][LAN_HINT_MOST_BYTES + 1];
    union address from[BATCH];
    struct iovec parts[BATCH];
    _Alignas(struct cmsghdr) uint8_t controls[BATCH][CMSG_SPACE(sizeof(struct in6_pktinfo))];
    struct mmsghdr messages[BATCH];
    size_t total = 0;
    int got = BATCH;
    while (got == BATCH && total < most) {
        for (size_t i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){.iov_base = bytes[i], .iov_len = sizeof bytes[i]};
            messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &from[i],
                                                       .msg_namelen = sizeof from[i],
                                                       .msg_iov = &parts[i],
                                                       .msg_iovlen = 1,
                                                       .msg_control = controls[i],
                                                       .msg_controllen = sizeof controls[i]}};
        }
        got = recvmmsg(socket, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++) {
            struct lan_datagram datagram = {.bytes = bytes[i]};
            datagram.length_bytes =
                messages[i].msg_len > LAN_HINT_MOST_BYTES ? SIZE_MAX : messages[i].msg_len;
            if (read_source(&from[i], &datagram) &&
                is_to_group(&messages[i].msg_hdr, datagram.family)) {
                take(context, &datagram);
            }
        }
        total += got > 0 ? (size_t)got : 0;
    }
    return total;
}
