#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "server/websocket_parser.h"
#include "support/test_support.h"

enum { MOST_BYTES = 8192 };

/* What a client sends, and what is to be read out of it: one letter each of a Message, a pIng, a
 * Close, and what is Wrong, with its bytes or its code behind it. */
struct talk {
    const char *what;
    const char *bytes; /* in hexadecimal digits; every mask is one that changes what it masks */
    const char *said;
};

static const struct talk talks[] = {
    {"text", "81 82 01020304 696b", "M(hi)"},
    {"nothing in it", "81 80 01020304", "M()"},
    {"binary", "82 82 01020304 fefd", "M(\xff\xff)"},
    {"fragments", "01 81 01020304 69  00 80 01020304  80 81 01020304 68", "M(hi)"},
    {"a ping between fragments", "01 81 01020304 69  89 81 01020304 78  80 81 01020304 68",
     "I(y)M(hi)"},
    {"a character in two fragments", "01 81 01020304 c2  80 81 01020304 a5", "M(\xc3\xa4)"},
    {"a ping between its halves", "01 81 01020304 c2  89 81 01020304 fe  80 81 01020304 a5",
     "I(\xff)M(\xc3\xa4)"},
    {"a pong", "8a 82 01020304 696b  8a 80 01020304  89 80 01020304", "I()"},
    {"a close", "88 80 01020304", "C(0)"},
    {"a close with a code", "88 82 01020304 02ea", "C(1000)"},
    {"a close with a reason", "88 84 01020304 02ea 6a6d", "C(1000)"},
    {"a close of one byte", "88 81 01020304 02", "W(1002)"},
    {"a close with 1005", "88 82 01020304 02ef", "W(1002)"},
    {"a close whose reason is no text", "88 83 01020304 02ea fc", "W(1007)"},
    {"reserved bits", "c1", "W(1002)"},
    {"a reserved opcode", "83", "W(1002)"},
    {"a reserved control opcode", "8b", "W(1002)"},
    {"a ping in fragments", "09", "W(1002)"},
    {"a continuation of nothing", "80", "W(1002)"},
    {"text in a text", "01 81 01020304 69  81", "W(1002)"},
    {"a continuation of what has ended", "81 80 01020304  80", "M()W(1002)"},
    {"no mask", "81 02", "W(1002)"},
    {"a long ping", "89 fe", "W(1002)"},
    {"a longer one", "89 ff", "W(1002)"},
    {"two bytes of length for 125", "81 fe 007d", "W(1002)"},
    {"eight bytes of length for 65,535", "81 ff 000000000000ffff", "W(1002)"},
    {"a length of 2^63", "82 ff 8000000000000000", "W(1002)"},
    {"a length of 2^63 - 1", "82 ff 7fffffffffffffff 01020304 ffffff", ""},
    {"what can't become text", "81 84 01020304 f592", "W(1007)"},
    {"what is text no more", "01 81 01020304 f5  00 81 01020304 91", "W(1007)"},
    {"text that is cut off", "01 81 01020304 c2  80 80 01020304", "W(1007)"},
    {"the same as binary", "02 81 01020304 c2  80 80 01020304", "M(\xc3)"},
    {"text after text that was cut into halves",
     "01 81 01020304 c2  80 81 01020304 a5  81 81 01020304 69", "M(\xc3\xa4)M(h)"},
};

