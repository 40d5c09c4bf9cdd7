/* A request that waits for the log, and goes on on a reader's thread: a `done` posts, and no more.
 *
 * Thread: any. The struct is the first member of what a handler keeps meanwhile.
 */
#ifndef HEARTHCHAT_HANDLERS_APPENDING_H
#define HEARTHCHAT_HANDLERS_APPENDING_H

#include "handlers/node_parts.h"

struct appending {
    struct request *request;
    const struct node_parts *parts;
    struct append_answer answer;
    void (*then)(struct appending *appending); /* with the answer */
};

/* For log_append_event() and its like; the context is a struct appending. */
void appending_done(void *context, const struct append_answer *answer);

#endif
