#include "protocol/lan_hint.h"

#include <stdio.h>
#include <string.h>

#include "support/test_support.h"

#define NODE "ed25519:T5JK-UVU3-IJYJ-RR4Z"
#define COMMUNITY "ed25519:ABCD-EFGH-IJKL-MNOP"

static enum result read(const char *text, struct lan_hint *hint)
{
    return lan_hint_read(text, strlen(text), hint);
}

static void lan_hint__reads_what_it_writes(void **state)
{
    const struct lan_hint hint = {.node = NODE, .community = COMMUNITY, .port = 7080};
    struct lan_hint again = {0};
    char text[LAN_HINT_MOST_BYTES];
    (void)state;
    size_t length = lan_hint_write(&hint, text);
    assert_int_equal(length, strlen(text));
    assert_string_equal(text, "{\"caps\":[\"chat.send\"],\"community\":\"" COMMUNITY
                              "\",\"node\":\"" NODE "\",\"port\":7080,\"v\":1}");
    assert_int_equal(read(text, &again), RESULT_OK);
    assert_string_equal(again.node, NODE);
    assert_string_equal(again.community, COMMUNITY);
    assert_int_equal(again.port, 7080);
}

static void lan_hint__leaves_an_address_in_the_text_alone(void **state)
{
    struct lan_hint hint = {0};
    (void)state;
    assert_int_equal(read("{\"v\":1,\"host\":\"192.0.2.9\",\"node\":\"" NODE
                          "\",\"community\":\"" COMMUNITY "\",\"port\":1}",
                          &hint),
                     RESULT_OK);
    assert_int_equal(hint.port, 1);
}

static void lan_hint__refuses_what_is_none(void **state)
{
    static const char *const wrong[] = {
        "",
        "{}",
        "[]",
        "{\"v\":2,\"node\":\"" NODE "\",\"community\":\"" COMMUNITY "\",\"port\":7080}",
        "{\"v\":1,\"node\":\"" NODE "\",\"community\":\"" COMMUNITY "\",\"port\":0}",
        "{\"v\":1,\"node\":\"" NODE "\",\"community\":\"" COMMUNITY "\",\"port\":65536}",
        "{\"v\":1,\"node\":\"" NODE "\",\"community\":\"" COMMUNITY "\",\"port\":-1}",
        "{\"v\":1,\"node\":\"" NODE "\",\"community\":\"" COMMUNITY "\",\"port\":70.5}",
        "{\"v\":1,\"node\":\"" NODE "\",\"community\":\"" COMMUNITY "\",\"port\":\"7080\"}",
        "{\"v\":1,\"node\":\"" NODE "\",\"community\":\"" COMMUNITY "\"}",
        "{\"v\":1,\"node\":\"" NODE "\",\"port\":7080}",
        "{\"v\":1,\"community\":\"" COMMUNITY "\",\"port\":7080}",
        "{\"v\":1,\"node\":\"ed25519:T5JK\",\"community\":\"" COMMUNITY "\",\"port\":7080}",
        "{\"v\":1,\"v\":1,\"node\":\"" NODE "\",\"community\":\"" COMMUNITY "\",\"port\":7080}",
        "{\"v\":1,\"node\":\"" NODE "\",\"community\":\"" COMMUNITY "\",\"port\":7080}}",
        "{\"v\":1,\"node\":\"" NODE "\",\"community\":\"" COMMUNITY "\",\"port\":7080",
        "{\"v\":1,\"node\":\"" NODE "\\u0000\",\"community\":\"" COMMUNITY "\",\"port\":7080}",
    };
    struct lan_hint hint = {0};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (read(wrong[i], &hint) != RESULT_INVALID) {
            fail_msg("%s", wrong[i]);
        }
    }
}

static void lan_hint__has_at_most_a_kilobyte(void **state)
{
    char text[LAN_HINT_MOST_BYTES + 2];
    struct lan_hint hint = {0};
    (void)state;
    memset(text, ' ', sizeof text);
    int length =
        snprintf(text, sizeof text,
                 "{\"v\":1,\"node\":\"" NODE "\",\"community\":\"" COMMUNITY "\",\"port\":7080}");
    text[length] = ' ';
    assert_int_equal(lan_hint_read(text, LAN_HINT_MOST_BYTES, &hint), RESULT_OK);
    assert_int_equal(lan_hint_read(text, LAN_HINT_MOST_BYTES + 1, &hint), RESULT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lan_hint__reads_what_it_writes),
        cmocka_unit_test(lan_hint__leaves_an_address_in_the_text_alone),
        cmocka_unit_test(lan_hint__refuses_what_is_none),
        cmocka_unit_test(lan_hint__has_at_most_a_kilobyte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
