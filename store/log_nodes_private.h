/* The numbers of nodes and conversations in the tables. A number never changes, so what was looked
 * up stays true; only what a failed transaction gave is forgotten (log_nodes_forget()).
 */
#ifndef HEARTHCHAT_STORE_LOG_NODES_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_NODES_PRIVATE_H

#include "store/log_private.h"

/* Thread: writer. Gives it one when it has none. */
int64_t log_nodes_number(struct event_log *log, const struct node_id *node_id);
void log_nodes_forget(struct event_log *log);

/* Thread: writer. Whose number it is. False: nobody's. */
bool log_nodes_key(struct event_log *log, int64_t number, struct node_id *node_id_out);

/* Thread: writer. The conversation of this node and that one; made when there is none. */
int64_t log_nodes_conversation(struct event_log *log, const struct node_id *peer);

/* Thread: that of the connection. 0 when there is none. */
int64_t log_nodes_find(struct database *database, const struct node_id *node_id);
int64_t log_nodes_find_conversation(struct database *database, const struct node_id *peer);

#endif
