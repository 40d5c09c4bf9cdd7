#include "store/log_nodes_private.h"

#include <string.h>

int64_t log_nodes_find(struct database *database, const struct node_id *node_id)
{
    return database_integer(database, 0, "SELECT id FROM nodes WHERE key=?1", "b", node_id->key,
                            NODE_ID_BYTES);
}

/* Keys are as good as random: any of their bits make a place. */
static struct numbered_node *place_of(struct event_log *log, const struct node_id *node_id)
{
    size_t bits = 0;
    memcpy(&bits, node_id->key + NODE_ID_BYTES - sizeof bits - 1, sizeof bits);
    return &log->nodes[bits % LOG_REMEMBERED_NODES];
}

int64_t log_nodes_number(struct event_log *log, const struct node_id *node_id)
{
    struct numbered_node *place = place_of(log, node_id);
    if (place->number != 0 && node_id_equal(&place->key, node_id)) {
        return place->number;
    }
    int64_t number = log_nodes_find(&log->database, node_id);
    if (number == 0) {
        database_run(&log->database, "INSERT INTO nodes(key) VALUES(?1)", "b", node_id->key,
                     NODE_ID_BYTES);
        number = sqlite3_last_insert_rowid(log->database.handle);
    }
    *place = (struct numbered_node){*node_id, log->database.failed ? 0 : number};
    return number;
}

bool log_nodes_key(struct event_log *log, int64_t number, struct node_id *node_id_out)
{
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT key FROM nodes WHERE id=?1", "i", number);
    bool found =
        database_next(&log->database, row) && sqlite3_column_bytes(row, 0) == NODE_ID_BYTES;
    if (found) {
        memcpy(node_id_out->key, sqlite3_column_blob(row, 0), NODE_ID_BYTES);
    }
    database_done(row);
    return found;
}

void log_nodes_forget(struct event_log *log)
{
    memset(log->nodes, 0, sizeof log->nodes);
}

int64_t log_nodes_find_conversation(struct database *database, const struct node_id *peer)
{
    return database_integer(database, 0, "SELECT id FROM conversations WHERE key=?1", "b",
                            peer->key, NODE_ID_BYTES);
}

int64_t log_nodes_conversation(struct event_log *log, const struct node_id *peer)
{
    int64_t conversation = log_nodes_find_conversation(&log->database, peer);
    if (conversation == 0) {
        database_run(&log->database, "INSERT INTO conversations(key) VALUES(?1)", "b", peer->key,
                     NODE_ID_BYTES);
        conversation = sqlite3_last_insert_rowid(log->database.handle);
    }
    return conversation;
}
