#include <stdio.h>
#include <string.h>

#include "protocol/co_signature.h"
#include "store/history_conversations.h"
#include "store/log_clear.h"
#include "store/log_readers_private.h"
#include "store/log_unread_private.h"
#include "store/log_wait.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, FIRST_ID = 1000 };

static int64_t take_counted(struct database *database, int what)
{
    int64_t counted = 0;
    for (size_t i = 0; i < DATABASE_STATEMENT_PLACES; i++) {
        if (database->statements[i].statement != NULL) {
            counted += sqlite3_stmt_status(database->statements[i].statement, what, 1);
        }
    }
    return counted;
}

/* What statements did since the last time; the writer rests. */
static int64_t count(struct test_log *test, int what)
{
    struct database *reader = log_readers_acquire(test->log);
    int64_t counted = take_counted(reader, what) + take_counted(&test->log->database, what);
    assert_int_equal(log_readers_release(test->log, &reader), RESULT_OK);
    return counted;
}

static int64_t count_steps(struct test_log *test)
{
    return count(test, SQLITE_STMTSTATUS_VM_STEP);
}

/* Number `id` of those between Alice and another one, at that place after all that makes the
 * community. */
static void receive_from(struct test_log *test, uint8_t author, unsigned id, int64_t lamport,
                         const char *client_id)
{
    struct signing_key key = test_key(author);
    char event_id[ULID_TEXT_BYTES];
    struct verified_event *events[] = {test_event(
        event_draft_message(client_id, test_id(author == ALICE ? BOB : ALICE), "Hi", NULL), &key,
        test_id(ALICE), test_ulid(FIRST_ID + id, event_id), lamport)};
    test_log_receive(test, events, 1);
    assert_int_equal(test->refusals[0], EVENT_ACCEPTABLE);
}

static void receive(struct test_log *test, unsigned id, int64_t lamport)
{
    char client_id[ULID_TEXT_BYTES];
    receive_from(test, BOB, id, lamport, test_ulid(FIRST_ID + id, client_id));
}

static void on_marked(void *context, const struct append_answer *answer)
{
    (void)context;
    assert_int_equal(answer->result, RESULT_OK);
}

static void mark(struct test_log *test, unsigned id, bool silently)
{
    char event_id[ULID_TEXT_BYTES];
    assert_int_equal(log_mark_read_up_to(test->log, test_id(BOB),
                                         test_ulid(FIRST_ID + id, event_id), silently, on_marked,
                                         NULL),
                     RESULT_OK);
}

static void take_count(void *context, const struct history_conversation *conversation)
{
    *(int64_t *)context = conversation->unread;
}

static int64_t unread(struct test_log *test)
{
    int64_t listed = 0;
    int64_t asked = 0;
    assert_int_equal(history_conversations(test->log, NULL, NULL, take_count, &listed), RESULT_OK);
    assert_int_equal(history_count_unread(test->log, test_id(BOB), &asked), RESULT_OK);
    assert_int_equal(listed, asked);
    return listed;
}

/* Each call commits and answers at once. */
static int64_t begin(struct test_log *test)
{
    const struct event_log_options at_once = {.synchronous = true};
    test_log_open(test, ALICE, ALICE);
    int64_t lamport = test_log_populate(test, BOB);
    test_log_reopen_with(test, ALICE, &at_once);
    return lamport;
}

static void end(struct test_log *test)
{
    assert_int_equal(test_log_verify(test, ALICE), 0);
    test_log_close(test);
}

struct listed {
    size_t conversations;
    size_t messages;
    char first[ULID_TEXT_BYTES];
    char last[ULID_TEXT_BYTES];
    char read_at[WALL_CLOCK_TEXT_BYTES]; /* the last one; "": not yet */
};

static void note_read_at(struct listed *listed, const struct history_message *last)
{
    (void)snprintf(listed->read_at, sizeof listed->read_at, "%s",
                   last->read_at == NULL ? "" : last->read_at);
}

static void take_last(void *context, const struct history_message *message)
{
    note_read_at(context, message);
}

static void take_listed(void *context, const struct history_conversation *conversation)
{
    struct listed *listed = context;
    listed->conversations++;
    if (conversation->last_message != NULL) {
        listed->messages++;
        (void)snprintf(listed->last, sizeof listed->last, "%s",
                       conversation->last_message->event_id);
        note_read_at(listed, conversation->last_message);
    }
    if (conversation->first_unread != NULL) {
        (void)snprintf(listed->first, sizeof listed->first, "%s", conversation->first_unread);
    }
}

