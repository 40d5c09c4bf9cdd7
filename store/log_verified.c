#include "store/log_verified.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "store/log_readers_private.h"
#include "store/log_writer_private.h"

struct mark_job {
    struct writer_job job;
    struct node_id member;
    bool verified;
    struct append_answer answer;
    event_log_answered *done;
    void *context;
};

static void run_mark(struct writer_job *job, struct event_log *log)
{
    struct mark_job *mark = (struct mark_job *)job;
    const uint8_t *key = mark->member.key;
    if (!community_is_member(log->state.community, &mark->member)) {
        mark->answer.result = error_set(&mark->answer.error, RESULT_NOT_FOUND,
                                        "That node is not a member of this community.");
    } else if (mark->verified) {
        database_run(&log->database, "INSERT OR REPLACE INTO verified(node,at) VALUES(?1,?2)", "bi",
                     key, NODE_ID_BYTES, clock_wall_ms(log->options.clock) / 1000);
    } else {
        database_run(&log->database, "DELETE FROM verified WHERE node=?1", "b", key, NODE_ID_BYTES);
    }
}

static void answer_mark(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct mark_job *mark = (struct mark_job *)job;
    if (commit != RESULT_OK) {
        mark->answer.result =
            log_writer_explain(log, "The disk did not take it.", &mark->answer.error);
    }
    mark->done(mark->context, &mark->answer);
    memory_free(mark);
}

enum result log_verified_mark(struct event_log *log, const struct node_id *member, bool verified,
                              event_log_answered *done, void *context)
{
    struct mark_job *mark = memory_allocate(1, sizeof *mark);
    *mark = (struct mark_job){.job = {.run = run_mark, .done = answer_mark},
                              .member = *member,
                              .verified = verified,
                              .done = done,
                              .context = context};
    enum result result = log_writer_submit(log, &mark->job);
    if (result != RESULT_OK) {
        memory_free(mark);
    }
    return result;
}

enum result log_verified_read(struct event_log *log, struct log_verified_marks *marks_out)
{
    struct database *reader = log_readers_acquire(log);
    size_t room = 0;
    *marks_out = (struct log_verified_marks){0};
    sqlite3_stmt *row = database_query(reader, "SELECT node,at FROM verified ORDER BY node", "");
    while (database_next(reader, row)) {
        if (sqlite3_column_bytes(row, 0) != NODE_ID_BYTES) {
            continue; /* of a damaged log */
        }
        if (marks_out->count == room) {
            room = room == 0 ? 16 : 2 * room;
            marks_out->list = memory_resize(marks_out->list, room, sizeof *marks_out->list);
        }
        struct log_verified_mark *mark = &marks_out->list[marks_out->count++];
        memcpy(mark->node_id.key, sqlite3_column_blob(row, 0), NODE_ID_BYTES);
        mark->at = sqlite3_column_int64(row, 1);
    }
    database_done(row);
    enum result result = log_readers_release(log, &reader);
    if (result != RESULT_OK) {
        log_verified_free(marks_out);
    }
    return result;
}

void log_verified_free(struct log_verified_marks *marks)
{
    memory_free(marks->list);
    *marks = (struct log_verified_marks){0};
}

static int compare(const void *node_id, const void *mark)
{
    return memcmp(((const struct node_id *)node_id)->key,
                  ((const struct log_verified_mark *)mark)->node_id.key, NODE_ID_BYTES);
}

int64_t log_verified_find(const struct log_verified_marks *marks,
                          const struct membership *membership, const struct node_id *node_id)
{
    const struct log_verified_mark *mark =
        marks->count == 0
            ? NULL
            : bsearch(node_id, marks->list, marks->count, sizeof *marks->list, compare);
    return mark != NULL && membership_find(membership, node_id) != NULL ? mark->at : 0;
}
