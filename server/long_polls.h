/* Subscribers that wait by HTTP instead of a WebSocket (§15).
 *
 * A poll is a request: it looks on a reader's thread when it comes, when something is stored that
 * concerns who asks, and when its time is over; each is answered once.
 * Thread: any. Limits: core/limits.h; more are told capacity_exceeded.
 */
#ifndef HEARTHCHAT_SERVER_LONG_POLLS_H
#define HEARTHCHAT_SERVER_LONG_POLLS_H

#include "core/lock.h"
#include "handlers/node_parts.h"

struct long_poll {
    struct request *request;
    int64_t last_seq;           /* wants what is above it; -1: live from now on … */
    char life[ULID_TEXT_BYTES]; /* … in this life of the log; "": the present one */
    bool for_peer;              /* a member asks what concerns it, not this node's owner */
    struct node_id whose;       /* that one, or the owner */
    int64_t deadline_ms;        /* monotonic */
    struct long_polls *polls;   /* these and what follows are the polls' */
    bool looks;                 /* a look is due, or under way */
    bool again;                 /* … and there is more to see since it began */
    bool over;
    struct long_poll *next;
    struct long_poll *next_woken;
};

struct long_polls {
    const struct node_parts *parts;
    struct lock *lock; /* guards what follows */
    struct long_poll *first;
    bool ended;
};

void long_polls_init(struct long_polls *polls, const struct node_parts *parts);

/* None is there any more. */
void long_polls_deinit(struct long_polls *polls);

/* Answers at once or keeps it. Consumes the poll. Thread: a reader's. */
void long_polls_add(struct long_polls *polls, struct long_poll *poll);

/* Those whom it concerns look. For the log's on_commit. */
void long_polls_stored(struct long_polls *polls, const struct committed_event *events,
                       size_t count);

/* All look. */
void long_polls_wake_all(struct long_polls *polls);

/* Those whose time is over by then end. True: others wait. */
bool long_polls_expire(struct long_polls *polls, int64_t now_ms);

/* All end, and those that come from here on at once. */
void long_polls_finish(struct long_polls *polls);

#endif