/* 0: there is none. When the last one was read is what a page says of it. */
static void assert_listed(struct test_log *test, unsigned first, unsigned last)
{
    struct listed listed = {0};
    struct listed paged = {0};
    char event_id[ULID_TEXT_BYTES];
    assert_int_equal(history_conversations(test->log, NULL, test_id(BOB), take_listed, &listed),
                     RESULT_OK);
    assert_string_equal(listed.first, first == 0 ? "" : test_ulid(FIRST_ID + first, event_id));
    assert_string_equal(listed.last, last == 0 ? "" : test_ulid(FIRST_ID + last, event_id));
    assert_int_equal(history_last_message(test->log, test_id(BOB), take_last, &paged), RESULT_OK);
    assert_string_equal(listed.read_at, paged.read_at);
    (void)test_log_verify(test, ALICE); /* derived anew it is the same */
}

static bool is_last_read(struct test_log *test)
{
    struct listed listed = {0};
    assert_int_equal(history_conversations(test->log, NULL, test_id(BOB), take_listed, &listed),
                     RESULT_OK);
    return listed.read_at[0] != '\0';
}

static void log_unread__costs_the_same_however_many_there_are(void **state)
{
    enum { MANY = 200 };
    struct test_log test;
    int64_t steps[2];
    (void)state;
    int64_t lamport = begin(&test);
    for (unsigned i = 0; i < MANY; i++) {
        if (i == 2 || i == MANY - 1) {
            (void)count_steps(&test);
        }
        receive(&test, i, lamport + i);
        if (i == 2 || i == MANY - 1) {
            assert_int_equal(unread(&test), i + 1);
            steps[i == 2 ? 0 : 1] = count_steps(&test);
        }
    }
    assert_int_equal(steps[1], steps[0]);
    end(&test);
}

static void log_unread__follows_what_is_read_and_what_comes_late(void **state)
{
    enum { COUNT = 10 };
    struct test_log test;
    (void)state;
    int64_t lamport = begin(&test);
    for (unsigned i = 1; i <= COUNT; i++) {
        receive(&test, i, lamport + (int64_t)10 * i);
    }
    mark(&test, 4, true);
    assert_int_equal(unread(&test), COUNT - 4);
    receive(&test, 100, lamport + 15); /* below what was read */
    assert_int_equal(unread(&test), COUNT - 4);
    receive(&test, 101, lamport + 95);
    assert_int_equal(unread(&test), COUNT - 3);
    mark(&test, 9, false);
    assert_int_equal(unread(&test), 2);
    mark(&test, 6, true);
    assert_int_equal(unread(&test), 2);
    assert_int_equal(test_log_verify(&test, ALICE), 0);
    test_log_reopen(&test, ALICE);
    assert_int_equal(unread(&test), 2);
    end(&test);
}

static void log_unread__tells_the_first_and_the_last(void **state)
{
    struct test_log test;
    (void)state;
    int64_t lamport = begin(&test);
    receive(&test, 20, lamport + 20);
    assert_listed(&test, 20, 20);
    receive(&test, 10, lamport + 10); /* comes late */
    assert_listed(&test, 10, 20);
    receive_from(&test, ALICE, 30, lamport + 30, "ours, from another copy");
    assert_listed(&test, 10, 30);
    receive(&test, 40, lamport + 40);
    mark(&test, 10, true);
    assert_listed(&test, 20, 40);
    receive_from(&test, BOB, 50, lamport + 50, "said twice");
    assert_listed(&test, 20, 50);
    receive_from(&test, BOB, 15, lamport + 15, "said twice"); /* is the one that counts */
    assert_listed(&test, 15, 40);
    receive_from(&test, BOB, 5, lamport + 5, "said twice"); /* and it was read */
    assert_listed(&test, 20, 40);
    mark(&test, 40, false);
    assert_listed(&test, 0, 40);
    assert_true(is_last_read(&test));
    receive(&test, 60, lamport + 60);
    assert_listed(&test, 60, 60);
    assert_false(is_last_read(&test));
    mark(&test, 60, true); /* nobody is told, and nothing says when */
    assert_listed(&test, 0, 60);
    assert_false(is_last_read(&test));
    receive(&test, 70, lamport + 70);
    mark(&test, 70, false);
    assert_listed(&test, 0, 70);
    assert_true(is_last_read(&test));
    end(&test);
}

