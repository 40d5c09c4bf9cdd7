#include "store/journal_file_private.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/memory.h"
#include "support/failing_vfs.h"
#include "support/test_support.h"

static const char *const every_synchronous[] = {"OFF", "NORMAL", "FULL"};
enum { SYNCHRONOUS = sizeof every_synchronous / sizeof every_synchronous[0] };

struct place {
    char *directory;
    char *path;
    sqlite3 *database; /* through the journal file */
};

static void run(sqlite3 *database, const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &error) != SQLITE_OK) {
        fail_msg("%s: %s", sql, error);
    }
}

static int64_t ask(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return answer;
}

/* What all rows hold, as one number. */
static int64_t sum(sqlite3 *database)
{
    return ask(database, "SELECT total(id * 31 + unicode(substr(body, 1, 1)) + length(body))"
                         " FROM numbers");
}

static sqlite3 *open_with(const char *path, const char *vfs)
{
    sqlite3 *database = NULL;
    assert_int_equal(
        sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
        SQLITE_OK);
    (void)sqlite3_busy_timeout(database, 10000);
    return database;
}

/* As another program has it. */
static sqlite3 *open_plainly(const struct place *place)
{
    return open_with(place->path, "unix");
}

static void begin(struct place *place, const char *synchronous)
{
    char *pragma = memory_format("PRAGMA synchronous=%s", synchronous);
    *place = (struct place){.directory = test_directory()};
    place->path = memory_format("%s/numbers.sqlite", place->directory);
    failing_vfs_watch(place->directory);
    place->database = open_with(place->path, journal_file_vfs());
    run(place->database, "PRAGMA journal_mode=WAL;"
                         "CREATE TABLE numbers(id INTEGER PRIMARY KEY, body TEXT);"
                         "CREATE TABLE counts(id INTEGER PRIMARY KEY, numbers INTEGER);"
                         "INSERT INTO counts VALUES(1, 0);");
    run(place->database, pragma);
    memory_free(pragma);
}

static void end(struct place *place)
{
    assert_int_equal(sqlite3_close(place->database), SQLITE_OK);
    memory_free(place->path);
    test_remove_directory(&place->directory);
}

static void copy_file(const char *from, const char *to)
{
    FILE *source = fopen(from, "rbe");
    FILE *target = fopen(to, "wbe");
    char bytes[65536];
    size_t got = 0;
    assert_non_null(source);
    assert_non_null(target);
    while ((got = fread(bytes, 1, sizeof bytes, source)) > 0) {
        assert_int_equal(fwrite(bytes, 1, got, target), got);
    }
    (void)fclose(source);
    assert_int_equal(fclose(target), 0);
}

/* What somebody finds who comes after this process was killed in this moment. */
static int64_t sum_of_what_is_left(const struct place *place)
{
    char *copy = memory_format("%s/left.sqlite", place->directory);
    char *journal = memory_format("%s-wal", place->path);
    char *journal_copy = memory_format("%s-wal", copy);
    copy_file(place->path, copy);
    copy_file(journal, journal_copy);
    sqlite3 *left = open_with(copy, "unix");
    assert_int_equal(ask(left, "SELECT integrity_check='ok' FROM pragma_integrity_check"), 1);
    int64_t found = sum(left);
    assert_int_equal(sqlite3_close(left), SQLITE_OK);
    (void)unlink(copy);
    memory_free(copy);
    memory_free(journal);
    memory_free(journal_copy);
    return found;
}

static void insert(struct place *place, int count)
{
    char *sql = memory_format("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n"
                              " LIMIT %d) INSERT INTO numbers(body)"
                              " SELECT substr(hex(randomblob(500)), 1, 900 + i %% 97) FROM n",
                              count);
    run(place->database, sql);
    memory_free(sql);
}

static void journal_file__writes_a_commit_at_once(void **state)
{
    struct place place;
    (void)state;
    begin(&place, "FULL");
    insert(&place, 20);
    for (int commits = 0; commits < 3; commits++) {
        failing_vfs_arm(FAILING_VFS_FULL, 0);
        insert(&place, 100);
        assert_int_equal(failing_vfs_count(), 1);
    }
    failing_vfs_arm(FAILING_VFS_FULL, 0);
    insert(&place, 1000); /* more than is gathered */
    assert_in_range(failing_vfs_count(), 2, 10);
    end(&place);
}

