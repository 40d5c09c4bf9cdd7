/* Whether the keys that were kept are those of their messages (§24.11).
 *
 * Thread: writer, inside a transaction. Costs an opening for each key.
 */
#ifndef HEARTHCHAT_STORE_KEY_CHECKUP_PRIVATE_H
#define HEARTHCHAT_STORE_KEY_CHECKUP_PRIVATE_H

#include "store/log_private.h"
#include "store/maintenance.h"

/* Fills in what the report says of keys and offers. */
void key_checkup_run(struct event_log *log, struct maintenance_report *report);

/* Forgets keys that are not those of their messages, which are opened by our secrets again, or
 * wait. */
void key_checkup_drop_wrong(struct event_log *log);

#endif
