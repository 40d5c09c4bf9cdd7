#include "store/log_read_marks_private.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/log_unread_private.h"

/* A mark's two places: that of its target, and its own in replay order. */
struct step {
    int64_t target_lamport;
    char target_event_id[ULID_TEXT_BYTES];
    int64_t lamport;
    char event_id[ULID_TEXT_BYTES];
    uint8_t hash[BLAKE3_HASH_BYTES];
};

#define STEP "target_lamport,target_event_id,lamport,event_id,hash"

static bool read_step(struct database *database, sqlite3_stmt *row, struct step *step_out)
{
    if (!database_next(database, row) || sqlite3_column_bytes(row, 4) != BLAKE3_HASH_BYTES) {
        return false;
    }
    step_out->target_lamport = sqlite3_column_int64(row, 0);
    (void)snprintf(step_out->target_event_id, ULID_TEXT_BYTES, "%s", database_text(row, 1));
    step_out->lamport = sqlite3_column_int64(row, 2);
    (void)snprintf(step_out->event_id, ULID_TEXT_BYTES, "%s", database_text(row, 3));
    memcpy(step_out->hash, sqlite3_column_blob(row, 4), BLAKE3_HASH_BYTES);
    return true;
}

/* In replay order. */
static int compare_to(const struct step *step, int64_t lamport, const char *event_id,
                      const uint8_t *hash)
{
    if (step->lamport != lamport) {
        return step->lamport < lamport ? -1 : 1;
    }
    int order = strcmp(step->event_id, event_id);
    return order != 0 ? order : memcmp(step->hash, hash, BLAKE3_HASH_BYTES);
}

#define STEPS                                                                                      \
    "SELECT " STEP " FROM read_marks INDEXED BY read_marks_steps"                                  \
    " WHERE conversation=?1 AND reader=?2 AND step=1 AND (target_lamport,target_event_id)"

/* The first step at or above a target, and the last one at or below it. */
static const char step_above[] = STEPS ">=(?3,?4) ORDER BY target_lamport,target_event_id LIMIT 1";
static const char step_below[] =
    STEPS "<=(?3,?4) ORDER BY target_lamport DESC,target_event_id DESC LIMIT 1";

static bool find_step(struct event_log *log, const char *statement,
                      const struct log_read_mark *mark, struct step *step_out)
{
    sqlite3_stmt *row = database_query(&log->database, statement, "iiit", mark->conversation,
                                       mark->reader, mark->target_lamport, mark->target_event_id);
    bool found = read_step(&log->database, row, step_out);
    database_done(row);
    return found;
}

static void set_step(struct event_log *log, const struct log_read_mark *mark,
                     const struct step *step, bool is_step)
{
    database_run(&log->database,
                 "UPDATE read_marks SET step=?8 WHERE conversation=?1 AND reader=?2"
                 " AND target_lamport=?3 AND target_event_id=?4 AND lamport=?5 AND event_id=?6"
                 " AND hash=?7",
                 "iiititbi", mark->conversation, mark->reader, step->target_lamport,
                 step->target_event_id, step->lamport, step->event_id, step->hash,
                 BLAKE3_HASH_BYTES, (int64_t)is_step);
}

/* Ours say what we have read. */
static void follow(struct event_log *log, int64_t conversation, int64_t reader)
{
    if (reader == log->self) {
        log_unread_follow(log, conversation);
    }
}

void log_read_marks_add(struct event_log *log, const struct log_read_mark *mark)
{
    struct step step;
    bool is_step = !find_step(log, step_above, mark, &step) ||
                   compare_to(&step, mark->lamport, mark->event_id, mark->hash) > 0;
    while (is_step && find_step(log, step_below, mark, &step) &&
           compare_to(&step, mark->lamport, mark->event_id, mark->hash) > 0) {
        set_step(log, mark, &step, false);
    }
    database_run(&log->database,
                 "INSERT OR IGNORE INTO read_marks(conversation,reader," STEP ",step,at)"
                 " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
                 "iiititbit", mark->conversation, mark->reader, mark->target_lamport,
                 mark->target_event_id, mark->lamport, mark->event_id, mark->hash,
                 BLAKE3_HASH_BYTES, (int64_t)is_step, mark->at);
    follow(log, mark->conversation, mark->reader);
}

/* What lay idle under a step that is gone, from its target down to the step below. */
static void wake(struct event_log *log, const struct log_read_mark *gone)
{
    struct step edge;
    struct step *woken = NULL;
    size_t count = 0;
    struct step below = {.target_lamport = 0};
    bool has_edge = find_step(log, step_above, gone, &edge);
    (void)find_step(log, step_below, gone, &below);
    sqlite3_stmt *row =
        database_query(&log->database,
                       "SELECT " STEP " FROM read_marks WHERE conversation=?1 AND reader=?2"
                       " AND (target_lamport,target_event_id)<=(?3,?4)"
                       " AND (target_lamport,target_event_id)>(?5,?6)"
                       " ORDER BY target_lamport DESC,target_event_id DESC,lamport,event_id,hash",
                       "iiitit", gone->conversation, gone->reader, gone->target_lamport,
                       gone->target_event_id, below.target_lamport, below.target_event_id);
    struct step step;
    while (read_step(&log->database, row, &step)) {
        if (!has_edge || compare_to(&step, edge.lamport, edge.event_id, edge.hash) < 0) {
            woken = memory_resize(woken, count + 1, sizeof *woken);
            woken[count++] = step;
            edge = step;
            has_edge = true;
        }
    }
    database_done(row);
    for (size_t i = 0; i < count; i++) {
        set_step(log, gone, &woken[i], true);
    }
    memory_free(woken);
}

static bool is_step(struct event_log *log, const struct log_read_mark *mark)
{
    struct step step;
    return find_step(log, step_below, mark, &step) && step.target_lamport == mark->target_lamport &&
           strcmp(step.target_event_id, mark->target_event_id) == 0;
}

void log_read_marks_remove(struct event_log *log, const struct log_read_mark *mark)
{
    bool was_step = is_step(log, mark);
    database_run(&log->database,
                 "DELETE FROM read_marks WHERE conversation=?1 AND reader=?2 AND target_lamport=?3"
                 " AND target_event_id=?4 AND lamport=?5 AND event_id=?6 AND hash=?7",
                 "iiititb", mark->conversation, mark->reader, mark->target_lamport,
                 mark->target_event_id, mark->lamport, mark->event_id, mark->hash,
                 BLAKE3_HASH_BYTES);
    if (was_step && !is_step(log, mark)) {
        wake(log, mark);
    }
    follow(log, mark->conversation, mark->reader);
}

void log_read_marks_remove_target(struct event_log *log, int64_t conversation, int64_t reader,
                                  int64_t target_lamport, const char *target_event_id)
{
    struct log_read_mark mark = {.conversation = conversation,
                                 .reader = reader,
                                 .target_lamport = target_lamport,
                                 .target_event_id = target_event_id};
    bool was_step = is_step(log, &mark);
    database_run(&log->database,
                 "DELETE FROM read_marks WHERE conversation=?1 AND reader=?2 AND target_lamport=?3"
                 " AND target_event_id=?4",
                 "iiit", conversation, reader, target_lamport, target_event_id);
    if (was_step) {
        wake(log, &mark);
    }
    follow(log, conversation, reader);
}
