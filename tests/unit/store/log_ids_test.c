#include "store/log_ids_private.h"

#include <string.h>

#include "core/memory.h"
#include "support/test_support.h"

static const char insert[] = "INSERT INTO events(event_id) VALUES(?1)";

struct log_of_ids {
    char *directory;
    struct database database;
    struct log_ids ids;
};

static void open_ids(struct log_of_ids *log)
{
    log->directory = test_directory();
    char *path = memory_format("%s/ids.sqlite", log->directory);
    assert_int_equal(database_open(&log->database, path, DATABASE_WRITES, NULL), RESULT_OK);
    assert_int_equal(database_execute(&log->database,
                                      "CREATE TABLE events(event_id TEXT NOT NULL);"
                                      "CREATE INDEX events_event_id ON events(event_id);"),
                     RESULT_OK);
    memory_free(path);
    log_ids_load(&log->ids, &log->database);
}

static void close_ids(struct log_of_ids *log)
{
    assert_false(log->database.failed);
    database_close(&log->database);
    test_remove_directory(&log->directory);
}

static void format_id(unsigned number, char id_out[ULID_TEXT_BYTES])
{
    assert_int_equal(snprintf(id_out, ULID_TEXT_BYTES, "01M8GNQKGF%016u", number),
                     ULID_TEXT_BYTES - 1);
}

static bool take(struct log_of_ids *log, unsigned number)
{
    char id[ULID_TEXT_BYTES];
    format_id(number, id);
    bool taken = log_ids_take(&log->ids, &log->database, id);
    if (taken) {
        database_run(&log->database, insert, "t", id);
    }
    return taken;
}

static void log_ids_take__takes_each_id_once_in_every_order(void **state)
{
    enum { IDS = 40, TIMES = 2000 };
    struct log_of_ids log;
    (void)state;
    for (unsigned seed = 1; seed <= 5; seed++) {
        bool stored[IDS] = {false};
        unsigned number = seed;
        open_ids(&log);
        for (int i = 0; i < TIMES; i++) {
            number = i % 7 < 4 ? (number + 1) % IDS : (number * 29 + seed) % IDS;
            assert_int_equal(take(&log, number), !stored[number]);
            stored[number] = true;
            if (i % 23 == 0) {
                log_ids_load(&log.ids, &log.database);
            }
            if (i % 97 == 0) { /* begins again, as after what was taken back */
                assert_int_equal(database_execute(&log.database, "DELETE FROM events"), RESULT_OK);
                log_ids_load(&log.ids, &log.database);
                memset(stored, 0, sizeof stored);
            }
        }
        close_ids(&log);
    }
}

/* What is stored behind its back can't be seen without a look. */
static void log_ids_take__looks_at_nothing_above_all_or_in_order_in_a_gap(void **state)
{
    struct log_of_ids log;
    char id[ULID_TEXT_BYTES];
    (void)state;
    open_ids(&log);
    assert_true(take(&log, 1));
    assert_true(take(&log, 1000));
    assert_true(take(&log, 10)); /* found the gap up to 1000 */
    format_id(11, id);
    database_run(&log.database, insert, "t", id);
    assert_true(take(&log, 11));
    format_id(1001, id);
    database_run(&log.database, insert, "t", id);
    assert_true(take(&log, 1001));
    assert_true(take(&log, 12)); /* still in it */
    assert_false(take(&log, 10));
    close_ids(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_ids_take__takes_each_id_once_in_every_order),
        cmocka_unit_test(log_ids_take__looks_at_nothing_above_all_or_in_order_in_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
