/* A search in steps: where it goes on, and what it holds on to meanwhile. */
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

#include "store/database_private.h"
#include "store/log_private.h"
#include "store/log_readers_private.h"
#include "store/search.h"
#include "support/searching.h"
#include "support/test_support.h"

enum { BOB = 2 };

/* Every other message waits for the index. */
static void open(struct searching *fixture)
{
    searching_open(fixture, BOB);
    fixture->log.log->search_may_wait = 1;
}

static bool at_once(void *context)
{
    (void)context;
    return true;
}

/* How often the connection that was given back last began to look for something. */
static int count_beginnings(struct event_log *log)
{
    int count = 0;
    struct database *reader = log_readers_acquire(log);
    for (size_t i = 0; i < DATABASE_STATEMENT_PLACES; i++) {
        sqlite3_stmt *statement = reader->statements[i].statement;
        count += statement != NULL && strstr(sqlite3_sql(statement), " MATCH ") != NULL
                     ? sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_RUN, 1)
                     : 0;
    }
    assert_int_equal(log_readers_release(log, &reader), RESULT_OK);
    return count;
}

static void search__begins_once_however_many_steps_it_takes(void **state)
{
    enum { MESSAGES = 40 };
    struct searching fixture;
    (void)state;
    open(&fixture);
    for (int i = 0; i < MESSAGES; i++) {
        searching_arrive(&fixture, BOB,
                         "wasser und sserpumpe"); /* all of its runs, and not the word */
    }
    searching_assert_finds(&fixture, "wasserpumpe", "");
    assert_int_equal(count_beginnings(fixture.log.log), 1);
    test_log_close(&fixture.log);
}

/* More at a time than keep their places. */
static void search__ends_where_many_are_under_way(void **state)
{
    enum { SEARCHES = 7 };
    struct searching fixture;
    struct search *searches[SEARCHES];
    const struct search_query query = {.text = "bread", .limit = 10};
    int left = SEARCHES;
    (void)state;
    open(&fixture);
    searching_arrive(&fixture, BOB, "bread 1");
    searching_arrive(&fixture, BOB, "bread 2");
    for (int i = 0; i < SEARCHES; i++) {
        searches[i] = search_begin(fixture.log.log, &query);
    }
    while (left > 0) {
        for (int i = 0; i < SEARCHES; i++) {
            if (searches[i] != NULL && search_go_on(searches[i], at_once, NULL)) {
                struct buffer found;
                bool more = true;
                buffer_init(&found);
                assert_int_equal(search_end(&searches[i], searching_note, &found, &more),
                                 RESULT_OK);
                assert_string_equal(buffer_text(&found), "[bread 2][bread 1]");
                buffer_deinit(&found);
                left--;
            }
        }
        if (left == SEARCHES) {
            assert_true(fixture.log.log->reader_count > 0); /* some let go */
        }
    }
    searching_assert_finds(&fixture, "bread", "[bread 2][bread 1]");
    test_log_close(&fixture.log);
}

/* What the writer does, and what it says of it; by a connection of its own, for that is its own. */
static bool end_journal(struct event_log *log)
{
    struct database other;
    struct error error;
    assert_int_equal(database_open(&other, log->path, DATABASE_WRITES, &error), RESULT_OK);
    assert_int_equal(database_execute(&other, "SELECT 1 FROM meta"), RESULT_OK); /* finds it */
    bool ended = database_end_journal(&other);
    database_close(&other);
    atomic_store(&log->journal_waits, !ended);
    return ended;
}

/* What was deleted is to leave the disk, whoever searches and doesn't come back for a while. */
static void search__lets_go_where_the_journal_is_to_be_emptied(void **state)
{
    struct searching fixture;
    const struct search_query query = {.text = "bread", .limit = 10};
    struct buffer found;
    bool more = true;
    (void)state;
    open(&fixture);
    searching_arrive(&fixture, BOB, "bread 1");
    searching_arrive(&fixture, BOB, "bread 2");
    searching_arrive(&fixture, BOB, "bread 3");
    struct search *search = search_begin(fixture.log.log, &query);
    assert_false(search_go_on(search, at_once, NULL));
    searching_arrive(&fixture, BOB, "water");
    assert_false(end_journal(fixture.log.log));
    assert_false(search_go_on(search, at_once, NULL));
    assert_true(end_journal(fixture.log.log));
    while (!search_go_on(search, at_once, NULL)) {
    }
    buffer_init(&found);
    assert_int_equal(search_end(&search, searching_note, &found, &more), RESULT_OK);
    assert_string_equal(buffer_text(&found), "[bread 3][bread 2][bread 1]");
    buffer_deinit(&found);
    test_log_close(&fixture.log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search__begins_once_however_many_steps_it_takes),
        cmocka_unit_test(search__ends_where_many_are_under_way),
        cmocka_unit_test(search__lets_go_where_the_journal_is_to_be_emptied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