static void journal_file__shows_each_commit_to_whoever_looks(void **state)
{
    (void)state;
    for (int i = 0; i < SYNCHRONOUS; i++) {
        struct place place;
        begin(&place, every_synchronous[i]);
        sqlite3 *other = open_plainly(&place);
        for (int commits = 1; commits <= 20; commits++) {
            insert(&place, commits % 5 == 0 ? 400 : commits);
            int64_t expected = sum(place.database);
            assert_int_equal(sum(other), expected);
            assert_int_equal(sum_of_what_is_left(&place), expected);
            if (commits % 7 == 0) { /* so that the journal begins anew */
                run(commits % 2 == 0 ? place.database : other, "PRAGMA wal_checkpoint(RESTART)");
            }
        }
        assert_int_equal(sqlite3_close(other), SQLITE_OK);
        end(&place);
    }
}

/* A transaction that outgrows memory is in the journal before its commit, is read from there, and
 * changed there. */
static void journal_file__keeps_apart_what_is_written_early(void **state)
{
    (void)state;
    for (int i = 0; i < SYNCHRONOUS; i++) {
        struct place place;
        begin(&place, every_synchronous[i]);
        sqlite3 *other = open_plainly(&place);
        run(place.database, "PRAGMA cache_size=10");
        insert(&place, 300);
        for (int turn = 0; turn < 4; turn++) {
            int64_t before = sum(place.database);
            run(place.database, "BEGIN IMMEDIATE");
            insert(&place, 200);
            run(place.database, "UPDATE numbers SET body=upper(body)||'x' WHERE id % 3=0");
            assert_int_equal(sum(other), before);
            assert_int_equal(sum_of_what_is_left(&place), before);
            int64_t meanwhile = sum(place.database);
            run(place.database, "SAVEPOINT inner; DELETE FROM numbers WHERE id % 2=0;");
            insert(&place, 100);
            run(place.database, "ROLLBACK TO inner; RELEASE inner;");
            assert_int_equal(sum(place.database), meanwhile);
            run(place.database, turn % 2 == 0 ? "COMMIT" : "ROLLBACK");
            int64_t after = turn % 2 == 0 ? meanwhile : before;
            assert_int_equal(sum(place.database), after);
            assert_int_equal(sum(other), after);
            assert_int_equal(sum_of_what_is_left(&place), after);
        }
        assert_int_equal(sqlite3_close(other), SQLITE_OK);
        end(&place);
    }
}

/* How much of it others would find, and how much its connection does. */
static int64_t size_on_disk(const struct place *place)
{
    struct stat status;
    char *journal = memory_format("%s-wal", place->path);
    assert_int_equal(stat(journal, &status), 0);
    memory_free(journal);
    return status.st_size;
}

static sqlite3_file *journal_of(const struct place *place)
{
    sqlite3_file *file = NULL;
    assert_int_equal(
        sqlite3_file_control(place->database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file),
        SQLITE_OK);
    return file;
}

static int64_t size_of_journal(const struct place *place)
{
    sqlite3_int64 size = 0;
    sqlite3_file *file = journal_of(place);
    assert_int_equal(file->pMethods->xFileSize(file, &size), SQLITE_OK);
    return size;
}

/* Whether something of so many is gathered when they are rolled back. */
static bool gathers(struct place *place, int count)
{
    run(place->database, "BEGIN IMMEDIATE");
    insert(place, count);
    int64_t size = size_on_disk(place);
    bool gathered = size_of_journal(place) > size;
    assert_int_equal(size_of_journal(place), size_on_disk(place));
    run(place->database, "ROLLBACK");
    return gathered;
}

/* Else it were written over what somebody else has committed since. */
static void journal_file__drops_what_was_rolled_back(void **state)
{
    int gathered = 0;
    struct place place;
    (void)state;
    begin(&place, "FULL");
    sqlite3 *other = open_plainly(&place);
    run(place.database, "PRAGMA cache_size=10");
    insert(&place, 1);
    for (int count = 30; count < 150; count += 4) {
        run(other, "PRAGMA wal_checkpoint(TRUNCATE)"); /* what is left of another turn */
        gathered += gathers(&place, count) ? 1 : 0;
        run(other, "PRAGMA wal_checkpoint(TRUNCATE)");
        run(place.database, "BEGIN IMMEDIATE");
        insert(&place, count);
        run(place.database, "ROLLBACK");
        run(other, "INSERT INTO numbers(body) SELECT substr(hex(randomblob(500)), 1, 990)"
                   " FROM pragma_function_list LIMIT 160");
        int64_t expected = sum(other);
        assert_int_equal(sum(place.database), expected);
        run(place.database, "DELETE FROM numbers WHERE id > 20");
        assert_int_not_equal(sum(other), expected);
        assert_int_equal(sum(other), sum(place.database));
        assert_int_equal(sum_of_what_is_left(&place), sum(other));
    }
    assert_in_range(gathered, 20, 30);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    end(&place);
}

