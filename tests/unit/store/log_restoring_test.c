/* Keys that a peer had and lost are given again at the owner's word, and not before (§24.8). */
#include <stdio.h>
#include <string.h>

#include "store/history_conversations.h"
#include "store/log_private.h"
#include "store/log_restoring.h"
#include "store/log_sessions_private.h"
#include "support/changes.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, MOMENT_MS = 6000, MANY = 501 };

static const char of_broken[] = "e2e.session.broken";

/* The backup that he is back from had none of what came after it. */
static void lose(struct neighbours *street)
{
    neighbours_change_database(street, BOB,
                               "DELETE FROM receiving_keys; DELETE FROM keyring;"
                               "INSERT INTO meta(key,value) VALUES('derived','no')");
}

/* Alice wrote two messages, and one that Bob never got; he wrote one. All of it is lost. */
static void converse_and_lose(struct neighbours *street)
{
    (void)neighbours_send(street, ALICE, BOB, "one");
    (void)neighbours_send(street, ALICE, BOB, "two");
    neighbours_exchange(street);
    (void)neighbours_send(street, BOB, ALICE, "his own");
    neighbours_exchange(street);
    assert_int_equal(neighbours_count_delivered(street, ALICE, "two"), 1);
    lose(street);
    assert_int_equal(neighbours_count(street, BOB, "", MESSAGE_WAITING), 3);
    (void)neighbours_send(street, ALICE, BOB, "never had");
    neighbours_exchange(street);
    neighbours_pass(street, BOB, MOMENT_MS);
    assert_int_equal(neighbours_count_events(street, BOB, of_broken, NULL), 1);
    neighbours_exchange(street);
}

static void take_lost(void *context, const struct history_conversation *conversation)
{
    *(int64_t *)context = conversation->lost_there;
}

static int64_t count_lost(struct neighbours *street)
{
    int64_t count = -1;
    assert_int_equal(
        history_conversations(street->logs[ALICE].log, NULL, test_id(BOB), take_lost, &count),
        RESULT_OK);
    return count;
}

static void keep_answer(void *context, const struct log_restoring_answer *answer)
{
    *(struct log_restoring_answer *)context = *answer;
}

static struct log_restoring_answer give_with(struct neighbours *street, int whom,
                                             const int64_t *since, bool and_theirs)
{
    struct log_restoring_answer answer = {.given = -1};
    assert_int_equal(log_restoring_give(street->logs[ALICE].log, test_id((uint8_t)whom), since,
                                        and_theirs, keep_answer, &answer),
                     RESULT_OK);
    neighbours_exchange(street);
    return answer;
}

static struct log_restoring_answer give(struct neighbours *street, int whom, const int64_t *since)
{
    return give_with(street, whom, since, false);
}

static void log_restoring__what_was_acknowledged_waits_for_the_owner(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    converse_and_lose(&street);
    assert_int_equal(neighbours_count(&street, BOB, "never had", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 3);
    assert_int_equal(count_lost(&street), 2);
    neighbours_reopen(&street, ALICE);
    assert_int_equal(count_lost(&street), 2);
    struct log_restoring_answer answer = give(&street, BOB, NULL);
    assert_int_equal(answer.result, RESULT_OK);
    assert_int_equal(answer.given, 2);
    assert_int_equal(neighbours_count(&street, BOB, "one", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count(&street, BOB, "two", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 1);
    assert_int_equal(count_lost(&street), 0);
    assert_int_equal(give(&street, BOB, NULL).given, 0);
    neighbours_end_whole(&street);
}

/* His own words, too: he has them from nobody else. */
static void log_restoring__all_of_a_conversation_is_given_at_once(void **state)
{
    struct neighbours street;
    const int64_t since = 0;
    (void)state;
    neighbours_begin_known(&street, 3);
    converse_and_lose(&street);
    (void)neighbours_send(&street, ALICE, BOB, "on its way"); /* which he opens by himself */
    struct log_restoring_answer answer = give(&street, BOB, &since);
    assert_int_equal(answer.result, RESULT_OK);
    assert_int_equal(answer.given, 4);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 0);
    assert_int_equal(neighbours_count(&street, BOB, "his own", MESSAGE_OPENED), 1);
    assert_int_equal(count_lost(&street), 0);
    const int64_t above = INT64_MAX;
    assert_int_equal(give(&street, BOB, &above).given, 0);
    neighbours_end_whole(&street);
}

static void log_restoring__what_he_wrote_is_given_beside_what_he_asks_for(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    converse_and_lose(&street);
    assert_int_equal(give_with(&street, BOB, NULL, true).given, 3);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 0);
    assert_int_equal(neighbours_count(&street, BOB, "his own", MESSAGE_OPENED), 1);
    assert_int_equal(count_lost(&street), 0);
    assert_int_equal(give_with(&street, BOB, NULL, true).given, 1);
    neighbours_end_whole(&street);
}

static void log_restoring__what_was_deleted_is_not_lost_but_gone(void **state)
{
    struct neighbours street;
    const int64_t since = 0;
    (void)state;
    neighbours_begin_known(&street, 3);
    converse_and_lose(&street);
    neighbours_change_database(&street, ALICE,
                               "UPDATE keyring SET key=NULL,gone='deleted' WHERE hash="
                               "(SELECT hash FROM messages WHERE body='one')");
    assert_int_equal(count_lost(&street), 1);
    assert_int_equal(give(&street, BOB, NULL).given, 1);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 2);
    assert_int_equal(give(&street, BOB, &since).given, 3);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 1);
    neighbours_end(&street);
}

