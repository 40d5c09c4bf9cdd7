/* What peers write to each other so that both go on reading (§24.1, §24.8). */
#include <string.h>

#include "core/memory.h"
#include "protocol/session_event.h"
#include "store/log_sessions_private.h"
#include "support/changes.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, MOMENT_MS = 6000, MINUTE_MS = 60000, DAY_MS = 86400000 };

static const char of_broken[] = "e2e.session.broken";
static const char of_established[] = "e2e.session.established";

/* Bob's secrets are gone before Alice hears of it. */
static void send_what_waits(struct neighbours *street)
{
    neighbours_change_database(street, BOB, "DELETE FROM receiving_keys");
    (void)neighbours_send(street, ALICE, BOB, "one");
    (void)neighbours_send(street, ALICE, BOB, "two");
    neighbours_give(street, ALICE, BOB);
    assert_int_equal(neighbours_count(street, BOB, "", MESSAGE_WAITING), 2);
    assert_int_equal(neighbours_count_delivered(street, BOB, ""), 0);
}

static int count_keys(struct neighbours *street)
{
    return (int)neighbours_ask_database(street, ALICE,
                                        "SELECT count(*) FROM keyring k JOIN events e"
                                        " ON e.hash=k.hash JOIN sealings s ON s.seq=e.seq"
                                        " WHERE s.author=1 AND e.seq NOT IN"
                                        " (SELECT seq FROM messages)");
}

