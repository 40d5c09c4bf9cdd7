/* §24.9: of a deleted message that was sealed to a prekey, by which day that goes. */
#include "store/history.h"
#include "support/changes.h"

enum { ALICE = 1, BOB = 2 };

static void begin(struct neighbours *street)
{
    neighbours_begin(street, 2);
    neighbours_exchange(street);
}

static void note_key_goes(void *context, const struct history_message *message)
{
    *(int64_t *)context = message->key_goes;
}

static int64_t ask_key_goes(struct neighbours *street, int who, const char *event_id)
{
    int64_t key_goes = INT64_MIN;
    struct history_name name = {.id_end = event_id};
    assert_int_equal(history_find(street->logs[who].log, &name, note_key_goes, &key_goes),
                     RESULT_OK);
    return key_goes;
}

static void history_last_key__the_day_is_told_on_which_it_goes(void **state)
{
    const char date_sql[] = "SELECT date FROM service_days";
    struct neighbours street;
    (void)state;
    begin(&street);
    struct append_answer first = changes_send(&street, ALICE, BOB, "to a prekey", "");
    neighbours_exchange(&street);
    assert_int_equal(ask_key_goes(&street, BOB, first.event_id), HISTORY_KEY_IS_GONE);
    (void)changes_send(&street, BOB, ALICE, "with an offer", "");
    neighbours_exchange(&street);
    struct append_answer second = changes_send(&street, ALICE, BOB, "to the offer", "");
    (void)changes_say(&street, ALICE, PAYLOAD_DELETE, first.event_id, "");
    (void)changes_say(&street, ALICE, PAYLOAD_DELETE, second.event_id, "");
    neighbours_exchange(&street);
    assert_int_equal(ask_key_goes(&street, ALICE, first.event_id), HISTORY_KEY_IS_GONE);
    assert_int_equal(ask_key_goes(&street, BOB, second.event_id), HISTORY_KEY_GOES_SOON);
    neighbours_exchange(&street);
    (void)changes_send(&street, ALICE, BOB, "to a newer one", "");
    neighbours_exchange(&street);
    neighbours_pass(&street, BOB, 60000);
    assert_int_equal(ask_key_goes(&street, BOB, second.event_id), HISTORY_KEY_IS_GONE);

    int64_t day = neighbours_ask_database(&street, BOB, date_sql) + 7 + 30;
    assert_int_equal(ask_key_goes(&street, BOB, first.event_id), day);
    while (neighbours_ask_database(&street, BOB, date_sql) < day - 1) {
        neighbours_pass(&street, BOB, 86400000);
        assert_int_equal(ask_key_goes(&street, BOB, first.event_id), day);
    }
    neighbours_pass(&street, BOB, 86400000);
    assert_int_equal(ask_key_goes(&street, BOB, first.event_id), HISTORY_KEY_IS_GONE);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_last_key__the_day_is_told_on_which_it_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
