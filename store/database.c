#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "core/buffer.h"
#include "core/log.h"
#include "core/memory.h"
#include "store/database_private.h"
#include "store/journal_file_private.h"

static enum database_failure failure_of(int extended_code)
{
    switch (extended_code) {
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_SHMSIZE: /* what a full disk says of the files it must make */
        return DATABASE_FULL;
    default:
        break;
    }
    switch (extended_code & 0xff) {
    case SQLITE_FULL:
        return DATABASE_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return DATABASE_DAMAGED;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return DATABASE_FORBIDDEN;
    default:
        return DATABASE_FAILS;
    }
}

static void fail(struct database *database)
{
    if (!database->failed) {
        database->failure = failure_of(sqlite3_extended_errcode(database->handle));
        log_write(LOG_ERROR, "database.failed", "reason", sqlite3_errmsg(database->handle),
                  "advice",
                  database->failure == DATABASE_DAMAGED ? "stop the node and run: hearthchat repair"
                                                        : NULL,
                  NULL);
    }
    database->failed = true;
}

void database_fail(struct database *database, const char *reason)
{
    if (!database->failed) {
        log_write(LOG_ERROR, "database.failed", "reason", reason, NULL);
        database->failure = DATABASE_DAMAGED;
    }
    database->failed = true;
}

void database_forget_failure(struct database *database)
{
    database->failed = false;
    database->failure = DATABASE_WORKS;
}

/* Nobody reads SQLite's count of its memory, and it costs a lock for each piece. */
static void configure_once(void)
{
    static atomic_flag done = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&done)) {
        (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    }
}

/* A path as SQLite wants it in a URI. */
static char *uri_of(const char *path)
{
    struct buffer uri;
    buffer_init(&uri);
    buffer_append_text(&uri, "file:");
    for (const char *at = path; *at != '\0'; at++) {
        if (strchr("%?#", *at) != NULL) {
            buffer_append_format(&uri, "%%%02x", (unsigned char)*at);
        } else {
            buffer_append_byte(&uri, *at);
        }
    }
    buffer_append_text(&uri, "?immutable=1");
    return buffer_take(&uri);
}

/* Else what is sorted, and pages that a statement may have to put back, go to files elsewhere, and
 * keys and words with them. */
static const char keep_in_memory[] = "PRAGMA temp_store=MEMORY";

enum result database_open(struct database *database, const char *path, enum database_mode mode,
                          struct error *error)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (mode == DATABASE_WRITES ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                         : SQLITE_OPEN_READONLY) |
                (mode == DATABASE_FROZEN ? SQLITE_OPEN_URI : 0);
    char *uri = mode == DATABASE_FROZEN ? uri_of(path) : NULL;
    enum result result = RESULT_OK;
    *database = (struct database){0};
    configure_once();
    const char *vfs = mode == DATABASE_WRITES ? journal_file_vfs() : NULL;
    if (sqlite3_open_v2(uri != NULL ? uri : path, &database->handle, flags, vfs) != SQLITE_OK ||
        sqlite3_busy_timeout(database->handle, DATABASE_PATIENCE_MS) != SQLITE_OK ||
        sqlite3_exec(database->handle, keep_in_memory, NULL, NULL, NULL) != SQLITE_OK) {
        result = error_set(error, RESULT_IO, "The database %s can't be opened: %s.", path,
                           sqlite3_errmsg(database->handle));
        database_close(database);
    }
    memory_free(uri);
    return result;
}

void database_close(struct database *database)
{
    for (size_t i = 0; i < DATABASE_STATEMENT_PLACES; i++) {
        assert(sqlite3_stmt_busy(database->statements[i].statement) == 0); /* database_done() */
        (void)sqlite3_finalize(database->statements[i].statement);
    }
    (void)sqlite3_close(database->handle);
    *database = (struct database){0};
}

