#include "server/network_reader.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/memory.h"

enum { ANSWER_BYTES = 65536, PATIENCE_S = 1 };

int network_reader_watch(void)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
                                                     RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                                                     RTMGRP_IPV6_ROUTE};
    int watch = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (watch >= 0 &&
        bind(watch, (const struct sockaddr *)(const void *)&address, sizeof address) != 0) {
        (void)close(watch);
        watch = -1;
    }
    return watch;
}

void network_reader_drain(int watch)
{
    char bytes[8192];
    /* ENOBUFS: more changed than there was room to tell; that too is a reason to ask. */
    while (recv(watch, bytes, sizeof bytes, 0) >= 0 || errno == ENOBUFS || errno == EINTR) {
    }
}

/* A part of a message: what is left of it. */
struct part {
    const uint8_t *bytes;
    size_t length;
};

/* Copies a fixed head off the part; false when it is shorter. */
static bool take_head(struct part *part, void *head_out, size_t size)
{
    size_t aligned = NLMSG_ALIGN(size);
    if (part->length < size) {
        return false;
    }
    memcpy(head_out, part->bytes, size);
    part->bytes += aligned < part->length ? aligned : part->length;
    part->length -= aligned < part->length ? aligned : part->length;
    return true;
}

/* The next attribute: its type and its value. False at the end, and where it is cut. */
static bool take_attribute(struct part *part, unsigned *type_out, struct part *value_out)
{
    struct rtattr head;
    if (part->length < sizeof head) {
        return false;
    }
    memcpy(&head, part->bytes, sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > part->length) {
        return false;
    }
    *type_out = head.rta_type & (unsigned)NLA_TYPE_MASK;
    *value_out = (struct part){part->bytes + sizeof head, head.rta_len - sizeof head};
    size_t aligned = RTA_ALIGN((size_t)head.rta_len);
    part->bytes += aligned < part->length ? aligned : part->length;
    part->length -= aligned < part->length ? aligned : part->length;
    return true;
}

static unsigned read_number(struct part value)
{
    uint32_t number = 0;
    if (value.length >= sizeof number) {
        memcpy(&number, value.bytes, sizeof number);
    }
    return number;
}

static void read_text(struct part value, char *text, size_t size)
{
    size_t length = value.length < size ? value.length : size - 1;
    memcpy(text, value.bytes, length);
    text[length] = '\0';
}

static enum network_link_kind read_kind(struct part information)
{
    static const char *const stacked[] = {"vlan", "bond", "team", "hsr", "dsa"};
    char kind[16] = "";
    unsigned type = 0;
    struct part value;
    while (take_attribute(&information, &type, &value)) {
        if (type == IFLA_INFO_KIND) {
            read_text(value, kind, sizeof kind);
        }
    }
    for (size_t i = 0; i < sizeof stacked / sizeof stacked[0]; i++) {
        if (strcmp(kind, stacked[i]) == 0) {
            return NETWORK_HARDWARE;
        }
    }
    return strcmp(kind, "bridge") == 0 ? NETWORK_BRIDGE : NETWORK_OTHER;
}

static void read_link(struct network_picture *picture, struct part part)
{
    struct ifinfomsg head;
    unsigned type = 0;
    struct part value;
    struct network_link *link =
        take_head(&part, &head, sizeof head) ? network_picture_add_link(picture) : NULL;
    if (link == NULL) {
        return;
    }
    link->index = (unsigned)head.ifi_index;
    link->up = (head.ifi_flags & IFF_UP) != 0 && (head.ifi_flags & IFF_RUNNING) != 0;
    link->loopback = (head.ifi_flags & IFF_LOOPBACK) != 0;
    link->multicast = (head.ifi_flags & IFF_MULTICAST) != 0;
    link->kind = NETWORK_HARDWARE; /* only software says what kind it is */
    while (take_attribute(&part, &type, &value)) {
        if (type == IFLA_IFNAME) {
            read_text(value, link->name, sizeof link->name);
        } else if (type == IFLA_MASTER) {
            link->master = read_number(value);
        } else if (type == IFLA_LINKINFO) {
            link->kind = read_kind(value);
        }
    }
}