static void log_sessions__what_waits_is_asked_for_and_opens_in_its_place(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    send_what_waits(&street);
    assert_int_equal(neighbours_count_events(&street, BOB, of_broken, NULL), 0);
    neighbours_pass(&street, BOB, MOMENT_MS); /* others may come meanwhile */
    assert_int_equal(neighbours_count_events(&street, BOB, of_broken, NULL), 1);
    neighbours_exchange(&street);
    assert_int_equal(count_keys(&street), 1);
    assert_int_equal(neighbours_count(&street, BOB, "one", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count(&street, BOB, "two", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count_delivered(&street, ALICE, "one"), 1);
    assert_int_equal(neighbours_count_delivered(&street, ALICE, "two"), 1);
    neighbours_pass(&street, BOB, DAY_MS);
    assert_int_equal(neighbours_count_events(&street, BOB, of_broken, NULL), 1);
    for (int i = ALICE; i <= CAROL; i++) {
        neighbours_verify(&street, i);
    }
    neighbours_end(&street);
}

/* Nobody answers: ten minutes between two questions, three a message, a day between two. */
static void log_sessions__asks_seldom(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    send_what_waits(&street);
    neighbours_pass(&street, BOB, MOMENT_MS);
    (void)neighbours_send(&street, ALICE, BOB, "three");
    neighbours_give(&street, ALICE, BOB);
    neighbours_pass(&street, BOB, LOG_SESSIONS_PAUSE_MS / 2);
    assert_int_equal(neighbours_count_events(&street, BOB, of_broken, NULL), 1);
    neighbours_pass(&street, BOB, LOG_SESSIONS_PAUSE_MS / 2);
    assert_int_equal(neighbours_count_events(&street, BOB, of_broken, NULL), 2);
    for (int day = 1; day < 8; day++) {
        neighbours_pass(&street, BOB, DAY_MS);
        if (day > 3) {
            neighbours_reopen(&street, BOB);
        }
        neighbours_pass(&street, BOB, MOMENT_MS);
        assert_int_equal(neighbours_count_events(&street, BOB, of_broken, NULL),
                         day < 2   ? 2
                         : day < 4 ? 3
                                   : 1 + LOG_SESSIONS_MOST_TIMES);
    }
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* What is in no full question is in the next one, and all of it again later. */
static void log_sessions__asks_for_more_than_one_question_holds(void **state)
{
    enum { COUNT = SESSION_EVENT_MOST_HASHES + 30 };
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    neighbours_change_database(&street, BOB, "DELETE FROM receiving_keys");
    for (int i = 0; i < COUNT; i++) {
        (void)neighbours_send(&street, ALICE, BOB, "lost");
    }
    neighbours_give(&street, ALICE, BOB);
    for (int time = 1; time <= LOG_SESSIONS_MOST_TIMES; time++) {
        neighbours_pass(&street, BOB, MOMENT_MS);
        assert_int_equal(neighbours_count_events(&street, BOB, of_broken, NULL), 2 * time - 1);
        neighbours_pass(&street, BOB, LOG_SESSIONS_PAUSE_MS);
        assert_int_equal(neighbours_count_events(&street, BOB, of_broken, NULL), 2 * time);
        char *sql = memory_format("SELECT count(*) FROM repairs WHERE asked=%d", time);
        assert_int_equal(neighbours_ask_database(&street, BOB, sql), COUNT);
        memory_free(sql);
        neighbours_pass(&street, BOB, DAY_MS);
        neighbours_pass(&street, BOB, DAY_MS);
    }
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* As whoever has Bob's device key alone might ask: for everything. */
static void ask_for_all(struct neighbours *street, int who)
{
    uint8_t hashes[8][BLAKE3_HASH_BYTES];
    struct receiving_key reply = {{9}};
    size_t count = 0;
    char sql[128];
    for (; count < 8; count++) {
        (void)snprintf(sql, sizeof sql,
                       "SELECT e.hash FROM events e JOIN sealings s ON s.seq=e.seq ORDER BY e.seq"
                       " LIMIT 1 OFFSET %zu",
                       count);
        if (!neighbours_ask_bytes(street, ALICE, sql, hashes[count], BLAKE3_HASH_BYTES)) {
            break;
        }
    }
    assert_true(count > 0);
    const struct append_answer *answer = test_log_append(
        &street->logs[who], event_draft_broken(test_id(ALICE), hashes[0], count, &reply));
    assert_int_equal(answer->result, RESULT_OK);
    neighbours_exchange(street);
}

static void log_sessions__gives_nothing_that_was_delivered(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    (void)neighbours_send(&street, ALICE, BOB, "two");
    neighbours_exchange(&street);
    ask_for_all(&street, BOB);
    ask_for_all(&street, CAROL); /* whose they are not */
    assert_int_equal(count_keys(&street), 0);
    neighbours_end(&street);
}

/* Of Bob's receipt, by whoever has his device key: another event with its id, which hides it. */
static struct verified_event *hide_receipt(struct neighbours *street)
{
    static const char of_receipt[] = "FROM events e JOIN receipts r ON r.seq=e.seq LIMIT 1";
    const struct signing_key bob = test_key(BOB);
    char event_id[ULID_TEXT_BYTES] = "";
    uint8_t hash[BLAKE3_HASH_BYTES];
    struct verified_event *twin = NULL;
    char *ids = memory_format("SELECT e.event_id %s", of_receipt);
    char *hashes = memory_format("SELECT e.hash %s", of_receipt);
    assert_true(neighbours_ask_bytes(street, ALICE, ids, event_id, ULID_TEXT_BYTES - 1));
    assert_true(neighbours_ask_bytes(street, ALICE, hashes, hash, sizeof hash));
    for (int64_t lamport = 50;
         twin == NULL || memcmp(event_verified_get(twin)->hash, hash, sizeof hash) >= 0;
         lamport++) {
        event_verified_destroy(&twin);
        twin =
            test_event(event_draft_delivered(event_id, 1), &bob, test_id(ALICE), event_id, lamport);
    }
    memory_free(ids);
    memory_free(hashes);
    return twin;
}

static void log_sessions__gives_nothing_whose_receipt_is_hidden(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    neighbours_exchange(&street);
    struct verified_event *twin = hide_receipt(&street);
    test_log_receive(&street.logs[ALICE], &twin, 1);
    assert_int_equal(neighbours_count_delivered(&street, ALICE, "one"), 0); /* it is hidden */
    ask_for_all(&street, BOB);
    assert_int_equal(count_keys(&street), 0);
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

/* Nobody says that a reaction is there: its key may be asked for, so often and no more. */
static void log_sessions__gives_keys_of_reactions_too(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer sent = changes_send(&street, BOB, ALICE, "Come!", "");
    neighbours_exchange(&street);
    neighbours_change_database(&street, BOB, "DELETE FROM receiving_keys");
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_REACTION, sent.event_id, "+").result,
                     RESULT_OK);
    neighbours_give(&street, ALICE, BOB);
    assert_string_equal(changes_look(&street, BOB, sent.event_id).peer_reaction, "");
    neighbours_pass(&street, BOB, MOMENT_MS);
    neighbours_exchange(&street);
    assert_string_equal(changes_look(&street, BOB, sent.event_id).peer_reaction, "+");
    for (int i = 0; i < 2 * LOG_SESSIONS_MOST_TIMES; i++) {
        ask_for_all(&street, BOB);
    }
    assert_int_equal(neighbours_ask_database(&street, ALICE, "SELECT max(given) FROM repairs"),
                     LOG_SESSIONS_MOST_TIMES);
    neighbours_end(&street);
}

static void log_sessions__gives_keys_three_times(void **state)
{
    const struct event_log_options silent = {.synchronous = true, .keeps_keys = true};
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    test_log_reopen_with(&street.logs[BOB], ALICE, &silent);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    for (int i = 1; i < 6; i++) {
        ask_for_all(&street, BOB);
        assert_int_equal(count_keys(&street),
                         i < LOG_SESSIONS_MOST_TIMES ? i : LOG_SESSIONS_MOST_TIMES);
    }
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

/* Who only reads offers a new key, lest all is sealed to the old one: once a day. */
static void log_sessions__who_only_reads_offers_a_new_key(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    neighbours_exchange(&street);
    neighbours_pass(&street, BOB, MINUTE_MS - 1);
    assert_int_equal(neighbours_count_events(&street, BOB, of_established, NULL), 0);
    neighbours_pass(&street, BOB, 1);
    assert_int_equal(neighbours_count_events(&street, BOB, of_established, NULL), 1);
    neighbours_exchange(&street);
    (void)neighbours_send(&street, ALICE, BOB, "two"); /* uses it */
    neighbours_exchange(&street);
    neighbours_pass(&street, BOB, MINUTE_MS);
    assert_int_equal(neighbours_count_events(&street, BOB, of_established, NULL), 1);
    neighbours_pass(&street, BOB, DAY_MS);
    (void)neighbours_send(&street, ALICE, BOB, "three");
    neighbours_exchange(&street);
    neighbours_pass(&street, BOB, MINUTE_MS);
    assert_int_equal(neighbours_count_events(&street, BOB, of_established, NULL), 2);
    assert_int_equal(neighbours_count(&street, BOB, "three", MESSAGE_OPENED), 1);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* Whatever was offered today: the secret that opens what is deleted is to go. */
static void log_sessions__offers_a_new_key_at_once_when_a_message_was_deleted(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    neighbours_exchange(&street);
    neighbours_pass(&street, BOB, MINUTE_MS);
    neighbours_exchange(&street);
    for (int time = 1; time <= 2; time++) {
        struct append_answer sent = changes_send(&street, ALICE, BOB, "not for long", "");
        neighbours_exchange(&street);
        assert_int_equal(neighbours_count_events(&street, BOB, of_established, NULL), time);
        if (time == 2) { /* it may not write now, and is stopped */
            assert_int_equal(log_caught_up_await(street.logs[BOB].log), RESULT_OK);
        }
        assert_int_equal(changes_say(&street, ALICE, PAYLOAD_DELETE, sent.event_id, "").result,
                         RESULT_OK);
        neighbours_exchange(&street);
        if (time == 2) {
            assert_int_equal(neighbours_count_events(&street, BOB, of_established, NULL), 2);
            neighbours_reopen(&street, BOB);
        }
        assert_int_equal(neighbours_count_events(&street, BOB, of_established, NULL), time + 1);
        assert_int_equal(neighbours_ask_database(&street, BOB, "SELECT count(*) FROM owed_offers"),
                         0);
        neighbours_exchange(&street);
    }
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

static void log_sessions__who_answers_offers_nothing_else(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    neighbours_exchange(&street);
    (void)neighbours_send(&street, BOB, ALICE, "two");
    neighbours_pass(&street, BOB, MINUTE_MS);
    assert_int_equal(neighbours_count_events(&street, BOB, of_established, NULL), 0);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_sessions__what_waits_is_asked_for_and_opens_in_its_place),
        cmocka_unit_test(log_sessions__asks_seldom),
        cmocka_unit_test(log_sessions__asks_for_more_than_one_question_holds),
        cmocka_unit_test(log_sessions__gives_nothing_that_was_delivered),
        cmocka_unit_test(log_sessions__gives_nothing_whose_receipt_is_hidden),
        cmocka_unit_test(log_sessions__gives_keys_of_reactions_too),
        cmocka_unit_test(log_sessions__gives_keys_three_times),
        cmocka_unit_test(log_sessions__who_only_reads_offers_a_new_key),
        cmocka_unit_test(log_sessions__offers_a_new_key_at_once_when_a_message_was_deleted),
        cmocka_unit_test(log_sessions__who_answers_offers_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