/* After each commit, as SQLite's own does. */
static int note_journal(void *context, sqlite3 *handle, const char *name, int pages)
{
    struct database *database = context;
    database->journal_pages = pages > database->journal_pages ? pages : database->journal_pages;
    if (pages >= database->checkpoint_pages) {
        (void)sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    return SQLITE_OK;
}

void database_checkpoint_every(struct database *database, int pages)
{
    database->checkpoint_pages = pages;
    (void)sqlite3_wal_hook(database->handle, note_journal, database);
}

bool database_has_long_journal(const struct database *database)
{
    const int long_pages = 1000;
    return database->journal_pages > long_pages;
}

bool database_end_journal(struct database *database)
{
    (void)sqlite3_busy_timeout(database->handle, 0); /* nobody waits for a reader */
    int status =
        sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(database->handle, DATABASE_PATIENCE_MS);
    database->journal_pages = status == SQLITE_OK ? 0 : database->journal_pages;
    return status == SQLITE_OK;
}

enum result database_execute(struct database *database, const char *sql)
{
    if (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fail(database);
        return RESULT_IO;
    }
    return RESULT_OK;
}

/* Where the statement is, or would be: one that is under way is its caller's, whoever else has the
 * same text, or a text that the linker made the same. DATABASE_STATEMENT_PLACES: nowhere. */
static size_t place_of(const struct database *database, const char *sql)
{
    size_t first = (size_t)((uintptr_t)sql / 8);
    for (size_t i = 0; i < DATABASE_STATEMENT_PLACES; i++) {
        size_t place = (first + i) & (DATABASE_STATEMENT_PLACES - 1);
        if (database->statements[place].sql == NULL ||
            (database->statements[place].sql == sql &&
             sqlite3_stmt_busy(database->statements[place].statement) == 0)) {
            return place;
        }
    }
    return DATABASE_STATEMENT_PLACES;
}

static sqlite3_stmt *prepare(struct database *database, const char *sql)
{
    size_t place = place_of(database, sql);
    if (place == DATABASE_STATEMENT_PLACES) {
        database_fail(database, "too many statements at once");
        return NULL;
    }
    sqlite3_stmt *statement = database->statements[place].statement;
    if (statement == NULL) {
        if (sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                               NULL) != SQLITE_OK) {
            fail(database);
            return NULL;
        }
        database->statements[place].sql = sql;
        database->statements[place].statement = statement;
    }
    return statement;
}

static sqlite3_stmt *query(struct database *database, const char *sql, const char *types,
                           va_list *values)
{
    sqlite3_stmt *statement = prepare(database, sql);
    if (statement == NULL) {
        return NULL;
    }
    int status = SQLITE_OK;
    for (int i = 0; types[i] != '\0' && status == SQLITE_OK; i++) {
        if (types[i] == 'i') {
            status = sqlite3_bind_int64(statement, i + 1, va_arg(*values, int64_t));
        } else if (types[i] == 't') {
            status = sqlite3_bind_text(statement, i + 1, va_arg(*values, const char *), -1,
                                       SQLITE_STATIC);
        } else {
            const void *bytes = va_arg(*values, const void *);
            status =
                sqlite3_bind_blob(statement, i + 1, bytes, va_arg(*values, int), SQLITE_STATIC);
        }
    }
    if (status != SQLITE_OK) {
        fail(database);
    }
    return statement;
}

sqlite3_stmt *database_query(struct database *database, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    sqlite3_stmt *statement = query(database, sql, types, &values);
    va_end(values);
    return statement;
}

bool database_next(struct database *database, sqlite3_stmt *statement)
{
    if (statement == NULL || database->failed) {
        return false;
    }
    int status = sqlite3_step(statement);
    if (status != SQLITE_ROW && status != SQLITE_DONE) {
        fail(database);
    }
    return status == SQLITE_ROW;
}

void database_done(sqlite3_stmt *statement)
{
    if (statement != NULL) {
        (void)sqlite3_reset(statement);
        (void)sqlite3_clear_bindings(statement);
    }
}

void database_run(struct database *database, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    sqlite3_stmt *statement = query(database, sql, types, &values);
    va_end(values);
    (void)database_next(database, statement);
    database_done(statement);
}

int64_t database_integer(struct database *database, int64_t otherwise, const char *sql,
                         const char *types, ...)
{
    va_list values;
    va_start(values, types);
    sqlite3_stmt *statement = query(database, sql, types, &values);
    va_end(values);
    int64_t integer = otherwise;
    if (database_next(database, statement) && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
        integer = sqlite3_column_int64(statement, 0);
    }
    database_done(statement);
    return integer;
}

int64_t database_version(struct database *database)
{
    return database_integer(database, 0, "PRAGMA user_version", "");
}

const char *database_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text == NULL ? "" : (const char *)text;
}
