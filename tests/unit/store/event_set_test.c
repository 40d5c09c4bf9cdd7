#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/event_set.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, MANY = 4200, BATCH = 60 };

static struct verified_event *message(unsigned number, int64_t lamport)
{
    char id[ULID_TEXT_BYTES];
    char client_id[16];
    const struct signing_key key = test_key(BOB);
    (void)snprintf(client_id, sizeof client_id, "%u", number);
    return test_event(event_draft_message(client_id, test_id(ALICE), "x", NULL), &key,
                      test_id(ALICE), test_ulid(number, id), lamport);
}

/* Asks the set whether it has the log's fingerprint; waits while it is being read. */
static void assert_in_step(struct test_log *test)
{
    uint8_t question[4 + FINGERPRINT_BYTES] = {0x61, 0, 0, 1};
    struct buffer answer;
    enum result result = RESULT_BUSY;
    buffer_init(&answer);
    while (result == RESULT_BUSY) {
        const struct log_snapshot *snapshot = event_log_acquire(test->log);
        memcpy(question + 4, snapshot->fingerprint, FINGERPRINT_BYTES);
        event_log_release(test->log, &snapshot);
        result = event_set_respond(test->log, question, sizeof question, &answer, NULL);
    }
    assert_int_equal(result, RESULT_OK);
    assert_int_equal(answer.length_bytes, 1); /* nothing to say: they are the same */
    buffer_deinit(&answer);
}

static void event_set__follows_what_is_committed(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    assert_in_step(&test);
    int64_t lamport = test_log_populate(&test, BOB);
    assert_in_step(&test);
    struct verified_event *event = message(1, lamport);
    test_log_receive(&test, &event, 1);
    assert_in_step(&test);
    test_log_reopen(&test, ALICE);
    assert_in_step(&test);
    test_log_close(&test);
}

static void event_set__takes_what_is_committed_while_a_long_log_is_read(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, BOB);
    for (unsigned i = 0; i < MANY; i += BATCH) {
        struct verified_event *events[BATCH];
        for (unsigned j = 0; j < BATCH; j++) {
            events[j] = message(i + j, lamport + i + j);
        }
        test_log_receive(&test, events, BATCH);
    }
    assert_in_step(&test);
    for (unsigned round = 0; round < 3; round++) {
        test_log_reopen(&test, ALICE);
        for (unsigned i = 0; i < 5; i++) {
            struct verified_event *event = message(MANY + 10 * round + i, 10);
            test_log_receive(&test, &event, 1);
        }
        assert_in_step(&test);
    }
    test_log_close(&test);
}

/* A log as version 1 wrote it. */
static void event_log_open__brings_an_older_log_up_to_date(void **state)
{
    static const char downgrade[] =
        "DROP INDEX events_set; CREATE INDEX events_lamport ON events(lamport, hash);"
        "DROP INDEX messages_event_id;"
        "CREATE UNIQUE INDEX messages_event_id ON messages(event_id);"
        "DROP TABLE growth; DROP TABLE messages_search; ALTER TABLE messages DROP COLUMN names;"
        "PRAGMA user_version=1;";
    struct test_log test;
    sqlite3 *database = NULL;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, BOB);
    char *path = memory_format("%s/events.sqlite", test.directory);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, downgrade, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    test_log_reopen(&test, ALICE);
    assert_in_step(&test);
    struct verified_event *event = message(1, lamport);
    test_log_receive(&test, &event, 1);
    assert_int_equal(test.accepted, 1);
    assert_in_step(&test);
    test_log_close(&test);
    memory_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_set__follows_what_is_committed),
        cmocka_unit_test(event_log_open__brings_an_older_log_up_to_date),
        cmocka_unit_test(event_set__takes_what_is_committed_while_a_long_log_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
