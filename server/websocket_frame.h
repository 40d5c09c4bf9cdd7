/* What subscribers get to see: one event, or one change of presence.
 *
 * Thread: any; a plain value. Ownership: create gives, destroy takes.
 */
#ifndef HEARTHCHAT_SERVER_WEBSOCKET_FRAME_H
#define HEARTHCHAT_SERVER_WEBSOCKET_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum websocket_frame_kind { FRAME_MESSAGE, FRAME_MEMBER, FRAME_PEER };

struct websocket_frame {
    enum websocket_frame_kind kind;
    int64_t seq;
    char *data; /* JSON; owned */
    size_t data_bytes;
    char *opened; /* what a sealed message opened to (§24.14): JSON; owned; NULL: nothing */
    size_t opened_bytes;
};

/* Copies the texts; `opened` may be NULL. */
struct websocket_frame *websocket_frame_create(enum websocket_frame_kind kind, int64_t seq,
                                               const char *data, size_t data_bytes,
                                               const char *opened);
void websocket_frame_destroy(struct websocket_frame **frame);

#endif
