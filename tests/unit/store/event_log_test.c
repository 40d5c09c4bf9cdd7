#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "core/lock.h"
#include "core/memory.h"
#include "store/event_reader.h"
#include "store/history_conversations.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, JANA = 3 };

static struct verified_event *message(uint8_t from, uint8_t to, const char *client_id,
                                      const char *body, unsigned id, int64_t lamport)
{
    struct signing_key author = test_key(from);
    char event_id[ULID_TEXT_BYTES];
    return test_event(event_draft_message(client_id, test_id(to), body, NULL), &author,
                      test_id(ALICE), test_ulid(id, event_id), lamport);
}

static struct verified_event *receipt(uint8_t from, bool read, unsigned target, unsigned id,
                                      int64_t lamport)
{
    struct signing_key author = test_key(from);
    char target_id[ULID_TEXT_BYTES];
    char event_id[ULID_TEXT_BYTES];
    test_ulid(target, target_id);
    return test_event(read ? event_draft_read(target_id, 1800000000 + lamport)
                           : event_draft_delivered(target_id, 1800000000 + lamport),
                      &author, test_id(ALICE), test_ulid(id, event_id), lamport);
}

static struct event_draft draft_to(uint8_t to, const char *client_id, const char *body)
{
    return event_draft_message(client_id, test_id(to), body, NULL);
}

static void event_log__send_appends_an_event_and_returns_its_id(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    (void)test_log_populate(&test, BOB);
    const struct append_answer *answer = test_log_append(&test, draft_to(BOB, "c1", "Hello"));
    assert_int_equal(answer->result, RESULT_OK);
    assert_true(ulid_is_valid(answer->event_id));
    assert_false(answer->repeated);
    char *history = test_log_history(&test);
    assert_non_null(strstr(history, answer->event_id));
    assert_non_null(strstr(history, "\"Hello\""));
    memory_free(history);
    test_log_close(&test);
}

static void event_log__send_is_idempotent_on_client_id(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    (void)test_log_populate(&test, JANA);
    struct append_answer first = *test_log_append(&test, draft_to(BOB, "c1", "Hello"));
    int64_t committed = test.committed;
    struct append_answer again = *test_log_append(&test, draft_to(BOB, "c1", "Hello"));
    assert_int_equal(again.result, RESULT_OK);
    assert_true(again.repeated);
    assert_string_equal(again.event_id, first.event_id);
    assert_int_equal(again.lamport, first.lamport);
    assert_int_equal(test.committed, committed);
    assert_int_equal(test_log_append(&test, draft_to(BOB, "c1", "Hullo"))->result, RESULT_EXISTS);
    assert_int_equal(test_log_append(&test, draft_to(JANA, "c1", "Hello"))->result, RESULT_EXISTS);
    assert_int_equal(test.committed, committed);
    test_log_close(&test);
}

static void event_log__refuses_a_recipient_who_is_no_member(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    (void)test_log_populate(&test, BOB);
    assert_int_equal(test_log_append(&test, draft_to(JANA, "c", "Hello"))->result,
                     RESULT_NOT_FOUND);
    test_log_close(&test);
}

static void event_log__answers_a_received_message_once_with_delivered(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, BOB);
    int64_t lamport = test_log_populate(&test, BOB);
    struct verified_event *events[] = {message(ALICE, BOB, "c", "Hello Bob", 50, lamport)};
    test_log_receive(&test, events, 1);
    assert_int_equal(test.accepted, 1);
    char *history = test_log_history(&test);
    assert_null(strstr(history, "\"delivered_at\":null"));
    memory_free(history);
    struct verified_event *again[] = {message(ALICE, BOB, "c", "Hello Bob", 50, lamport)};
    const struct log_snapshot *snapshot = log_snapshot_acquire(test.log);
    uint64_t count = snapshot->event_count;
    log_snapshot_release(test.log, &snapshot);
    test_log_receive(&test, again, 1);
    assert_int_equal(test.accepted, 0);
    assert_int_equal(test.refusals[0],
                     EVENT_ACCEPTABLE); /* held before: neither accepted nor rejected */
    snapshot = log_snapshot_acquire(test.log);
    assert_int_equal(snapshot->event_count, count);
    log_snapshot_release(test.log, &snapshot);
    test_log_close(&test);
}

