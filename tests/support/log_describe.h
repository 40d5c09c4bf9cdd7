/* What a log is, as text to compare: another log's, the same log's a moment later, its copy's.
 *
 * Thread: any. Texts are the caller's (memory_free). What can't be read is named in the text.
 */
#ifndef HEARTHCHAT_TESTS_LOG_DESCRIBE_H
#define HEARTHCHAT_TESTS_LOG_DESCRIBE_H

#include "core/buffer.h"
#include "store/event_log.h"

/* One line a member: key, level, name, endpoints; one a revocation: key, lamport, name. */
void log_describe_members(const struct membership *membership, struct buffer *text);

/* head, clock, last_seq, event_count, policy's numbers and the members: nothing that depends on
 * chance. */
char *log_describe_state(struct event_log *log);

/* The fingerprint, and the set as reconciliation tells of it. */
char *log_describe_set(struct event_log *log);

/* One line an accepted event, in arrival order: seq, lamport, type, author, event_id. With `ids`
 * false the event_ids are left out, which chance chooses. */
char *log_describe_arrivals(struct event_log *log, bool ids);

/* One line an accepted event, in replay order: lamport, event_id, hash. */
char *log_describe_accepted(struct event_log *log);

/* The conversations: every message with its receipts, and what is unread of whom. */
char *log_describe_conversations(struct event_log *log, bool ids);

#endif
