/* One community's append-only log: one writer thread, group commit, views in the same commit.
 *
 * What is answered is on disk: `done` callbacks run after the commit (SQLite, WAL, synchronous
 * FULL), on the writer thread; they must not block. `on_commit` runs there too, before them.
 * Thread: open/close: startup; append functions and snapshots: any.
 * Ownership: append functions consume drafts and events, on failure too.
 * Limits: the inbox holds 1,024 jobs; more are refused with RESULT_FULL, never queued.
 */
#ifndef HEARTHCHAT_STORE_EVENT_LOG_H
#define HEARTHCHAT_STORE_EVENT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/error.h"
#include "protocol/event_draft.h"
#include "protocol/fingerprint.h"
#include "protocol/membership.h"

struct event_log;

/* Whom a message, or a receipt that counts for one, concerns (§15). */
struct parties {
    bool known;            /* false: it is neither, or its message isn't here */
    bool several;          /* it counts for others' messages with this id too; the first is named */
    struct node_id author; /* of the message */
    struct node_id recipient;
};

/* An event that a commit brought; borrowed for the call. */
struct committed_event {
    int64_t seq; /* arrival number in this node's log, from 1 */
    const struct verified_event *event;
    const struct node_id *source; /* the peer it came from; NULL: own */
    bool concerns_us;
    struct parties parties;
    const char *opened; /* what it opened to, for the owner alone (§24.14): JSON; NULL: nothing */
};

struct event_log_options {
    const char *directory; /* of the community; made when absent */
    struct node_id community_id;
    const struct signing_key *key; /* borrowed for the log's life */
    const struct clock *clock;
    bool synchronous; /* no threads: each call commits and answers before it returns */
    bool reads_only;  /* beside a running node: nothing is appended, nothing brought up to date */
    bool answers_messages;    /* append chat.message.delivered for messages that arrive for us */
    bool has_a_life;          /* a node's: it notices when it was set back to a backup */
    bool keeps_keys;          /* end-to-end encryption (§24): said once, it is so for good */
    int64_t receipts_wait_ms; /* for company, since nobody waits for them: a commit less */
    int64_t least_clock;      /* own events come after it, and none up to it is too far ahead */
    void (*on_commit)(void *context, const struct committed_event *events, size_t count);
    /* What that peer has lost (log_lost.h), or what is kept here of it, changed; as on_commit. */
    void (*on_lost)(void *context, const struct node_id *peer, int64_t count);
    void *context;
};

/* Opens or makes the log and starts its writer. Start-up reads the community's facts and its
 * members' manifests, so it takes as long for a million messages as for none; only a log of an
 * older version is derived anew, once. On a full disk the log may open for reading alone:
 * event_log_is_read_only(). RESULT_IO, RESULT_FULL, RESULT_UNSUPPORTED for a database from a newer
 * version (with `reads_only` from an older one, too), RESULT_MISMATCH for one of another community
 * or another device. */
enum result event_log_open(const struct event_log_options *options, struct event_log **log_out,
                           struct error *error);

/* Answers what is in the inbox, commits, and frees. */
void event_log_close(struct event_log **log);

/* Nothing can be appended or received (RESULT_IO). */
bool event_log_is_read_only(const struct event_log *log);

/* Where the log stands; read-only, of one moment. */
struct log_snapshot {
    const struct membership *membership;
    int64_t head;     /* greatest lamport of an accepted event; 0 when empty */
    int64_t clock;    /* the Lamport clock */
    int64_t last_seq; /* the newest arrival number */
    uint64_t event_count;
    char life[ULID_TEXT_BYTES]; /* what arrival numbers are good for (§15); "": no node's yet */
    int64_t copy_seen;     /* seconds since 1970: another node writes with our key; 0: never seen */
    int64_t set_back_seen; /* the same: own events came that this log had lost */
    uint8_t fingerprint[FINGERPRINT_BYTES];
};

/* The state after the last commit. Give it back with log_snapshot_release(). */
const struct log_snapshot *log_snapshot_acquire(struct event_log *log);
void log_snapshot_release(struct event_log *log, const struct log_snapshot **snapshot);

/* What became of an own event. */
struct append_answer {
    enum result result;
    struct error error; /* set unless RESULT_OK */
    char event_id[ULID_TEXT_BYTES];
    int64_t lamport;
    int64_t seq;
    bool repeated; /* the event was there already: nothing was appended */
    bool e2e;      /* a message that only its recipient can open */
};
typedef void event_log_answered(void *context, const struct append_answer *answer);

/* Signs and appends an own event. A message whose client_id we used before: the first answer again
 * when recipient, body and attachments are the same, else RESULT_EXISTS; where a log keeps keys, it
 * is sealed for a recipient who can open it. RESULT_MISMATCH: that one can't, and the draft is to
 * be sealed. RESULT_NOT_FOUND: the recipient is not a member. RESULT_UNAUTHORIZED: this node may
 * not (it was revoked, or may not invite). RESULT_INVALID, RESULT_IO, RESULT_FULL: as everywhere.
 * When this returns anything but RESULT_OK, `done` is never called. */
enum result log_append_event(struct event_log *log, struct event_draft *draft,
                             event_log_answered *done, void *context);

/* Marks a message of `peer`, and all before it, as read: appends chat.message.read unless that is
 * said already (`repeated`); with `silently` it only moves the local unread count.
 * RESULT_NOT_FOUND: no message of that peer has this id. */
enum result log_mark_read_up_to(struct event_log *log, const struct node_id *peer,
                                const char *event_id, bool silently, event_log_answered *done,
                                void *context);

/* What became of events from a peer. */
struct receive_answer {
    enum result result; /* RESULT_OK, or RESULT_IO: nothing of it was kept */
    size_t accepted;
    const enum event_refusal *refusals; /* one each; EVENT_ACCEPTABLE: kept now or held before */
    char (*event_ids)[ULID_TEXT_BYTES]; /* read-only */
    size_t count;
    int64_t head;
};
typedef void event_log_received(void *context, const struct receive_answer *answer);

/* Takes verified events through §6 steps 2, 4, 5, 6. Consumes `events` (the array too) and what is
 * in it. `source` NULL: nobody to blame. */
enum result log_receive_events(struct event_log *log, struct verified_event **events, size_t count,
                               const struct node_id *source, event_log_received *done,
                               void *context);

/* True while messages for us are not answered, for the log was set back to a backup or made anew:
 * what it lacks comes again, and its own old answers with it. */
bool log_caught_up_is_awaited(struct event_log *log);

/* It lacks what this node wrote before, so that it waits for that. RESULT_IO when that can't be
 * kept. Thread: any that may block. */
enum result log_caught_up_await(struct event_log *log);

/* It has caught up: those that wait are answered, and the others as they come. */
enum result log_caught_up_tell(struct event_log *log);

#endif
