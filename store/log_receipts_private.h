/* Receipts and the messages they count for, whichever came first.
 *
 * A receipt counts when its author was sent its target (§5). All are kept: a target may come later.
 * Thread: writer.
 */
#ifndef HEARTHCHAT_STORE_LOG_RECEIPTS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_RECEIPTS_PRIVATE_H

#include "store/log_concerns_private.h"

/* An accepted message came, and concerns whom it does: the receipts that waited for it count. */
void log_receipts_meet(struct event_log *log, const struct log_message *message);

/* It is gone, and concerns nobody any more: they count no longer, unless for another one. */
void log_receipts_part(struct event_log *log, const struct log_message *message);

/* Reads what is known of all of them. */
void log_receipts_load(struct event_log *log);

/* True for a message to this node that it answers when it holds it, and if it is sealed could open
 * it (§24.6): once for several events that are one message (§24.4). `asked`: as in
 * log_opening_asks_for_receipt(). */
bool log_receipts_is_due(struct event_log *log, const struct event *event, int64_t seq, bool asked);

/* Such a message is in the set: its answer is given when there is time, unless it was. */
void log_receipts_owe(struct event_log *log, int64_t seq);

/* True when this node has said that it holds the message. */
bool log_receipts_is_answered(struct event_log *log, const char *event_id);

#endif
