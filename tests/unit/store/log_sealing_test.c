/* Messages between members who keep keys: they read each other, and nobody else does. */
#include <string.h>

#include "core/memory.h"
#include "store/maintenance.h"
#include "store/salvage.h"
#include "support/neighbours.h"

enum { ALICE = 1, BOB = 2, CAROL = 3 };

static void log_sealing__both_read_it_and_nobody_else(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "The key is under the mat.");
    assert_true(street.logs[ALICE].appended.e2e);
    neighbours_exchange(&street);
    for (int i = ALICE; i <= CAROL; i++) {
        assert_int_equal(neighbours_count_events(&street, i, "under the mat", NULL), 0);
        assert_int_equal(neighbours_count_events(&street, i, "\"ciphertext\"", NULL), 1);
        assert_int_equal(neighbours_count(&street, i, "The key is under the mat.", MESSAGE_OPENED),
                         i == CAROL ? 0 : 1);
    }
    assert_int_equal(neighbours_count_delivered(&street, ALICE, "The key is under the mat."), 1);
    neighbours_end_whole(&street);
}

static void log_sealing__a_conversation_turns_its_keys(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    for (int turn = 0; turn < 6; turn++) {
        char text[32];
        (void)snprintf(text, sizeof text, "turn %d", turn);
        (void)neighbours_send(&street, turn % 2 == 0 ? ALICE : BOB, turn % 2 == 0 ? BOB : ALICE,
                              text);
        neighbours_exchange(&street);
        assert_int_equal(neighbours_count(&street, ALICE, text, MESSAGE_OPENED), 1);
        assert_int_equal(neighbours_count(&street, BOB, text, MESSAGE_OPENED), 1);
    }
    /* Each turn offers a new one; only what Alice sent first was sealed to a prekey. */
    assert_int_equal(neighbours_count_events(&street, CAROL, "\"ciphertext\"", "\"reply\""), 6);
    neighbours_end_whole(&street);
}

/* None while the last one is unused. */
static void log_sealing__offers_a_new_key_once_the_last_was_used(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    (void)neighbours_send(&street, ALICE, BOB, "two");
    (void)neighbours_send(&street, ALICE, BOB, "three");
    assert_int_equal(neighbours_count_events(&street, ALICE, "\"ciphertext\"", "\"reply\""), 1);
    neighbours_exchange(&street);
    (void)neighbours_send(&street, BOB, ALICE, "four");
    neighbours_exchange(&street);
    (void)neighbours_send(&street, ALICE, BOB, "five");
    assert_int_equal(neighbours_count_events(&street, ALICE, "\"ciphertext\"", "\"reply\""), 3);
    neighbours_exchange(&street);
    assert_int_equal(neighbours_count(&street, BOB, "five", MESSAGE_OPENED), 1);
    neighbours_end_whole(&street);
}

static void log_sealing__in_any_order(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "first");
    neighbours_exchange(&street);
    (void)neighbours_send(&street, BOB, ALICE, "answer");
    neighbours_give(&street, BOB, ALICE);
    for (int i = 0; i < 5; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "late %d", i);
        (void)neighbours_send(&street, ALICE, BOB, text);
    }
    neighbours_give_backwards(&street, ALICE, BOB);
    for (int i = 0; i < 5; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "late %d", i);
        assert_int_equal(neighbours_count(&street, BOB, text, MESSAGE_OPENED), 1);
        assert_int_equal(neighbours_count_delivered(&street, BOB, text), 1);
    }
    neighbours_exchange(&street);
    neighbours_end_whole(&street);
}

/* Without an offer it goes in clear, unless it must not. */
static void log_sealing__in_clear_before_there_is_an_offer(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin(&street, 3);
    struct event_draft draft = event_draft_message("must", test_id(BOB), "secret", NULL);
    draft.sealed_only = true;
    const struct append_answer *answer = test_log_append(&street.logs[ALICE], draft);
    assert_int_equal(answer->result, RESULT_MISMATCH);
    assert_non_null(strstr(answer->error.message, "can't receive encrypted messages yet"));
    assert_int_equal(neighbours_count_events(&street, ALICE, "chat.message.sent", NULL), 0);
    (void)neighbours_send(&street, ALICE, BOB, "open");
    assert_false(street.logs[ALICE].appended.e2e);
    assert_int_equal(neighbours_count(&street, ALICE, "open", MESSAGE_CLEAR), 1);
    neighbours_exchange(&street);
    assert_int_equal(neighbours_count(&street, BOB, "open", MESSAGE_CLEAR), 1);
    draft = event_draft_message("must", test_id(BOB), "secret", NULL);
    draft.sealed_only = true;
    answer = test_log_append(&street.logs[ALICE], draft);
    assert_int_equal(answer->result, RESULT_OK);
    assert_true(answer->e2e);
    neighbours_exchange(&street);
    assert_int_equal(neighbours_count(&street, BOB, "secret", MESSAGE_OPENED), 1);
    neighbours_end_whole(&street);
}

