/* One SQLite connection with its prepared statements, for this folder alone.
 *
 * Thread: a connection belongs to one thread at a time.
 * A failure is remembered in `failed` until the transaction ends, so that a chain of statements is
 * checked once, before the commit.
 */
#ifndef HEARTHCHAT_STORE_DATABASE_PRIVATE_H
#define HEARTHCHAT_STORE_DATABASE_PRIVATE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

#define DATABASE_MOST_STATEMENTS 96

struct database {
    sqlite3 *handle;
    bool failed;
    bool full; /* the failure was a full disk */
    struct {
        const char *sql; /* a literal; found again by its address */
        sqlite3_stmt *statement;
    } statements[DATABASE_MOST_STATEMENTS];
    int statement_count;
};

/* RESULT_IO with the reason. Read-only connections never create. */
enum result database_open(struct database *database, const char *path, bool read_only,
                          struct error *error);
void database_close(struct database *database);

/* Runs text of several statements, uncached. */
enum result database_execute(struct database *database, const char *sql);

/* Binds after `types`: i int64_t, t text (NULL allowed), b pointer and int length (a blob). The
 * bytes must live until database_done(). Returns NULL when the statement can't be prepared; every
 * other function here takes that NULL in its stride. */
sqlite3_stmt *database_query(struct database *database, const char *sql, const char *types, ...);

/* True when there is a row. */
bool database_next(struct database *database, sqlite3_stmt *statement);
void database_done(sqlite3_stmt *statement);

/* A statement without rows. */
void database_run(struct database *database, const char *sql, const char *types, ...);

/* The first column of the first row, `otherwise` when there is no row or it is NULL. */
int64_t database_integer(struct database *database, int64_t otherwise, const char *sql,
                         const char *types, ...);

const char *database_text(sqlite3_stmt *statement, int column); /* "" for NULL */

#endif