static void event_log__moves_the_lamport_clock_past_what_it_receives(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    (void)test_log_populate(&test, BOB);
    struct verified_event *far[] = {message(BOB, ALICE, "c", "x", 50, 900000)};
    test_log_receive(&test, far, 1);
    assert_int_equal(test.accepted, 1);
    assert_true(test_log_append(&test, draft_to(BOB, "d", "y"))->lamport > 900001);
    struct verified_event *too_far[] = {message(BOB, ALICE, "e", "z", 51, 3000000)};
    test_log_receive(&test, too_far, 1);
    assert_int_equal(test.refusals[0], EVENT_LAMPORT_TOO_FAR);
    test_log_close(&test);
}

static void event_log__refuses_an_unknown_author_until_the_invitation_is_there(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, BOB);
    struct verified_event *stranger[] = {message(JANA, ALICE, "c", "Let me in", 60, lamport + 1)};
    test_log_receive(&test, stranger, 1);
    assert_int_equal(test.refusals[0], EVENT_UNKNOWN_AUTHOR);

    struct signing_key alice = test_key(ALICE);
    struct signing_key jana = test_key(JANA);
    char invited[ULID_TEXT_BYTES];
    char joined[ULID_TEXT_BYTES];
    json_t *manifest = test_manifest(&jana, "Jana", 7003);
    /* In the worst order: what makes the author valid comes last. */
    struct verified_event *batch[] = {
        message(JANA, ALICE, "c", "Let me in", 60, lamport + 1),
        test_event(event_draft_joined(test_ulid(62, invited), manifest), &jana, &alice.node_id,
                   test_ulid(63, joined), lamport + 3),
        test_event(event_draft_invited(&jana.node_id, "J", LEVEL_MEMBER, 1900000000), &alice,
                   &alice.node_id, invited, lamport + 2),
    };
    test_log_receive(&test, batch, 3);
    assert_int_equal(test.accepted, 3);
    json_decref(manifest);
    test_log_close(&test);
}

static struct verified_event *revoke(uint8_t target, unsigned id, int64_t lamport)
{
    struct signing_key alice = test_key(ALICE);
    struct signing_key gone = test_key(target);
    struct signature signature;
    char signature_text[SIGNATURE_TEXT_BYTES];
    char alice_text[NODE_ID_TEXT_BYTES];
    char gone_text[NODE_ID_TEXT_BYTES];
    char event_id[ULID_TEXT_BYTES];
    struct buffer text;
    json_t *statement = event_data_revocation_statement("r", "other", &gone.node_id);
    buffer_init(&text);
    assert_int_equal(canonical_write(statement, &text), RESULT_OK);
    signing_sign(&alice, text.data, text.length_bytes, &signature);
    signing_format_signature(&signature, signature_text);
    node_id_format(&alice.node_id, alice_text);
    node_id_format(&gone.node_id, gone_text);
    buffer_deinit(&text);
    json_decref(statement);
    struct event_draft draft = {.type = EVENT_MEMBER_REVOKED,
                                .data = json_pack("{s:s,s:s,s:s,s:[{s:s,s:s}]}", "client_id", "r",
                                                  "target_node_id", gone_text, "reason", "other",
                                                  "co_signers", "node_id", alice_text, "signature",
                                                  signature_text)};
    return test_event(draft, &alice, &alice.node_id, test_ulid(id, event_id), lamport);
}

