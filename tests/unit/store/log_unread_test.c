#include <stdio.h>
#include <string.h>

#include "store/history.h"
#include "store/log_readers_private.h"
#include "store/log_wait.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, FIRST_ID = 1000 };

static int64_t take_steps(struct database *database)
{
    int64_t steps = 0;
    for (size_t i = 0; i < DATABASE_STATEMENT_PLACES; i++) {
        if (database->statements[i].statement != NULL) {
            steps += sqlite3_stmt_status(database->statements[i].statement,
                                         SQLITE_STMTSTATUS_VM_STEP, 1);
        }
    }
    return steps;
}

/* What statements did since the last time; the writer rests. */
static int64_t count_steps(struct test_log *test)
{
    struct database *reader = log_readers_acquire(test->log);
    int64_t steps = take_steps(reader) + take_steps(&test->log->database);
    assert_int_equal(log_readers_release(test->log, &reader), RESULT_OK);
    return steps;
}

/* Number `id` of those that Bob writes, at that place after all that makes the community. */
static void receive(struct test_log *test, unsigned id, int64_t lamport)
{
    struct signing_key bob = test_key(BOB);
    char event_id[ULID_TEXT_BYTES];
    struct verified_event *events[] = {test_event(
        event_draft_message(test_ulid(FIRST_ID + id, event_id), test_id(ALICE), "Hi", NULL), &bob,
        test_id(ALICE), event_id, lamport)};
    test_log_receive(test, events, 1);
    assert_int_equal(test->refusals[0], EVENT_ACCEPTABLE);
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
    assert_int_equal(history_conversations(test->log, take_count, &listed), RESULT_OK);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_unread__costs_the_same_however_many_there_are),
        cmocka_unit_test(log_unread__follows_what_is_read_and_what_comes_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
