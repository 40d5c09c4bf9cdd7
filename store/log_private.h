/* What the files of the log share: its state, and the steps inside a transaction.
 * Thread: writer, except where it says otherwise.
 */
#ifndef HEARTHCHAT_STORE_LOG_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_PRIVATE_H

#include <stdatomic.h>

#include "core/inbox.h"
#include "core/lock.h"
#include "protocol/item_set.h"
#include "store/database_private.h"
#include "store/event_log.h"

#define LOG_MOST_JOBS 1024 /* in the inbox */
#define LOG_MOST_JOBS_A_COMMIT 256
#define LOG_MOST_TYPES 64             /* numbers of event types are below it */
#define LOG_MOST_READERS 16           /* idle connections that are kept */
#define LOG_MOST_LAMPORT_STEP 1000000 /* §6 step 4 */

/* One piece of work: `run` inside the transaction, `done` after it (committed or not), which frees.
 */
struct writer_job {
    void (*run)(struct writer_job *job, struct event_log *log);
    void (*done)(struct writer_job *job, struct event_log *log, enum result commit);
};

/* A copy of the membership, shared by all snapshots from one change of it to the next. */
struct shared_membership {
    struct membership *value;
    int references;
};

struct log_snapshot_shared {
    struct log_snapshot public; /* the first member: the one pointer becomes the other */
    struct shared_membership *membership;
    int references;
};

/* What the writer knows of the log in memory; reloaded from disk when a transaction fails. */
struct log_state {
    int64_t clock;
    int64_t head;
    int64_t last_seq;
    char last_id[ULID_TEXT_BYTES]; /* the greatest event id that is stored; "": none */
    struct fingerprint fingerprint;
    struct membership *membership;
    int64_t heads[LOG_MOST_TYPES];      /* the greatest lamport of each type of event */
    bool heads_changed[LOG_MOST_TYPES]; /* in this transaction */
    int64_t grown_events;               /* stored in this transaction, and their text */
    int64_t grown_bytes;
    bool membership_changed;                  /* since the last snapshot */
    struct verified_event **community_events; /* all that are stored, in replay order; owned */
    size_t community_event_count;
};

struct log_event {
    struct verified_event *event; /* owned here until after the commit */
    const struct node_id *source;
    int64_t seq;
    bool concerns_us;
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

struct event_log {
    struct event_log_options options;
    struct database database; /* the only one that writes */
    struct inbox *inbox;
    struct thread *writer;
    struct log_state state;
    struct log_set set;
    struct ulid_source ulids;
    struct log_event *fresh; /* stored in this transaction */
    size_t fresh_count;
    struct lock *lock; /* guards what follows */
    struct log_snapshot_shared *snapshot;
    struct database *readers[LOG_MOST_READERS];
    size_t reader_count;
    char *path;
};

/* log_schema.c: makes or checks the tables. */
enum result log_schema_prepare(struct database *database, const struct event_log_options *options,
                               struct error *error);

enum result log_writer_start(struct event_log *log);
void log_writer_stop(struct event_log *log);
enum result log_submit(struct event_log *log, struct writer_job *job);

/* state.c: reads the state from disk; publishes it for readers. */
enum result log_state_load(struct event_log *log);
void log_state_deinit(struct log_state *state);
void log_state_save(struct event_log *log);
void log_state_publish(struct event_log *log);
void log_state_unpublish(struct event_log *log);
void log_state_load_heads(struct event_log *log); /* as the table has them now */

/* accept.c: §6 steps 2, 4, 5, 6 for one event. Consumes it. `seq_out` gets its arrival number, 0
 * when it was refused. */
enum event_refusal log_accept(struct event_log *log, struct verified_event **event,
                              const struct node_id *source, int64_t *seq_out);

/* accept.c: the membership that the community events in memory make. */
struct membership *log_replay(const struct event_log *log);

/* event_set.c: reads the set; notes what a transaction changes, and what became of it. */
enum result log_set_open(struct event_log *log);
void log_set_close(struct event_log *log);
void log_set_note(struct event_log *log, const struct event *event, bool removed);
void log_set_settle(struct event_log *log, bool committed);

/* rebuild.c: derives again, inside a transaction, all that follows from the events: what is aside,
 * the views, the counts. */
void log_rebuild(struct event_log *log);

/* append.c: signs and stores an own event. Consumes the draft. */
enum result log_append_own(struct event_log *log, struct event_draft *draft,
                           struct append_answer *answer_out);

/* views.c: what an accepted event changes in the views, and back. True when it concerns us.
 * `alone`: its id is nobody else's. */
bool log_views_apply(struct event_log *log, const struct event *event, int64_t seq, bool alone);
void log_views_remove(struct event_log *log, const struct event *event, int64_t seq);

/* Reads a stored event back; NULL when the row is damaged (logged). */
struct verified_event *log_event_from_row(struct event_log *log, sqlite3_stmt *row, int column);

/* Any thread. */
struct database *log_reader_acquire(struct event_log *log);
void log_reader_release(struct event_log *log, struct database **reader);

#endif
