/* Whether this log goes on from where it was, or was set back to a backup: then it gets again what
 * it had, its own answers to messages too, and gives none of its own before it has caught up.
 *
 * At each start the log and a file beside it get the same fresh word. A backup has an older one,
 * and no file. What no word can tell (a copy of the whole disk) an own event tells that comes from
 * a peer. Thread: startup, writer.
 */
#ifndef HEARTHCHAT_STORE_LOG_LIFE_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_LIFE_PRIVATE_H

#include "store/log_private.h"

/* Before the first job; a transaction of its own. */
enum result log_life_begin(struct event_log *log);

/* Inside a transaction: own events came that this log did not write; the newest of them. When it is
 * younger than this life of the log, and the log had caught up, another node writes with our key;
 * else this log had lost them. The owner is told of either (§24.8). */
void log_life_find_another(struct event_log *log, const struct event *newest);

/* Inside a transaction: the log was set back; it has caught up. */
void log_life_hold_answers(struct event_log *log);
void log_life_free_answers(struct event_log *log);

#endif