static void log_restoring__many_keys_are_several_messages(void **state)
{
    struct neighbours street;
    const int64_t since = 0;
    (void)state;
    neighbours_begin_known(&street, 3);
    for (int i = 0; i < MANY; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "message %d", i);
        (void)neighbours_send(&street, ALICE, BOB, text);
        if (i % 50 == 0) {
            neighbours_exchange(&street);
        }
    }
    neighbours_exchange(&street);
    lose(&street);
    neighbours_pass(&street, BOB, MOMENT_MS);
    neighbours_exchange(&street);
    assert_int_equal(count_lost(&street), 100); /* as a question has */
    assert_int_equal(give(&street, BOB, &since).given, MANY);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 0);
    assert_int_equal(neighbours_ask_database(&street, ALICE,
                                             "SELECT count(*) FROM sealings WHERE author=1"
                                             " AND seq NOT IN (SELECT seq FROM messages)"),
                     2);
    neighbours_end(&street);
}

static void log_restoring__nothing_goes_to_who_is_no_member_or_offers_nothing(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    converse_and_lose(&street);
    assert_int_equal(give(&street, NEIGHBOURS_MOST + 1, NULL).result, RESULT_NOT_FOUND);
    assert_int_equal(give(&street, CAROL, NULL).given, 0);
    neighbours_change_database(&street, ALICE, "DELETE FROM offers WHERE owner<>1");
    struct log_restoring_answer answer = give(&street, BOB, NULL);
    assert_int_equal(answer.result, RESULT_MISMATCH);
    assert_int_equal(answer.given, 0);
    assert_int_equal(count_lost(&street), 2);
    neighbours_end(&street);
}

/* Events of Alice's to Bob that are no messages, and that somebody who has this log can open. */
static int64_t count_what_gives(struct neighbours *street, int who)
{
    return neighbours_ask_database(
        street, who,
        "SELECT count(*) FROM keyring k JOIN sealings s ON s.hash=k.hash"
        " WHERE k.key IS NOT NULL AND s.author=(SELECT author FROM messages"
        " WHERE body='three')"
        " AND s.seq NOT IN (SELECT seq FROM messages)"
        " AND s.seq NOT IN (SELECT seq FROM changes WHERE target<>x'')");
}

