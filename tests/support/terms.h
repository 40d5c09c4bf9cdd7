/* What a log remembers of how the next message to each peer is to be sealed
 * (store/log_terms_private.h).
 *
 * Thread: the test's, of a log that is synchronous, outside of a transaction.
 */
#ifndef HEARTHCHAT_TESTS_TERMS_H
#define HEARTHCHAT_TESTS_TERMS_H

#include "store/event_log.h"

/* The number of a peer of whom the log's tables say something else; 0: there is none. */
int64_t terms_find_wrong(struct event_log *log);

#endif
