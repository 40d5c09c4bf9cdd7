/* Genuine events of whom nothing in the log says that they belong (yet): kept aside, they come into
 * the set by themselves when something does (log_moves).
 *
 * Thread: any that may block. For salvage alone: what a peer offers is never kept like this, for it
 * has no bound.
 */
#ifndef HEARTHCHAT_STORE_LOG_KEEP_ASIDE_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_KEEP_ASIDE_PRIVATE_H

#include "store/event_log.h"

/* Those that the log lacks and that don't drive the membership; adds to `kept` how many that were.
 * Consumes the events, the array too. */
enum result log_keep_aside_events(struct event_log *log, struct verified_event **events,
                                  size_t count, int64_t *kept);

#endif
