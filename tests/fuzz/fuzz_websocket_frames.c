/* Whatever a subscriber sends after the handshake, the node speaks WebSocket back: `ready` first,
 * whole unmasked frames, JSON in every text, nothing behind a close; and it lets go of who hangs
 * up.
 *
 * The first byte says how the rest is sent: R as it is; else as frames, each made of a byte for FIN
 * and opcode, a byte for the length, and the payload. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "fuzz/fuzz.h"
#include "protocol/canonical.h"
#include "protocol/json_members.h"
#include "support/live_node.h"

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };

static void check_text(const char *text, size_t length, bool first)
{
    json_t *json = NULL;
    const char *event = NULL;
    FUZZ_ASSERT(canonical_parse(text, length, CANONICAL_MOST_NESTING_REQUEST, &json, NULL) ==
                RESULT_OK);
    FUZZ_ASSERT(json_members_string(json, "event", &event, NULL));
    FUZZ_ASSERT(strcmp(event, first ? "ready" : "published") == 0);
    json_decref(json);
}

static void check_frames(const uint8_t *at, size_t left)
{
    bool first = true;
    bool closed = false;
    while (left >= 2) {
        unsigned opcode = at[0] & 0x0fU;
        size_t length = at[1] & 0x7fU;
        size_t head = length == 126 ? 4 : 2;
        FUZZ_ASSERT((at[0] & 0xf0U) == 0x80U); /* whole, no extension */
        FUZZ_ASSERT((at[1] & 0x80U) == 0);     /* unmasked */
        FUZZ_ASSERT(opcode == TEXT || (opcode >= CLOSE && opcode <= PONG && length < 126));
        FUZZ_ASSERT(!closed && length < 127);
        if (left < head) {
            return;
        }
        length = length == 126 ? (size_t)at[2] << 8 | at[3] : length;
        if (left < head + length) {
            return; /* cut off by the end of the connection */
        }
        if (opcode == TEXT) {
            check_text((const char *)at + head, length, first);
            first = false;
        }
        closed = opcode == CLOSE;
        at += head + length;
        left -= head + length;
    }
}

/* Masked by zeroes: what counts is that it is said to be. */
static void frame(struct buffer *out, const uint8_t *bytes, size_t length)
{
    static const uint8_t no_mask[4] = {0};
    while (length >= 2) {
        size_t payload = bytes[1] < length - 2 ? bytes[1] : length - 2;
        uint8_t head[4] = {bytes[0], (uint8_t)(0x80U | (payload < 126 ? payload : 126)),
                           (uint8_t)(payload >> 8), (uint8_t)payload};
        buffer_append(out, head, payload < 126 ? 2 : 4);
        buffer_append(out, no_mask, sizeof no_mask);
        buffer_append(out, bytes + 2, payload);
        bytes += 2 + payload;
        length -= 2 + payload;
    }
}

/* Reads to the end of the answer's head; false, and says what it is, when it is no upgrade. */
static bool read_handshake(int descriptor)
{
    char head[1024] = "";
    size_t got = 0;
    while (got < sizeof head - 1) {
        ssize_t one = live_node_receive(descriptor, head + got, 1);
        if (one <= 0) {
            break;
        }
        head[++got] = '\0';
        if (got >= 4 && memcmp(head + got - 4, "\r\n\r\n", 4) == 0) {
            break;
        }
    }
    bool upgraded = strncmp(head, "HTTP/1.1 101 ", 13) == 0;
    if (!upgraded) {
        (void)fprintf(stderr, "no handshake after %zu bytes: %s\n", got, head);
    }
    return upgraded;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct buffer out;
    size_t answered = 0;
    if (length == 0) {
        return 0;
    }
    const struct live_node *node = live_node_get();
    int descriptor = live_node_connect(node->local_port);
    buffer_init(&out);
    buffer_append_format(&out,
                         "GET /pubsub/v1/subscribe?topic=%s&topic=member.changed&since_seq=0 "
                         "HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: Upgrade\r\nUpgrade: "
                         "websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                         "AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                         node->topic, (unsigned)node->local_port);
    FUZZ_ASSERT(send(descriptor, out.data, out.length_bytes, MSG_NOSIGNAL) ==
                (ssize_t)out.length_bytes);
    FUZZ_ASSERT(read_handshake(descriptor));
    buffer_clear(&out);
    if (bytes[0] == 'R') {
        buffer_append(&out, bytes + 1, length - 1);
    } else {
        frame(&out, bytes + 1, length - 1);
    }
    char *answer = live_node_talk(descriptor, out.data, out.length_bytes, &answered);
    check_frames((const uint8_t *)answer, answered);
    memory_free(answer);
    buffer_deinit(&out);
    return 0;
}
