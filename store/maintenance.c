#include "store/maintenance.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/memory.h"
#include "store/data_directory.h"
#include "store/log_events_private.h"
#include "store/log_rebuild_private.h"
#include "store/log_schema_private.h"
#include "store/log_search_private.h"
#include "store/log_state_private.h"
#include "store/log_writer_private.h"
#include "store/work_place_private.h"

extern char **environ;

/* One moment of a database that may be in use, as a new file. */
static enum result copy_database(const char *from, const char *to, struct error *error)
{
    struct database source;
    struct database target = {0};
    enum result result = database_open(&source, from, DATABASE_READS, error);
    if (result != RESULT_OK) {
        return result;
    }
    if (database_integer(&source, 0, "PRAGMA user_version", "") == 0) {
        result = source.failed ? log_schema_explain(&source, "The event log can't be copied", error)
                               : error_set(error, RESULT_IO,
                                           "The event log is empty. Stop the node and run: "
                                           "hearthchat repair");
        database_close(&source);
        return result;
    }
    mode_t before = umask(0077);
    result = database_open(&target, to, DATABASE_WRITES, error);
    (void)umask(before);
    if (result == RESULT_OK) {
        sqlite3_backup *backup = sqlite3_backup_init(target.handle, "main", source.handle, "main");
        int status = backup == NULL ? SQLITE_ERROR : sqlite3_backup_step(backup, -1);
        if (sqlite3_backup_finish(backup) != SQLITE_OK || status != SQLITE_DONE) {
            result = error_set(error, RESULT_IO, "The event log can't be copied: %s.",
                               sqlite3_errmsg(target.handle));
        }
    }
    database_close(&target);
    database_close(&source);
    return result;
}

/* Names one that is not what the events say. */
static void report_differing(struct maintenance_report *report, const char *name)
{
    size_t used = strlen(report->differing);
    (void)snprintf(report->differing + used, sizeof report->differing - used, "%s%s",
                   used == 0 ? "" : ", ", name);
}

static void keep_derived(struct event_log *log)
{
    for (const struct log_schema_table *table = log_schema_tables; table->name != NULL; table++) {
        if (table->derived != NULL) {
            char *sql = memory_format("CREATE TABLE kept_%s AS SELECT %s FROM %s", table->name,
                                      table->derived, table->name);
            (void)database_execute(&log->database, sql);
            memory_free(sql);
        }
    }
}

static int note_row(void *context, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    *(bool *)context = strcmp(values[0], "0") != 0;
    return 0;
}

static bool differs(struct event_log *log, const struct log_schema_table *table)
{
    bool found = false;
    char *sql = memory_format("SELECT EXISTS(SELECT %s FROM %s EXCEPT SELECT * FROM kept_%s)"
                              " OR EXISTS(SELECT * FROM kept_%s EXCEPT SELECT %s FROM %s)",
                              table->derived, table->name, table->name, table->name, table->derived,
                              table->name);
    bool compared = sqlite3_exec(log->database.handle, sql, note_row, &found, NULL) == SQLITE_OK;
    memory_free(sql);
    return found || !compared;
}

static void compare_derived(struct event_log *log, struct maintenance_report *report)
{
    for (const struct log_schema_table *table = log_schema_tables; table->name != NULL; table++) {
        if (table->derived != NULL && differs(log, table)) {
            report_differing(report, table->name);
        }
    }
}

/* Whether the row says of its event what the event says of itself. */
static bool is_right(sqlite3_stmt *row, const struct event *event)
{
    return sqlite3_column_bytes(row, 1) == BLAKE3_HASH_BYTES &&
           memcmp(sqlite3_column_blob(row, 1), event->hash, BLAKE3_HASH_BYTES) == 0 &&
           sqlite3_column_int64(row, 2) == event->lamport &&
           strcmp(database_text(row, 3), event->event_id) == 0 &&
           sqlite3_column_int64(row, 4) == (int64_t)event->type &&
           sqlite3_column_bytes(row, 5) == NODE_ID_BYTES &&
           memcmp(sqlite3_column_blob(row, 5), event->author.key, NODE_ID_BYTES) == 0;
}

