/* Of each member's manifests in the log the last in replay order: its name and its endpoints (§8).
 *
 * Thread: writer. No part of the membership's replay.
 */
#ifndef HEARTHCHAT_STORE_LOG_MANIFESTS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_MANIFESTS_PRIVATE_H

#include "store/log_private.h"

/* Gives the community what is known of a person that is or was a member: its manifest's, and how it
 * was brought. */
void log_manifests_publish(struct event_log *log, uint32_t person);

#endif
