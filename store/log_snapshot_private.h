/* Where the log stands, published for everybody after each commit.
 *
 * Thread: writer.
 */
#ifndef HEARTHCHAT_STORE_LOG_SNAPSHOT_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_SNAPSHOT_PRIVATE_H

#include "store/log_private.h"

void log_snapshot_publish(struct event_log *log);
void log_snapshot_withdraw(struct event_log *log);

#endif
