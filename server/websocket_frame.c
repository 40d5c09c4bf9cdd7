#include "server/websocket_frame.h"

#include <string.h>

#include "core/memory.h"

struct websocket_frame *websocket_frame_create(enum websocket_frame_kind kind, int64_t seq,
                                               const char *data, size_t data_bytes,
                                               const char *opened)
{
    struct websocket_frame *frame = memory_allocate(1, sizeof *frame);
    frame->kind = kind;
    frame->seq = seq;
    frame->data = memory_duplicate(data, data_bytes);
    frame->data_bytes = data_bytes;
    if (opened != NULL) {
        frame->opened = memory_duplicate_string(opened);
        frame->opened_bytes = strlen(opened);
    }
    return frame;
}

void websocket_frame_destroy(struct websocket_frame **frame)
{
    if (*frame != NULL) {
        memory_free((*frame)->data);
        memory_free((*frame)->opened);
        memory_free(*frame);
        *frame = NULL;
    }
}
