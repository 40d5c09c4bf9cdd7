/* Whom an accepted event concerns (§15): written when it is stored, asked by topics.
 *
 * Thread: writer.
 */
#ifndef HEARTHCHAT_STORE_LOG_CONCERNS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_CONCERNS_PRIVATE_H

#include "store/log_private.h"

/* Two nodes, by their numbers. Again does no harm. */
void log_concerns_add(struct event_log *log, int64_t seq, int64_t node, int64_t other);
void log_concerns_remove(struct event_log *log, int64_t seq, int64_t node, int64_t other);

/* An accepted message, as receipts find it by its id. */
struct log_message {
    int64_t seq;
    int64_t lamport;
    char event_id[ULID_TEXT_BYTES];
    struct node_id author;
    struct node_id recipient;
};

/* The other node of a message of ours; NULL: it is not ours. */
const struct node_id *log_concerns_peer(const struct event_log *log,
                                        const struct log_message *message);

/* Calls `visit` for each accepted message with that id that `recipient` was sent: one, unless
 * somebody took another one's id. */
void log_concerns_find_messages(struct event_log *log, const char *event_id,
                                const struct node_id *recipient,
                                void (*visit)(struct event_log *log,
                                              const struct log_message *message, void *context),
                                void *context);

#endif
