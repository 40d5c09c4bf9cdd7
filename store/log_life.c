#include "store/log_life_private.h"

#include <string.h>

#include "core/memory.h"
#include "store/data_directory.h"

enum { MOST_WORD_BYTES = 64 };

/* The file beside the log; the caller frees. */
static char *path_of(const struct event_log *log)
{
    static const char name[] = "life";
    size_t directory_bytes = (size_t)(strrchr(log->path, '/') - log->path);
    return memory_format("%.*s/%s", (int)directory_bytes, log->path, name);
}

static bool is_same(struct event_log *log, const char *path)
{
    char *word = NULL;
    size_t length = 0;
    bool found = data_directory_read_file(path, MOST_WORD_BYTES, &word, &length) == RESULT_OK;
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT value FROM meta WHERE key='life'", "");
    /* A log without a word was never begun by a node. */
    bool same =
        !database_next(&log->database, row) || (found && strcmp(database_text(row, 0), word) == 0);
    database_done(row);
    if (found) {
        memory_free(word);
    }
    return same;
}

void log_life_hold_answers(struct event_log *log)
{
    atomic_store(&log->holds_answers, true);
    database_run(&log->database, "INSERT OR REPLACE INTO meta(key,value) VALUES('behind','yes')",
                 "");
}

void log_life_free_answers(struct event_log *log)
{
    atomic_store(&log->holds_answers, false);
    database_run(&log->database, "DELETE FROM meta WHERE key='behind'", "");
}

enum result log_life_begin(struct event_log *log)
{
    char word[ULID_TEXT_BYTES];
    char *path = path_of(log);
    ulid_mint(&log->ulids, clock_wall_ms(log->options.clock), word);
    (void)database_execute(&log->database, "BEGIN IMMEDIATE");
    if (!is_same(log, path)) {
        log_life_hold_answers(log);
    } else if (database_integer(&log->database, 0, "SELECT 1 FROM meta WHERE key='behind'", "") !=
               0) {
        atomic_store(&log->holds_answers, true);
    }
    database_run(&log->database, "INSERT OR REPLACE INTO meta(key,value) VALUES('life',?1)", "t",
                 word);
    enum result result =
        log->database.failed ? RESULT_IO : database_execute(&log->database, "COMMIT");
    if (result == RESULT_OK) {
        /* Without it the next start takes more care than it must. */
        (void)data_directory_write_file(path, word, strlen(word), NULL);
    } else {
        (void)sqlite3_exec(log->database.handle, "ROLLBACK", NULL, NULL, NULL);
    }
    memory_free(path);
    return result;
}
