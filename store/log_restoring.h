/* Keys that a peer once had, given again at the owner's word (§24.8).
 *
 * Thread: any; answers come on the writer's, and must not block there.
 */
#ifndef HEARTHCHAT_STORE_LOG_RESTORING_H
#define HEARTHCHAT_STORE_LOG_RESTORING_H

#include "store/event_log.h"

struct log_restoring_answer {
    enum result result;
    struct error error; /* set unless RESULT_OK */
    int64_t given;      /* keys, also of what went wrong later */
};
typedef void log_restoring_given(void *context, const struct log_restoring_answer *answer);

/* Gives the peer the keys that it lost (log_lost.h), and with `and_theirs` those of all that it
 * wrote itself, of which it can't ask for any; with `since_lamport` instead those of all that the
 * two wrote each other above it and that the peer once had: in messages of PAYLOAD_MOST_KEYS at
 * most, a transaction each. RESULT_NOT_FOUND: that is no member. RESULT_INVALID: it is blocked.
 * RESULT_MISMATCH: nothing can be sealed to it. RESULT_FULL: too much waits to be written.
 * RESULT_IO. When this returns anything but RESULT_OK, `done` is never called. */
enum result log_restoring_give(struct event_log *log, const struct node_id *peer,
                               const int64_t *since_lamport, bool and_theirs,
                               log_restoring_given *done, void *context);

#endif
