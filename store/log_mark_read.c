#include <string.h>

#include "core/memory.h"
#include "store/log_blocked_private.h"
#include "store/log_nodes_private.h"
#include "store/log_own_private.h"
#include "store/log_schema_private.h"
#include "store/log_unread_private.h"
#include "store/log_writer_private.h"

struct read_job {
    struct writer_job job;
    struct node_id peer;
    char event_id[ULID_TEXT_BYTES];
    bool silently;
    struct append_answer answer;
    event_log_answered *done;
    void *context;
};

static bool is_said_read(struct event_log *log, int64_t conversation, int64_t lamport,
                         const char *event_id)
{
    return database_integer(&log->database, 0,
                            "SELECT 1 FROM read_marks INDEXED BY read_marks_steps WHERE "
                            "conversation=?1 AND reader=?2"
                            " AND step=1 AND (target_lamport,target_event_id)>=(?3,?4) LIMIT 1",
                            "iiit", conversation, log->self, lamport, event_id) != 0;
}

static void run_read(struct writer_job *job, struct event_log *log)
{
    struct read_job *read = (struct read_job *)job;
    struct append_answer *answer = &read->answer;
    int64_t conversation = log_nodes_find_conversation(&log->database, &read->peer);
    int64_t lamport =
        database_integer(&log->database, 0,
                         "SELECT lamport FROM messages WHERE seq IN " LOG_SCHEMA_OF_ID(
                             "?1") " AND conversation=?2 AND author<>?3",
                         "tii", read->event_id, conversation, log->self);
    if (lamport == 0) {
        answer->result = error_set(&answer->error, RESULT_NOT_FOUND,
                                   "No message of that peer to us has this event_id.");
    } else if (is_said_read(log, conversation, lamport, read->event_id)) {
        answer->repeated = true;
    } else if (read->silently || log_blocked_is(log, &read->peer)) {
        database_run(&log->database,
                     "INSERT INTO local_reads(conversation,lamport,event_id) VALUES(?1,?2,?3)"
                     " ON CONFLICT(conversation) DO UPDATE"
                     " SET lamport=excluded.lamport,event_id=excluded.event_id"
                     " WHERE (excluded.lamport,excluded.event_id)>(lamport,event_id)",
                     "iit", conversation, lamport, read->event_id);
        log_unread_follow(log, conversation);
    } else {
        struct event_draft draft =
            event_draft_read(read->event_id, clock_wall_ms(log->options.clock) / 1000);
        answer->result = log_own_append(log, &draft, answer);
    }
}

static void answer_read(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct read_job *read = (struct read_job *)job;
    if (commit != RESULT_OK) {
        read->answer.result =
            log_writer_explain(log, "The disk did not take it.", &read->answer.error);
    }
    read->done(read->context, &read->answer);
    memory_free(read);
}

enum result log_mark_read_up_to(struct event_log *log, const struct node_id *peer,
                                const char *event_id, bool silently, event_log_answered *done,
                                void *context)
{
    struct read_job *read = memory_allocate(1, sizeof *read);
    read->job = (struct writer_job){.run = run_read, .done = answer_read};
    read->peer = *peer;
    memcpy(read->event_id, event_id, sizeof read->event_id);
    read->silently = silently;
    read->done = done;
    read->context = context;
    enum result result = log_writer_submit(log, &read->job);
    if (result != RESULT_OK) {
        memory_free(read);
    }
    return result;
}
