/* What a client says on its WebSocket, out of bytes that come in whatever pieces: a message, a
 * ping, its close, or what RFC 6455 forbids, each as soon as it is certain (sections 5, 7.4 and 8).
 *
 * Thread: any; a plain value without memory of its own. Limits: core/limits.h; what is longer is
 * read and judged like the rest, and not kept.
 */
#ifndef HEARTHCHAT_SERVER_WEBSOCKET_PARSER_H
#define HEARTHCHAT_SERVER_WEBSOCKET_PARSER_H

#include "core/limits.h"
#include "core/utf8.h"

enum {
    WEBSOCKET_MOST_HEAD_BYTES = 14,
    WEBSOCKET_MOST_CONTROL_BYTES = 125,
    WEBSOCKET_PROTOCOL_ERROR = 1002,
    WEBSOCKET_NO_TEXT = 1007,
};

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10,
};

enum websocket_said {
    WEBSOCKET_SAID_NOTHING, /* yet */
    WEBSOCKET_SAID_MESSAGE, /* `message` has it, of either kind */
    WEBSOCKET_SAID_PING,    /* `control` has its payload */
    WEBSOCKET_SAID_CLOSE,   /* `close_code` has its code, 0: it had none */
    WEBSOCKET_SAID_WRONG,   /* `close_code` says how: one of the two above. Nothing is to follow */
};

/* Public to be read after websocket_parser_take(), until the next. */
struct websocket_parser {
    uint8_t head[WEBSOCKET_MOST_HEAD_BYTES]; /* of the frame that comes */
    size_t head_bytes;
    uint64_t payload_bytes; /* of it, that came */
    uint64_t payload_left;
    bool in_message; /* its last fragment is still to begin */
    bool is_text;
    struct utf8_stream text;
    char message[LIMITS_WEBSOCKET_MESSAGE_BYTES];
    size_t message_bytes;
    bool too_long;
    uint8_t control[WEBSOCKET_MOST_CONTROL_BYTES];
    size_t control_bytes;
    uint16_t close_code;
};

void websocket_parser_init(struct websocket_parser *parser);

/* Reads on until something is said or all is read, and says how much it read. */
enum websocket_said websocket_parser_take(struct websocket_parser *parser, const uint8_t *bytes,
                                          size_t length_bytes, size_t *taken_out);

#endif
