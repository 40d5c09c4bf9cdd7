/* Who has read up to where, and since when: the read receipts of a conversation by their target,
 * and which of them are steps.
 *
 * A message is read when the first receipt in replay order came whose target is the message or a
 * later one. So of two receipts the one with the higher target and the earlier place in replay
 * order makes the other one idle; what is left is a staircase, and a message's receipt is the first
 * step at or above it. Each change costs the logarithm, and what it makes idle, or wakes. Thread:
 * writer.
 */
#ifndef HEARTHCHAT_STORE_LOG_READ_MARKS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_READ_MARKS_PRIVATE_H

#include "store/log_private.h"

/* A receipt of that reader that counts for a message in that conversation. Texts are borrowed. */
struct log_read_mark {
    int64_t conversation;
    int64_t reader; /* number of the node */
    int64_t target_lamport;
    const char *target_event_id;
    int64_t lamport;
    const char *event_id;
    const uint8_t *hash; /* BLAKE3_HASH_BYTES */
    const char *at;
};

void log_read_marks_add(struct event_log *log, const struct log_read_mark *mark);

/* `at` may be NULL. */
void log_read_marks_remove(struct event_log *log, const struct log_read_mark *mark);

/* All on one target. */
void log_read_marks_remove_target(struct event_log *log, int64_t conversation, int64_t reader,
                                  int64_t target_lamport, const char *target_event_id);

#endif
