/* Edits, deletions, reactions and answers, at both ends. */
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/log_search_private.h"
#include "support/changes.h"

enum { ALICE = 1, BOB = 2, CAROL = 3 };

static void log_changes__both_ends_see_them(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer first = changes_send(&street, ALICE, BOB, "The plumer comes", "");
    neighbours_exchange(&street);
    struct append_answer second = changes_send(&street, BOB, ALICE, "Good!", first.event_id);
    assert_int_equal(
        changes_say(&street, ALICE, PAYLOAD_EDIT, first.event_id, "The plumber comes").result,
        RESULT_OK);
    assert_int_equal(changes_say(&street, BOB, PAYLOAD_REACTION, first.event_id, "+1").result,
                     RESULT_OK);
    neighbours_exchange(&street);
    for (int i = ALICE; i <= BOB; i++) {
        struct shown shown = changes_look(&street, i, first.event_id);
        assert_int_equal(shown.count, 2);
        assert_string_equal(shown.body, "The plumber comes");
        assert_true(shown.edited && !shown.is_reply);
        assert_string_equal(i == ALICE ? shown.peer_reaction : shown.own_reaction, "+1");
        assert_string_equal(i == ALICE ? shown.own_reaction : shown.peer_reaction, "");
        assert_int_equal(changes_count_search(&street, i, "plumer"), 0);
        assert_int_equal(changes_count_search(&street, i, "plumber"), 1);
        shown = changes_look(&street, i, second.event_id);
        assert_true(shown.is_reply);
        assert_string_equal(shown.reply_to, first.event_id);
    }
    assert_int_equal(changes_say(&street, BOB, PAYLOAD_REACTION, first.event_id, "").result,
                     RESULT_OK);
    neighbours_exchange(&street);
    assert_string_equal(changes_look(&street, ALICE, first.event_id).peer_reaction, "");
    int64_t unread = 0;
    assert_int_equal(history_count_unread(street.logs[BOB].log, test_id(ALICE), &unread),
                     RESULT_OK);
    assert_int_equal(unread, 1);
    neighbours_end_whole(&street);
}

static void assert_deleted_is_nowhere(int64_t may_wait)
{
    static const char secret[] = "The combination is 4711 zwetschgen";
    static const char edited[] = "The combination is 4712 mirabellen";
    struct neighbours street;
    neighbours_begin_known(&street, 3);
    street.logs[ALICE].log->search_may_wait = may_wait;
    street.logs[BOB].log->search_may_wait = may_wait;
    for (int i = 0; i < 20; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "said before %d", i);
        (void)neighbours_send(&street, ALICE, BOB, text);
    }
    struct append_answer sent = changes_send(&street, ALICE, BOB, secret, "");
    neighbours_exchange(&street);
    (void)changes_say(&street, ALICE, PAYLOAD_EDIT, sent.event_id, edited);
    neighbours_exchange(&street);
    uint8_t key[ENVELOPE_KEY_BYTES];
    char *sql = memory_format("SELECT k.key FROM keyring k JOIN events e ON e.hash=k.hash"
                              " WHERE e.event_id='%s'",
                              sent.event_id);
    assert_true(neighbours_ask_bytes(&street, BOB, sql, key, sizeof key));
    assert_true(neighbours_holds_bytes(&street, BOB, "4712 mirabellen", 15));
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_DELETE, sent.event_id, "").result,
                     RESULT_OK);
    neighbours_exchange(&street);
    for (int who = ALICE; who <= BOB; who++) {
        for (int i = 0; i < 4; i++) {
            neighbours_pass(&street, who, 60000);
        }
        assert_int_equal(changes_look(&street, who, sent.event_id).e2e, MESSAGE_DELETED);
        assert_true(changes_look(&street, who, sent.event_id).deleted);
        assert_false(neighbours_holds_bytes(&street, who, "zwetschgen", 10));
        assert_false(neighbours_holds_bytes(&street, who, "mirabellen", 10));
        /* Of the index one segment is left, which holds no more than what is shown; none where
         * all still waits for it. */
        assert_int_equal(neighbours_ask_database(&street, who,
                                                 "SELECT count(DISTINCT id>>37)"
                                                 " FROM messages_search_data WHERE id>10"),
                         may_wait < LOG_SEARCH_MOST_WAITING);
        assert_false(neighbours_holds_bytes(&street, who, key, sizeof key));
        assert_int_equal(changes_count_search(&street, who, "combination"), 0);
        assert_int_equal(changes_count_search(&street, who, "said before 13"), 1);
        neighbours_change_database(&street, who,
                                   "INSERT INTO meta(key,value) VALUES('derived','no')");
        assert_int_equal(changes_look(&street, who, sent.event_id).e2e, MESSAGE_DELETED);
        assert_true(changes_look(&street, who, sent.event_id).deleted);
    }
    memory_free(sql);
    neighbours_end_whole(&street);
}