static bool is_verified(struct event_log *log, sqlite3_stmt *row)
{
    struct event *event = log_events_of_row(log, row, 0);
    struct verified_event *verified = NULL;
    bool holds =
        event != NULL && is_right(row, event) && event_verify(&event, &verified) == RESULT_OK;
    event_verified_destroy(&verified);
    event_destroy(&event);
    return holds;
}

/* What was accepted before today's bounds were known, and is aside for that, is no damage. */
static void check_events(struct event_log *log, struct maintenance_report *report)
{
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT json,hash,lamport,event_id,type,author,aside FROM events ORDER BY seq", "");
    while (database_next(&log->database, row)) {
        int aside = sqlite3_column_int(row, 6);
        report->events++;
        report->aside += aside != 0 ? 1 : 0;
        report->damaged += aside != 2 && !is_verified(log, row) ? 1 : 0;
    }
    database_done(row);
}

static bool is_sound(struct event_log *log)
{
    sqlite3_stmt *row = database_query(&log->database, "PRAGMA integrity_check(1)", "");
    bool sound = database_next(&log->database, row) && strcmp(database_text(row, 0), "ok") == 0;
    database_done(row);
    return sound;
}

struct upkeep_job {
    struct writer_job job;
    struct maintenance_report *report; /* NULL: only rebuild */
    enum result result;
};

static void run_upkeep(struct writer_job *job, struct event_log *log)
{
    const struct upkeep_job *upkeep = (const struct upkeep_job *)job;
    if (upkeep->report != NULL) {
        upkeep->report->database_is_sound = is_sound(log);
        check_events(log, upkeep->report);
        if (!log_search_is_whole(log)) {
            report_differing(upkeep->report, "messages_search");
        }
        keep_derived(log);
    }
    log_rebuild_all(log);
    log_state_save(log);
    if (upkeep->report != NULL) {
        compare_derived(log, upkeep->report);
    }
}

static void end_upkeep(struct writer_job *job, struct event_log *log, enum result commit)
{
    (void)log;
    ((struct upkeep_job *)job)->result = commit;
}

static enum result upkeep(const char *directory, const struct node_id *community_id,
                          const struct signing_key *key, const struct clock *clock,
                          struct maintenance_report *report, struct error *error)
{
    struct event_log *log = NULL;
    struct event_log_options options = {.directory = directory,
                                        .community_id = *community_id,
                                        .key = key,
                                        .clock = clock,
                                        .synchronous = true};
    struct upkeep_job job = {.job = {run_upkeep, end_upkeep}, .report = report};
    enum result result = event_log_open(&options, &log, error);
    if (result == RESULT_OK) {
        result = log_writer_submit(log, &job.job);
    }
    if (result == RESULT_OK && job.result != RESULT_OK) {
        result = error_set(
            error, RESULT_IO,
            "The event log can't be derived again. Stop the node and run: hearthchat repair");
    }
    event_log_close(&log);
    return result;
}

enum result maintenance_verify(const char *directory, const struct node_id *community_id,
                               const struct signing_key *key, const struct clock *clock,
                               struct maintenance_report *report_out, struct error *error)
{
    *report_out = (struct maintenance_report){0};
    char *place = work_place_make(directory, "verify", error);
    if (place == NULL) {
        return RESULT_IO;
    }
    char *from = memory_format("%s/events.sqlite", directory);
    char *to = memory_format("%s/events.sqlite", place);
    enum result result = copy_database(from, to, error);
    if (result == RESULT_OK) {
        result = upkeep(place, community_id, key, clock, report_out, error);
    }
    work_place_remove(place);
    memory_free(from);
    memory_free(to);
    memory_free(place);
    return result;
}

