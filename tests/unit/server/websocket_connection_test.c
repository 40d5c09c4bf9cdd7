#include <string.h>

#include "server/websocket_connection.h"
#include "support/test_support.h"

static const char masked_ping[] = "\x89\x81\0\0\0\0p";
static const char masked_text[] = "\x81\x82\0\0\0\0hi";
static const char masked_close[] = "\x88\x82\0\0\0\0\x03\xe8";
static const char unmasked_text[] = "\x81\x02hi";

struct play {
    struct websocket_connection connection;
    struct buffer messages;
};

static void take_message(void *context, const char *bytes, size_t length_bytes)
{
    struct play *play = context;
    buffer_append(&play->messages, bytes, length_bytes);
}

static void begin(struct play *play)
{
    websocket_connection_init(&play->connection, "", 0);
    buffer_init(&play->messages);
}

static void end(struct play *play)
{
    websocket_connection_deinit(&play->connection);
    buffer_deinit(&play->messages);
}

static void hear(struct play *play, const char *bytes, size_t length, int64_t now_ms)
{
    websocket_connection_receive(&play->connection, bytes, length, now_ms, take_message, play);
}

#define HEAR(play, bytes) hear((play), (bytes), sizeof(bytes) - 1, 0)

static void check_out(struct play *play, const char *bytes, size_t length)
{
    assert_int_equal(play->connection.out.length_bytes, length);
    assert_memory_equal(buffer_text(&play->connection.out), bytes, length);
    buffer_clear(&play->connection.out);
}

#define CHECK_OUT(play, bytes) check_out((play), (bytes), sizeof(bytes) - 1)

static void websocket_connection_receive__answers_every_ping_in_order(void **state)
{
    struct play play;
    (void)state;
    begin(&play);
    websocket_connection_send(&play.connection, "{}", 2);
    HEAR(&play, masked_ping);
    HEAR(&play, masked_text);
    websocket_connection_send(&play.connection, "[]", 2);
    hear(&play, "\x89\x80\0\0\0\0\x89\x82\0\0\0\0\xff\0", 14, 0);
    CHECK_OUT(&play, "\x81\x02{}\x8a\x01p\x81\x02[]\x8a\x00\x8a\x02\xff\0");
    assert_string_equal(buffer_text(&play.messages), "hi");
    end(&play);
}

static void websocket_connection_receive__says_nothing_behind_a_close(void **state)
{
    struct play play;
    (void)state;
    begin(&play); /* theirs */
    hear(&play, "\x88\x82\0\0\0\0\x03\xe8\x89\x80\0\0\0\0\x81\x80", 16, 0);
    assert_int_equal(play.connection.phase, WEBSOCKET_CLOSED);
    HEAR(&play, masked_text);
    websocket_connection_send(&play.connection, "{}", 2);
    websocket_connection_close(&play.connection, 1013, "late");
    assert_true(websocket_connection_tick(&play.connection, 1));
    CHECK_OUT(&play, "\x88\x02\x03\xe8");
    end(&play);
    begin(&play); /* ours */
    websocket_connection_close(&play.connection, 1013, "slow");
    assert_int_equal(play.connection.phase, WEBSOCKET_CLOSING);
    HEAR(&play, masked_ping);
    HEAR(&play, masked_text);
    websocket_connection_send(&play.connection, "{}", 2);
    assert_int_equal(play.connection.phase, WEBSOCKET_CLOSING);
    HEAR(&play, masked_close);
    assert_int_equal(play.connection.phase, WEBSOCKET_CLOSED);
    CHECK_OUT(&play, "\x88\x06\x03\xf5slow");
    assert_int_equal(play.messages.length_bytes, 0);
    end(&play);
}

static void websocket_connection_receive__closes_what_is_wrong_and_reads_no_further(void **state)
{
    struct play play;
    (void)state;
    begin(&play);
    HEAR(&play, masked_ping);
    HEAR(&play, unmasked_text);
    HEAR(&play, masked_close);
    HEAR(&play, masked_ping);
    assert_int_equal(play.connection.phase, WEBSOCKET_CLOSED);
    CHECK_OUT(&play, "\x8a\x01p\x88\x02\x03\xea");
    end(&play);
    begin(&play); /* a close without a code is answered by one */
    hear(&play, "\x88\x80\0\0\0\0", 6, 0);
    CHECK_OUT(&play, "\x88\x00");
    end(&play);
    begin(&play); /* what is wrong may also come behind our close */
    websocket_connection_close(&play.connection, 0, "");
    HEAR(&play, unmasked_text);
    assert_int_equal(play.connection.phase, WEBSOCKET_CLOSED);
    CHECK_OUT(&play, "\x88\x00");
    end(&play);
}

static void websocket_connection_send__says_the_length_in_as_few_bytes_as_it_needs(void **state)
{
    static const struct {
        size_t length;
        const char *head;
        size_t head_bytes;
    } sizes[] = {{125, "\x81\x7d", 2},
                 {126, "\x81\x7e\x00\x7e", 4},
                 {65535, "\x81\x7e\xff\xff", 4},
                 {65536, "\x81\x7f\0\0\0\0\0\x01\0\0", 10}};
    static char text[65536];
    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct play play;
        begin(&play);
        websocket_connection_send(&play.connection, text, sizes[i].length);
        const struct buffer *out = &play.connection.out;
        assert_int_equal(out->length_bytes, sizes[i].head_bytes + sizes[i].length);
        assert_memory_equal(out->data, sizes[i].head, sizes[i].head_bytes);
        assert_memory_equal(out->data + sizes[i].head_bytes, text, sizes[i].length);
        end(&play);
    }
}

static void websocket_connection_tick__pings_and_gives_up_on_who_is_silent(void **state)
{
    struct play play;
    (void)state;
    websocket_connection_init(&play.connection, "HTTP", 1000);
    buffer_init(&play.messages);
    assert_true(websocket_connection_tick(&play.connection, 31000));
    CHECK_OUT(&play, "HTTP\x89\x00");
    hear(&play, "\x8a", 1, 45000); /* one byte will do */
    for (int64_t now_ms = 61000; now_ms < 165000; now_ms += 30000) {
        assert_true(websocket_connection_tick(&play.connection, now_ms));
        CHECK_OUT(&play, "\x89\x00");
    }
    assert_true(websocket_connection_tick(&play.connection, 164999));
    assert_false(websocket_connection_tick(&play.connection, 165000));
    end(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(websocket_connection_receive__answers_every_ping_in_order),
        cmocka_unit_test(websocket_connection_receive__says_nothing_behind_a_close),
        cmocka_unit_test(websocket_connection_receive__closes_what_is_wrong_and_reads_no_further),
        cmocka_unit_test(websocket_connection_send__says_the_length_in_as_few_bytes_as_it_needs),
        cmocka_unit_test(websocket_connection_tick__pings_and_gives_up_on_who_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
