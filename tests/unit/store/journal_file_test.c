#include "store/journal_file_private.h"

#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "support/failing_vfs.h"
#include "support/numbers.h"
#include "support/test_support.h"

static const char *const every_synchronous[] = {"OFF", "NORMAL", "FULL"};
enum { SYNCHRONOUS = sizeof every_synchronous / sizeof every_synchronous[0] };

static void journal_file__writes_a_commit_at_once(void **state)
{
    struct numbers place;
    (void)state;
    numbers_begin(&place, "FULL");
    numbers_insert(&place, 20);
    for (int commits = 0; commits < 3; commits++) {
        failing_vfs_arm(FAILING_VFS_FULL, 0);
        numbers_insert(&place, 100);
        assert_int_equal(failing_vfs_count(), 1);
    }
    failing_vfs_arm(FAILING_VFS_FULL, 0);
    numbers_insert(&place, 1000); /* more than is gathered */
    assert_in_range(failing_vfs_count(), 2, 10);
    numbers_end(&place);
}

static void journal_file__shows_each_commit_to_whoever_looks(void **state)
{
    (void)state;
    for (int i = 0; i < SYNCHRONOUS; i++) {
        struct numbers place;
        numbers_begin(&place, every_synchronous[i]);
        sqlite3 *other = numbers_open_plainly(&place);
        for (int commits = 1; commits <= 20; commits++) {
            numbers_insert(&place, commits % 5 == 0 ? 400 : commits);
            int64_t expected = numbers_sum(place.database);
            assert_int_equal(numbers_sum(other), expected);
            assert_int_equal(numbers_left(&place), expected);
            if (commits % 7 == 0) { /* so that the journal begins anew */
                numbers_run(commits % 2 == 0 ? place.database : other,
                            "PRAGMA wal_checkpoint(RESTART)");
            }
        }
        assert_int_equal(sqlite3_close(other), SQLITE_OK);
        numbers_end(&place);
    }
}

/* A transaction that outgrows memory is in the journal before its commit, is read from there, and
 * changed there. */
static void journal_file__keeps_apart_what_is_written_early(void **state)
{
    (void)state;
    for (int i = 0; i < SYNCHRONOUS; i++) {
        struct numbers place;
        numbers_begin(&place, every_synchronous[i]);
        sqlite3 *other = numbers_open_plainly(&place);
        numbers_run(place.database, "PRAGMA cache_size=10");
        numbers_insert(&place, 300);
        for (int turn = 0; turn < 4; turn++) {
            int64_t before = numbers_sum(place.database);
            numbers_run(place.database, "BEGIN IMMEDIATE");
            numbers_insert(&place, 200);
            numbers_run(place.database, "UPDATE numbers SET body=upper(body)||'x' WHERE id % 3=0");
            assert_int_equal(numbers_sum(other), before);
            assert_int_equal(numbers_left(&place), before);
            int64_t meanwhile = numbers_sum(place.database);
            numbers_run(place.database, "SAVEPOINT inner; DELETE FROM numbers WHERE id % 2=0;");
            numbers_insert(&place, 100);
            numbers_run(place.database, "ROLLBACK TO inner; RELEASE inner;");
            assert_int_equal(numbers_sum(place.database), meanwhile);
            numbers_run(place.database, turn % 2 == 0 ? "COMMIT" : "ROLLBACK");
            int64_t after = turn % 2 == 0 ? meanwhile : before;
            assert_int_equal(numbers_sum(place.database), after);
            assert_int_equal(numbers_sum(other), after);
            assert_int_equal(numbers_left(&place), after);
        }
        assert_int_equal(sqlite3_close(other), SQLITE_OK);
        numbers_end(&place);
    }
}

/* How much of it others would find, and how much its connection does. */
static int64_t size_on_disk(const struct numbers *place)
{
    struct stat status;
    char *journal = memory_format("%s-wal", place->path);
    assert_int_equal(stat(journal, &status), 0);
    memory_free(journal);
    return status.st_size;
}

