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
#include "protocol/hedge.h"
#include "protocol/item_set.h"
#include "store/database_private.h"
#include "store/event_log.h"
#include "store/log_ahead_private.h"
#include "store/log_ids_private.h"

#define LOG_MOST_READERS 16      /* idle connections that are kept */
#define LOG_REMEMBERED_NODES 512 /* whose numbers are kept in memory */

struct log_snapshot_shared {
    struct log_snapshot public; /* the first member: the one pointer becomes the other */
    struct membership *membership;
    int references;
};

/* Whether the index of messages may hold runs of words that were deleted. */
enum log_words { LOG_WORDS_ARE_SHOWN, LOG_WORDS_DELETED, LOG_WORDS_BEING_SWEPT };

/* What the writer knows of the log in memory. */
struct log_state {
    bool is_known; /* that it is what the disk says; else nothing may be done before it is read */
    int64_t clock;
    int64_t head;
    int64_t last_seq;
    char life[ULID_TEXT_BYTES];        /* what arrival numbers are good for (§15) */
    int64_t set_back_seen;             /* when own events came that it had lost; 0: never */
    int64_t copy_seen;                 /* when another node was seen that has our key; 0: never */
    struct log_ids ids;                /* of the events that are stored */
    char last_target[ULID_TEXT_BYTES]; /* the greatest that a receipt is for; "": none */
    struct fingerprint fingerprint;
    struct community *community;
    int64_t grown_events; /* stored in this transaction, and their text */
    int64_t grown_bytes;
    bool membership_changed; /* since the last snapshot */
    bool is_moving;          /* there are authors in `moves` */
    bool has_moved;          /* a slice of it in this transaction */
    bool has_unanswered;     /* there are messages in `unanswered` */
    bool keeps_keys;         /* §24: it seals and opens */
    bool is_deriving;        /* views, of events that were here before */
    bool has_questions;      /* there are peers who ask for keys */
    bool owes_offers;        /* there are peers in `owed_offers` */
    bool blocks_some;        /* there are contacts who are blocked */
    bool has_unheard;        /* there are messages of who was */
    bool is_clearing;        /* there are conversations to be cleared */
    bool own_are_indexed;    /* log_sealings_private.h */
    bool secrets_may_go;     /* what came may have ended a receiving key */
    bool wants_upkeep;       /* log_upkeep_private.h: now */
    bool offers_are_unsure;  /* of some of our own offers the secret may be lost */
    int64_t reset_day;       /* the service day of the last reset because of a loss; 0: none */
    int64_t service_date;    /* that was counted last in this life; 0: none */
    enum log_words words;    /* in the index */
    struct log_search search;
    int repair_depth; /* keys that were given for messages with keys for … */
};

/* The event that enters the views, and what need not be found out again of it. */
struct log_entering {
    const struct event *event;     /* NULL: none does */
    bool is_alone;                 /* no other one has its commitment (§24.4) */
    bool asks_for_receipt;         /* it was opened, and its reader says that it was delivered */
    char *opened;                  /* owned; as in struct log_event */
    const struct payload *payload; /* borrowed: what we sealed in it ourselves; NULL: nothing */
};

struct log_event {
    struct verified_event *event; /* owned here until after the commit */
    const struct node_id *source;
    int64_t seq;
    bool concerns_us;
    bool asks_for_receipt; /* it did when it came */
    struct parties parties;
    char *opened; /* owned; NULL: nothing */
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
    struct lock *lock;          /* guards what follows */
    struct item_set *items;     /* NULL until it is read */
    bool borrowed;              /* somebody compares: it does not change */
    struct set_change *waiting; /* committed while it is read or borrowed */
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
    struct hedge hedge; /* of this start (§24.3) */
    struct log_entering entering;
    struct log_opener *opener; /* the writer's; NULL until a batch needs it */
    struct log_turns turns;
    struct log_lost lost;
    struct log_terms terms[LOG_TERMS_PLACES];
    struct log_clearing clearing; /* while state.is_clearing */
    int64_t search_may_wait;      /* so many messages for their index */
    int64_t swept_ms;             /* when secrets were last looked through; monotonic */
    bool has_deleted;             /* secrets or words, which the journal may still hold */
    struct numbered_node nodes[LOG_REMEMBERED_NODES];
    struct log_event *fresh; /* stored in this transaction */
    size_t fresh_count;
    atomic_bool holds_answers; /* messages for us wait to be answered; any thread reads it */
    atomic_bool journal_waits; /* for readers, that it may be emptied; any thread reads it */
    int64_t self;              /* our own number; any thread */
    char *path;
    struct lock *lock; /* guards what follows */
    struct log_early early;
    struct log_snapshot_shared *snapshot;
    struct database *readers[LOG_MOST_READERS];
    size_t reader_count;
};

#endif
