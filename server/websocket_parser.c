#include "server/websocket_parser.h"

#include <string.h>

enum {
    FINAL = 0x80,
    RESERVED = 0x70,
    OPCODE = 0x0f,
    MASKED = 0x80,
    LENGTH = 0x7f,
    IN_TWO_BYTES = 126,
    IN_EIGHT_BYTES = 127,
    MASK_BYTES = 4,
};

void websocket_parser_init(struct websocket_parser *parser)
{
    memset(parser, 0, sizeof *parser);
}

static enum websocket_said wrong(struct websocket_parser *parser, uint16_t code)
{
    parser->close_code = code;
    return WEBSOCKET_SAID_WRONG;
}

static unsigned opcode_of(const struct websocket_parser *parser)
{
    return parser->head[0] & OPCODE;
}

static bool is_control(const struct websocket_parser *parser)
{
    return opcode_of(parser) >= WEBSOCKET_CLOSE;
}

static bool is_final(const struct websocket_parser *parser)
{
    return (parser->head[0] & FINAL) != 0;
}

/* How many bytes behind the second have the length. */
static size_t more_length_bytes(const struct websocket_parser *parser)
{
    unsigned length = parser->head[1] & LENGTH;
    return length == IN_TWO_BYTES ? 2 : length == IN_EIGHT_BYTES ? 8 : 0;
}

static bool begins_well(const struct websocket_parser *parser)
{
    unsigned opcode = opcode_of(parser);
    if ((parser->head[0] & RESERVED) != 0) {
        return false;
    }
    if (is_control(parser)) {
        return opcode <= WEBSOCKET_PONG && is_final(parser);
    }
    return opcode <= WEBSOCKET_BINARY && (opcode == WEBSOCKET_CONTINUATION) == parser->in_message;
}

/* The length in as few bytes as it needs, and below 2^63. */
static bool read_length(struct websocket_parser *parser)
{
    size_t more = more_length_bytes(parser);
    uint64_t length = more == 0 ? parser->head[1] & LENGTH : 0;
    for (size_t i = 0; i < more; i++) {
        length = length << 8 | parser->head[2 + i];
    }
    parser->payload_left = length;
    return more == 0   ? true
           : more == 2 ? length >= IN_TWO_BYTES
                       : length > UINT16_MAX && length <= INT64_MAX;
}

static void begin_frame(struct websocket_parser *parser)
{
    parser->payload_bytes = 0;
    if (is_control(parser)) {
        parser->control_bytes = 0;
        return;
    }
    if (!parser->in_message) {
        parser->is_text = opcode_of(parser) == WEBSOCKET_TEXT;
        parser->message_bytes = 0;
        parser->too_long = false;
    }
    parser->in_message = !is_final(parser);
}

static bool may_be_said(unsigned code)
{
    enum { NOT_DEFINED = 1004, NONE_WAS_SAID = 1005, BROKE_OFF = 1006, LAST_REGISTERED = 1014 };
    if (code >= 3000 && code < 5000) {
        return true;
    }
    return code >= 1000 && code <= LAST_REGISTERED && code != NOT_DEFINED &&
           code != NONE_WAS_SAID && code != BROKE_OFF;
}

static enum websocket_said end_close(struct websocket_parser *parser)
{
    enum { CODE_BYTES = 2 };
    size_t length = parser->control_bytes;
    unsigned code = (unsigned)parser->control[0] << 8 | parser->control[1];
    if (length == 0) {
        parser->close_code = 0;
        return WEBSOCKET_SAID_CLOSE;
    }
    if (length < CODE_BYTES || !may_be_said(code)) {
        return wrong(parser, WEBSOCKET_PROTOCOL_ERROR);
    }
    if (!utf8_is_valid((const char *)parser->control + CODE_BYTES, length - CODE_BYTES)) {
        return wrong(parser, WEBSOCKET_NO_TEXT);
    }
    parser->close_code = (uint16_t)code;
    return WEBSOCKET_SAID_CLOSE;
}

