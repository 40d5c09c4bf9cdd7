/* The log's state: what its files share, and nothing that they do.
 *
 * Thread: the writer's, except where it says otherwise.
 */
#ifndef HEARTHCHAT_STORE_LOG_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_PRIVATE_H

#include <stdatomic.h>

#include "core/inbox.h"
#include "core/lock.h"
#include "core/thread.h"
#include "protocol/community.h"
#include "protocol/item_set.h"
#include "store/database_private.h"
#include "store/event_log.h"

#define LOG_MOST_READERS 16      /* idle connections that are kept */
#define LOG_REMEMBERED_NODES 512 /* whose numbers are kept in memory */

struct log_snapshot_shared {
    struct log_snapshot public; /* the first member: the one pointer becomes the other */
    struct membership *membership;
    int references;
};

/* What the writer knows of the log in memory. */
struct log_state {
    bool is_known; /* that it is what the disk says; else nothing may be done before it is read */
    int64_t clock;
    int64_t head;
    int64_t last_seq;
    char life[ULID_TEXT_BYTES];        /* what arrival numbers are good for (§15) */
    int64_t copy_seen;                 /* when another node was seen that has our key; 0: never */
    char last_id[ULID_TEXT_BYTES];     /* the greatest event id that is stored; "": none */
    char last_target[ULID_TEXT_BYTES]; /* the greatest that a receipt is for; "": none */
    struct fingerprint fingerprint;
    struct community *community;
    int64_t grown_events; /* stored in this transaction, and their text */
    int64_t grown_bytes;
    bool membership_changed; /* since the last snapshot */
    bool is_moving;          /* there are authors in `moves` */
    bool has_moved;          /* a slice of it in this transaction */
    bool has_unanswered;     /* there are messages in `unanswered` */
};

struct log_event {
    struct verified_event *event; /* owned here until after the commit */
    const struct node_id *source;
    int64_t seq;
    bool concerns_us;
    struct parties parties;
};

struct set_change {
    struct item item;
    bool removed;
};

/* The set of accepted events in memory (event_set.h). */
struct log_set {
    struct set_change *noted; /* in this transaction; the writer's */
    size_t noted_count;
    size_t noted_capacity;
    struct thread *reader;
    atomic_bool stopping;
    struct lock *lock;          /* guards what follows; held while a message is answered */
    struct item_set *items;     /* NULL until it is read */
    struct set_change *waiting; /* committed while it is read */
    size_t waiting_count;
};

/* The number of a node in the tables. */
struct numbered_node {
    struct node_id key;
    int64_t number; /* 0: an empty place */
};

struct event_log {
    struct event_log_options options;
    struct database database; /* the only one that writes */
    enum database_mode mode;
    struct inbox *inbox;
    struct thread *writer;
    struct log_state state;
    struct log_set set;
    struct ulid_source ulids;
    struct numbered_node nodes[LOG_REMEMBERED_NODES];
    struct log_event *fresh; /* stored in this transaction */
    size_t fresh_count;
    atomic_bool holds_answers; /* messages for us wait to be answered; any thread reads it */
    int64_t self;              /* our own number; any thread */
    char *path;
    struct lock *lock; /* guards what follows */
    struct log_snapshot_shared *snapshot;
    struct database *readers[LOG_MOST_READERS];
    size_t reader_count;
};

#endif