static void log_unread__follows_what_goes(void **state)
{
    struct test_log test;
    struct signing_key alice = test_key(ALICE);
    char event_id[ULID_TEXT_BYTES];
    (void)state;
    int64_t lamport = begin(&test);
    for (unsigned i = 1; i <= 4; i++) {
        receive(&test, 10 * i, lamport + (int64_t)10 * i);
    }
    mark(&test, 20, true);
    assert_listed(&test, 30, 40);
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers,
        co_signature_make(&alice, event_data_revocation_statement("r", "other", test_id(BOB))));
    struct verified_event *revoked[] = {
        test_event(event_draft_revoked("r", test_id(BOB), "other", signers), &alice, test_id(ALICE),
                   test_ulid(FIRST_ID, event_id), lamport + 15)};
    test_log_receive(&test, revoked, 1);
    json_decref(signers);
    assert_listed(&test, 0, 10);
    test_log_close(&test);
}

/* Before any slice of it is done. */
static void on_cleared(void *context, enum result result, const struct error *error,
                       int64_t messages)
{
    struct test_log *test = context;
    struct listed listed = {0};
    (void)error;
    assert_int_equal(result, RESULT_OK);
    assert_int_equal(messages, 2);
    assert_int_equal(history_conversations(test->log, NULL, test_id(BOB), take_listed, &listed),
                     RESULT_OK);
    assert_int_equal(listed.conversations, 1);
    assert_int_equal(listed.messages, 0);
    assert_string_equal(listed.first, "");
}

static void log_unread__tells_of_nothing_that_was_cleared(void **state)
{
    struct test_log test;
    (void)state;
    int64_t lamport = begin(&test);
    receive(&test, 10, lamport + 10);
    receive(&test, 20, lamport + 20);
    assert_int_equal(log_clear_conversation(test.log, test_id(BOB), on_cleared, &test), RESULT_OK);
    assert_listed(&test, 0, 0);
    receive(&test, 5, lamport + 5);
    assert_listed(&test, 5, 5);
    end(&test);
}

/* Cleared, and none of it gone yet. Who comes late looks at none of what goes. */
static void log_unread__costs_the_same_beside_what_is_being_cleared(void **state)
{
    enum { FEW = 2, MANY = 200, BELOW = 10, MOST_MORE = 20 };
    struct test_log test;
    int64_t steps[2];
    (void)state;
    int64_t lamport = begin(&test);
    for (unsigned i = 0; i < 2; i++) {
        unsigned late = i == 0 ? FEW : MANY;
        for (unsigned id = i == 0 ? 0 : FEW + 3; id < late; id++) {
            receive(&test, id, lamport + BELOW + id);
        }
        database_run(&test.log->database,
                     "INSERT OR REPLACE INTO clearings(conversation,through,done)"
                     " SELECT id,?1,0 FROM conversations",
                     "i", test.log->state.last_seq);
        log_unread_clear(test.log, 1);
        for (unsigned id = late; id < late + 3; id++) {
            (void)count_steps(&test);
            receive(&test, id, lamport + id - late);
            assert_int_equal(unread(&test), id - late + 1);
            steps[i] = count_steps(&test);
        }
    }
    assert_in_range(steps[1], 1, steps[0] + MOST_MORE); /* a step of a tree or two */
    test_log_reopen(&test, ALICE);                      /* and goes on */
    assert_listed(&test, MANY, MANY + 2);
    test_log_close(&test);
}

static void log_unread__is_listed_in_one_statement(void **state)
{
    enum { MEMBERS = 40 };
    struct test_log test;
    struct listed listed = {0};
    const struct event_log_options at_once = {.synchronous = true};
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, MEMBERS);
    test_log_reopen_with(&test, ALICE, &at_once);
    for (unsigned i = BOB; i < MEMBERS; i++) {
        char client_id[ULID_TEXT_BYTES];
        receive_from(&test, (uint8_t)i, i, lamport + i, test_ulid(i, client_id));
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(test.log);
    (void)count(&test, SQLITE_STMTSTATUS_RUN);
    assert_int_equal(
        history_conversations(test.log, snapshot->membership, NULL, take_listed, &listed),
        RESULT_OK);
    assert_int_equal(count(&test, SQLITE_STMTSTATUS_RUN), 2); /* and one for who never wrote */
    assert_int_equal(listed.conversations, MEMBERS - 1);
    assert_int_equal(listed.messages, MEMBERS - 2);
    log_snapshot_release(test.log, &snapshot);
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_unread__costs_the_same_however_many_there_are),
        cmocka_unit_test(log_unread__follows_what_is_read_and_what_comes_late),
        cmocka_unit_test(log_unread__tells_the_first_and_the_last),
        cmocka_unit_test(log_unread__follows_what_goes),
        cmocka_unit_test(log_unread__tells_of_nothing_that_was_cleared),
        cmocka_unit_test(log_unread__costs_the_same_beside_what_is_being_cleared),
        cmocka_unit_test(log_unread__is_listed_in_one_statement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
