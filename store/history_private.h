/* How a message is read from the views.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_STORE_HISTORY_PRIVATE_H
#define HEARTHCHAT_STORE_HISTORY_PRIVATE_H

#include "store/database_private.h"
#include "store/history.h"

/* The columns of history_message_of_row(), from `messages m`; ?1 is this node's number, ?2 the type
 * of delivered receipts. Delivered is the first receipt in replay order of the recipient, read the
 * first of its steps at or above the message. */
#define HISTORY_COLUMNS                                                                            \
    "m.event_id,m.lamport,(SELECT n.key FROM nodes n WHERE n.id=CASE m.author WHEN ?1 THEN"        \
    " m.recipient ELSE m.author END),m.author=?1,m.body,m.attachments,m.created_at,"               \
    "(SELECT r.at FROM receipts r WHERE r.target_event_id=m.event_id AND r.type=?2"                \
    " AND r.author=m.recipient ORDER BY r.lamport,r.event_id,r.hash LIMIT 1),"                     \
    "(SELECT k.at FROM read_marks k INDEXED BY read_marks_steps WHERE "                            \
    "k.conversation=m.conversation"                                                                \
    " AND k.reader=m.recipient AND k.step=1"                                                       \
    " AND (k.target_lamport,k.target_event_id)>=(m.lamport,m.event_id)"                            \
    " ORDER BY k.target_lamport,k.target_event_id LIMIT 1),m.sealed"

enum { HISTORY_COLUMN_COUNT = 10 };

/* Borrowed from the row until its next step. False: the row is damaged. */
bool history_message_of_row(sqlite3_stmt *row, struct history_message *message_out);

#endif
