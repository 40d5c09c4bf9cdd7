#include "server/socket_owner.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_BYTES = 4096, PATIENCE_S = 1 };

struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
};

/* The question is put from their side: their address is the source. */
static void fill_addresses(const struct sockaddr *ours, const struct sockaddr *theirs,
                           struct inet_diag_sockid *id)
{
    if (ours->sa_family == AF_INET) {
        const struct sockaddr_in *source = (const struct sockaddr_in *)(const void *)theirs;
        const struct sockaddr_in *destination = (const struct sockaddr_in *)(const void *)ours;
        id->idiag_sport = source->sin_port;
        id->idiag_dport = destination->sin_port;
        memcpy(id->idiag_src, &source->sin_addr, sizeof source->sin_addr);
        memcpy(id->idiag_dst, &destination->sin_addr, sizeof destination->sin_addr);
    } else {
        const struct sockaddr_in6 *source = (const struct sockaddr_in6 *)(const void *)theirs;
        const struct sockaddr_in6 *destination = (const struct sockaddr_in6 *)(const void *)ours;
        id->idiag_sport = source->sin6_port;
        id->idiag_dport = destination->sin6_port;
        memcpy(id->idiag_src, &source->sin6_addr, sizeof source->sin6_addr);
        memcpy(id->idiag_dst, &destination->sin6_addr, sizeof destination->sin6_addr);
    }
    id->idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

static enum result explain(int reason)
{
    bool passes = reason == EMFILE || reason == ENFILE || reason == ENOMEM || reason == ENOBUFS ||
                  reason == EAGAIN || reason == EINTR;
    return passes ? RESULT_FULL : RESULT_UNSUPPORTED;
}

/* A socket that was closed, with something on its way still, has no file and is root's, as the
 * kernel tells it: whose it was, nobody knows. */
static enum result read_answer(int netlink, uid_t *uid_out)
{
    _Alignas(struct nlmsghdr) uint8_t bytes[ANSWER_BYTES];
    ssize_t got = recv(netlink, bytes, sizeof bytes, 0);
    struct nlmsghdr head;
    struct inet_diag_msg message;
    if (got < (ssize_t)sizeof head) {
        return got < 0 ? explain(errno) : RESULT_UNSUPPORTED;
    }
    memcpy(&head, bytes, sizeof head);
    if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY) {
        return RESULT_NOT_FOUND;
    }
    if (got < (ssize_t)(NLMSG_HDRLEN + sizeof message)) {
        return RESULT_UNSUPPORTED;
    }
    memcpy(&message, bytes + NLMSG_HDRLEN, sizeof message);
    if (message.idiag_inode == 0) {
        return RESULT_NOT_FOUND;
    }
    *uid_out = message.idiag_uid;
    return RESULT_OK;
}

/* Asks whose the other end is, whoever has that address now. */
static enum result ask(const struct sockaddr *ours, const struct sockaddr *theirs, uid_t *uid_out)
{
    struct question question = {
        .head = {.nlmsg_len = sizeof question,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = (uint8_t)ours->sa_family,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_states = UINT32_MAX},
    };
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    enum result result = RESULT_UNSUPPORTED;
    if (ours->sa_family != theirs->sa_family) {
        return RESULT_NOT_FOUND;
    }
    fill_addresses(ours, theirs, &question.body.id);
    int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink >= 0) {
        if (setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
            send(netlink, &question, sizeof question, 0) == (ssize_t)sizeof question) {
            result = read_answer(netlink, uid_out);
        } else {
            result = explain(errno);
        }
        (void)close(netlink);
    } else {
        result = explain(errno);
    }
    return result;
}

/* What was reset leaves its addresses to whoever connects next, before we have read all of it. */
static bool was_reset(int descriptor)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
           info.tcpi_state == TCP_CLOSE;
}

enum result socket_owner_find(int ours, const struct sockaddr *theirs, uid_t *uid_out)
{
    struct sockaddr_in6 address = {0}; /* room for both families */
    socklen_t length = sizeof address;
    uid_t uid = 0;
    if (getsockname(ours, (struct sockaddr *)(void *)&address, &length) != 0) {
        return RESULT_NOT_FOUND;
    }
    enum result result = ask((const struct sockaddr *)(const void *)&address, theirs, &uid);
    if (result == RESULT_OK && was_reset(ours)) {
        result = RESULT_NOT_FOUND;
    }
    *uid_out = result == RESULT_OK ? uid : *uid_out;
    return result;
}

enum result socket_owner_probe(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in client_address = {0};
    socklen_t length = sizeof address;
    uid_t uid = 0;
    enum result result = RESULT_FULL;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr *bound = (struct sockaddr *)(void *)&address;
    struct sockaddr *connected = (struct sockaddr *)(void *)&client_address;
    if (server >= 0 && client >= 0 && bind(server, bound, length) == 0 && listen(server, 1) == 0 &&
        getsockname(server, bound, &length) == 0 && connect(client, bound, length) == 0 &&
        getsockname(client, connected, &length) == 0) {
        result = ask(bound, connected, &uid);
        if (result == RESULT_NOT_FOUND || (result == RESULT_OK && uid != getuid())) {
            result = RESULT_UNSUPPORTED;
        }
    }
    if (server >= 0) {
        (void)close(server);
    }
    if (client >= 0) {
        (void)close(client);
    }
    return result;
}
