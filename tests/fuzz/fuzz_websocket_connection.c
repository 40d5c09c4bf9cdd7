/* Whatever a client sends, and in whatever pieces it comes, the same is read out of it; what is
 * read is within its bounds, and what we send because of it is whole frames and no more than came.
 *
 * The first byte says how many bytes make a piece. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "server/websocket_connection.h"

static void take_message(void *context, const char *bytes, size_t length_bytes)
{
    struct buffer *messages = context;
    FUZZ_ASSERT(length_bytes <= LIMITS_WEBSOCKET_MESSAGE_BYTES);
    buffer_append_format(messages, "%zu:", length_bytes);
    buffer_append(messages, bytes, length_bytes);
}

static void hear(struct websocket_connection *connection, const uint8_t *bytes, size_t length,
                 size_t piece, struct buffer *messages)
{
    websocket_connection_init(connection, "", 0);
    buffer_init(messages);
    while (length > 0) {
        size_t part = length < piece ? length : piece;
        websocket_connection_receive(connection, bytes, part, 0, take_message, messages);
        bytes += part;
        length -= part;
    }
}

static void check_same(const struct buffer *one, const struct buffer *other)
{
    FUZZ_ASSERT(one->length_bytes == other->length_bytes);
    FUZZ_ASSERT(memcmp(buffer_text(one), buffer_text(other), one->length_bytes) == 0);
}

/* Pongs, and one close at the end if it was closed. */
static void check_out(const struct websocket_connection *connection)
{
    const uint8_t *at = (const uint8_t *)connection->out.data;
    size_t left = connection->out.length_bytes;
    bool closed = false;
    while (left > 0) {
        FUZZ_ASSERT(!closed && left >= 2 && at[1] <= WEBSOCKET_MOST_CONTROL_BYTES &&
                    left >= 2U + at[1]);
        FUZZ_ASSERT(at[0] == (0x80 | WEBSOCKET_PONG) || at[0] == (0x80 | WEBSOCKET_CLOSE));
        closed = at[0] == (0x80 | WEBSOCKET_CLOSE);
        FUZZ_ASSERT(!closed || at[1] == 0 || at[1] == 2);
        left -= 2U + at[1];
        at += 2 + at[1];
    }
    FUZZ_ASSERT(closed == (connection->phase == WEBSOCKET_CLOSED));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct websocket_connection whole;
    static struct websocket_connection cut;
    struct buffer messages;
    struct buffer messages_of_cut;
    if (length < 2) {
        return 0;
    }
    hear(&whole, bytes + 1, length - 1, length, &messages);
    hear(&cut, bytes + 1, length - 1, 1U + bytes[0], &messages_of_cut);
    FUZZ_ASSERT(whole.out.length_bytes < length + 4); /* a close has a code, where none was sent */
    check_out(&whole);
    check_same(&whole.out, &cut.out);
    check_same(&messages, &messages_of_cut);
    FUZZ_ASSERT(whole.phase == cut.phase);
    websocket_connection_deinit(&whole);
    websocket_connection_deinit(&cut);
    buffer_deinit(&messages);
    buffer_deinit(&messages_of_cut);
    return 0;
}
