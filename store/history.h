/* The owner's conversations: messages in order, receipts filled in, unread counts (§13, §14).
 *
 * Thread: any; each call uses a read-only connection of its own. Texts that a visitor gets are
 * borrowed for the call of the visitor.
 */
#ifndef HEARTHCHAT_STORE_HISTORY_H
#define HEARTHCHAT_STORE_HISTORY_H

#include "store/event_log.h"

#define HISTORY_MOST_LIMIT 1000

struct history_query {
    const struct node_id *peer; /* NULL: all conversations */
    bool with_blocked;          /* of all: those with who is blocked, too */
    int64_t since_lamport;      /* exclusive; 0: from the first */
    int64_t before_lamport;     /* exclusive; 0: to the last */
    bool newest;                /* the last ones of these, not the first */
    size_t limit; /* 1 to HISTORY_MOST_LIMIT; a page is lengthened to its last lamport */
};

/* Whether others could read it, and whether we can (§24.14). The numbers are stored. */
enum message_e2e {
    MESSAGE_CLEAR = 0,   /* it was not sealed */
    MESSAGE_WAITING = 1, /* for its key; of this and all behind, but OPENED, the body is "" */
    MESSAGE_OPENED = 2,
    MESSAGE_UNREADABLE = 3,
    MESSAGE_UNSUPPORTED = 4, /* by this version, or by a log that keeps no keys */
    MESSAGE_DELETED = 5,
    MESSAGE_EXPIRED = 6,
};

/* Of what was deleted here, when the last key goes that could open it again (§24.9): the day since
 * 1970 by which a prekey does, if this node runs each day until then; or one of these. */
enum {
    HISTORY_KEY_IS_GONE = 0,
    HISTORY_KEY_GOES_SOON = -1, /* when its author has sealed to a newer one */
};

struct history_message {
    const char *event_id;
    int64_t lamport;
    const uint8_t *peer; /* NODE_ID_BYTES */
    bool outgoing;
    enum message_e2e e2e;
    const char *body;
    const char *attachments; /* canonical JSON */
    const char *created_at;
    const char *delivered_at; /* NULL: not yet */
    const char *read_at;      /* NULL: not yet */
    const uint8_t *hash;      /* of its event: what others name it by; BLAKE3_HASH_BYTES */
    const char *reply_to;   /* event_id; "": of a message that is not here. NULL: it is no reply */
    const char *edited_at;  /* NULL: it was not; else `body` has its last words */
    const char *deleted_at; /* by its author; NULL: it was not, or on this device alone */
    const char *deleted_there_at; /* their receipt for our deletion; NULL: not yet, or not ours */
    int64_t key_goes;             /* of what others wrote to us */
    const char *own_reaction;     /* "": none */
    const char *peer_reaction;
};
typedef void history_visit(void *context, const struct history_message *message);

/* Visits in ascending (lamport, event_id) order. `more_out`: there is more in the direction of
 * paging. */
enum result history_page(struct event_log *log, const struct history_query *query,
                         history_visit *visit, void *context, bool *more_out);

/* The same page in pieces, for what is long. A copy is another place in the same page. */
struct history_reading {
    struct event_log *log;
    int64_t above; /* exclusive lamports, and the conversation; 0: all */
    int64_t below;
    int64_t conversation;
    bool of_all;
    bool with_blocked;
    bool more;
    int64_t lamport; /* of the message that was visited last */
    char event_id[ULID_TEXT_BYTES];
};
enum result history_begin(struct event_log *log, const struct history_query *query,
                          struct history_reading *reading_out);

/* Visits on until `is_over` says so, which is asked after each message, or to the end. */
enum result history_read_on(struct history_reading *reading, history_visit *visit,
                            bool (*is_over)(void *context), void *context, bool *ended_out);

/* Messages by what names them: the hash of their event, or how its id ends. */
struct history_name {
    const struct node_id *peer; /* NULL: of whatever conversation */
    const uint8_t *hash;        /* BLAKE3_HASH_BYTES; NULL: by `id_end` */
    const char *id_end;
};
enum { HISTORY_MOST_FOUND = 10 };

/* The newest first, HISTORY_MOST_FOUND of them. */
enum result history_find(struct event_log *log, const struct history_name *name,
                         history_visit *visit, void *context);

/* With whom the conversation is that has a message with this id. RESULT_NOT_FOUND: none has;
 * RESULT_MISMATCH: several have. */
enum result history_peer_of(struct event_log *log, const char *event_id, struct node_id *peer_out);

/* All the words that an edited message ever had, those of now last; of any other, and of none,
 * nothing is visited. */
typedef void history_visit_words(void *context, const char *body, const char *at);
enum result history_words(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES],
                          history_visit_words *visit, void *context);

/* How many messages from that peer wait to be read. */
enum result history_count_unread(struct event_log *log, const struct node_id *peer,
                                 int64_t *unread_out);

/* The newest message with that peer; not visited when there is none. */
enum result history_last_message(struct event_log *log, const struct node_id *peer,
                                 history_visit *visit, void *context);

#endif
