/* What a subscriber missed, read for it from the log by a reader, a few events at a time (§15).
 *
 * Thread: begin and take: websocket; the reading itself is a reader's.
 */
#ifndef HEARTHCHAT_SERVER_WEBSOCKET_CATCH_UP_H
#define HEARTHCHAT_SERVER_WEBSOCKET_CATCH_UP_H

#include "core/readers.h"
#include "handlers/node_parts.h"
#include "server/websocket_frame.h"

enum { WEBSOCKET_CATCH_UP_EVENTS = 32 };

struct websocket_catch_up {
    struct reader_job job; /* first: the one pointer becomes the other */
    struct event_log *log;
    int64_t after_seq;
    void (*done)(struct websocket_catch_up *catch_up); /* on the reader's thread, which lets go */
    void *hub;
    void *subscriber; /* who waits; NULL: it is gone. The websocket thread's */
    struct websocket_frame *frames[WEBSOCKET_CATCH_UP_EVENTS]; /* out, as all that follows */
    size_t count;
    int64_t through; /* all that concerns us up to this seq was read */
    bool failed;
    struct websocket_catch_up *next; /* of those that are done */
};

/* Reads, and calls done(). */
void websocket_catch_up_begin(struct websocket_catch_up *catch_up, struct readers *readers);

/* Frees it, and the frames that nobody took. */
void websocket_catch_up_destroy(struct websocket_catch_up **catch_up);

#endif
