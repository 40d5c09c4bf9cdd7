/* The shared ring of recent frames (server/websocket.h).
 *
 * Thread: websocket. Frames are numbered from 1 in the order in which they were published; a
 * subscriber keeps the number of the next one it wants.
 */
#ifndef HEARTHCHAT_SERVER_WEBSOCKET_RING_H
#define HEARTHCHAT_SERVER_WEBSOCKET_RING_H

#include "server/websocket_frame.h"

#define WEBSOCKET_RING_MOST_FRAMES 4096

struct websocket_ring {
    struct websocket_frame *frames[WEBSOCKET_RING_MOST_FRAMES];
    uint64_t first; /* number of the oldest frame that is held */
    uint64_t next;  /* number that the next frame gets */
    size_t bytes;
    int64_t newest_seq;     /* of all frames so far */
    int64_t complete_after; /* every own event with a greater seq is in the ring */
};

void websocket_ring_init(struct websocket_ring *ring, int64_t last_seq);
void websocket_ring_deinit(struct websocket_ring *ring);

/* Appends; the oldest go when the ring is over its limit. Consumes the frame. What is in no log
 * comes with the number of an event whose frame, if it has one, came before; it gets that of the
 * frame before it when that is greater. */
void websocket_ring_publish(struct websocket_ring *ring, struct websocket_frame *frame);

/* Forgets all: what happened up to `last_seq` is to be read from the log. */
void websocket_ring_reset(struct websocket_ring *ring, int64_t last_seq);

/* NULL: not there (any more, or yet). */
const struct websocket_frame *websocket_ring_get(const struct websocket_ring *ring,
                                                 uint64_t number);

#endif
