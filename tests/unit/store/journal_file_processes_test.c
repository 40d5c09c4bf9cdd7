#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/journal_file_private.h"
#include "support/failing_vfs.h"
#include "support/numbers.h"
#include "support/test_support.h"

/* A child process that calls `work` until it is killed, with one end of a pipe. */
static pid_t fork_with(void (*work)(const struct numbers *place, int pipe),
                       const struct numbers *place, int pipe_out[static 2])
{
    assert_int_equal(pipe(pipe_out), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        work(place, pipe_out[1]);
        _exit(0);
    }
    (void)close(pipe_out[1]);
    return child;
}

static int step(sqlite3 *database, const char *sql)
{
    return sqlite3_exec(database, sql, NULL, NULL, NULL);
}

static void look_until_killed(const struct numbers *place, int pipe)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_open_v2(place->path, &database, SQLITE_OPEN_READWRITE, "unix") != SQLITE_OK ||
        sqlite3_busy_timeout(database, 10000) != SQLITE_OK ||
        sqlite3_prepare_v2(database,
                           "SELECT (SELECT count(*) FROM numbers)"
                           " - (SELECT numbers FROM counts), (SELECT numbers FROM counts),"
                           " (SELECT integrity_check='ok' FROM pragma_integrity_check)",
                           -1, &statement, NULL) != SQLITE_OK) {
        return;
    }
    for (int looks = 0;; looks++) {
        char good = sqlite3_step(statement) == SQLITE_ROW &&
                            sqlite3_column_int64(statement, 0) == 0 &&
                            sqlite3_column_int(statement, 2) == 1
                        ? 'y'
                        : 'n';
        (void)sqlite3_reset(statement);
        if (write(pipe, &good, 1) != 1) {
            return;
        }
        if (looks % 5 == 0) {
            (void)step(database, "PRAGMA wal_checkpoint(PASSIVE)");
        }
    }
}

static void journal_file__is_read_by_another_process_meanwhile(void **state)
{
    enum { LOOKS = 30 };
    struct numbers place;
    int pipe[2];
    char good = 'y';
    (void)state;
    numbers_begin(&place, "OFF");
    pid_t child = fork_with(look_until_killed, &place, pipe);
    numbers_run(place.database, "PRAGMA cache_size=10");
    for (int looks = 0; looks < LOOKS && good == 'y'; looks++) {
        numbers_run(place.database, "BEGIN IMMEDIATE");
        numbers_insert(&place, 1 + looks % 30);
        numbers_run(place.database,
                    "UPDATE counts SET numbers=(SELECT count(*) FROM numbers); COMMIT;");
        assert_int_equal(read(pipe[0], &good, 1), 1);
    }
    assert_int_equal(good, 'y');
    (void)kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(pipe[0]);
    numbers_end(&place);
}

static void write_until_killed(const struct numbers *place, int pipe)
{
    sqlite3 *database = NULL;
    if (sqlite3_open_v2(place->path, &database, SQLITE_OPEN_READWRITE, journal_file_vfs()) !=
        SQLITE_OK) {
        return;
    }
    for (int64_t commits = 1;; commits++) {
        if (step(database, "BEGIN IMMEDIATE;"
                           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 30)"
                           " INSERT INTO numbers(body) SELECT hex(randomblob(400)) FROM n;"
                           "UPDATE counts SET numbers=numbers+30;"
                           "COMMIT") != SQLITE_OK ||
            write(pipe, &commits, sizeof commits) != sizeof commits) {
            return;
        }
    }
}

static void journal_file__leaves_what_was_answered_when_it_is_killed(void **state)
{
    (void)state;
    for (int times = 1; times <= 10; times++) {
        struct numbers place;
        int pipe[2];
        int64_t commits = 0;
        int64_t more = 0;
        numbers_begin(&place, "NORMAL");
        pid_t child = fork_with(write_until_killed, &place, pipe);
        while (commits < INT64_C(7) * times) {
            assert_int_equal(read(pipe[0], &commits, sizeof commits), sizeof commits);
        }
        (void)kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        while (read(pipe[0], &more, sizeof more) == sizeof more) {
            commits = more;
        }
        (void)close(pipe[0]);
        int64_t numbers = numbers_ask(place.database, "SELECT count(*) FROM numbers");
        assert_in_range(numbers, 30 * commits, 30 * (commits + 1));
        assert_int_equal(numbers_ask(place.database, "SELECT numbers FROM counts"), numbers);
        assert_int_equal(
            numbers_ask(place.database, "SELECT integrity_check='ok' FROM pragma_integrity_check"),
            1);
        numbers_end(&place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(journal_file__is_read_by_another_process_meanwhile),
        cmocka_unit_test(journal_file__leaves_what_was_answered_when_it_is_killed),
    };
    failing_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