/* Whoever asks for the file itself finds it as if each write had been done. */
static void journal_file__is_one_file_with_what_is_gathered(void **state)
{
    struct place place;
    (void)state;
    begin(&place, "FULL");
    run(place.database, "PRAGMA cache_size=10");
    insert(&place, 30);
    for (int turn = 0; turn < 4; turn++) {
        unsigned char bytes[100];
        sqlite3_file *file = journal_of(&place);
        run(place.database, "PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE;");
        insert(&place, 70);
        int64_t size = size_on_disk(&place);
        if (turn == 0) {
            assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
            assert_true(size_on_disk(&place) > size);
        } else if (turn == 1) {
            assert_true(size_of_journal(&place) > size);
        } else if (turn == 2) { /* from before it into it */
            assert_int_equal(file->pMethods->xRead(file, bytes, sizeof bytes, size - 50),
                             SQLITE_OK);
            assert_true(size_on_disk(&place) > size);
        } else {
            assert_int_equal(file->pMethods->xTruncate(file, size), SQLITE_OK);
            assert_int_equal(size_of_journal(&place), size);
        }
        run(place.database, "ROLLBACK");
    }
    end(&place);
}

static bool is_wiped(const unsigned char *bytes, int count)
{
    unsigned char all = 0;
    for (int i = 0; i < count; i++) {
        all |= bytes[i];
    }
    return all == 0;
}

static void journal_file__leaves_nothing_in_memory(void **state)
{
    enum { FRAME_BYTES = 24 + 4096 };
    struct place place;
    int count = 0;
    (void)state;
    begin(&place, "FULL");
    insert(&place, 20);
    insert(&place, 80);
    const unsigned char *bytes = failing_vfs_written(&count);
    assert_true(count > 10 * FRAME_BYTES);
    assert_true(is_wiped(bytes, count));
    failing_vfs_arm(FAILING_VFS_FULL, 1);
    run(place.database, "BEGIN IMMEDIATE");
    insert(&place, 80);
    assert_int_equal(sqlite3_exec(place.database, "COMMIT", NULL, NULL, NULL), SQLITE_FULL);
    failing_vfs_heal();
    assert_ptr_equal(failing_vfs_written(&count), bytes);
    assert_true(count > 10 * FRAME_BYTES);
    assert_true(is_wiped(bytes, count));
    end(&place);
}

/* Who is alone with a database gives no lock back, and keeps what could not be written. */
static void journal_file__never_brings_back_a_commit_that_failed(void **state)
{
    struct place place;
    (void)state;
    begin(&place, "FULL");
    run(place.database, "PRAGMA locking_mode=EXCLUSIVE");
    insert(&place, 20);
    int64_t before = sum(place.database);
    for (int turn = 0; turn < 2; turn++) {
        failing_vfs_arm(FAILING_VFS_FULL, 1 + turn);
        run(place.database, "BEGIN IMMEDIATE");
        insert(&place, 20 + 200 * turn);
        assert_int_equal(sqlite3_exec(place.database, "COMMIT", NULL, NULL, NULL), SQLITE_FULL);
        failing_vfs_heal();
        (void)size_of_journal(&place); /* writes what is left of it */
        assert_int_equal(sum_of_what_is_left(&place), before);
        assert_int_equal(sum(place.database), before);
    }
    insert(&place, 5);
    assert_int_equal(sum_of_what_is_left(&place), sum(place.database));
    end(&place);
}

/* On a disk where a write may spoil what lies beside it, SQLite writes pieces of frames too. */
static void journal_file__leaves_alone_what_is_filled_up(void **state)
{
    struct place place;
    (void)state;
    begin(&place, "FULL");
    assert_int_equal(sqlite3_close(place.database), SQLITE_OK);
    char *uri = memory_format("file:%s?psow=0", place.path);
    assert_int_equal(sqlite3_open_v2(uri, &place.database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI,
                                     journal_file_vfs()),
                     SQLITE_OK);
    insert(&place, 20);
    failing_vfs_arm(FAILING_VFS_FULL, 0);
    insert(&place, 20);
    assert_true(failing_vfs_count() > 8);
    assert_int_equal(sum_of_what_is_left(&place), sum(place.database));
    memory_free(uri);
    end(&place);
}

/* A commit that is answered is there, one that fails is not, or all of it. False: nothing failed.
 */