static void log_changes__what_is_deleted_is_nowhere(void **state)
{
    (void)state;
    assert_deleted_is_nowhere(0);
    assert_deleted_is_nowhere(LOG_SEARCH_MOST_WAITING);
}

/* Among others that stay, on whose pages they lay. */
static void log_changes__many_that_are_deleted_are_in_no_file(void **state)
{
    enum { COUNT = 48 };
    struct neighbours street;
    struct append_answer sent[COUNT];
    uint8_t keys[COUNT][ENVELOPE_KEY_BYTES];
    char text[64];
    (void)state;
    neighbours_begin_known(&street, 3);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(text, sizeof text, "zwetschgen %d", i);
        sent[i] = changes_send(&street, ALICE, BOB, text, "");
        char *sql = memory_format("SELECT k.key FROM keyring k JOIN events e ON e.hash=k.hash"
                                  " WHERE e.event_id='%s'",
                                  sent[i].event_id);
        assert_true(neighbours_ask_bytes(&street, ALICE, sql, keys[i], sizeof keys[i]));
        memory_free(sql);
    }
    neighbours_exchange(&street);
    for (int i = 0; i < COUNT; i += 2) {
        assert_int_equal(changes_say(&street, ALICE, PAYLOAD_DELETE, sent[i].event_id, "").result,
                         RESULT_OK);
    }
    neighbours_exchange(&street);
    for (int who = ALICE; who <= BOB; who++) {
        for (int i = 0; i < 4; i++) {
            neighbours_pass(&street, who, 60000);
        }
        for (int i = 0; i < COUNT; i++) {
            (void)snprintf(text, sizeof text, "zwetschgen %d", i);
            assert_int_equal(neighbours_count(&street, who, text, MESSAGE_OPENED), i % 2);
            assert_int_equal(neighbours_holds_bytes(&street, who, keys[i], sizeof keys[i]), i % 2);
        }
        assert_false(neighbours_holds_bytes(&street, who, "zwetschgen 20", 13));
    }
    neighbours_end(&street);
}

static void read_fingerprint(struct neighbours *street, int who,
                             uint8_t fingerprint_out[static FINGERPRINT_BYTES])
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(street->logs[who].log);
    memcpy(fingerprint_out, snapshot->fingerprint, FINGERPRINT_BYTES);
    log_snapshot_release(street->logs[who].log, &snapshot);
}

/* (D): the next that Alice writes goes to the key that Bob offers at once. The events stay. */
static void log_changes__what_could_open_it_again_goes_with_the_next_message(void **state)
{
    struct neighbours street;
    uint8_t secret[HPKE_KEY_BYTES];
    uint8_t fingerprints[2][FINGERPRINT_BYTES];
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, BOB, "1");
    neighbours_exchange(&street);
    (void)neighbours_send(&street, BOB, ALICE, "2"); /* with an offer to Alice alone */
    neighbours_exchange(&street);
    struct append_answer sent = changes_send(&street, ALICE, BOB, "not for long", "");
    neighbours_exchange(&street);
    assert_true(neighbours_ask_bytes(&street, BOB,
                                     "SELECT secret FROM receiving_keys WHERE peer<>0 AND used>0",
                                     secret, sizeof secret));
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_DELETE, sent.event_id, "").result,
                     RESULT_OK);
    neighbours_exchange(&street);
    neighbours_pass(&street, BOB, 60000);
    assert_true(neighbours_holds_bytes(&street, BOB, secret, sizeof secret));
    (void)neighbours_send(&street, ALICE, BOB, "3");
    neighbours_exchange(&street);
    neighbours_pass(&street, BOB, 60000);
    assert_false(neighbours_holds_bytes(&street, BOB, secret, sizeof secret));
    assert_int_equal(neighbours_count(&street, BOB, "3", MESSAGE_OPENED), 1);
    read_fingerprint(&street, ALICE, fingerprints[0]);
    for (int who = BOB; who <= CAROL; who++) {
        read_fingerprint(&street, who, fingerprints[1]);
        assert_memory_equal(fingerprints[0], fingerprints[1], FINGERPRINT_BYTES);
    }
    neighbours_end_whole(&street);
}

