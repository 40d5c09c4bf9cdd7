/* What the owner says of a message that is there: other words, that it is deleted, a reaction.
 * Sealed only (§24): in clear text everybody keeps what was said.
 *
 * Thread: any; answered as log_append_event() is (event_log.h).
 */
#ifndef HEARTHCHAT_STORE_LOG_APPEND_CHANGE_H
#define HEARTHCHAT_STORE_LOG_APPEND_CHANGE_H

#include "protocol/payload.h"
#include "store/event_log.h"

struct log_change {
    enum payload_kind kind;     /* an edit, a deletion or a reaction */
    const char *event_id;       /* of the message that is shown */
    const struct node_id *peer; /* of its conversation; NULL: whichever has it, if only one does */
    const char *text;           /* the new words, the emoji ("" takes it back); of a deletion "" */
    const char *client_id;      /* as of a message */
    bool here_only;             /* a deletion on this device alone: nothing is appended */
};

/* Borrows the change for the call. A client_id we used before: the first answer again when all is
 * the same, else RESULT_EXISTS. RESULT_NOT_FOUND: no such message, or its other side is no member.
 * RESULT_UNAUTHORIZED: it is not ours to edit, or to delete at both ends. RESULT_EXPIRED: it was
 * deleted. RESULT_MISMATCH: it can't be sealed, or what is to be deleted never was.
 * RESULT_INVALID: too long; or messages of several peers have this event_id, and none is named. */
enum result log_append_change(struct event_log *log, const struct log_change *change,
                              event_log_answered *done, void *context);

#endif
