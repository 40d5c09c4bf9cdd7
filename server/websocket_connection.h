/* Our side of a WebSocket (RFC 6455), apart from its socket: what comes goes in, what is to be sent
 * comes out, in order. Every ping gets its pong; what is wrong is closed with the code that it has;
 * nothing follows a close.
 *
 * Thread: one at a time. Ownership: init/deinit. Limits: what comes makes no more bytes to be sent
 * than it has itself: who stops reading while `out` is not sent bounds it.
 */
#ifndef HEARTHCHAT_SERVER_WEBSOCKET_CONNECTION_H
#define HEARTHCHAT_SERVER_WEBSOCKET_CONNECTION_H

#include "core/buffer.h"
#include "server/websocket_parser.h"

enum websocket_phase {
    WEBSOCKET_OPEN,
    WEBSOCKET_CLOSING, /* we have closed, they have not: what they still say counts for nothing */
    WEBSOCKET_CLOSED,  /* both have, or they did wrong: once `out` is sent, that's it */
};

struct websocket_connection {
    struct websocket_parser parser;
    struct buffer out; /* whoever has sent it clears it */
    enum websocket_phase phase;
    int64_t heard_ms; /* anything at all */
};

/* `answer`: what is sent before all frames, that to the handshake. */
void websocket_connection_init(struct websocket_connection *connection, const char *answer,
                               int64_t now_ms);
void websocket_connection_deinit(struct websocket_connection *connection);

/* Takes what came, at that time; gives each message of at most LIMITS_WEBSOCKET_MESSAGE_BYTES to
 * `on_message`, for the call. */
void websocket_connection_receive(
    struct websocket_connection *connection, const void *bytes, size_t length_bytes, int64_t now_ms,
    void (*on_message)(void *context, const char *bytes, size_t length_bytes), void *context);

/* One text, to be sent whole. Nothing, unless open. */
void websocket_connection_send(struct websocket_connection *connection, const char *text,
                               size_t length_bytes);

/* Says goodbye, if nobody did. `code` 0: without one. The reason has 123 bytes at most. */
void websocket_connection_close(struct websocket_connection *connection, uint16_t code,
                                const char *reason);

/* To be called every LIMITS_WEBSOCKET_PING_MS: asks whether they are still there. False: they have
 * not been for LIMITS_WEBSOCKET_SILENCE_MS (§20). */
bool websocket_connection_tick(struct websocket_connection *connection, int64_t now_ms);

#endif