static sqlite3_file *journal_of(const struct numbers *place)
{
    sqlite3_file *file = NULL;
    assert_int_equal(
        sqlite3_file_control(place->database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file),
        SQLITE_OK);
    return file;
}

static int64_t size_of_journal(const struct numbers *place)
{
    sqlite3_int64 size = 0;
    sqlite3_file *file = journal_of(place);
    assert_int_equal(file->pMethods->xFileSize(file, &size), SQLITE_OK);
    return size;
}

/* Whether something of so many is gathered when they are rolled back. */
static bool gathers(struct numbers *place, int count)
{
    numbers_run(place->database, "BEGIN IMMEDIATE");
    numbers_insert(place, count);
    int64_t size = size_on_disk(place);
    bool gathered = size_of_journal(place) > size;
    assert_int_equal(size_of_journal(place), size_on_disk(place));
    numbers_run(place->database, "ROLLBACK");
    return gathered;
}

/* Else it were written over what somebody else has committed since. */
static void journal_file__drops_what_was_rolled_back(void **state)
{
    int gathered = 0;
    struct numbers place;
    (void)state;
    numbers_begin(&place, "FULL");
    sqlite3 *other = numbers_open_plainly(&place);
    numbers_run(place.database, "PRAGMA cache_size=10");
    numbers_insert(&place, 1);
    for (int count = 30; count < 150; count += 4) {
        numbers_run(other, "PRAGMA wal_checkpoint(TRUNCATE)"); /* what is left of another turn */
        gathered += gathers(&place, count) ? 1 : 0;
        numbers_run(other, "PRAGMA wal_checkpoint(TRUNCATE)");
        numbers_run(place.database, "BEGIN IMMEDIATE");
        numbers_insert(&place, count);
        numbers_run(place.database, "ROLLBACK");
        numbers_run(other, "INSERT INTO numbers(body) SELECT substr(hex(randomblob(500)), 1, 990)"
                           " FROM pragma_function_list LIMIT 160");
        int64_t expected = numbers_sum(other);
        assert_int_equal(numbers_sum(place.database), expected);
        numbers_run(place.database, "DELETE FROM numbers WHERE id > 20");
        assert_int_not_equal(numbers_sum(other), expected);
        assert_int_equal(numbers_sum(other), numbers_sum(place.database));
        assert_int_equal(numbers_left(&place), numbers_sum(other));
    }
    assert_in_range(gathered, 20, 30);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    numbers_end(&place);
}

/* Whoever asks for the file itself finds it as if each write had been done. */
static void journal_file__is_one_file_with_what_is_gathered(void **state)
{
    struct numbers place;
    (void)state;
    numbers_begin(&place, "FULL");
    numbers_run(place.database, "PRAGMA cache_size=10");
    numbers_insert(&place, 30);
    for (int turn = 0; turn < 4; turn++) {
        unsigned char bytes[100];
        sqlite3_file *file = journal_of(&place);
        numbers_run(place.database, "PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE;");
        numbers_insert(&place, 70);
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
        numbers_run(place.database, "ROLLBACK");
    }
    numbers_end(&place);
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
    struct numbers place;
    int count = 0;
    (void)state;
    numbers_begin(&place, "FULL");
    numbers_insert(&place, 20);
    numbers_insert(&place, 80);
    const unsigned char *bytes = failing_vfs_written(&count);
    assert_true(count > 10 * FRAME_BYTES);
    assert_true(is_wiped(bytes, count));
    failing_vfs_arm(FAILING_VFS_FULL, 1);
    numbers_run(place.database, "BEGIN IMMEDIATE");
    numbers_insert(&place, 80);
    assert_int_equal(sqlite3_exec(place.database, "COMMIT", NULL, NULL, NULL), SQLITE_FULL);
    failing_vfs_heal();
    assert_ptr_equal(failing_vfs_written(&count), bytes);
    assert_true(count > 10 * FRAME_BYTES);
    assert_true(is_wiped(bytes, count));
    numbers_end(&place);
}