static size_t read_hex(const char *digits, uint8_t bytes_out[static MOST_BYTES])
{
    size_t count = 0;
    for (; *digits != '\0'; digits += 2) {
        digits += strspn(digits, " ");
        const char pair[] = {digits[0], digits[1], '\0'};
        bytes_out[count++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return count;
}

static void write_down(struct buffer *heard, const struct websocket_parser *parser,
                       enum websocket_said said)
{
    switch (said) {
    case WEBSOCKET_SAID_NOTHING:
        break;
    case WEBSOCKET_SAID_MESSAGE:
        buffer_append_text(heard, "M(");
        buffer_append(heard, parser->message, parser->message_bytes);
        buffer_append_text(heard, ")");
        break;
    case WEBSOCKET_SAID_PING:
        buffer_append_text(heard, "I(");
        buffer_append(heard, parser->control, parser->control_bytes);
        buffer_append_text(heard, ")");
        break;
    case WEBSOCKET_SAID_CLOSE:
    case WEBSOCKET_SAID_WRONG:
        buffer_append_format(heard, "%c(%u)", said == WEBSOCKET_SAID_CLOSE ? 'C' : 'W',
                             (unsigned)parser->close_code);
        break;
    }
}

/* Gives it the bytes in pieces of that size. */
static void hear(const uint8_t *bytes, size_t length, size_t piece, struct buffer *heard)
{
    struct websocket_parser parser;
    enum websocket_said said = WEBSOCKET_SAID_NOTHING;
    websocket_parser_init(&parser);
    while (length > 0 && said != WEBSOCKET_SAID_WRONG) {
        size_t taken = 0;
        size_t part = length < piece ? length : piece;
        said = websocket_parser_take(&parser, bytes, part, &taken);
        assert_in_range(taken, 1, part);
        write_down(heard, &parser, said);
        bytes += taken;
        length -= taken;
    }
    assert_int_equal(length, 0); /* nothing but its last byte makes it wrong */
}

static void websocket_parser_take__reads_the_same_in_whatever_pieces(void **state)
{
    uint8_t bytes[MOST_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof talks / sizeof talks[0]; i++) {
        size_t length = read_hex(talks[i].bytes, bytes);
        for (size_t piece = 1; piece <= length; piece++) {
            struct buffer heard;
            buffer_init(&heard);
            hear(bytes, length, piece, &heard);
            if (strcmp(buffer_text(&heard), talks[i].said) != 0) {
                fail_msg("%s, %zu at once: %s", talks[i].what, piece, buffer_text(&heard));
            }
            buffer_deinit(&heard);
        }
    }
}

static void websocket_parser_take__knows_which_codes_may_be_said(void **state)
{
    (void)state;
    for (unsigned code = 0; code <= UINT16_MAX; code++) {
        uint8_t bytes[] = {0x88, 0x82, 0, 0, 0, 0, (uint8_t)(code >> 8), (uint8_t)code};
        struct websocket_parser parser;
        size_t taken = 0;
        bool may = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                   (code >= 3000 && code <= 4999);
        websocket_parser_init(&parser);
        assert_int_equal(websocket_parser_take(&parser, bytes, sizeof bytes, &taken),
                         may ? WEBSOCKET_SAID_CLOSE : WEBSOCKET_SAID_WRONG);
        assert_int_equal(parser.close_code, may ? code : 1002);
    }
}

/* A message of two fragments; the second has `second` bytes of text. */
static enum websocket_said hear_long(size_t first, size_t second, uint8_t last,
                                     struct websocket_parser *parser)
{
    uint8_t *bytes = memory_allocate(16 + first + second, 1);
    uint8_t heads[2][8] = {{0x01, 0xfe, (uint8_t)(first >> 8), (uint8_t)first},
                           {0x80, 0xfe, (uint8_t)(second >> 8), (uint8_t)second}};
    size_t taken = 0;
    memcpy(bytes, heads[0], 8);
    memset(bytes + 8, 'x', first);
    memcpy(bytes + 8 + first, heads[1], 8);
    memset(bytes + 16 + first, 'x', second);
    bytes[15 + first + second] = last;
    websocket_parser_init(parser);
    enum websocket_said said = websocket_parser_take(parser, bytes, 16 + first + second, &taken);
    assert_int_equal(taken, 16 + first + second);
    memory_free(bytes);
    return said;
}

static void websocket_parser_take__judges_what_is_too_long_and_does_not_keep_it(void **state)
{
    enum { MOST = LIMITS_WEBSOCKET_MESSAGE_BYTES };
    static struct websocket_parser parser;
    (void)state;
    assert_int_equal(hear_long(1000, MOST - 1000, 'x', &parser), WEBSOCKET_SAID_MESSAGE);
    assert_int_equal(parser.message_bytes, MOST);
    assert_int_equal(hear_long(1000, MOST - 999, 'x', &parser), WEBSOCKET_SAID_NOTHING);
    assert_int_equal(hear_long(MOST, MOST, 'x', &parser), WEBSOCKET_SAID_NOTHING);
    assert_int_equal(hear_long(MOST, MOST, 0xff, &parser), WEBSOCKET_SAID_WRONG);
    assert_int_equal(parser.close_code, 1007);
    assert_int_equal(hear_long(MOST + 1, 200, 0xc3, &parser), WEBSOCKET_SAID_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(websocket_parser_take__reads_the_same_in_whatever_pieces),
        cmocka_unit_test(websocket_parser_take__knows_which_codes_may_be_said),
        cmocka_unit_test(websocket_parser_take__judges_what_is_too_long_and_does_not_keep_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