static void event_log__sets_aside_what_a_late_revocation_forbids(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, BOB);
    struct verified_event *before[] = {message(BOB, ALICE, "c1", "still fine", 50, lamport)};
    test_log_receive(&test, before, 1);
    const struct log_snapshot *snapshot = log_snapshot_acquire(test.log);
    uint64_t count = snapshot->event_count;
    log_snapshot_release(test.log, &snapshot);
    struct verified_event *after[] = {message(BOB, ALICE, "c2", "too late", 51, lamport + 20)};
    test_log_receive(&test, after, 1);
    assert_int_equal(test.accepted, 1);
    struct verified_event *revocation[] = {revoke(BOB, 70, lamport + 10)};
    test_log_receive(&test, revocation, 1);
    assert_int_equal(test.accepted, 1);
    char *history = test_log_history(&test);
    assert_non_null(strstr(history, "still fine"));
    assert_null(strstr(history, "too late"));
    memory_free(history);
    snapshot = log_snapshot_acquire(test.log);
    /* The revocation and the delivered receipts of both are in, the second message is out. */
    assert_int_equal(snapshot->event_count, count + 2);
    log_snapshot_release(test.log, &snapshot);
    struct verified_event *later[] = {message(BOB, ALICE, "c3", "again", 52, lamport + 30)};
    test_log_receive(&test, later, 1);
    assert_int_equal(test.refusals[0], EVENT_REVOKED_AUTHOR);
    test_log_close(&test);
}

/* The same events in any order give the same history and fingerprint. */
static void event_log__is_the_same_whatever_the_order_of_arrival(void **state)
{
    static const unsigned orders[][6] = {
        {0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {3, 5, 0, 4, 1, 2}, {4, 2, 5, 1, 3, 0}};
    char *expected = NULL;
    uint8_t fingerprint[FINGERPRINT_BYTES];
    (void)state;
    for (size_t order = 0; order < sizeof orders / sizeof orders[0]; order++) {
        struct test_log test;
        test_log_open(&test, ALICE, ALICE);
        int64_t lamport = test_log_populate(&test, JANA);
        struct verified_event *events[] = {
            message(ALICE, BOB, "m1", "one", 50, lamport),
            message(ALICE, BOB, "m2", "two", 51, lamport + 1),
            receipt(BOB, true, 51, 52, lamport + 5),
            receipt(BOB, true, 50, 53, lamport + 3),
            receipt(BOB, false, 50, 54, lamport + 2),
            receipt(JANA, true, 51, 55, lamport + 2), /* not the recipient: changes nothing */
        };
        for (size_t i = 0; i < 6; i++) {
            test_log_receive(&test, &events[orders[order][i]], 1);
            assert_int_equal(test.accepted, 1);
        }
        char *history = test_log_history(&test);
        const struct log_snapshot *snapshot = log_snapshot_acquire(test.log);
        if (expected == NULL) {
            expected = memory_duplicate_string(history);
            memcpy(fingerprint, snapshot->fingerprint, sizeof fingerprint);
            assert_non_null(strstr(history, "\"read_at\":\"2027"));
        }
        assert_string_equal(history, expected);
        assert_memory_equal(fingerprint, snapshot->fingerprint, sizeof fingerprint);
        log_snapshot_release(test.log, &snapshot);
        memory_free(history);
        test_log_close(&test);
    }
    memory_free(expected);
}

static void event_log__shows_of_two_events_with_one_id_the_smaller_hash(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct test_log test;
        test_log_open(&test, ALICE, ALICE);
        int64_t lamport = test_log_populate(&test, BOB);
        struct verified_event *events[] = {message(BOB, ALICE, "c1", "first face", 50, lamport),
                                           message(BOB, ALICE, "c2", "second face", 50, lamport)};
        bool first = memcmp(event_verified_get(events[0])->hash,
                            event_verified_get(events[1])->hash, BLAKE3_HASH_BYTES) < 0;
        test_log_receive(&test, &events[order], 1);
        test_log_receive(&test, &events[1 - order], 1);
        assert_int_equal(test.accepted, 1); /* both are kept */
        char *history = test_log_history(&test);
        assert_int_equal(strstr(history, "first face") != NULL, first);
        assert_int_equal(strstr(history, "second face") != NULL, !first);
        memory_free(history);
        test_log_close(&test);
    }
}

