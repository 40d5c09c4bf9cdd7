#include "server/websocket_connection.h"

#include <string.h>

void websocket_connection_init(struct websocket_connection *connection, const char *answer,
                               int64_t now_ms)
{
    websocket_parser_init(&connection->parser);
    buffer_init(&connection->out);
    buffer_append_text(&connection->out, answer);
    connection->phase = WEBSOCKET_OPEN;
    connection->heard_ms = now_ms;
}

void websocket_connection_deinit(struct websocket_connection *connection)
{
    buffer_deinit(&connection->out);
}

/* Whole, unmasked, its length in as few bytes as it needs: section 5.2. */
static void append_frame(struct buffer *out, enum websocket_opcode opcode, const void *payload,
                         size_t length_bytes)
{
    enum { FINAL = 0x80, IN_TWO_BYTES = 126, IN_EIGHT_BYTES = 127 };
    size_t more = length_bytes < IN_TWO_BYTES ? 0 : length_bytes <= UINT16_MAX ? 2 : 8;
    buffer_append_byte(out, (char)(FINAL | opcode));
    buffer_append_byte(out, (char)(more == 0   ? length_bytes
                                   : more == 2 ? IN_TWO_BYTES
                                               : IN_EIGHT_BYTES));
    while (more-- > 0) {
        buffer_append_byte(out, (char)((uint64_t)length_bytes >> 8 * more));
    }
    buffer_append(out, payload, length_bytes);
}

void websocket_connection_send(struct websocket_connection *connection, const char *text,
                               size_t length_bytes)
{
    if (connection->phase == WEBSOCKET_OPEN) {
        append_frame(&connection->out, WEBSOCKET_TEXT, text, length_bytes);
    }
}

void websocket_connection_close(struct websocket_connection *connection, uint16_t code,
                                const char *reason)
{
    if (connection->phase == WEBSOCKET_OPEN) {
        struct buffer payload;
        buffer_init(&payload);
        if (code != 0) {
            buffer_append_byte(&payload, (char)(code >> 8));
            buffer_append_byte(&payload, (char)code);
            buffer_append_text(&payload, reason);
        }
        append_frame(&connection->out, WEBSOCKET_CLOSE, payload.data, payload.length_bytes);
        buffer_deinit(&payload);
        connection->phase = WEBSOCKET_CLOSING;
    }
}

void websocket_connection_receive(
    struct websocket_connection *connection, const void *bytes, size_t length_bytes, int64_t now_ms,
    void (*on_message)(void *context, const char *bytes, size_t length_bytes), void *context)
{
    struct websocket_parser *parser = &connection->parser;
    const uint8_t *at = bytes;
    connection->heard_ms = now_ms;
    while (length_bytes > 0 && connection->phase != WEBSOCKET_CLOSED) {
        size_t taken = 0;
        enum websocket_said said = websocket_parser_take(parser, at, length_bytes, &taken);
        bool open = connection->phase == WEBSOCKET_OPEN;
        at += taken;
        length_bytes -= taken;
        switch (said) {
        case WEBSOCKET_SAID_NOTHING:
            break;
        case WEBSOCKET_SAID_MESSAGE:
            if (open) {
                on_message(context, parser->message, parser->message_bytes);
            }
            break;
        case WEBSOCKET_SAID_PING:
            if (open) {
                append_frame(&connection->out, WEBSOCKET_PONG, parser->control,
                             parser->control_bytes);
            }
            break;
        case WEBSOCKET_SAID_CLOSE:
        case WEBSOCKET_SAID_WRONG:
            websocket_connection_close(connection, parser->close_code, "");
            connection->phase = WEBSOCKET_CLOSED;
            break;
        }
    }
}

bool websocket_connection_tick(struct websocket_connection *connection, int64_t now_ms)
{
    if (now_ms - connection->heard_ms >= LIMITS_WEBSOCKET_SILENCE_MS) {
        return false;
    }
    if (connection->phase == WEBSOCKET_OPEN) {
        append_frame(&connection->out, WEBSOCKET_PING, "", 0);
    }
    return true;
}
