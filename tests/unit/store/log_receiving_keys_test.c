/* When receiving secrets go, and that nothing is left of them (§24.9). */
#include <stdio.h>
#include <string.h>

#include "store/log_receiving_keys_private.h"
#include "support/neighbours.h"
#include "support/told.h"

enum { ALICE = 1, BOB = 2, MOMENT_MS = 21000, DAY_MS = 86400000 };

/* In Alice's log: the oldest and newest that she offered to Bob alone. */
#define OF_BOB " FROM receiving_keys WHERE peer<>0 ORDER BY since"
static const char oldest[] = "SELECT secret" OF_BOB " LIMIT 1";
static const char count_of_bob[] = "SELECT count(*) FROM receiving_keys WHERE peer<>0";
static const char count_of_all[] = "SELECT count(*) FROM receiving_keys WHERE peer=0";

static void begin(struct neighbours *street)
{
    neighbours_begin(street, 2);
    neighbours_exchange(street);
}

static void say(struct neighbours *street, int from, const char *text)
{
    (void)neighbours_send(street, from, from == ALICE ? BOB : ALICE, text);
    neighbours_exchange(street);
}

static bool is_there(struct neighbours *street, const uint8_t *secret)
{
    return neighbours_holds_bytes(street, ALICE, secret, HPKE_KEY_BYTES);
}