/* What was said of it meanwhile appears with it. */
static void log_changes__of_what_waits_appear_with_it(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    neighbours_change_database(&street, BOB, "DELETE FROM receiving_keys");
    struct append_answer sent = changes_send(&street, ALICE, BOB, "lost", "");
    neighbours_give(&street, ALICE, BOB);
    neighbours_give(&street, BOB, ALICE); /* the prekey that Bob published for it */
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_REACTION, sent.event_id, "+").result,
                     RESULT_OK);
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_EDIT, sent.event_id, "found").result,
                     RESULT_OK);
    neighbours_give(&street, ALICE, BOB);
    struct shown shown = changes_look(&street, BOB, sent.event_id);
    assert_int_equal(shown.e2e, MESSAGE_WAITING);
    assert_string_equal(shown.peer_reaction, "");
    assert_string_equal(shown.body, "");
    assert_int_equal(
        neighbours_ask_database(&street, BOB, "SELECT count(*) FROM changes WHERE text<>''"), 2);
    neighbours_pass(&street, BOB, 6000); /* it asks for the key */
    neighbours_exchange(&street);
    shown = changes_look(&street, BOB, sent.event_id);
    assert_int_equal(shown.e2e, MESSAGE_OPENED);
    assert_string_equal(shown.peer_reaction, "+");
    assert_string_equal(shown.body, "found");
    neighbours_end_whole(&street);
}

static void log_changes__deleted_here_alone(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer sent = changes_send(&street, ALICE, BOB, "for you", "");
    neighbours_exchange(&street);
    (void)changes_say(&street, ALICE, PAYLOAD_EDIT, sent.event_id, "for you alone");
    neighbours_exchange(&street);
    const struct log_change made = {.kind = PAYLOAD_DELETE,
                                    .event_id = sent.event_id,
                                    .text = "",
                                    .client_id = "here",
                                    .here_only = true};
    assert_int_equal(changes_append(&street, BOB, &made).result, RESULT_OK);
    (void)changes_say(&street, ALICE, PAYLOAD_EDIT, sent.event_id, "for you and me");
    neighbours_exchange(&street);
    struct shown shown = changes_look(&street, BOB, sent.event_id);
    assert_int_equal(shown.e2e, MESSAGE_DELETED);
    assert_string_equal(shown.body, "");
    assert_false(shown.deleted);
    assert_int_equal(shown.count, 1);
    assert_string_equal(changes_look(&street, ALICE, sent.event_id).body, "for you and me");
    neighbours_end_whole(&street);
}

static void log_changes__refuses_what_can_not_be(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin(&street, 3);
    struct append_answer open = changes_send(&street, ALICE, BOB, "in clear", "");
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_EDIT, open.event_id, "x").result,
                     RESULT_MISMATCH);
    assert_int_equal(changes_send(&street, ALICE, BOB, "x", open.event_id).result, RESULT_MISMATCH);
    neighbours_exchange(&street);
    struct append_answer sent = changes_send(&street, ALICE, BOB, "sealed", "");
    neighbours_exchange(&street);
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_DELETE, open.event_id, "").result,
                     RESULT_MISMATCH);
    assert_int_equal(changes_say(&street, BOB, PAYLOAD_EDIT, sent.event_id, "x").result,
                     RESULT_UNAUTHORIZED);
    assert_int_equal(changes_say(&street, BOB, PAYLOAD_DELETE, sent.event_id, "").result,
                     RESULT_UNAUTHORIZED);
    assert_int_equal(changes_say(&street, CAROL, PAYLOAD_REACTION, sent.event_id, "x").result,
                     RESULT_NOT_FOUND);
    assert_int_equal(changes_send(&street, ALICE, CAROL, "x", sent.event_id).result,
                     RESULT_NOT_FOUND);
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_DELETE, sent.event_id, "").result,
                     RESULT_OK);
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_EDIT, sent.event_id, "x").result,
                     RESULT_EXPIRED);
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_DELETE, sent.event_id, "").result,
                     RESULT_EXPIRED);
    neighbours_end(&street);
}

static struct append_answer edit_as(struct neighbours *street, const char *client_id,
                                    const char *event_id, const char *text)
{
    const struct log_change change = {
        .kind = PAYLOAD_EDIT, .event_id = event_id, .text = text, .client_id = client_id};
    return changes_append(street, ALICE, &change);
}