static void log_sealing__a_repeat_gets_the_first_answer(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer first =
        *test_log_append(&street.logs[ALICE], event_draft_message("c", test_id(BOB), "once", NULL));
    struct append_answer again =
        *test_log_append(&street.logs[ALICE], event_draft_message("c", test_id(BOB), "once", NULL));
    assert_int_equal(again.result, RESULT_OK);
    assert_true(again.repeated && again.e2e);
    assert_string_equal(again.event_id, first.event_id);
    assert_int_equal(
        test_log_append(&street.logs[ALICE], event_draft_message("c", test_id(BOB), "other", NULL))
            ->result,
        RESULT_EXISTS);
    assert_int_equal(
        test_log_append(&street.logs[ALICE], event_draft_message("c", test_id(CAROL), "once", NULL))
            ->result,
        RESULT_EXISTS);
    assert_int_equal(neighbours_count_events(&street, ALICE, "\"ciphertext\"", NULL), 1);
    neighbours_end(&street);
}

/* Which message it answers is part of what it says (§24.7). */
static void log_sealing__a_repeat_answers_the_same_message(void **state)
{
    static const bool works[] = {true, false, false};
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    char asked[3][ULID_TEXT_BYTES] = {{0}};
    for (size_t i = 0; i < 2; i++) {
        struct event_draft draft =
            event_draft_message(i == 0 ? "one" : "two", test_id(BOB), "When?", NULL);
        memcpy(asked[i], test_log_append(&street.logs[ALICE], draft)->event_id, ULID_TEXT_BYTES);
    }
    for (size_t i = 0; i < 4; i++) {
        struct event_draft draft = event_draft_message("c", test_id(BOB), "At eight.", NULL);
        memcpy(draft.reply_to, asked[i == 0 ? 0 : i - 1], ULID_TEXT_BYTES);
        const struct append_answer *answer = test_log_append(&street.logs[ALICE], draft);
        assert_int_equal(answer->result, i == 0 || works[i - 1] ? RESULT_OK : RESULT_EXISTS);
        assert_int_equal(answer->repeated, i > 0);
    }
    struct event_draft draft = event_draft_message("one", test_id(BOB), "When?", NULL);
    memcpy(draft.reply_to, asked[1], ULID_TEXT_BYTES);
    assert_int_equal(test_log_append(&street.logs[ALICE], draft)->result, RESULT_EXISTS);
    neighbours_end(&street);
}

/* Nobody can say any more whether it says the same. */
static void log_sealing__a_repeat_of_what_is_deleted_gets_the_first_answer(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer first =
        *test_log_append(&street.logs[ALICE], event_draft_message("c", test_id(BOB), "once", NULL));
    neighbours_change_database(&street, ALICE,
                               "UPDATE keyring SET key=NULL,gone='deleted';"
                               "INSERT INTO meta(key,value) VALUES('derived','no')");
    assert_int_equal(neighbours_count(&street, ALICE, "", MESSAGE_DELETED), 1);
    const struct append_answer *again = test_log_append(
        &street.logs[ALICE], event_draft_message("c", test_id(BOB), "whatever", NULL));
    assert_int_equal(again->result, RESULT_OK);
    assert_true(again->repeated && again->e2e);
    assert_string_equal(again->event_id, first.event_id);
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

/* Each character takes six bytes in a payload. */
static void log_sealing__refuses_what_no_envelope_holds(void **state)
{
    enum { BYTES = 20000 };
    struct neighbours street;
    char *text = memory_allocate(BYTES + 1, 1);
    (void)state;
    neighbours_begin_known(&street, 3);
    memset(text, 1, BYTES);
    const struct append_answer *answer =
        test_log_append(&street.logs[ALICE], event_draft_message("c", test_id(BOB), text, NULL));
    assert_int_equal(answer->result, RESULT_INVALID);
    assert_non_null(strstr(answer->error.message, "too long to be encrypted"));
    assert_int_equal(neighbours_count_events(&street, ALICE, "chat.message.sent", NULL), 0);
    memory_free(text);
    neighbours_end(&street);
}

static void log_sealing__attachments_are_sealed_with_the_text(void **state)
{
    struct neighbours street;
    struct buffer cid;
    (void)state;
    neighbours_begin_known(&street, 3);
    buffer_init(&cid);
    buffer_append_text(&cid, "blake3:");
    for (int i = 0; i < 32; i++) {
        buffer_append_text(&cid, "ab");
    }
    json_t *attachments =
        json_pack("[{s:s,s:s}]", "cid", buffer_text(&cid), "name", "picture of the mat.jpg");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(test_log_append(&street.logs[ALICE],
                                         event_draft_message("c", test_id(BOB), "", attachments))
                             ->result,
                         RESULT_OK);
    }
    neighbours_exchange(&street);
    assert_int_equal(neighbours_count_events(&street, CAROL, "\"ciphertext\"", NULL), 1);
    assert_int_equal(neighbours_count_events(&street, CAROL, "picture of the mat", NULL), 0);
    char *history = test_log_history(&street.logs[BOB]);
    assert_non_null(strstr(history, "picture of the mat.jpg"));
    memory_free(history);
    neighbours_end_whole(&street);
    json_decref(attachments);
    buffer_deinit(&cid);
}

