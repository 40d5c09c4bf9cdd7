#include "store/database_private.h"

#include "core/log.h"
#include "core/memory.h"
#include "support/test_support.h"

static void open_numbers(struct database *database, char **directory)
{
    *directory = test_directory();
    char *path = memory_format("%s/numbers.sqlite", *directory);
    assert_int_equal(database_open(database, path, DATABASE_WRITES, NULL), RESULT_OK);
    assert_int_equal(database_execute(database, "CREATE TABLE numbers(id INTEGER PRIMARY KEY);"
                                                "INSERT INTO numbers VALUES(1),(2),(3);"),
                     RESULT_OK);
    memory_free(path);
}

static void close_numbers(struct database *database, char **directory)
{
    assert_false(database->failed);
    database_close(database);
    test_remove_directory(directory);
}

static const char numbers_from[] = "SELECT id FROM numbers WHERE id>=?1 ORDER BY id";

/* What the rows from there on are, each with those from it on looked at in between. */
static int64_t count_nested(struct database *database, int64_t from, int depth)
{
    int64_t count = 0;
    sqlite3_stmt *row = database_query(database, numbers_from, "i", from);
    while (database_next(database, row)) {
        int64_t id = sqlite3_column_int64(row, 0);
        assert_int_equal(id, from + count);
        count++;
        if (depth > 0) {
            assert_int_equal(count_nested(database, id, depth - 1), 4 - id);
        }
    }
    database_done(row);
    return count;
}

static void database_query__leaves_alone_what_is_under_way_with_the_same_text(void **state)
{
    struct database database;
    char *directory = NULL;
    (void)state;
    open_numbers(&database, &directory);
    assert_int_equal(count_nested(&database, 1, 2), 3);
    close_numbers(&database, &directory);
}

static void database_query__prepares_a_text_once(void **state)
{
    struct database database;
    char *directory = NULL;
    (void)state;
    open_numbers(&database, &directory);
    sqlite3_stmt *first = database_query(&database, numbers_from, "i", (int64_t)1);
    assert_true(database_next(&database, first));
    database_done(first);
    sqlite3_stmt *again = database_query(&database, numbers_from, "i", (int64_t)2);
    assert_ptr_equal(again, first);
    database_done(again);
    close_numbers(&database, &directory);
}

/* As where each forgets to say that it is done: it fails, and ends. */
static void database_query__ends_where_all_places_are_under_way(void **state)
{
    struct database database;
    char *directory = NULL;
    sqlite3_stmt *rows[DATABASE_STATEMENT_PLACES];
    (void)state;
    (void)log_open("/dev/null", LOG_ERROR, NULL);
    open_numbers(&database, &directory);
    for (size_t i = 0; i < DATABASE_STATEMENT_PLACES; i++) {
        rows[i] = database_query(&database, numbers_from, "i", (int64_t)1);
        assert_true(database_next(&database, rows[i]));
    }
    assert_false(database.failed);
    assert_null(database_query(&database, numbers_from, "i", (int64_t)1));
    assert_true(database.failed);
    for (size_t i = 0; i < DATABASE_STATEMENT_PLACES; i++) {
        database_done(rows[i]);
    }
    database_forget_failure(&database);
    assert_int_equal(count_nested(&database, 1, 0), 3);
    close_numbers(&database, &directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(database_query__leaves_alone_what_is_under_way_with_the_same_text),
        cmocka_unit_test(database_query__prepares_a_text_once),
        cmocka_unit_test(database_query__ends_where_all_places_are_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