static void event_log__nobody_hides_what_another_wrote_by_taking_its_id(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct test_log test;
        test_log_open(&test, ALICE, ALICE);
        int64_t lamport = test_log_populate(&test, JANA);
        struct verified_event *events[] = {message(BOB, ALICE, "c1", "from Bob", 50, lamport),
                                           message(JANA, ALICE, "c1", "from Carol", 50, lamport)};
        test_log_receive(&test, &events[order], 1);
        test_log_receive(&test, &events[1 - order], 1);
        char *history = test_log_history(&test);
        assert_non_null(strstr(history, "from Bob"));
        assert_non_null(strstr(history, "from Carol"));
        memory_free(history);
        test_log_close(&test);
    }
}

static void event_log__keeps_everything_over_a_restart(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    (void)test_log_populate(&test, BOB);
    (void)test_log_append(&test, draft_to(BOB, "c1", "Hello"));
    char *before = test_log_history(&test);
    const struct log_snapshot *old = log_snapshot_acquire(test.log);
    struct log_snapshot kept = *old;
    log_snapshot_release(test.log, &old);
    test_log_reopen(&test, ALICE);
    char *after = test_log_history(&test);
    assert_string_equal(before, after);
    const struct log_snapshot *new = log_snapshot_acquire(test.log);
    assert_int_equal(new->clock, kept.clock);
    assert_int_equal(new->last_seq, kept.last_seq);
    assert_int_equal(new->event_count, kept.event_count);
    assert_memory_equal(new->fingerprint, kept.fingerprint, FINGERPRINT_BYTES);
    assert_int_equal(new->membership->member_count, 2);
    log_snapshot_release(test.log, &new);
    memory_free(before);
    memory_free(after);
    test_log_close(&test);
}

static void event_log__refuses_a_newer_database_and_a_foreign_one(void **state)
{
    struct test_log test;
    struct error error = {""};
    struct event_log *log = NULL;
    sqlite3 *database = NULL;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    event_log_close(&test.log);
    struct signing_key bob = test_key(BOB);
    struct event_log_options options = {.directory = test.directory,
                                        .community_id = test.key.node_id,
                                        .key = &bob,
                                        .clock = clock_system()};
    assert_int_equal(event_log_open(&options, &log, &error), RESULT_MISMATCH);
    options.key = &test.key;
    options.community_id = bob.node_id;
    assert_int_equal(event_log_open(&options, &log, &error), RESULT_MISMATCH);
    char *path = memory_format("%s/events.sqlite", test.directory);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    options.community_id = test.key.node_id;
    assert_int_equal(event_log_open(&options, &log, &error), RESULT_UNSUPPORTED);
    assert_non_null(strstr(error.message, "newer"));
    memory_free(path);
    test_log_close(&test);
}

static void count_message(void *context, const struct history_message *shown)
{
    (void)shown;
    (*(int *)context)++;
}

static int page(struct test_log *test, int64_t since, int64_t before, size_t limit, bool *more_out)
{
    int count = 0;
    struct history_query query = {.since_lamport = since,
                                  .before_lamport = before,
                                  .newest = since == 0 && before != 0,
                                  .limit = limit};
    assert_int_equal(history_page(test->log, &query, count_message, &count, more_out), RESULT_OK);
    return count;
}

static void history_page__pages_both_ways_and_never_ends_inside_a_lamport(void **state)
{
    struct test_log test;
    bool more = false;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, JANA);
    struct verified_event *events[10];
    for (unsigned i = 0; i < 10; i++) { /* lamports base, base, base+1, base+1, … */
        char client_id[8];
        (void)snprintf(client_id, sizeof client_id, "c%u", i);
        events[i] =
            message(i % 2 == 0 ? BOB : JANA, ALICE, client_id, "x", 50 + i, lamport + i / 2);
    }
    test_log_receive(&test, events, 10);
    assert_int_equal(test.accepted, 10);
    assert_int_equal(page(&test, 0, 0, 3, &more), 4);
    assert_true(more);
    assert_int_equal(page(&test, lamport + 3, 0, 3, &more), 2);
    assert_false(more);
    assert_int_equal(page(&test, 0, lamport + 4, 3, &more), 4);
    assert_true(more);
    assert_int_equal(page(&test, 0, lamport + 4, 100, &more), 8);
    assert_false(more);
    assert_int_equal(page(&test, lamport, lamport + 3, 100, &more), 4);
    test_log_close(&test);
}

