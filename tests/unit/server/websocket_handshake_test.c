#include "server/websocket_handshake.h"
#include "support/test_support.h"

static void websocket_handshake_is_key__takes_sixteen_bytes_in_base64(void **state)
{
    static const char *const keys[] = {
        "dGhlIHNhbXBsZSBub25jZQ==", "AAAAAAAAAAAAAAAAAAAAAA==", "//////////+/////////AQ=="};
    static const char *const others[] = {
        "",
        "abc",
        "dGhlIHNhbXBsZSBub25jZQ",   /* without its end */
        "dGhlIHNhbXBsZSBub25jZQ= ", /* another end */
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZXh=", /* 17 bytes */
        "dGhlIHNhbXBsZSBub25jZXh4", /* 18 */
        "dGhlIHNhbXBsZSBub25j====", /* 15 */
        "dGhlIHNhbXBsZSBub25jZ-==", /* of the other base64 */
        "dGhlIHNhbXBsZSBu b25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ==,dGhlIHNhbXBsZSBub25jZQ==",
    };
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_true(websocket_handshake_is_key(keys[i]));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(websocket_handshake_is_key(others[i]));
    }
}

static void websocket_handshake_offers__finds_a_whole_word_in_a_list(void **state)
{
    (void)state;
    assert_true(websocket_handshake_offers("bus.v2", "bus.v2"));
    assert_true(websocket_handshake_offers("other, bus.v2", "bus.v2"));
    assert_true(websocket_handshake_offers(" ,bus.v2\t,other", "bus.v2"));
    assert_false(websocket_handshake_offers("bus.v20, xbus.v2, bus.v", "bus.v2"));
    assert_false(websocket_handshake_offers("BUS.v2", "bus.v2")); /* it is another to the client */
    assert_false(websocket_handshake_offers("", "bus.v2"));
    assert_false(websocket_handshake_offers(NULL, "bus.v2"));
}

static void websocket_handshake_answer__is_that_of_the_rfc(void **state)
{
    struct buffer answer;
    (void)state;
    buffer_init(&answer);
    websocket_handshake_answer("dGhlIHNhbXBsZSBub25jZQ==", NULL, &answer);
    assert_string_equal(buffer_text(&answer),
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    buffer_clear(&answer);
    websocket_handshake_answer("AAAAAAAAAAAAAAAAAAAAAA==", "chat", &answer);
    assert_string_equal(buffer_text(&answer),
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n"
                        "Sec-WebSocket-Protocol: chat\r\n\r\n");
    buffer_deinit(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(websocket_handshake_is_key__takes_sixteen_bytes_in_base64),
        cmocka_unit_test(websocket_handshake_offers__finds_a_whole_word_in_a_list),
        cmocka_unit_test(websocket_handshake_answer__is_that_of_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
