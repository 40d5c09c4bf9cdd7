/* How a message is read from the views.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_STORE_HISTORY_PRIVATE_H
#define HEARTHCHAT_STORE_HISTORY_PRIVATE_H

#include "protocol/wall_clock.h"
#include "store/database_private.h"
#include "store/history.h"
#include "store/log_schema_private.h"

/* The columns of history_rows_read(), from `messages m`; ?1 is this node's number, ?2 the type of
 * delivered receipts. Delivered is the first receipt in replay order of the recipient; the message
 * that it answers one of its conversation. Of what we deleted for both, the receipt for that. */
#define HISTORY_COLUMNS                                                                            \
    "m.event_id,m.lamport,m.conversation,m.author=?1,m.recipient,m.body,m.attachments,"            \
    "m.created_at"                                                                                 \
    ",(SELECT r.at FROM receipts r WHERE r.target_event_id=m.event_id AND r.type=?2"               \
    " AND r.author=m.recipient ORDER BY r.lamport,r.event_id,r.hash LIMIT 1),m.sealed,m.hash,"     \
    "CASE m.reply_to WHEN x'' THEN NULL ELSE coalesce((SELECT t.event_id FROM messages t"          \
    " WHERE t.conversation=m.conversation AND t.seq=(SELECT e.seq FROM events e"                   \
    " INDEXED BY events_hash WHERE " LOG_SCHEMA_IS(                                                \
        "e.hash", "m.reply_to") " AND e.aside=0)),'') END,"                                        \
                                "m.edited_at,m.deleted_at,m.own_reaction,m.peer_reaction,"         \
                                "CASE WHEN m.deleted_at='' OR m.author<>?1 THEN NULL ELSE "        \
                                "(SELECT r.at FROM changes c"                                      \
                                " JOIN receipts r ON r.target_event_id=c.event_id AND r.type=?2 "  \
                                "AND r.author=m.recipient"                                         \
                                " WHERE c.target=m.hash AND c.kind=2 AND c.author=m.author"        \
                                " AND c.conversation=m.conversation ORDER BY "                     \
                                "r.lamport,r.event_id,r.hash LIMIT 1) END"

enum { HISTORY_COLUMN_COUNT = 17 };

/* What holds for many messages that follow each other: the first of their reader's steps at or
 * above them all, from the one that it was looked up for up to its target. */
struct history_step {
    int64_t conversation; /* 0: nothing was looked up */
    int64_t from_lamport;
    char from_event_id[ULID_TEXT_BYTES];
    bool found; /* or there is none above */
    int64_t target_lamport;
    char target_event_id[ULID_TEXT_BYTES];
    char at[WALL_CLOCK_TEXT_BYTES];
};

/* One page being read. All zero but for the connection at first. */
struct history_rows {
    struct database *reader;
    int64_t conversation; /* whose peer is known */
    uint8_t peer[NODE_ID_BYTES];
    struct history_step steps[2]; /* of the peer's reading, and of ours */
    int read_at_column;           /* of rows of many conversations; 0: `steps` have it */
    char created_at[WALL_CLOCK_TEXT_BYTES];
};

/* Borrowed until the statement's next step. False: the row is damaged. */
bool history_rows_read(struct history_rows *rows, sqlite3_stmt *row,
                       struct history_message *message_out);

/* NULL for "", what is not so. */
const char *history_rows_text(sqlite3_stmt *row, int column);

#endif