static bool fail_once(struct place *place, enum failing_vfs_kind kind, int64_t n, int cache)
{
    char *pragma = memory_format("PRAGMA cache_size=%d", cache);
    run(place->database, pragma);
    memory_free(pragma);
    int64_t before = sum(place->database);
    failing_vfs_arm(kind, n);
    static const char sql[] = "BEGIN IMMEDIATE;"
                              "UPDATE numbers SET body=body||'y' WHERE id % 2=0;"
                              "INSERT INTO numbers(body) SELECT body FROM numbers LIMIT 50;"
                              "UPDATE numbers SET body=body||'z' WHERE id % 5=0;"
                              "DELETE FROM numbers WHERE id % 7=0;"
                              "COMMIT";
    int status = sqlite3_exec(place->database, sql, NULL, NULL, NULL);
    bool failed = failing_vfs_failures() > 0;
    assert_true(failed || status == SQLITE_OK);
    if (sqlite3_get_autocommit(place->database) == 0) {
        (void)sqlite3_exec(place->database, "ROLLBACK", NULL, NULL, NULL);
    }
    failing_vfs_heal();
    int64_t after = sum(place->database);
    sqlite3 *other = open_plainly(place);
    assert_int_equal(sum(other), after);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    if (status == SQLITE_OK) {
        assert_int_not_equal(after, before);
        assert_int_equal(sum_of_what_is_left(place), after);
    } else {
        /* What failed behind the last write may be found by who comes after a kill. */
        int64_t left = sum_of_what_is_left(place);
        assert_int_equal(after, before);
        assert_true(left == before || strstr(failing_vfs_first(), "xWrite") == NULL);
    }
    insert(place, 3);
    assert_int_equal(sum_of_what_is_left(place), sum(place->database));
    assert_int_equal(
        ask(place->database, "SELECT integrity_check='ok' FROM pragma_integrity_check"), 1);
    return failed;
}

static void journal_file__answers_what_fails_where_it_fails(void **state)
{
    static const enum failing_vfs_kind kinds[] = {FAILING_VFS_ONCE, FAILING_VFS_LASTING,
                                                  FAILING_VFS_FULL_ONCE, FAILING_VFS_FULL};
    static const int caches[] = {-8000, 10};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof kinds / sizeof kinds[0]; i++) {
        struct place place;
        int64_t n = 1;
        begin(&place, every_synchronous[i % SYNCHRONOUS]);
        insert(&place, 100);
        while (fail_once(&place, kinds[i / 2], n, caches[i % 2])) {
            run(place.database, "DELETE FROM numbers WHERE id>100");
            n += i % 2 == 0 ? 1 : 1 + n / 8;
        }
        assert_true(n > 1);
        end(&place);
    }
}

/* A child process that calls `work` until it is killed, with one end of a pipe. */
static pid_t fork_with(void (*work)(const struct place *place, int pipe), const struct place *place,
                       int pipe_out[static 2])
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

static void look_until_killed(const struct place *place, int pipe)
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
    struct place place;
    int pipe[2];
    char good = 'y';
    (void)state;
    begin(&place, "OFF");
    pid_t child = fork_with(look_until_killed, &place, pipe);
    run(place.database, "PRAGMA cache_size=10");
    for (int looks = 0; looks < LOOKS && good == 'y'; looks++) {
        run(place.database, "BEGIN IMMEDIATE");
        insert(&place, 1 + looks % 30);
        run(place.database, "UPDATE counts SET numbers=(SELECT count(*) FROM numbers); COMMIT;");
        assert_int_equal(read(pipe[0], &good, 1), 1);
    }
    assert_int_equal(good, 'y');
    (void)kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(pipe[0]);
    end(&place);
}

static void write_until_killed(const struct place *place, int pipe)
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
        struct place place;
        int pipe[2];
        int64_t commits = 0;
        int64_t more = 0;
        begin(&place, "NORMAL");
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
        int64_t numbers = ask(place.database, "SELECT count(*) FROM numbers");
        assert_in_range(numbers, 30 * commits, 30 * (commits + 1));
        assert_int_equal(ask(place.database, "SELECT numbers FROM counts"), numbers);
        assert_int_equal(
            ask(place.database, "SELECT integrity_check='ok' FROM pragma_integrity_check"), 1);
        end(&place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(journal_file__writes_a_commit_at_once),
        cmocka_unit_test(journal_file__shows_each_commit_to_whoever_looks),
        cmocka_unit_test(journal_file__keeps_apart_what_is_written_early),
        cmocka_unit_test(journal_file__drops_what_was_rolled_back),
        cmocka_unit_test(journal_file__is_one_file_with_what_is_gathered),
        cmocka_unit_test(journal_file__leaves_nothing_in_memory),
        cmocka_unit_test(journal_file__never_brings_back_a_commit_that_failed),
        cmocka_unit_test(journal_file__leaves_alone_what_is_filled_up),
        cmocka_unit_test(journal_file__answers_what_fails_where_it_fails),
        cmocka_unit_test(journal_file__is_read_by_another_process_meanwhile),
        cmocka_unit_test(journal_file__leaves_what_was_answered_when_it_is_killed),
    };
    failing_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
