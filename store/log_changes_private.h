/* What opened events say of others (§24.3): other words for a message, that it is taken back, a
 * reaction. What is shown of a message is a function of all that was said of it, in whatever order
 * it came: the last words in replay order, each one's last reaction, and nothing once it is
 * deleted.
 *
 * What counts was said in the conversation of its target; words and deletions only by its author.
 * All else is kept and does nothing, for its target may be one that is not here yet.
 * A deletion is final: it takes the key, which no later event brings back. With it go the words of
 * edits, theirs and those that still come.
 * Thread: writer, inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_CHANGES_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_CHANGES_PRIVATE_H

#include "store/log_opening_private.h"

/* An event that was opened says something of another one: an edit, a deletion or a reaction.
 * `show_again` is called for a message that it deletes. */
void log_changes_enter(struct event_log *log, const struct event *event, int64_t seq,
                       int64_t conversation, const struct payload *payload,
                       void (*show_again)(struct event_log *log, const struct event *event,
                                          int64_t seq));

/* The same of one whose key is gone with what it said (LOG_KEYRING_SPENT): that it was there. */
void log_changes_note_spent(struct event_log *log, const struct event *event, int64_t seq,
                            int64_t conversation);

/* A peer's event gave keys: it has to go with the first of what they open. Whether it is such a
 * one. And: something of the conversation that `event` is of was deleted, all of these go. */
void log_changes_note_given(struct event_log *log, const struct event *event, int64_t seq,
                            int64_t conversation);
bool log_changes_is_given(struct event_log *log, int64_t seq);
void log_changes_spend_given(struct event_log *log, const struct event *event);

/* It says nothing any more; of other events, nothing. */
void log_changes_leave(struct event_log *log, int64_t seq);

/* A sealed message is looked at: if it is deleted its key goes, and `opening` says so. */
void log_changes_meet(struct event_log *log, const struct event *event, int64_t conversation,
                      struct log_opening *opening);

/* Brings what was said of a message that has come into its row. */
void log_changes_settle(struct event_log *log, int64_t seq,
                        const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* The key of a sealed message goes for good, as if its author had deleted it. */
void log_changes_destroy(struct event_log *log, const struct event *event);

#endif
