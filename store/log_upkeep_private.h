/* What a node that keeps keys does by itself, between the writer's jobs: it counts service days,
 * publishes prekeys (§24.1), deletes secrets whose time is over, within a minute (§24.9), and has
 * messages enter the index when many wait for it.
 *
 * Thread: writer.
 * Limits: a reset because a secret is lost comes once a start and service day, lest two nodes with
 * one key answer each other for ever.
 */
#ifndef HEARTHCHAT_STORE_LOG_UPKEEP_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_UPKEEP_PRIVATE_H

#include "store/log_private.h"

#define LOG_UPKEEP_LOOK_MS 20000 /* how often to ask, where nothing else happens */
#define LOG_UPKEEP_PREKEY_DAYS 7 /* of service, then there is a newer one */

/* Asks memory alone. */
bool log_upkeep_is_due(const struct event_log *log);

/* Inside a transaction. A new prekey; with `reset` what was offered before ends (§24.1). */
enum result log_upkeep_publish(struct event_log *log, bool reset, struct append_answer *answer_out);

/* Inside a transaction, and after it was committed. */
void log_upkeep_run_slice(struct event_log *log);
void log_upkeep_end_slice(struct event_log *log);

/* Outside of a transaction. False: the journal is read just now; whoever can let go does. */
bool log_upkeep_end_journal(struct event_log *log);

#endif