enum result maintenance_rebuild(const char *directory, const struct node_id *community_id,
                                const struct signing_key *key, const struct clock *clock,
                                struct error *error)
{
    return upkeep(directory, community_id, key, clock, NULL, error);
}

/* The parts of a data directory that are copied as they are. */
static const char *const plain_parts[] = {"keys", "tls", "blobs", "hearthchat.ini"};

enum { PLAIN_PARTS = sizeof plain_parts / sizeof plain_parts[0] };

/* tar, which every Debian has: the plain parts from where they are, the log from the stage. The
 * directory itself comes first, for its mode; no link leads out of what is unpacked. */
static enum result run_tar(const char *data_directory, const char *stage, const char *file,
                           struct error *error)
{
    const char *arguments[PLAIN_PARTS + 16] = {"tar",
                                               "--create",
                                               "--force-local",
                                               "--format=gnu",
                                               "--dereference",
                                               "--hard-dereference",
                                               "--mode=u+rw,go=",
                                               "--directory",
                                               data_directory,
                                               "--no-recursion",
                                               ".",
                                               "--recursion"};
    size_t count = 12;
    pid_t child = 0;
    int status = 0;
    char *archive = memory_format("--file=%s", file);
    arguments[count++] = archive;
    for (size_t i = 0; i < PLAIN_PARTS; i++) {
        char *path = memory_format("%s/%s", data_directory, plain_parts[i]);
        if (access(path, F_OK) == 0) {
            arguments[count++] = plain_parts[i];
        }
        memory_free(path);
    }
    arguments[count++] = "--directory";
    arguments[count++] = stage;
    arguments[count++] = "communities";
    arguments[count] = NULL;
    int failed =
        posix_spawnp(&child, "tar", NULL, NULL, (char *const *)(uintptr_t)arguments, environ);
    if (failed == 0 && waitpid(child, &status, 0) != child) {
        failed = errno;
    }
    memory_free(archive);
    if (failed != 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return error_set(error, RESULT_IO, "The backup %s can't be written; is there room?", file);
    }
    return RESULT_OK;
}

static enum result stage_log(const char *data_directory, const char *stage, struct error *error)
{
    struct node_id community_id;
    char *inner = memory_format("%s/communities", stage);
    enum result result =
        mkdir(inner, 0700) == 0
            ? RESULT_OK
            : error_set(error, RESULT_IO, "%s can't be made: %s.", inner, strerrordesc_np(errno));
    if (result == RESULT_OK &&
        data_directory_find_community(data_directory, &community_id) == RESULT_OK) {
        char *from = data_directory_community_path(data_directory, &community_id);
        char *to = data_directory_community_path(stage, &community_id);
        char *from_file = memory_format("%s/events.sqlite", from);
        char *to_file = memory_format("%s/events.sqlite", to);
        result = mkdir(to, 0700) == 0 ? copy_database(from_file, to_file, error)
                                      : error_set(error, RESULT_IO, "%s can't be made: %s.", to,
                                                  strerrordesc_np(errno));
        memory_free(from);
        memory_free(to);
        memory_free(from_file);
        memory_free(to_file);
    }
    memory_free(inner);
    return result;
}

enum result maintenance_backup(const char *data_directory, const char *file, struct error *error)
{
    /* It will hold the device's key, so it is nobody else's. */
    int made = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made < 0) {
        return errno == EEXIST
                   ? error_set(error, RESULT_EXISTS,
                               "%s is there already; name a file that is not there yet.", file)
                   : error_set(error, RESULT_IO, "%s can't be written: %s.", file,
                               strerrordesc_np(errno));
    }
    (void)close(made);
    char *stage = work_place_make(data_directory, "backup", error);
    enum result result = stage == NULL ? RESULT_IO : stage_log(data_directory, stage, error);
    if (result == RESULT_OK) {
        result = run_tar(data_directory, stage, file, error);
    }
    if (result != RESULT_OK) {
        (void)unlink(file);
    }
    if (stage != NULL) {
        work_place_remove(stage);
    }
    memory_free(stage);
    return result;
}