/* Who is alone with a database gives no lock back, and keeps what could not be written. */
static void journal_file__never_brings_back_a_commit_that_failed(void **state)
{
    struct numbers place;
    (void)state;
    numbers_begin(&place, "FULL");
    numbers_run(place.database, "PRAGMA locking_mode=EXCLUSIVE");
    numbers_insert(&place, 20);
    int64_t before = numbers_sum(place.database);
    for (int turn = 0; turn < 2; turn++) {
        failing_vfs_arm(FAILING_VFS_FULL, 1 + turn);
        numbers_run(place.database, "BEGIN IMMEDIATE");
        numbers_insert(&place, 20 + 200 * turn);
        assert_int_equal(sqlite3_exec(place.database, "COMMIT", NULL, NULL, NULL), SQLITE_FULL);
        failing_vfs_heal();
        (void)size_of_journal(&place); /* writes what is left of it */
        assert_int_equal(numbers_left(&place), before);
        assert_int_equal(numbers_sum(place.database), before);
    }
    numbers_insert(&place, 5);
    assert_int_equal(numbers_left(&place), numbers_sum(place.database));
    numbers_end(&place);
}

/* On a disk where a write may spoil what lies beside it, SQLite writes pieces of frames too. */
static void journal_file__leaves_alone_what_is_filled_up(void **state)
{
    struct numbers place;
    (void)state;
    numbers_begin(&place, "FULL");
    assert_int_equal(sqlite3_close(place.database), SQLITE_OK);
    char *uri = memory_format("file:%s?psow=0", place.path);
    assert_int_equal(sqlite3_open_v2(uri, &place.database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI,
                                     journal_file_vfs()),
                     SQLITE_OK);
    numbers_insert(&place, 20);
    failing_vfs_arm(FAILING_VFS_FULL, 0);
    numbers_insert(&place, 20);
    assert_true(failing_vfs_count() > 8);
    assert_int_equal(numbers_left(&place), numbers_sum(place.database));
    memory_free(uri);
    numbers_end(&place);
}

/* A commit that is answered is there, one that fails is not, or all of it. False: nothing failed.
 */
static bool fail_once(struct numbers *place, enum failing_vfs_kind kind, int64_t n, int cache)
{
    char *pragma = memory_format("PRAGMA cache_size=%d", cache);
    numbers_run(place->database, pragma);
    memory_free(pragma);
    int64_t before = numbers_sum(place->database);
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
    int64_t after = numbers_sum(place->database);
    sqlite3 *other = numbers_open_plainly(place);
    assert_int_equal(numbers_sum(other), after);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    if (status == SQLITE_OK) {
        assert_int_not_equal(after, before);
        assert_int_equal(numbers_left(place), after);
    } else {
        /* What failed behind the last write may be found by who comes after a kill. */
        int64_t left = numbers_left(place);
        assert_int_equal(after, before);
        assert_true(left == before || strstr(failing_vfs_first(), "xWrite") == NULL);
    }
    numbers_insert(place, 3);
    assert_int_equal(numbers_left(place), numbers_sum(place->database));
    assert_int_equal(
        numbers_ask(place->database, "SELECT integrity_check='ok' FROM pragma_integrity_check"), 1);
    return failed;
}

static void journal_file__answers_what_fails_where_it_fails(void **state)
{
    static const enum failing_vfs_kind kinds[] = {FAILING_VFS_ONCE, FAILING_VFS_LASTING,
                                                  FAILING_VFS_FULL_ONCE, FAILING_VFS_FULL};
    static const int caches[] = {-8000, 10};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof kinds / sizeof kinds[0]; i++) {
        struct numbers place;
        int64_t n = 1;
        numbers_begin(&place, every_synchronous[i % SYNCHRONOUS]);
        numbers_insert(&place, 100);
        while (fail_once(&place, kinds[i / 2], n, caches[i % 2])) {
            numbers_run(place.database, "DELETE FROM numbers WHERE id>100");
            n += i % 2 == 0 ? 1 : 1 + n / 8;
        }
        assert_true(n > 1);
        numbers_end(&place);
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
    };
    failing_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
