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

#define DATABASE_PATIENCE_MS 10000    /* for who else has the file */
#define DATABASE_STATEMENT_PLACES 512 /* a power of two, and several times as many as there are */

/* What kind of failure it was, for those who must do something about it. */
enum database_failure {
    DATABASE_WORKS,
    DATABASE_FULL,      /* no room on the disk */
    DATABASE_DAMAGED,   /* not what a database looks like */
    DATABASE_FORBIDDEN, /* the system does not let us */
    DATABASE_FAILS,
};

struct database {
    sqlite3 *handle;
    bool failed;
    enum database_failure failure; /* the first one's */
    int checkpoint_pages;
    int journal_pages; /* the longest that the journal was since it was emptied */
    struct {
        const char *sql; /* static; found again by its address. NULL: an empty place */
        sqlite3_stmt *statement;
    } statements[DATABASE_STATEMENT_PLACES];
};

/* DATABASE_FROZEN: read-only, of a file that nobody writes and that has no journal to be read:
 * works on a disk without room for the files that connections share. */
enum database_mode { DATABASE_WRITES, DATABASE_READS, DATABASE_FROZEN };

/* RESULT_IO with the reason. Only DATABASE_WRITES creates. */
enum result database_open(struct database *database, const char *path, enum database_mode mode,
                          struct error *error);

/* What was read makes no sense: fails the transaction. */
void database_fail(struct database *database, const char *reason);

/* A failed transaction is over; the next one begins without its failure. */
void database_forget_failure(struct database *database);

/* Every statement is done (database_done). */
void database_close(struct database *database);

/* After how many pages of the journal a commit writes them into the file; `database` stays where it
 * is. */
void database_checkpoint_every(struct database *database, int pages);

/* Whether the journal takes more than 4 MB of the disk: it shrinks by database_end_journal() alone.
 */
bool database_has_long_journal(const struct database *database);

/* Writes all of the journal into the file and empties it, outside of a transaction. False: others
 * read of it in this moment, or the disk did not take it; nothing is lost. */
bool database_end_journal(struct database *database);

/* Runs text of several statements, uncached. */
enum result database_execute(struct database *database, const char *sql);

/* Binds after `types`: i int64_t, t text (NULL allowed), b pointer and int length (a blob). The
 * bytes must live until database_done(). One of the same text that is under way is left alone: this
 * is another one then. Returns NULL when the statement can't be prepared, or as many are under way
 * as there are places; every other function here takes that NULL in its stride. */
sqlite3_stmt *database_query(struct database *database, const char *sql, const char *types, ...);

/* True when there is a row. */
bool database_next(struct database *database, sqlite3_stmt *statement);
void database_done(sqlite3_stmt *statement);

/* A statement without rows. */
void database_run(struct database *database, const char *sql, const char *types, ...);

/* The first column of the first row, `otherwise` when there is no row or it is NULL. */
int64_t database_integer(struct database *database, int64_t otherwise, const char *sql,
                         const char *types, ...);

/* As whoever made the tables set it; 0: nobody did. */
int64_t database_version(struct database *database);

const char *database_text(sqlite3_stmt *statement, int column); /* "" for NULL */

#endif
