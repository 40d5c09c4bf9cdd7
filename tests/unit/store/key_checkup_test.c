/* Keys are tried at their messages, and no copy of them or of words lies in files elsewhere. */
#include "store/key_checkup_private.h"

#include <string.h>

#include "store/log_readers_private.h"
#include "support/neighbours.h"

enum { ALICE = 1, BOB = 2 };

static void begin(struct neighbours *street)
{
    neighbours_begin(street, 2);
    neighbours_exchange(street);
    (void)neighbours_send(street, ALICE, BOB, "one");
    (void)neighbours_send(street, BOB, ALICE, "two");
    neighbours_exchange(street);
}

static void key_checkup__sorts_no_keys(void **state)
{
    struct neighbours street;
    struct maintenance_report report = {0};
    (void)state;
    begin(&street);
    struct event_log *log = street.logs[ALICE].log;
    key_checkup_run(log, &report);
    assert_int_equal(report.keys, 2);
    int walks = 0;
    sqlite3_stmt *row = NULL;
    while ((row = sqlite3_next_stmt(log->database.handle, row)) != NULL) {
        if (strstr(sqlite3_sql(row), "k.key IS NOT NULL") != NULL) {
            walks++;
            assert_int_equal(sqlite3_stmt_status(row, SQLITE_STMTSTATUS_SORT, 0), 0);
        }
    }
    assert_int_equal(walks, 1);
    neighbours_end(&street);
}

static int64_t find_temp_store(struct database *database)
{
    return database_integer(database, 0, "PRAGMA temp_store", "");
}

static void database__has_no_files_elsewhere(void **state)
{
    enum { IN_MEMORY = 2 };
    struct neighbours street;
    (void)state;
    begin(&street);
    struct event_log *log = street.logs[ALICE].log;
    struct database *reader = log_readers_acquire(log);
    assert_int_equal(find_temp_store(&log->database), IN_MEMORY);
    assert_int_equal(find_temp_store(reader), IN_MEMORY);
    assert_int_equal(log_readers_release(log, &reader), RESULT_OK);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_checkup__sorts_no_keys),
        cmocka_unit_test(database__has_no_files_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
