/* A small database through the journal's file (journal_file_private.h): random texts in the table
 * `numbers`, in `counts` how many its writer says there are.
 *
 * Thread: the test's. What fails, fails the test.
 */
#ifndef HEARTHCHAT_TESTS_NUMBERS_H
#define HEARTHCHAT_TESTS_NUMBERS_H

#include <sqlite3.h>
#include <stdint.h>

struct numbers {
    char *directory;
    char *path;
    sqlite3 *database; /* through the journal file */
};

/* Empty, below a directory that failing_vfs watches, with that setting of `synchronous`. */
void numbers_begin(struct numbers *numbers, const char *synchronous);
void numbers_end(struct numbers *numbers);

/* Another connection, the caller's to close; plainly: as another program has it. */
sqlite3 *numbers_open(const char *path, const char *vfs);
sqlite3 *numbers_open_plainly(const struct numbers *numbers);

void numbers_run(sqlite3 *database, const char *sql);
int64_t numbers_ask(sqlite3 *database, const char *sql);

/* So many rows more, of 900 bytes and some. */
void numbers_insert(struct numbers *numbers, int count);

/* What all rows hold, as one number; and of those that somebody finds who comes after this process
 * was killed in this moment. */
int64_t numbers_sum(sqlite3 *database);
int64_t numbers_left(const struct numbers *numbers);

#endif