/* A key that was given is in the keyring, and in what it was given with. */
static void log_restoring__what_was_given_is_gone_with_what_it_opens(void **state)
{
    const int64_t since = 0;
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    neighbours_change_database(&street, BOB, "DELETE FROM receiving_keys");
    struct append_answer one = changes_send(&street, ALICE, BOB, "one", "");
    struct append_answer two = changes_send(&street, ALICE, BOB, "two", "");
    (void)changes_send(&street, ALICE, BOB, "three", "");
    neighbours_give(&street, ALICE, BOB);
    neighbours_pass(&street, BOB, MOMENT_MS);
    neighbours_give(&street, BOB, ALICE);
    neighbours_reopen(&street, ALICE); /* before it could tell anybody */
    neighbours_exchange(&street);
    neighbours_reopen(&street, BOB);
    assert_int_equal(neighbours_count(&street, BOB, "one", MESSAGE_OPENED), 1);
    assert_int_equal(count_what_gives(&street, ALICE), 0);
    assert_int_equal(count_what_gives(&street, BOB), 1);
    neighbours_verify(&street, BOB);
    (void)changes_say(&street, ALICE, PAYLOAD_DELETE, one.event_id, "");
    neighbours_exchange(&street);
    assert_int_equal(neighbours_count(&street, BOB, "two", MESSAGE_OPENED), 1);
    assert_int_equal(count_what_gives(&street, BOB), 0);
    const struct log_change here = {
        .kind = PAYLOAD_DELETE, .here_only = true, .event_id = two.event_id};
    assert_int_equal(changes_append(&street, BOB, &here).result, RESULT_OK);
    assert_int_equal(give(&street, BOB, &since).given, 3); /* "two" among them */
    assert_int_equal(neighbours_count(&street, BOB, "three", MESSAGE_OPENED), 1);
    assert_int_equal(count_what_gives(&street, BOB), 0);
    assert_int_equal(count_what_gives(&street, ALICE), 0);
    neighbours_end_whole(&street);
}

static int told_of_lost;

static void note_told(void *context, const struct node_id *peer, int64_t messages)
{
    (void)context, (void)peer, (void)messages;
    told_of_lost++;
}

/* As whoever has his device key may do all day. */
static void ask_for_one(struct neighbours *street, const char *body)
{
    uint8_t hash[BLAKE3_HASH_BYTES];
    const struct receiving_key reply = {{9}};
    char sql[96];
    (void)snprintf(sql, sizeof sql, "SELECT hash FROM messages WHERE body='%s'", body);
    assert_true(neighbours_ask_bytes(street, ALICE, sql, hash, sizeof hash));
    const struct append_answer *answer =
        test_log_append(&street->logs[BOB], event_draft_broken(test_id(ALICE), hash, 1, &reply));
    assert_int_equal(answer->result, RESULT_OK);
    neighbours_give(street, BOB, ALICE);
}

static int count_readings(struct neighbours *street)
{
    int count = 0;
    sqlite3_stmt *row = NULL;
    sqlite3 *handle = street->logs[ALICE].log->database.handle;
    while ((row = sqlite3_next_stmt(handle, row)) != NULL) {
        count += strstr(sqlite3_sql(row), "SELECT json FROM events WHERE seq") != NULL
                     ? sqlite3_stmt_status(row, SQLITE_STMTSTATUS_RUN, 0)
                     : 0;
    }
    return count;
}

static void log_restoring__who_asks_for_the_same_again_costs_little(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    neighbours_exchange(&street);
    told_of_lost = 0;
    street.logs[ALICE].log->options.on_lost = note_told;
    ask_for_one(&street, "one");
    assert_int_equal(told_of_lost, 1);
    assert_int_equal(count_lost(&street), 1);
    int before = count_readings(&street);
    assert_true(before > 0);
    for (int i = 1; i <= 5; i++) {
        ask_for_one(&street, "one");
        assert_int_equal(count_readings(&street), before + i); /* of the question alone */
    }
    assert_int_equal(told_of_lost, 1);
    neighbours_end(&street);
}

static void log_restoring__what_was_given_often_is_given_at_the_owners_word(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "one"); /* nobody says that it came */
    for (int i = 0; i <= LOG_SESSIONS_MOST_TIMES; i++) {
        assert_int_equal(count_lost(&street), 0);
        ask_for_one(&street, "one");
    }
    assert_int_equal(count_lost(&street), 1);
    assert_int_equal(give(&street, BOB, NULL).given, 1);
    assert_int_equal(count_lost(&street), 0);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_restoring__what_was_acknowledged_waits_for_the_owner),
        cmocka_unit_test(log_restoring__all_of_a_conversation_is_given_at_once),
        cmocka_unit_test(log_restoring__what_he_wrote_is_given_beside_what_he_asks_for),
        cmocka_unit_test(log_restoring__what_was_deleted_is_not_lost_but_gone),
        cmocka_unit_test(log_restoring__many_keys_are_several_messages),
        cmocka_unit_test(log_restoring__nothing_goes_to_who_is_no_member_or_offers_nothing),
        cmocka_unit_test(log_restoring__what_was_given_is_gone_with_what_it_opens),
        cmocka_unit_test(log_restoring__who_asks_for_the_same_again_costs_little),
        cmocka_unit_test(log_restoring__what_was_given_often_is_given_at_the_owners_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