static void log_changes__a_repeat_gets_the_first_answer(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer sent = changes_send(&street, ALICE, BOB, "once", "");
    struct append_answer first = edit_as(&street, "again", sent.event_id, "twice");
    struct append_answer second = edit_as(&street, "again", sent.event_id, "twice");
    assert_int_equal(second.result, RESULT_OK);
    assert_true(second.repeated && !first.repeated);
    assert_string_equal(second.event_id, first.event_id);
    assert_int_equal(edit_as(&street, "again", sent.event_id, "thrice").result, RESULT_EXISTS);
    assert_int_equal(neighbours_count_events(&street, ALICE, "\"ciphertext\"", NULL), 2);
    neighbours_end(&street);
}

/* Its key is gone with what it was for, so that nobody knows what it said; derived anew, too. */
static void log_changes__a_repeat_gets_the_first_answer_after_a_deletion(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer sent = changes_send(&street, ALICE, BOB, "once", "");
    struct append_answer first = edit_as(&street, "again", sent.event_id, "twice");
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_DELETE, sent.event_id, "").result,
                     RESULT_OK);
    for (int time = 0; time < 2; time++) {
        struct append_answer second = edit_as(&street, "again", sent.event_id, "twice");
        assert_int_equal(second.result, RESULT_OK);
        assert_true(second.repeated);
        assert_string_equal(second.event_id, first.event_id);
        const struct append_answer *third = test_log_append(
            &street.logs[ALICE], event_draft_message("again", test_id(BOB), "twice", NULL));
        assert_int_equal(third->result, RESULT_OK);
        assert_string_equal(third->event_id, first.event_id);
        neighbours_verify_all(&street);
        neighbours_change_database(&street, ALICE,
                                   "INSERT INTO meta(key,value) VALUES('derived','no')");
    }
    neighbours_end(&street);
}

/* Whatever it was that it served for first. */
static void log_changes__a_client_id_serves_once(void **state)
{
    static const enum payload_kind kinds[] = {PAYLOAD_EDIT, PAYLOAD_REACTION, PAYLOAD_DELETE};
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer sent = changes_send(&street, ALICE, BOB, "x", "");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char client_id[16];
        (void)snprintf(client_id, sizeof client_id, "used-%zu", i);
        const struct log_change change = {.kind = kinds[i],
                                          .event_id = sent.event_id,
                                          .text = kinds[i] == PAYLOAD_DELETE ? "" : "x",
                                          .client_id = client_id};
        assert_int_equal(changes_append(&street, ALICE, &change).result, RESULT_OK);
        const struct append_answer *answer = test_log_append(
            &street.logs[ALICE], event_draft_message(client_id, test_id(BOB), "x", NULL));
        assert_int_equal(answer->result, RESULT_EXISTS);
    }
    sent = changes_send(&street, ALICE, BOB, "y", "");
    (void)test_log_append(&street.logs[ALICE],
                          event_draft_message("text", test_id(BOB), "z", NULL));
    assert_int_equal(edit_as(&street, "text", sent.event_id, "z").result, RESULT_EXISTS);
    neighbours_end(&street);
}

/* Who is told by its author that something between her and others is gone. */
static void log_changes__what_is_between_others_is_left_alone(void **state)
{
    struct neighbours street;
    uint8_t hash[BLAKE3_HASH_BYTES];
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, ALICE, CAROL, "for Carol");
    neighbours_exchange(&street);
    assert_true(neighbours_ask_bytes(&street, ALICE,
                                     "SELECT e.hash FROM events e JOIN sealings s ON s.seq=e.seq",
                                     hash, sizeof hash));
    struct crafting crafting = changes_craft_for(&street, BOB);
    changes_receive(&crafting, changes_craft_delete(&crafting, ALICE, hash));
    changes_receive(&crafting, changes_craft_edit(&crafting, ALICE, hash, "for Bob"));
    changes_receive(&crafting, changes_craft_reaction(&crafting, ALICE, hash, "+"));
    neighbours_exchange(&street);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_DELETED), 0);
    assert_int_equal(neighbours_count(&street, CAROL, "for Carol", MESSAGE_OPENED), 1);
    neighbours_end_whole(&street);
}

