/* Who is blocked, and what came of them while they were. Durable by hash: a message that was not
 * heard never is.
 */
#ifndef HEARTHCHAT_STORE_LOG_BLOCKED_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_BLOCKED_PRIVATE_H

#include "store/log_private.h"

/* What stands in the way of what is written to somebody blocked. */
#define LOG_BLOCKED_EXPLAINED                                                                      \
    "You have blocked this member, so nothing was sent. Unblock them first: hearthchat contact "   \
    "WHO --block off"

/* SQL: the conversations with who is blocked. */
#define LOG_BLOCKED_CONVERSATIONS                                                                  \
    "(SELECT b.id FROM contacts k JOIN conversations b ON b.key=k.node WHERE k.blocked=1)"

/* Thread: writer. */
bool log_blocked_is(struct event_log *log, const struct node_id *node_id);

/* Thread: writer, inside the transaction that stores an event of another node, before it is shown.
 */
void log_blocked_meet(struct event_log *log, const struct event *event);

/* Thread: writer. Whether its author was blocked when it came. */
bool log_blocked_is_unheard(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* Thread: that of the connection. Whether the owner's programs are told of such an event: it was
 * heard, and its conversation was not cleared since. */
bool log_blocked_may_tell(struct database *database, int64_t seq,
                          const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* Thread: writer. Read from the disk. */
void log_blocked_load(struct event_log *log);

#endif