static void log_receiving_keys__nothing_is_left_of_one_that_was_outdone(void **state)
{
    struct neighbours street;
    uint8_t secret[HPKE_KEY_BYTES];
    (void)state;
    begin(&street);
    say(&street, ALICE, "1");
    assert_true(neighbours_ask_bytes(&street, ALICE, oldest, secret, sizeof secret));
    say(&street, BOB, "2"); /* sealed to that */
    say(&street, ALICE, "3");
    neighbours_pass(&street, ALICE, MOMENT_MS);
    assert_true(is_there(&street, secret)); /* nothing came yet that was sealed to the newer one */
    say(&street, BOB, "4");
    assert_int_equal(neighbours_ask_database(&street, ALICE, count_of_bob), 2);
    neighbours_pass(&street, ALICE, MOMENT_MS);
    assert_int_equal(neighbours_ask_database(&street, ALICE, count_of_bob), 1);
    assert_false(is_there(&street, secret));
    assert_int_equal(neighbours_count(&street, ALICE, "2", MESSAGE_OPENED), 1);
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

/* What Bob sealed to the old one may still be on its way. */
static void log_receiving_keys__stays_while_anything_before_is_missing(void **state)
{
    struct neighbours street;
    uint8_t secret[HPKE_KEY_BYTES];
    (void)state;
    begin(&street);
    say(&street, ALICE, "1");
    assert_true(neighbours_ask_bytes(&street, ALICE, oldest, secret, sizeof secret));
    say(&street, BOB, "2");
    int64_t late = street.given[BOB][ALICE];
    (void)neighbours_send(&street, BOB, ALICE, "3, late");
    street.given[BOB][ALICE]++; /* lost on its way */
    say(&street, ALICE, "4");
    say(&street, BOB, "5");
    neighbours_pass(&street, ALICE, MOMENT_MS);
    assert_true(is_there(&street, secret));
    assert_int_equal(neighbours_ask_database(&street, ALICE, count_of_bob), 2);
    street.given[BOB][ALICE] = late;
    neighbours_exchange(&street);
    assert_int_equal(neighbours_count(&street, ALICE, "3, late", MESSAGE_OPENED), 1);
    neighbours_pass(&street, ALICE, MOMENT_MS);
    assert_false(is_there(&street, secret));
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

/* Prekeys: a new one every seven days, every fourth a reset, and 30 days after it was replaced an
 * old one goes. */
static void log_receiving_keys__prekeys_go_by_service_days(void **state)
{
    struct neighbours street;
    struct receiving_key first;
    uint8_t secret[HPKE_KEY_BYTES];
    int64_t published = 1;
    (void)state;
    begin(&street);
    first = neighbours_prekey(&street, ALICE);
    assert_true(neighbours_ask_bytes(&street, ALICE, "SELECT secret FROM receiving_keys", secret,
                                     sizeof secret));
    for (int64_t day = 1; day <= 40; day++) {
        neighbours_pass(&street, ALICE, day == 20 ? 400 * (int64_t)DAY_MS : DAY_MS);
        published += day % 7 == 0 ? 1 : 0;
        assert_int_equal(neighbours_count_events(&street, ALICE, "e2e.prekeys.published", NULL) - 1,
                         published);
        assert_int_equal(neighbours_ask_database(&street, ALICE, "SELECT count FROM service_days"),
                         day + 1);
        assert_int_equal(neighbours_count_events(&street, ALICE, "\"reset\":true", NULL),
                         published / 4);
        assert_int_equal(is_there(&street, secret), day < 7 + LOG_RECEIVING_KEYS_DAYS);
        assert_int_equal(neighbours_ask_database(&street, ALICE, count_of_all),
                         day < 7 + LOG_RECEIVING_KEYS_DAYS ? published : published - 1);
    }
    assert_memory_not_equal(neighbours_prekey(&street, ALICE).key, first.key, sizeof first.key);
    neighbours_exchange(&street);
    say(&street, BOB, "hello");
    assert_int_equal(neighbours_count(&street, ALICE, "hello", MESSAGE_OPENED), 1);
    neighbours_end(&street);
}

/* After a reset what was offered before counts no more; others seal to the prekey. */
static void log_receiving_keys__a_lost_secret_is_answered_with_a_reset(void **state)
{
    struct neighbours street;
    (void)state;
    begin(&street);
    say(&street, ALICE, "1");
    say(&street, BOB, "2");
    say(&street, ALICE, "3");
    neighbours_change_database(&street, ALICE, "DELETE FROM receiving_keys");
    assert_int_equal(neighbours_count_events(&street, ALICE, "\"reset\":true", NULL), 1);
    neighbours_reopen(&street, ALICE);
    assert_int_equal(neighbours_count_events(&street, ALICE, "\"reset\":true", NULL), 1);
    neighbours_exchange(&street);
    say(&street, BOB, "4");
    assert_int_equal(neighbours_count(&street, ALICE, "4", MESSAGE_OPENED), 1);
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

/* What was acknowledged before is not given again by itself; what is new can be read. */
static void log_receiving_keys__a_log_that_was_set_back_begins_anew(void **state)
{
    struct neighbours street;
    char *backup = test_directory();
    (void)state;
    begin(&street);
    say(&street, ALICE, "1");
    say(&street, BOB, "2");
    told_copy_database(street.logs[ALICE].directory, backup);
    say(&street, ALICE, "3");
    say(&street, BOB, "4");
    event_log_close(&street.logs[ALICE].log);
    told_copy_database(backup, street.logs[ALICE].directory);
    neighbours_reopen(&street, ALICE);
    street.given[BOB][ALICE] = street.given[ALICE][BOB] = 0;
    neighbours_exchange(&street);
    assert_int_equal(neighbours_count_events(&street, BOB, "\"reset\":true", NULL), 1);
    assert_int_equal(neighbours_count(&street, ALICE, "2", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count(&street, ALICE, "", MESSAGE_WAITING), 2);
    neighbours_pass(&street, ALICE, MOMENT_MS);
    neighbours_exchange(&street);
    assert_int_equal(neighbours_count(&street, ALICE, "", MESSAGE_WAITING), 2);
    say(&street, BOB, "5");
    say(&street, ALICE, "6");
    assert_int_equal(neighbours_count(&street, ALICE, "5", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count(&street, BOB, "6", MESSAGE_OPENED), 1);
    neighbours_verify(&street, ALICE);
    neighbours_verify(&street, BOB);
    test_remove_directory(&backup);
    neighbours_end(&street);
}

/* Two nodes with one key don't answer each other for ever. */
static void log_receiving_keys__two_copies_come_to_rest(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin(&street, 2);
    test_log_close(&street.logs[BOB]);
    test_log_open(&street.logs[BOB], ALICE, ALICE);
    neighbours_reopen(&street, BOB);
    neighbours_exchange(&street);
    assert_in_range(neighbours_count_events(&street, ALICE, "e2e.prekeys.published", NULL), 2, 4);
    neighbours_end(&street);
}

/* At most so many a peer: of those that were used the oldest goes. */
static void log_receiving_keys__are_few(void **state)
{
    struct neighbours street;
    char sql[512];
    (void)state;
    begin(&street);
    say(&street, ALICE, "1");
    say(&street, BOB, "2");
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d)"
                   " INSERT INTO receiving_keys(public,secret,peer,since,day,used,replaced)"
                   " SELECT randomblob(32),randomblob(32),(SELECT max(peer) FROM receiving_keys),"
                   "-i,1,i=3,0 FROM n; DELETE FROM sealed_runs",
                   LOG_RECEIVING_KEYS_MOST - 1);
    neighbours_change_database(&street, ALICE, sql);
    assert_int_equal(neighbours_ask_database(&street, ALICE, count_of_bob),
                     LOG_RECEIVING_KEYS_MOST);
    (void)neighbours_send(&street, ALICE, BOB, "3");
    assert_int_equal(neighbours_ask_database(&street, ALICE, count_of_bob),
                     LOG_RECEIVING_KEYS_MOST);
    assert_int_equal(neighbours_ask_database(&street, ALICE,
                                             "SELECT count(*) FROM receiving_keys WHERE since=-3"),
                     0);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_receiving_keys__nothing_is_left_of_one_that_was_outdone),
        cmocka_unit_test(log_receiving_keys__stays_while_anything_before_is_missing),
        cmocka_unit_test(log_receiving_keys__prekeys_go_by_service_days),
        cmocka_unit_test(log_receiving_keys__a_lost_secret_is_answered_with_a_reset),
        cmocka_unit_test(log_receiving_keys__a_log_that_was_set_back_begins_anew),
        cmocka_unit_test(log_receiving_keys__two_copies_come_to_rest),
        cmocka_unit_test(log_receiving_keys__are_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