struct unread {
    struct node_id peer;
    int64_t count;
};

static void take_unread(void *context, const struct history_conversation *conversation)
{
    struct unread *unread = context;
    if (node_id_equal(&conversation->peer, &unread->peer)) {
        unread->count = conversation->unread;
    }
}

static int64_t unread_of(struct test_log *test, uint8_t peer)
{
    struct unread unread = {*test_id(peer), 0};
    assert_int_equal(history_conversations(test->log, NULL, NULL, take_unread, &unread), RESULT_OK);
    return unread.count;
}

static void on_marked(void *context, const struct append_answer *answer)
{
    struct test_log *test = context;
    lock_take(test->lock);
    test->appended = *answer;
    test->answers++;
    lock_wake_all(test->lock);
    lock_release(test->lock);
}

static void mark(struct test_log *test, uint8_t peer, unsigned id, bool silently)
{
    char event_id[ULID_TEXT_BYTES];
    struct node_id node_id = *test_id(peer);
    assert_int_equal(log_mark_read_up_to(test->log, &node_id, test_ulid(id, event_id), silently,
                                         on_marked, test),
                     RESULT_OK);
    lock_take(test->lock);
    while (test->answers == 0) {
        (void)lock_wait(test->lock, -1);
    }
    test->answers--;
    lock_release(test->lock);
}

static void event_log__reading_is_a_watermark_and_said_once(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, BOB);
    struct verified_event *events[] = {message(BOB, ALICE, "a", "1", 50, lamport),
                                       message(BOB, ALICE, "b", "2", 51, lamport + 1),
                                       message(BOB, ALICE, "c", "3", 52, lamport + 2)};
    test_log_receive(&test, events, 3);
    assert_int_equal(unread_of(&test, BOB), 3);
    mark(&test, BOB, 51, false);
    assert_int_equal(test.appended.result, RESULT_OK);
    assert_false(test.appended.repeated);
    assert_int_equal(unread_of(&test, BOB), 1);
    mark(&test, BOB, 50, false);
    assert_true(test.appended.repeated);
    int64_t committed = test.committed;
    mark(&test, BOB, 52, true); /* receipts switched off: only the count moves */
    assert_int_equal(test.committed, committed);
    assert_int_equal(unread_of(&test, BOB), 0);
    mark(&test, BOB, 99, false);
    assert_int_equal(test.appended.result, RESULT_NOT_FOUND);
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_log__send_appends_an_event_and_returns_its_id),
        cmocka_unit_test(event_log__send_is_idempotent_on_client_id),
        cmocka_unit_test(event_log__refuses_a_recipient_who_is_no_member),
        cmocka_unit_test(event_log__answers_a_received_message_once_with_delivered),
        cmocka_unit_test(event_log__moves_the_lamport_clock_past_what_it_receives),
        cmocka_unit_test(event_log__refuses_an_unknown_author_until_the_invitation_is_there),
        cmocka_unit_test(event_log__sets_aside_what_a_late_revocation_forbids),
        cmocka_unit_test(event_log__is_the_same_whatever_the_order_of_arrival),
        cmocka_unit_test(event_log__shows_of_two_events_with_one_id_the_smaller_hash),
        cmocka_unit_test(event_log__nobody_hides_what_another_wrote_by_taking_its_id),
        cmocka_unit_test(event_log__keeps_everything_over_a_restart),
        cmocka_unit_test(event_log__refuses_a_newer_database_and_a_foreign_one),
        cmocka_unit_test(history_page__pages_both_ways_and_never_ends_inside_a_lamport),
        cmocka_unit_test(event_log__reading_is_a_watermark_and_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
