/* What is kept of a message, and how it is read from the views.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_STORE_HISTORY_PRIVATE_H
#define HEARTHCHAT_STORE_HISTORY_PRIVATE_H

#include "store/database_private.h"
#include "store/history.h"

/* SQL: the names in a list of attachments, for search. */
#define HISTORY_ATTACHMENT_NAMES(list)                                                             \
    "coalesce((SELECT group_concat(json_extract(value,'$.name'),' ') FROM json_each(" list ")),''" \
    ")"

/* The columns of history_message_of_row(), from `messages m`; ?1 is this node's key. Delivered is
 * the first receipt in replay order of the recipient, read the first mark at or above the message.
 */
#define HISTORY_COLUMNS                                                                            \
    "m.event_id,m.lamport,m.peer,m.outgoing,m.body,m.attachments,m.created_at,"                    \
    "(SELECT r.at FROM receipts r WHERE r.target_event_id=m.event_id AND r.type=10"                \
    " AND r.author=CASE WHEN m.outgoing THEN m.peer ELSE ?1 END"                                   \
    " ORDER BY r.lamport,r.event_id,r.hash LIMIT 1),"                                              \
    "(SELECT k.at FROM read_marks k WHERE k.peer=m.peer AND k.outgoing=m.outgoing"                 \
    " AND (k.target_lamport,k.target_event_id)>=(m.lamport,m.event_id)"                            \
    " ORDER BY k.target_lamport,k.target_event_id LIMIT 1)"

enum { HISTORY_COLUMN_COUNT = 9 };

/* Borrowed from the row until its next step. */
struct history_message history_message_of_row(sqlite3_stmt *row);

#endif
