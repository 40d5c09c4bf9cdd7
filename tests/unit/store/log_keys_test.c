/* New receiving keys at the owner's word (§24.1). */
#include "store/log_keys.h"
#include "support/neighbours.h"

enum { ALICE = 1, BOB = 2 };

static void keep_appended(void *context, const struct append_answer *answer)
{
    *(struct append_answer *)context = *answer;
}

static void log_keys_rotate__ends_what_was_offered_before(void **state)
{
    struct neighbours street;
    struct append_answer answer = {.result = RESULT_IO};
    (void)state;
    neighbours_begin(&street, 2);
    neighbours_exchange(&street);
    (void)neighbours_send(&street, BOB, ALICE, "hello");
    neighbours_exchange(&street);
    (void)neighbours_send(&street, ALICE, BOB, "hello"); /* with an offer to him alone */
    neighbours_exchange(&street);
    assert_int_equal(log_keys_rotate(street.logs[ALICE].log, keep_appended, &answer), RESULT_OK);
    assert_int_equal(answer.result, RESULT_OK);
    assert_int_equal(neighbours_count_events(&street, ALICE, answer.event_id, "\"reset\":true"), 1);
    neighbours_exchange(&street);
    (void)neighbours_send(&street, BOB, ALICE, "to the new one");
    neighbours_exchange(&street);
    assert_int_equal(neighbours_count(&street, ALICE, "to the new one", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_ask_database(&street, ALICE,
                                             "SELECT used FROM receiving_keys WHERE peer=0"
                                             " ORDER BY since DESC LIMIT 1"),
                     2);
    neighbours_verify(&street, ALICE);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_keys_rotate__ends_what_was_offered_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