/* Nobody knows which one is meant, unless it is said. */
static void log_changes__one_event_id_of_two_authors_needs_a_peer(void **state)
{
    struct neighbours street;
    char event_id[ULID_TEXT_BYTES];
    (void)state;
    neighbours_begin_known(&street, 3);
    struct crafting of_alice = changes_craft_for(&street, BOB);
    struct crafting of_carol = of_alice;
    struct verified_event *text = changes_craft_text(&of_alice, ALICE, "hers");
    memcpy(event_id, event_verified_get(text)->event_id, sizeof event_id);
    changes_receive(&of_alice, text);
    changes_receive(&of_carol, changes_craft_text(&of_carol, CAROL, "another's"));
    struct log_change change = {.kind = PAYLOAD_DELETE,
                                .event_id = event_id,
                                .text = "",
                                .client_id = "named",
                                .here_only = true};
    struct append_answer answer = changes_append(&street, BOB, &change);
    assert_int_equal(answer.result, RESULT_INVALID);
    assert_non_null(strstr(answer.error.message, "name the peer"));
    change.peer = test_id(BOB);
    assert_int_equal(changes_append(&street, BOB, &change).result, RESULT_NOT_FOUND);
    change.peer = test_id(CAROL);
    assert_int_equal(changes_append(&street, BOB, &change).result, RESULT_OK);
    assert_int_equal(neighbours_count(&street, BOB, "hers", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_DELETED), 1);
    neighbours_end(&street);
}

static void note_words(void *context, const char *body, const char *at)
{
    struct buffer *words = context;
    assert_int_equal(strlen(at), strlen("2027-01-15T08:00:00Z"));
    buffer_append_text(words, body);
    buffer_append_byte(words, '|');
}

static void note_hash(void *context, const struct history_message *message)
{
    memcpy(context, message->hash, BLAKE3_HASH_BYTES);
}

static void log_changes__earlier_words_are_kept(void **state)
{
    struct neighbours street;
    struct buffer words;
    uint8_t hash[BLAKE3_HASH_BYTES];
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer sent = changes_send(&street, ALICE, BOB, "one", "");
    struct append_answer unchanged = changes_send(&street, ALICE, BOB, "once", "");
    (void)changes_say(&street, ALICE, PAYLOAD_EDIT, sent.event_id, "two");
    (void)changes_say(&street, ALICE, PAYLOAD_EDIT, sent.event_id, "three");
    neighbours_exchange(&street);
    buffer_init(&words);
    struct event_log *bobs = street.logs[BOB].log;
    struct history_name name = {.id_end = sent.event_id};
    assert_int_equal(history_find(bobs, &name, note_hash, hash), RESULT_OK);
    assert_int_equal(history_words(bobs, hash, note_words, &words), RESULT_OK);
    assert_string_equal(buffer_text(&words), "one|two|three|");
    (void)changes_say(&street, ALICE, PAYLOAD_DELETE, sent.event_id, "");
    neighbours_exchange(&street);
    buffer_clear(&words);
    assert_int_equal(history_words(bobs, hash, note_words, &words), RESULT_OK);
    name.id_end = unchanged.event_id;
    assert_int_equal(history_find(bobs, &name, note_hash, hash), RESULT_OK);
    assert_int_equal(history_words(bobs, hash, note_words, &words), RESULT_OK);
    assert_int_equal(history_words(street.logs[CAROL].log, hash, note_words, &words), RESULT_OK);
    assert_string_equal(buffer_text(&words), "");
    buffer_deinit(&words);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_changes__both_ends_see_them),
        cmocka_unit_test(log_changes__what_is_deleted_is_nowhere),
        cmocka_unit_test(log_changes__many_that_are_deleted_are_in_no_file),
        cmocka_unit_test(log_changes__what_could_open_it_again_goes_with_the_next_message),
        cmocka_unit_test(log_changes__of_what_waits_appear_with_it),
        cmocka_unit_test(log_changes__deleted_here_alone),
        cmocka_unit_test(log_changes__refuses_what_can_not_be),
        cmocka_unit_test(log_changes__a_repeat_gets_the_first_answer),
        cmocka_unit_test(log_changes__a_repeat_gets_the_first_answer_after_a_deletion),
        cmocka_unit_test(log_changes__a_client_id_serves_once),
        cmocka_unit_test(log_changes__what_is_between_others_is_left_alone),
        cmocka_unit_test(log_changes__one_event_id_of_two_authors_needs_a_peer),
        cmocka_unit_test(log_changes__earlier_words_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
