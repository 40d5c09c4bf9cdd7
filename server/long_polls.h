/* Subscribers that wait by HTTP instead of a WebSocket (§15).
 *
 * Thread: websocket. Each poll is answered once. Limits: core/limits.h; more are told
 * capacity_exceeded.
 */
#ifndef HEARTHCHAT_SERVER_LONG_POLLS_H
#define HEARTHCHAT_SERVER_LONG_POLLS_H

#include <stdatomic.h>

#include "handlers/node_parts.h"

struct long_poll {
    struct request *request;
    int64_t last_seq;           /* wants what is above it; -1: live from now on … */
    char life[ULID_TEXT_BYTES]; /* … in this life of the log; "": the present one */
    bool for_peer;              /* a member asks what concerns it, not this node's owner */
    int64_t deadline_ms;        /* monotonic */
    struct long_poll *next;
};

struct long_polls {
    const struct node_parts *parts;
    struct long_poll *first;
    atomic_size_t for_peers; /* how many of them; read by the writer */
    size_t for_owner;
};

/* Answers at once or keeps it. Consumes the poll. */
void long_polls_add(struct long_polls *polls, struct long_poll *poll);

/* Answers those that have something (`stored`: look for it) or whose time is over. */
void long_polls_serve(struct long_polls *polls, bool stored);

/* Answers all as timed out. */
void long_polls_finish(struct long_polls *polls);

#endif