static void read_address(struct network_picture *picture, struct part part)
{
    struct ifaddrmsg head;
    unsigned type = 0;
    struct part value;
    if (!take_head(&part, &head, sizeof head) ||
        (head.ifa_family != AF_INET && head.ifa_family != AF_INET6)) {
        return;
    }
    size_t length = head.ifa_family == AF_INET ? 4 : NETWORK_PICTURE_ADDRESS_BYTES;
    unsigned flags = head.ifa_flags;
    struct part own = {NULL, 0};
    while (take_attribute(&part, &type, &value)) {
        /* LOCAL is ours where the two differ: at the ends of a tunnel. */
        if (type == IFA_LOCAL || (type == IFA_ADDRESS && own.bytes == NULL)) {
            own = value;
        } else if (type == IFA_FLAGS) {
            flags = read_number(value);
        }
    }
    struct network_address *address =
        own.length == length ? network_picture_add_address(picture) : NULL;
    if (address != NULL) {
        address->link = head.ifa_index;
        address->family = head.ifa_family;
        memcpy(address->bytes, own.bytes, length);
        address->tentative =
            (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0 && (flags & IFA_F_OPTIMISTIC) == 0;
        address->deprecated = (flags & IFA_F_DEPRECATED) != 0;
        /* The same bit says of an IPv4 address that it is the second of its link. */
        address->temporary = head.ifa_family == AF_INET6 && (flags & IFA_F_TEMPORARY) != 0;
    }
}

static void mark_default(struct network_picture *picture, unsigned index)
{
    struct network_link *link = network_picture_find_link(picture, index);
    if (link != NULL && !link->loopback) {
        link->default_route = true;
    }
}

static void mark_each_hop(struct network_picture *picture, struct part hops)
{
    struct rtnexthop hop;
    while (hops.length >= sizeof hop) {
        memcpy(&hop, hops.bytes, sizeof hop);
        if (hop.rtnh_len < sizeof hop || hop.rtnh_len > hops.length) {
            return;
        }
        mark_default(picture, (unsigned)hop.rtnh_ifindex);
        size_t aligned = NLMSG_ALIGN((size_t)hop.rtnh_len); /* both align to 4 */
        aligned = aligned < hops.length ? aligned : hops.length;
        hops.bytes += aligned;
        hops.length -= aligned;
    }
}

static void read_route(struct network_picture *picture, struct part part)
{
    struct rtmsg head;
    unsigned type = 0;
    struct part value;
    if (!take_head(&part, &head, sizeof head) || head.rtm_dst_len != 0 ||
        head.rtm_table != RT_TABLE_MAIN || head.rtm_type != RTN_UNICAST) {
        return;
    }
    while (take_attribute(&part, &type, &value)) {
        if (type == RTA_OIF) {
            mark_default(picture, read_number(value));
        } else if (type == RTA_MULTIPATH) {
            mark_each_hop(picture, value);
        }
    }
}

/* The messages of one read. True when the last of the answer was among them. */
static bool take_messages(struct network_picture *picture, struct part messages, bool *failed)
{
    struct nlmsghdr head;
    while (messages.length >= sizeof head) {
        memcpy(&head, messages.bytes, sizeof head);
        if (head.nlmsg_len < sizeof head || head.nlmsg_len > messages.length ||
            head.nlmsg_type == NLMSG_ERROR) {
            *failed = true;
            return true;
        }
        struct part part = {messages.bytes + NLMSG_HDRLEN, head.nlmsg_len - NLMSG_HDRLEN};
        if (head.nlmsg_type == NLMSG_DONE) {
            return true;
        }
        if (head.nlmsg_type == RTM_NEWLINK) {
            read_link(picture, part);
        } else if (head.nlmsg_type == RTM_NEWADDR) {
            read_address(picture, part);
        } else if (head.nlmsg_type == RTM_NEWROUTE) {
            read_route(picture, part);
        }
        size_t aligned = NLMSG_ALIGN((size_t)head.nlmsg_len);
        aligned = aligned < messages.length ? aligned : messages.length;
        messages.bytes += aligned;
        messages.length -= aligned;
    }
    return false;
}

struct question {
    struct nlmsghdr head;
    struct rtgenmsg body;
};

static bool ask(int netlink, uint16_t type, sa_family_t family, uint8_t *bytes,
                struct network_picture *picture)
{
    const struct question question = {
        .head = {.nlmsg_len = NLMSG_LENGTH(sizeof question.body),
                 .nlmsg_type = type,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.rtgen_family = (unsigned char)family},
    };
    bool failed = false;
    bool done = false;
    if (send(netlink, &question, question.head.nlmsg_len, 0) != (ssize_t)question.head.nlmsg_len) {
        return false;
    }
    while (!done && !failed) {
        ssize_t got = recv(netlink, bytes, ANSWER_BYTES, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        failed = got <= 0;
        done = failed || take_messages(picture, (struct part){bytes, (size_t)got}, &failed);
    }
    return !failed;
}

enum result network_reader_read(struct network_picture *picture_out)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    picture_out->link_count = 0;
    picture_out->address_count = 0;
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (netlink < 0) {
        return RESULT_UNSUPPORTED;
    }
    uint8_t *bytes = memory_allocate(1, ANSWER_BYTES);
    /* A kernel without IPv6 answers the last with an error, and that is an answer. */
    bool read = setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
                ask(netlink, RTM_GETLINK, AF_UNSPEC, bytes, picture_out) &&
                ask(netlink, RTM_GETADDR, AF_UNSPEC, bytes, picture_out) &&
                ask(netlink, RTM_GETROUTE, AF_INET, bytes, picture_out);
    if (read) {
        (void)ask(netlink, RTM_GETROUTE, AF_INET6, bytes, picture_out);
    }
    memory_free(bytes);
    (void)close(netlink);
    return read ? RESULT_OK : RESULT_UNSUPPORTED;
}
