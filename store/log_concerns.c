#include "store/log_concerns_private.h"

#include <stdio.h>
#include <string.h>

#include "store/log_nodes_private.h"
#include "store/log_schema_private.h"

void log_concerns_add(struct event_log *log, int64_t seq, int64_t node, int64_t other)
{
    database_run(&log->database, "INSERT OR IGNORE INTO concerns(node,seq) VALUES(?1,?3),(?2,?3)",
                 "iii", node, other, seq);
}

void log_concerns_remove(struct event_log *log, int64_t seq, int64_t node, int64_t other)
{
    database_run(&log->database, "DELETE FROM concerns WHERE node IN (?1,?2) AND seq=?3", "iii",
                 node, other, seq);
}

#define AUTHOR LOG_SCHEMA_AUTHOR("author")
#define OF_ID "INDEXED BY events_event_id WHERE event_id=?1 "
#define OF_AUTHOR OF_ID "AND " AUTHOR "=a.author AND aside=0 "
#define HASH LOG_SCHEMA_PREFIX("hash")
#define LEAST_OF_AUTHOR                                                                            \
    "SELECT seq,min(hash) FROM events " OF_AUTHOR "AND " HASH "=(SELECT " HASH                     \
    " FROM events " OF_AUTHOR "ORDER BY " HASH " LIMIT 1)"

/* Of each author the event with the smallest hash. Not sorted by it: SQLite would open a table; of
 * those whose hashes begin alike each is looked at once. */
static const char find_messages[] =
    "WITH RECURSIVE authors(author) AS (SELECT min(" AUTHOR ") FROM events " OF_ID
    "UNION ALL SELECT (SELECT min(" AUTHOR ") FROM events " OF_ID "AND " AUTHOR ">authors.author)"
    " FROM authors WHERE author IS NOT NULL)"
    " SELECT e.seq,e.lamport,e.author FROM authors a CROSS JOIN events e"
    " ON (e.seq,e.hash)=(" LEAST_OF_AUTHOR ") WHERE e.author<>?3 AND e.type=?2"
    " AND EXISTS (SELECT 1 FROM concerns c WHERE c.node=?4 AND c.seq=e.seq)";

/* A message concerns its author and its recipient: whom it concerns and who did not write it was
 * sent it. Of each author's with that id the one that is shown is looked at, and none of its twins.
 */
void log_concerns_find_messages(struct event_log *log, const char *event_id,
                                const struct node_id *recipient,
                                void (*visit)(struct event_log *log,
                                              const struct log_message *message, void *context),
                                void *context)
{
    sqlite3_stmt *row =
        database_query(&log->database, find_messages, "tibi", event_id, (int64_t)EVENT_MESSAGE_SENT,
                       recipient->key, NODE_ID_BYTES, log_nodes_number(log, recipient));
    struct log_message message = {.recipient = *recipient};
    (void)snprintf(message.event_id, sizeof message.event_id, "%s", event_id);
    while (database_next(&log->database, row)) {
        message.seq = sqlite3_column_int64(row, 0);
        message.lamport = sqlite3_column_int64(row, 1);
        if (sqlite3_column_bytes(row, 2) == NODE_ID_BYTES) {
            memcpy(message.author.key, sqlite3_column_blob(row, 2), NODE_ID_BYTES);
            visit(log, &message, context);
        }
    }
    database_done(row);
}

const struct node_id *log_concerns_peer(const struct event_log *log,
                                        const struct log_message *message)
{
    const struct node_id *self = &log->options.key->node_id;
    if (node_id_equal(&message->author, self)) {
        return &message->recipient;
    }
    return node_id_equal(&message->recipient, self) ? &message->author : NULL;
}
