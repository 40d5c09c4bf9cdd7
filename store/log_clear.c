#include "store/log_clear.h"

#include "core/memory.h"
#include "store/log_clearing_private.h"
#include "store/log_lost_private.h"
#include "store/log_nodes_private.h"
#include "store/log_unread_private.h"
#include "store/log_writer_private.h"

struct clear_job {
    struct writer_job job;
    struct node_id peer;
    int64_t messages;
    log_clear_done *done;
    void *context;
};

static void run_clear(struct writer_job *job, struct event_log *log)
{
    struct clear_job *clear = (struct clear_job *)job;
    int64_t conversation = log_nodes_find_conversation(&log->database, &clear->peer);
    if (conversation == 0) {
        return;
    }
    clear->messages = database_integer(&log->database, 0,
                                       "SELECT count(*) FROM messages m WHERE m.conversation=?1"
                                       " AND " LOG_CLEARING_LEFT("?1"),
                                       "i", conversation);
    database_run(&log->database,
                 "INSERT OR REPLACE INTO clearings(conversation,through,done) VALUES(?1,?2,0)",
                 "ii", conversation, log->state.last_seq);
    log_unread_clear(log, conversation);
    log_clearing_load(log);
}

static void answer_clear(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct clear_job *clear = (struct clear_job *)job;
    struct error error = {""};
    enum result result = RESULT_OK;
    if (commit != RESULT_OK) {
        result = log_writer_explain(log, "The disk did not take it: nothing was deleted.", &error);
    } else {
        log_lost_tell_of(log, &clear->peer);
    }
    clear->done(clear->context, result, &error, clear->messages);
    memory_free(clear);
}

enum result log_clear_conversation(struct event_log *log, const struct node_id *peer,
                                   log_clear_done *done, void *context)
{
    struct clear_job *clear = memory_allocate(1, sizeof *clear);
    *clear = (struct clear_job){.job = {.run = run_clear, .done = answer_clear},
                                .peer = *peer,
                                .done = done,
                                .context = context};
    enum result result = log_writer_submit(log, &clear->job);
    if (result != RESULT_OK) {
        memory_free(clear);
    }
    return result;
}
