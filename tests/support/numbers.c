#include "support/numbers.h"

#include <stdio.h>
#include <unistd.h>

#include "core/memory.h"
#include "store/journal_file_private.h"
#include "support/failing_vfs.h"
#include "support/test_support.h"

void numbers_run(sqlite3 *database, const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &error) != SQLITE_OK) {
        fail_msg("%s: %s", sql, error);
    }
}

int64_t numbers_ask(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return answer;
}

int64_t numbers_sum(sqlite3 *database)
{
    return numbers_ask(database,
                       "SELECT total(id * 31 + unicode(substr(body, 1, 1)) + length(body))"
                       " FROM numbers");
}

sqlite3 *numbers_open(const char *path, const char *vfs)
{
    sqlite3 *database = NULL;
    assert_int_equal(
        sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
        SQLITE_OK);
    (void)sqlite3_busy_timeout(database, 10000);
    return database;
}

sqlite3 *numbers_open_plainly(const struct numbers *numbers)
{
    return numbers_open(numbers->path, "unix");
}

void numbers_begin(struct numbers *numbers, const char *synchronous)
{
    char *pragma = memory_format("PRAGMA synchronous=%s", synchronous);
    *numbers = (struct numbers){.directory = test_directory()};
    numbers->path = memory_format("%s/numbers.sqlite", numbers->directory);
    failing_vfs_watch(numbers->directory);
    numbers->database = numbers_open(numbers->path, journal_file_vfs());
    numbers_run(numbers->database, "PRAGMA journal_mode=WAL;"
                                   "CREATE TABLE numbers(id INTEGER PRIMARY KEY, body TEXT);"
                                   "CREATE TABLE counts(id INTEGER PRIMARY KEY, numbers INTEGER);"
                                   "INSERT INTO counts VALUES(1, 0);");
    numbers_run(numbers->database, pragma);
    memory_free(pragma);
}

void numbers_end(struct numbers *numbers)
{
    assert_int_equal(sqlite3_close(numbers->database), SQLITE_OK);
    memory_free(numbers->path);
    test_remove_directory(&numbers->directory);
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

int64_t numbers_left(const struct numbers *numbers)
{
    char *copy = memory_format("%s/left.sqlite", numbers->directory);
    char *journal = memory_format("%s-wal", numbers->path);
    char *journal_copy = memory_format("%s-wal", copy);
    copy_file(numbers->path, copy);
    copy_file(journal, journal_copy);
    sqlite3 *left = numbers_open(copy, "unix");
    assert_int_equal(numbers_ask(left, "SELECT integrity_check='ok' FROM pragma_integrity_check"),
                     1);
    int64_t found = numbers_sum(left);
    assert_int_equal(sqlite3_close(left), SQLITE_OK);
    (void)unlink(copy);
    memory_free(copy);
    memory_free(journal);
    memory_free(journal_copy);
    return found;
}

void numbers_insert(struct numbers *numbers, int count)
{
    char *sql = memory_format("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n"
                              " LIMIT %d) INSERT INTO numbers(body)"
                              " SELECT substr(hex(randomblob(500)), 1, 900 + i %% 97) FROM n",
                              count);
    numbers_run(numbers->database, sql);
    memory_free(sql);
}
