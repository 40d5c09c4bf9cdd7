#include "server/callers.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/limits.h"
#include "support/test_support.h"

static struct account_key address(const char *text)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        return callers_key_of_address((const struct sockaddr *)(const void *)&v4);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return callers_key_of_address((const struct sockaddr *)(const void *)&v6);
}

static void callers__count_a_house_as_one(void **state)
{
    struct account_key one = address("2001:db8:1:2::1");
    struct account_key same = address("2001:db8:1:2:ffff::9");
    struct account_key other = address("2001:db8:1:3::1");
    struct account_key v4 = address("192.0.2.1");
    struct account_key mapped = address("::ffff:192.0.2.1");
    struct account_key neighbour = address("192.0.2.2");
    (void)state;
    assert_true(account_key_equal(&one, &same));
    assert_false(account_key_equal(&one, &other));
    assert_true(account_key_equal(&v4, &mapped));
    assert_false(account_key_equal(&v4, &neighbour));
}

static void callers__write_an_address_as_people_do(void **state)
{
    static const char *const texts[][2] = {
        {"::ffff:192.0.2.1", "192.0.2.1"}, {"2001:db8::1", "2001:db8::1"}, {"::1", "::1"}};
    char text[CALLERS_ADDRESS_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        assert_int_equal(inet_pton(AF_INET6, texts[i][0], &v6.sin6_addr), 1);
        callers_format_address((const struct sockaddr *)(const void *)&v6, text);
        assert_string_equal(text, texts[i][1]);
    }
}

static void callers__limit_then_call_it_a_flood(void **state)
{
    struct callers *callers = callers_create();
    struct account_key key = callers_key_of_node(test_id(1));
    struct account_key other = callers_key_of_node(test_id(2));
    int64_t retry_ms = 0;
    (void)state;
    for (int i = 0; i < LIMITS_CALLS_A_SECOND; i++) {
        assert_int_equal(callers_count(callers, &key, 5000 + i, &retry_ms), RESULT_OK);
    }
    for (int i = LIMITS_CALLS_A_SECOND; i < LIMITS_CALLS_A_SECOND * LIMITS_FLOOD_FACTOR; i++) {
        assert_int_equal(callers_count(callers, &key, 5200, &retry_ms), RESULT_BUSY);
        assert_int_equal(retry_ms, 800);
    }
    assert_int_equal(callers_count(callers, &key, 5200, &retry_ms), RESULT_FULL);
    assert_int_equal(callers_count(callers, &other, 5200, &retry_ms), RESULT_OK);
    assert_int_equal(callers_count(callers, &key, 6000, &retry_ms), RESULT_OK);
    callers_destroy(&callers);
}

static void callers__limit_each_capability_apart(void **state)
{
    struct callers *callers = callers_create();
    struct account_key key = callers_key_of_node(test_id(1));
    int64_t retry_ms = 0;
    (void)state;
    for (int i = 0; i < LIMITS_CAPABILITY_CALLS_A_SECOND; i++) {
        assert_int_equal(callers_count_capability(callers, &key, 3, 0, &retry_ms), RESULT_OK);
    }
    assert_int_equal(callers_count_capability(callers, &key, 3, 999, &retry_ms), RESULT_BUSY);
    assert_int_equal(retry_ms, 1);
    assert_int_equal(callers_count_capability(callers, &key, 4, 999, &retry_ms), RESULT_OK);
    callers_destroy(&callers);
}

static void callers__let_one_redeem_so_often_a_minute(void **state)
{
    struct callers *callers = callers_create();
    struct account_key key = address("192.0.2.1");
    struct account_key other = address("192.0.2.2");
    int64_t retry_ms = 0;
    (void)state;
    for (int i = 0; i < LIMITS_REDEEMS_A_MINUTE; i++) {
        assert_int_equal(callers_count_redeem(callers, &key, 5000 + i, &retry_ms), RESULT_OK);
    }
    assert_int_equal(callers_count_redeem(callers, &key, 7000, &retry_ms), RESULT_BUSY);
    assert_int_equal(retry_ms, 58000);
    assert_int_equal(callers_count_redeem(callers, &other, 7000, &retry_ms), RESULT_OK);
    assert_int_equal(callers_count(callers, &key, 7000, &retry_ms), RESULT_OK);
    assert_int_equal(callers_count_redeem(callers, &key, 65000, &retry_ms), RESULT_OK);
    assert_int_equal(callers_count_redeem(callers, &key, 65000, &retry_ms), RESULT_BUSY);
    assert_int_equal(retry_ms, 1);
    callers_destroy(&callers);
}

static void callers__take_a_call_back_that_was_somebody_elses(void **state)
{
    struct callers *callers = callers_create();
    struct account_key key = address("192.0.2.1");
    int64_t retry_ms = 0;
    (void)state;
    for (int i = 0; i < LIMITS_CALLS_A_SECOND * 3; i++) {
        assert_int_equal(callers_count(callers, &key, 0, &retry_ms), RESULT_OK);
        callers_uncount(callers, &key);
    }
    callers_destroy(&callers);
}

/* They are not limited, beside those that are; of both together a flood is made. */
static void callers__forgive_calls_up_to_a_flood(void **state)
{
    enum { FLOOD = LIMITS_CALLS_A_SECOND * LIMITS_FLOOD_FACTOR };
    struct callers *callers = callers_create();
    struct account_key key = callers_key_of_node(test_id(1));
    int64_t retry_ms = 0;
    (void)state;
    for (int i = 0; i < FLOOD - LIMITS_CALLS_A_SECOND - 1; i++) {
        assert_int_equal(callers_count(callers, &key, 0, &retry_ms), RESULT_OK);
        callers_forgive(callers, &key);
    }
    for (int i = 0; i < LIMITS_CALLS_A_SECOND; i++) {
        assert_int_equal(callers_count(callers, &key, 500, &retry_ms), RESULT_OK);
    }
    assert_int_equal(callers_count(callers, &key, 500, &retry_ms), RESULT_BUSY);
    assert_int_equal(callers_count(callers, &key, 500, &retry_ms), RESULT_FULL);
    callers_destroy(&callers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callers__count_a_house_as_one),
        cmocka_unit_test(callers__write_an_address_as_people_do),
        cmocka_unit_test(callers__limit_then_call_it_a_flood),
        cmocka_unit_test(callers__limit_each_capability_apart),
        cmocka_unit_test(callers__let_one_redeem_so_often_a_minute),
        cmocka_unit_test(callers__take_a_call_back_that_was_somebody_elses),
        cmocka_unit_test(callers__forgive_calls_up_to_a_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
