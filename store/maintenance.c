#include "store/maintenance.h"

#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "protocol/fingerprint.h"
#include "store/key_checkup_private.h"
#include "store/log_copy_private.h"
#include "store/log_events_private.h"
#include "store/log_rebuild_private.h"
#include "store/log_schema_private.h"
#include "store/log_search_private.h"
#include "store/log_state_private.h"
#include "store/log_writer_private.h"
#include "store/work_place_private.h"

/* Names one that is not what the events say. */
static void report_differing(struct maintenance_report *report, const char *name)
{
    size_t used = strlen(report->differing);
    (void)snprintf(report->differing + used, sizeof report->differing - used, "%s%s",
                   used == 0 ? "" : ", ", name);
}

static void append_row(sqlite3_stmt *row, struct buffer *bytes)
{
    buffer_clear(bytes);
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        int type = sqlite3_column_type(row, i);
        const void *value = sqlite3_column_blob(row, i);
        int length_bytes = sqlite3_column_bytes(row, i);
        buffer_append_format(bytes, "%d %d ", type, length_bytes);
        buffer_append(bytes, value, (size_t)length_bytes);
    }
}

/* What is derived in the table, in whatever order: a copy of it would be one more of all words. */
static struct fingerprint sum_up(struct event_log *log, const struct log_schema_table *table)
{
    struct fingerprint sum = {.count = 0};
    uint8_t hash[BLAKE3_HASH_BYTES];
    struct buffer bytes;
    sqlite3_stmt *row = NULL;
    char *sql = memory_format("SELECT %s FROM %s", table->derived, table->name);
    buffer_init(&bytes);
    (void)sqlite3_prepare_v2(log->database.handle, sql, -1, &row, NULL);
    while (database_next(&log->database, row)) {
        append_row(row, &bytes);
        blake3_hash(bytes.data, bytes.length_bytes, hash);
        fingerprint_add(&sum, hash);
    }
    if (sqlite3_finalize(row) != SQLITE_OK) {
        database_fail(&log->database, "a table can't be read");
    }
    buffer_deinit(&bytes);
    memory_free(sql);
    return sum;
}

static void sum_up_derived(struct event_log *log, struct fingerprint *sums_out)
{
    for (size_t i = 0; log_schema_tables[i].name != NULL; i++) {
        if (log_schema_tables[i].derived != NULL) {
            sums_out[i] = sum_up(log, &log_schema_tables[i]);
        }
    }
}

static void compare_derived(struct event_log *log, const struct fingerprint *before,
                            struct maintenance_report *report)
{
    for (size_t i = 0; log_schema_tables[i].name != NULL; i++) {
        if (log_schema_tables[i].derived != NULL) {
            struct fingerprint sum = sum_up(log, &log_schema_tables[i]);
            if (memcmp(&sum, &before[i], sizeof sum) != 0) {
                report_differing(report, log_schema_tables[i].name);
            }
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
    struct fingerprint before[LOG_SCHEMA_MOST_TABLES];
    if (upkeep->report != NULL) {
        upkeep->report->database_is_sound = is_sound(log);
        check_events(log, upkeep->report);
        key_checkup_run(log, upkeep->report);
        if (!log_search_is_whole(log)) {
            report_differing(upkeep->report, "messages_search");
        }
        sum_up_derived(log, before);
    } else {
        key_checkup_drop_wrong(log);
    }
    log_rebuild_all(log);
    log_state_save(log);
    if (upkeep->report != NULL) {
        compare_derived(log, before, upkeep->report);
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
    struct upkeep_job job = {.job = {.run = run_upkeep, .done = end_upkeep}, .report = report};
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
    enum result result = log_copy_make(from, to, error);
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
