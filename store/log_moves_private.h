/* Events on their way between the log's set and what is kept aside for audit (§6): after a change
 * of the membership, an author's events move in slices between other jobs. Whose are still to be
 * moved is kept on the disk, so that a kill ends nothing.
 *
 * Thread: writer.
 */
#ifndef HEARTHCHAT_STORE_LOG_MOVES_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_MOVES_PRIVATE_H

#include "store/log_private.h"

/* The author's admission has changed: remembers it if any of its events is where it doesn't belong.
 */
void log_moves_note(struct event_log *log, const struct node_id *author);

/* Moves some of what is to be moved, for about 5 ms; in a synchronous log all. Inside a
 * transaction. */
void log_moves_run_slice(struct event_log *log);

/* Reads whether there is anything left to move. */
void log_moves_load(struct event_log *log);

#endif
