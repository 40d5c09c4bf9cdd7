/* Opening what came sealed, or what we sealed ourselves (§24.4): by the keyring, else by our
 * receiving secrets; what is found goes into the keyring, so that the outcome stays.
 *
 * Thread: writer, inside a transaction.
 * Ownership: log_opening_deinit() frees what log_opening_try() made.
 */
#ifndef HEARTHCHAT_STORE_LOG_OPENING_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_OPENING_PRIVATE_H

#include "protocol/payload.h"
#include "store/history.h"
#include "store/log_private.h"

struct log_opening {
    enum message_e2e e2e;
    struct payload payload; /* of what is opened */
    bool is_first;          /* its key is known from now on */
    bool is_spent; /* it is no message of its own, whatever it was (log_keyring_private.h) */
};

/* A sealed message of a conversation of ours. */
void log_opening_try(struct event_log *log, const struct event *event,
                     struct log_opening *opening_out);
void log_opening_deinit(struct log_opening *opening);

/* Of the event that enters the views it is not found out again (struct log_entering). */
void log_opening_note(struct event_log *log, const struct event *event,
                      const struct log_opening *opening);

/* Whether it was opened, and its reader says that it was delivered (§24.6). `asked`: when it came
 * it was so, and is unless its key went meanwhile. */
bool log_opening_asks_for_receipt(struct event_log *log, const struct event *event, bool asked);

#endif