static enum websocket_said end_frame(struct websocket_parser *parser)
{
    parser->head_bytes = 0;
    if (opcode_of(parser) == WEBSOCKET_CLOSE) {
        return end_close(parser);
    }
    if (is_control(parser)) {
        return opcode_of(parser) == WEBSOCKET_PING ? WEBSOCKET_SAID_PING : WEBSOCKET_SAID_NOTHING;
    }
    if (parser->in_message) {
        return WEBSOCKET_SAID_NOTHING;
    }
    if (parser->is_text && parser->text.awaited > 0) {
        return wrong(parser, WEBSOCKET_NO_TEXT);
    }
    return parser->too_long ? WEBSOCKET_SAID_NOTHING : WEBSOCKET_SAID_MESSAGE;
}

/* Each byte is judged when it comes: what is wrong needs no rest. */
static enum websocket_said take_head(struct websocket_parser *parser, uint8_t byte)
{
    parser->head[parser->head_bytes++] = byte;
    size_t length_end = parser->head_bytes < 2 ? 2 : 2 + more_length_bytes(parser);
    bool well = true;
    if (parser->head_bytes == 1) {
        well = begins_well(parser);
    } else if (parser->head_bytes == 2) {
        well = (byte & MASKED) != 0 && (!is_control(parser) || more_length_bytes(parser) == 0);
    }
    if (parser->head_bytes == length_end) {
        well = well && read_length(parser);
    }
    if (!well) {
        return wrong(parser, WEBSOCKET_PROTOCOL_ERROR);
    }
    if (parser->head_bytes < length_end + MASK_BYTES) {
        return WEBSOCKET_SAID_NOTHING;
    }
    begin_frame(parser);
    return parser->payload_left == 0 ? end_frame(parser) : WEBSOCKET_SAID_NOTHING;
}

static bool is_head_whole(const struct websocket_parser *parser)
{
    return parser->head_bytes >= 2 &&
           parser->head_bytes == 2 + more_length_bytes(parser) + MASK_BYTES;
}

static enum websocket_said keep(struct websocket_parser *parser, const char *bytes, size_t length)
{
    if (is_control(parser)) {
        memcpy(parser->control + parser->control_bytes, bytes, length);
        parser->control_bytes += length;
        return WEBSOCKET_SAID_NOTHING;
    }
    if (parser->is_text && !utf8_stream_take(&parser->text, bytes, length)) {
        return wrong(parser, WEBSOCKET_NO_TEXT);
    }
    if (length > sizeof parser->message - parser->message_bytes) {
        parser->too_long = true;
    }
    if (!parser->too_long) {
        memcpy(parser->message + parser->message_bytes, bytes, length);
        parser->message_bytes += length;
    }
    return WEBSOCKET_SAID_NOTHING;
}

static enum websocket_said take_payload(struct websocket_parser *parser, const uint8_t *bytes,
                                        size_t length)
{
    char clear[256];
    const uint8_t *mask = parser->head + parser->head_bytes - MASK_BYTES;
    enum websocket_said said = WEBSOCKET_SAID_NOTHING;
    while (length > 0 && said == WEBSOCKET_SAID_NOTHING) {
        size_t part = length < sizeof clear ? length : sizeof clear;
        for (size_t i = 0; i < part; i++) {
            clear[i] = (char)(bytes[i] ^ mask[(parser->payload_bytes + i) % MASK_BYTES]);
        }
        said = keep(parser, clear, part);
        parser->payload_bytes += part;
        parser->payload_left -= part;
        bytes += part;
        length -= part;
    }
    return said == WEBSOCKET_SAID_NOTHING && parser->payload_left == 0 ? end_frame(parser) : said;
}

enum websocket_said websocket_parser_take(struct websocket_parser *parser, const uint8_t *bytes,
                                          size_t length_bytes, size_t *taken_out)
{
    enum websocket_said said = WEBSOCKET_SAID_NOTHING;
    size_t at = 0;
    while (at < length_bytes && said == WEBSOCKET_SAID_NOTHING) {
        if (is_head_whole(parser)) {
            size_t left = length_bytes - at;
            size_t part = parser->payload_left < left ? (size_t)parser->payload_left : left;
            said = take_payload(parser, bytes + at, part);
            at += part;
        } else {
            said = take_head(parser, bytes[at++]);
        }
    }
    *taken_out = at;
    return said;
}
