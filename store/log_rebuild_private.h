/* Everything that follows from the events, made anew.
 *
 * Thread: startup, writer; inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_REBUILD_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_REBUILD_PRIVATE_H

#include "store/log_private.h"

/* Empties what is derived (log_schema_private.h) and derives it again: facts, what is aside, views,
 * counts. One look at each event. */
void log_rebuild_all(struct event_log *log);

#endif
