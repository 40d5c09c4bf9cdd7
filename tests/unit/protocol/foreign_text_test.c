#include "protocol/foreign_text.h"

#include <string.h>

#include "protocol/canonical.h"
#include "support/test_support.h"

static const char text[] = "[{},{},{},{}]";
enum { LENGTH = sizeof text - 1 };

static const struct account_key stranger = {.kind = ACCOUNT_OF_V4};

/* Room for that many such texts of one member. */
static struct account_table *create(int64_t texts)
{
    int64_t weight = (int64_t)(LENGTH + canonical_weigh(text, LENGTH));
    const struct account_bounds bounds = {.of_one = {0, texts * weight}, .of_all = {0, INT64_MAX}};
    return account_table_create(&bounds, 1);
}

static void foreign_text__is_paid_for_until_it_is_closed(void **state)
{
    struct account_table *accounts = create(2);
    struct account_key member = account_key_of_node(test_id(1)->key);
    struct account *account = account_open(accounts, &member);
    struct foreign_text first = {0};
    struct foreign_text second = {0};
    struct foreign_text third = {0};
    json_t *json = NULL;
    (void)state;
    assert_int_equal(foreign_text_open(&first, account, text, LENGTH), RESULT_OK);
    assert_int_equal(foreign_text_open(&second, account, text, LENGTH), RESULT_OK);
    assert_int_equal(foreign_text_open(&third, account, text, LENGTH), RESULT_BUSY);
    foreign_text_close(&third); /* harmless */
    assert_int_equal(foreign_text_parse(&first, CANONICAL_MOST_NESTING, &json, NULL), RESULT_OK);
    assert_int_equal(json_array_size(json), 4);
    json_decref(json);
    foreign_text_close(&first);
    foreign_text_close(&first);
    assert_int_equal(foreign_text_open(&third, account, text, LENGTH), RESULT_OK);
    foreign_text_close(&second);
    foreign_text_close(&third);
    assert_int_equal(account_charged(account, ACCOUNT_JSON), 0);
    account_close(&account);
    account_table_destroy(&accounts);
}

static void foreign_text__that_never_fits_is_told_apart(void **state)
{
    struct account_table *accounts = create(1); /* a stranger has half */
    struct account *house = account_open(accounts, &stranger);
    struct foreign_text opened = {0};
    (void)state;
    assert_int_equal(foreign_text_open(&opened, house, text, LENGTH), RESULT_FULL);
    assert_int_equal(foreign_text_open(&opened, house, "{}", 2), RESULT_OK);
    foreign_text_close(&opened);
    account_close(&house);
    account_table_destroy(&accounts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_text__is_paid_for_until_it_is_closed),
        cmocka_unit_test(foreign_text__that_never_fits_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