/* A row of the keyring is a message: without it that one alone waits. */
static void log_sealing__what_is_shown_follows_from_log_and_keyring(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    (void)neighbours_send(&street, ALICE, BOB, "two");
    neighbours_exchange(&street);
    neighbours_change_database(&street, BOB,
                               "DELETE FROM receiving_keys;"
                               "INSERT INTO meta(key,value) VALUES('derived','no')");
    assert_int_equal(neighbours_count(&street, BOB, "one", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count(&street, BOB, "two", MESSAGE_OPENED), 1);
    neighbours_change_database(
        &street, BOB,
        "DELETE FROM keyring WHERE hash=(SELECT e.hash FROM events e JOIN messages m ON m.seq=e.seq"
        " WHERE m.body='one'); INSERT INTO meta(key,value) VALUES('derived','no')");
    assert_int_equal(neighbours_count(&street, BOB, "one", MESSAGE_OPENED), 0);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 1);
    assert_int_equal(neighbours_count(&street, BOB, "two", MESSAGE_OPENED), 1);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

static struct maintenance_report examine(struct neighbours *street, int who)
{
    struct maintenance_report report;
    struct error error = {""};
    assert_int_equal(maintenance_verify(street->logs[who].directory, test_id(ALICE),
                                        &street->logs[who].key, &street->clock, &report, &error),
                     RESULT_OK);
    return report;
}

#define OF(body)                                                                                   \
    "hash=(SELECT e.hash FROM events e JOIN messages m ON m.seq=e.seq WHERE m.body='" body "')"

/* A wrong key is named, and rebuild forgets it: then the secrets that are here, or the other side,
 * have the right one. */
static void log_sealing__verify_names_wrong_keys_and_rebuild_forgets_them(void **state)
{
    struct neighbours street;
    struct error error = {""};
    (void)state;
    neighbours_begin_known(&street, 3);
    for (const char *const *text = (const char *const[]){"one", "two", "three", "four", NULL};
         *text != NULL; text++) {
        (void)neighbours_send(&street, ALICE, BOB, *text);
    }
    neighbours_exchange(&street);
    struct maintenance_report before = examine(&street, BOB);
    assert_int_equal(before.wrong_keys, 0);
    assert_true(before.keys >= 4);
    neighbours_change_database(
        &street, BOB,
        "UPDATE keyring SET key=zeroblob(32) WHERE " OF(
            "one") ";"
                   "UPDATE keyring SET key=x'00' WHERE " OF(
                       "two") ";"
                              "UPDATE keyring SET key=(SELECT key FROM keyring WHERE " OF(
                                  "four") ") WHERE " OF("three"));
    struct maintenance_report report = examine(&street, BOB);
    assert_int_equal(report.wrong_keys, 3);
    assert_int_equal(report.keys, before.keys);
    assert_true(strcmp(report.wrong_key_of[0], report.wrong_key_of[1]) < 0);
    assert_int_equal(report.damaged, 0);
    event_log_close(&street.logs[BOB].log);
    assert_int_equal(maintenance_rebuild(street.logs[BOB].directory, test_id(ALICE),
                                         &street.logs[BOB].key, &street.clock, &error),
                     RESULT_OK);
    neighbours_reopen(&street, BOB);
    for (const char *const *text = (const char *const[]){"one", "two", "three", "four", NULL};
         *text != NULL; text++) {
        assert_int_equal(neighbours_count(&street, BOB, *text, MESSAGE_OPENED), 1);
    }
    neighbours_end_whole(&street);
}

static void log_sealing__verify_notes_offers_whose_secret_is_gone(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    neighbours_exchange(&street);
    struct maintenance_report report = examine(&street, BOB);
    assert_true(report.offers > 0);
    assert_int_equal(report.offers_without_secret, 0);
    assert_false(report.newest_offer_is_lost);
    neighbours_change_database(&street, BOB, "DELETE FROM receiving_keys");
    const int64_t before = report.offers;
    report = examine(&street, BOB); /* opened again it has offered another one */
    assert_int_equal(report.offers_without_secret, before);
    assert_true(report.offers > before);
    assert_false(report.newest_offer_is_lost);
    assert_int_equal(report.wrong_keys, 0);
    assert_string_equal(report.differing, "");
    neighbours_end(&street);
}

/* What repair makes of a log has its keys. */
static void log_sealing__keys_outlive_a_damaged_file(void **state)
{
    struct neighbours street;
    struct salvage_report report;
    struct error error = {""};
    const struct event_log_options untold = {.synchronous = true};
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    neighbours_exchange(&street);
    (void)neighbours_send(&street, BOB, ALICE, "two");
    neighbours_exchange(&street);
    event_log_close(&street.logs[BOB].log);
    const struct salvage_options options = {.directory = street.logs[BOB].directory,
                                            .community_id = *test_id(ALICE),
                                            .key = &street.logs[BOB].key,
                                            .clock = &street.clock};
    assert_int_equal(salvage_run(&options, false, &report, &error), RESULT_OK);
    assert_true(report.has_log);
    assert_string_equal(report.lost, "");
    test_log_reopen_with(&street.logs[BOB], ALICE, &untold);
    assert_int_equal(neighbours_count(&street, BOB, "one", MESSAGE_OPENED), 1);
    neighbours_reopen(&street, BOB);
    assert_int_equal(neighbours_count(&street, BOB, "one", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count(&street, BOB, "two", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count_events(&street, BOB, "\"reset\":true", NULL), 0);
    (void)neighbours_send(&street, ALICE, BOB, "three"); /* to what Bob offered before */
    neighbours_give(&street, ALICE, BOB);
    assert_int_equal(neighbours_count(&street, BOB, "three", MESSAGE_OPENED), 1);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* Once a log keeps keys it seals and opens, whoever opens it. */
static void log_sealing__goes_on_without_being_told_again(void **state)
{
    struct neighbours street;
    const struct event_log_options before = {.synchronous = true, .answers_messages = true};
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "hello");
    test_log_reopen_with(&street.logs[ALICE], ALICE, &before);
    assert_int_equal(neighbours_count(&street, ALICE, "hello", MESSAGE_OPENED), 1);
    (void)neighbours_send(&street, ALICE, BOB, "still sealed");
    assert_true(street.logs[ALICE].appended.e2e);
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_sealing__both_read_it_and_nobody_else),
        cmocka_unit_test(log_sealing__a_conversation_turns_its_keys),
        cmocka_unit_test(log_sealing__offers_a_new_key_once_the_last_was_used),
        cmocka_unit_test(log_sealing__in_any_order),
        cmocka_unit_test(log_sealing__in_clear_before_there_is_an_offer),
        cmocka_unit_test(log_sealing__a_repeat_gets_the_first_answer),
        cmocka_unit_test(log_sealing__a_repeat_answers_the_same_message),
        cmocka_unit_test(log_sealing__a_repeat_of_what_is_deleted_gets_the_first_answer),
        cmocka_unit_test(log_sealing__refuses_what_no_envelope_holds),
        cmocka_unit_test(log_sealing__attachments_are_sealed_with_the_text),
        cmocka_unit_test(log_sealing__what_is_shown_follows_from_log_and_keyring),
        cmocka_unit_test(log_sealing__verify_names_wrong_keys_and_rebuild_forgets_them),
        cmocka_unit_test(log_sealing__verify_notes_offers_whose_secret_is_gone),
        cmocka_unit_test(log_sealing__keys_outlive_a_damaged_file),
        cmocka_unit_test(log_sealing__goes_on_without_being_told_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
