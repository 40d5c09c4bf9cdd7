#include "store/log_life_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "store/data_directory.h"

enum { MOST_WORD_BYTES = 64, TELL_AGAIN_SECONDS = 3600 };

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

/* Arrival numbers of before mean nothing any more. */
static void begin_anew(struct event_log *log)
{
    ulid_mint(&log->ulids, clock_wall_ms(log->options.clock), log->state.life);
    database_run(&log->database, "INSERT OR REPLACE INTO meta(key,value) VALUES('log',?1)", "t",
                 log->state.life);
}

/* When this life began, by the clock of then. */
static int64_t begun_seconds(const struct event_log *log)
{
    uint8_t bytes[ULID_BYTES];
    int64_t ms = 0;
    ulid_to_bytes(log->state.life, bytes);
    for (size_t i = 0; i < 6; i++) {
        ms = ms * 256 + bytes[i];
    }
    return ms / 1000;
}

static void keep_time(struct event_log *log, const char *name, int64_t seconds)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)seconds);
    database_run(&log->database, "INSERT OR REPLACE INTO meta(key,value) VALUES(?1,?2)", "tt", name,
                 text);
}

static void note_set_back(struct event_log *log, const struct event *event)
{
    int64_t now = clock_wall_ms(log->options.clock) / 1000;
    if (llabs(now - log->state.set_back_seen) >= TELL_AGAIN_SECONDS) {
        log_write(LOG_WARNING, "log.set_back", "event", event->event_id, "advice",
                  "this device has an older state than its neighbours know; what was encrypted "
                  "since and can't be read here, others can send again",
                  NULL);
        log->state.set_back_seen = now;
        keep_time(log, "set_back_seen", now);
    }
}

static void note_copy(struct event_log *log, const struct event *event)
{
    int64_t now = clock_wall_ms(log->options.clock) / 1000;
    if (now - log->state.copy_seen >= TELL_AGAIN_SECONDS) {
        log_write(LOG_WARNING, "log.other_copy", "event", event->event_id, "advice",
                  "another node writes with this device's key, perhaps a restored backup beside "
                  "its original: stop one of them for good",
                  NULL);
    }
    log->state.copy_seen = now;
    keep_time(log, "copy_seen", now);
}

void log_life_find_another(struct event_log *log, const struct event *newest)
{
    int64_t written = 0;
    bool is_known = atomic_load(&log->holds_answers);
    if (!is_known && wall_clock_parse(newest->wall_clock, &written) == RESULT_OK &&
        written > begun_seconds(log)) {
        note_copy(log, newest);
    } else {
        note_set_back(log, newest);
    }
    if (!is_known) {
        begin_anew(log);
    }
    log_life_hold_answers(log);
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
    log->state.wants_upkeep = true; /* it waited for that, too */
    database_run(&log->database, "DELETE FROM meta WHERE key='behind'", "");
}

enum result log_life_begin(struct event_log *log)
{
    char word[ULID_TEXT_BYTES];
    char *path = path_of(log);
    ulid_mint(&log->ulids, clock_wall_ms(log->options.clock), word);
    (void)database_execute(&log->database, "BEGIN IMMEDIATE");
    bool same = is_same(log, path);
    if (!same || log->state.life[0] == '\0') {
        begin_anew(log);
    }
    if (!same) {
        log->state.copy_seen = 0; /* what the backup saw is over */
        database_run(&log->database, "DELETE FROM meta WHERE key='copy_seen'", "");
        log_life_hold_answers(log);
        /* Whom they have let in since the backup, nobody knows. */
        database_run(&log->database, "UPDATE open_invites SET used=uses", "");
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
