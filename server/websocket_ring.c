#include "server/websocket_ring.h"

#include <string.h>

#include "core/limits.h"
#include "core/memory.h"

void websocket_ring_init(struct websocket_ring *ring, int64_t last_seq)
{
    memset(ring, 0, sizeof *ring);
    ring->first = 1;
    ring->next = 1;
    ring->complete_after = last_seq;
    ring->newest_seq = last_seq;
}

static size_t size_of(const struct websocket_frame *frame)
{
    return frame->data_bytes + frame->opened_bytes;
}

static void drop_oldest(struct websocket_ring *ring)
{
    struct websocket_frame **slot = &ring->frames[ring->first % WEBSOCKET_RING_MOST_FRAMES];
    ring->bytes -= size_of(*slot);
    if ((*slot)->kind == FRAME_MESSAGE && (*slot)->seq > ring->complete_after) {
        ring->complete_after = (*slot)->seq;
    }
    websocket_frame_destroy(slot);
    ring->first++;
}

void websocket_ring_deinit(struct websocket_ring *ring)
{
    while (ring->first < ring->next) {
        drop_oldest(ring);
    }
}

void websocket_ring_publish(struct websocket_ring *ring, struct websocket_frame *frame)
{
    while (ring->first < ring->next &&
           (ring->bytes + size_of(frame) > LIMITS_WEBSOCKET_LIVE_BYTES ||
            ring->next - ring->first == WEBSOCKET_RING_MOST_FRAMES)) {
        drop_oldest(ring);
    }
    if (frame->kind == FRAME_PEER && frame->seq < ring->newest_seq) {
        frame->seq = ring->newest_seq;
    }
    ring->newest_seq = frame->seq;
    ring->frames[ring->next % WEBSOCKET_RING_MOST_FRAMES] = frame;
    ring->bytes += size_of(frame);
    ring->next++;
}

void websocket_ring_reset(struct websocket_ring *ring, int64_t last_seq)
{
    websocket_ring_deinit(ring);
    ring->complete_after = last_seq;
    ring->newest_seq = last_seq;
}

const struct websocket_frame *websocket_ring_get(const struct websocket_ring *ring, uint64_t number)
{
    return number >= ring->first && number < ring->next
               ? ring->frames[number % WEBSOCKET_RING_MOST_FRAMES]
               : NULL;
}
