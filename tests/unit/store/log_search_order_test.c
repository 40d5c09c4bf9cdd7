/* In whatever order messages came, the index takes them in as if each were the newest. */
#include <stdio.h>

#include "store/log_search_private.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, FIRST_ID = 1000, MESSAGES = 64 };

static const struct event_log_options at_once = {.synchronous = true};

static void receive(struct test_log *test, unsigned id, int64_t lamport)
{
    const struct signing_key bob = test_key(BOB);
    char event_id[ULID_TEXT_BYTES];
    char text[64];
    (void)snprintf(text, sizeof text, "walnut %u", id);
    struct verified_event *events[] = {test_event(
        event_draft_message(test_ulid(FIRST_ID + id, event_id), test_id(ALICE), text, NULL), &bob,
        test_id(ALICE), test_ulid(FIRST_ID + id, event_id), lamport)};
    test_log_receive(test, events, 1);
    assert_int_equal(test->refusals[0], EVENT_ACCEPTABLE);
}

static void count_one(void *context, const struct history_message *message,
                      const struct search_found *found)
{
    (void)message, (void)found;
    ++*(size_t *)context;
}

static size_t count_found(struct test_log *test)
{
    size_t count = 0;
    bool more = false;
    const struct search_query query = {.text = "walnut", .limit = HISTORY_MOST_LIMIT};
    assert_int_equal(test_search(test->log, &query, count_one, &count, &more), RESULT_OK);
    return count;
}

/* How many rows that changes, those of the index included. */
static int take_in(struct test_log *test)
{
    struct database *database = &test->log->database;
    assert_int_equal(database_execute(database, "BEGIN IMMEDIATE"), RESULT_OK);
    int before = sqlite3_total_changes(database->handle);
    log_search_catch_up(test->log);
    database_run(database, "UPDATE state SET indexed=?1", "i", test->log->state.search.through);
    assert_int_equal(database_execute(database, "COMMIT"), RESULT_OK);
    assert_int_equal(
        database_integer(database, 0, "SELECT count(*) FROM messages WHERE place<=0", ""), 0);
    return sqlite3_total_changes(database->handle) - before;
}

static int64_t begin(struct test_log *test)
{
    test_log_open(test, ALICE, ALICE);
    int64_t lamport = test_log_populate(test, BOB);
    test_log_reopen_with(test, ALICE, &at_once);
    return lamport;
}

static void end(struct test_log *test, size_t messages)
{
    assert_int_equal(count_found(test), messages);
    assert_int_equal(test_log_verify(test, ALICE), 0);
    test_log_close(test);
}

/* As they follow each other; from the last to the first; and with a step that meets each once. */
static void log_search__takes_in_what_came_late_like_what_came_in_order(void **state)
{
    static const unsigned steps[] = {1, MESSAGES - 1, MESSAGES / 2 + 5};
    int changes[3];
    (void)state;
    for (size_t turn = 0; turn < 3; turn++) {
        struct test_log test;
        int64_t lamport = begin(&test);
        for (unsigned i = 0, id = 0; i < MESSAGES; i++, id = (id + steps[turn]) % MESSAGES) {
            receive(&test, id, lamport + id);
        }
        changes[turn] = take_in(&test);
        end(&test, MESSAGES);
    }
    assert_int_equal(changes[1], changes[0]);
    assert_int_equal(changes[2], changes[0]);
}

/* A log that was long before it had an index: between one part and the next nothing is missed. */
static void log_search__takes_a_long_log_in_to_its_end(void **state)
{
    enum { PART = 65536, PARTS = 3 };
    struct test_log test;
    (void)state;
    int64_t lamport = begin(&test);
    unsigned id = 0;
    for (unsigned part = 1; part <= PARTS; part++) {
        receive(&test, id++, lamport + 100 - part);
        test.log->state.last_seq = part * PART - 1;
        receive(&test, id++, lamport + 200 + part); /* the last of one part */
        receive(&test, id++, lamport + 10 + part);  /* the first of the next */
    }
    receive(&test, id++, lamport);
    (void)take_in(&test);
    end(&test, id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_search__takes_in_what_came_late_like_what_came_in_order),
        cmocka_unit_test(log_search__takes_a_long_log_in_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
