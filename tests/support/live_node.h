/* A node in this process, with a community of its own, for programs that talk to it over sockets.
 *
 * Thread: the test's. Started on first use, stopped at exit; its clock for callers moves on by
 * itself, so that nobody calls too often.
 */
#ifndef HEARTHCHAT_TESTS_LIVE_NODE_H
#define HEARTHCHAT_TESTS_LIVE_NODE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol/signing.h"

struct live_node {
    uint16_t local_port;
    uint16_t peer_port; /* the peer listener's routes and gate, without TLS */
    const char *directory;
    const struct signing_key *key; /* its own: that of a member */
    char topic[80];                /* its messages' */
};

const struct live_node *live_node_get(void);

/* What callers of the peer listener have to sign as the time. */
int64_t live_node_wall_seconds(void);

/* A connection to a port of loopback. */
int live_node_connect(uint16_t port);

/* recv(2), whatever signals come. */
ssize_t live_node_receive(int descriptor, void *bytes, size_t length_bytes);

/* Sends all, then reads until the other end closes; *length_out bytes and a NUL, the caller's.
 * Ends the process when the other end does not close within 20 s. */
char *live_node_talk(int descriptor, const void *bytes, size_t length_bytes, size_t *length_out);

#endif
