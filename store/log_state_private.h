/* The log's state in memory and its row on the disk.
 *
 * Thread: startup, writer.
 */
#ifndef HEARTHCHAT_STORE_LOG_STATE_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_STATE_PRIVATE_H

#include "store/log_private.h"

/* Makes memory what the disk says. RESULT_IO: it is not known what it says, and `is_known` is false
 * until this succeeds. */
enum result log_state_load(struct event_log *log);
void log_state_deinit(struct log_state *state);

/* Inside the transaction that changes it. */
void log_state_save(struct event_log *log);

#endif
