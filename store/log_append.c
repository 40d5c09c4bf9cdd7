#include "core/memory.h"
#include "store/log_own_private.h"
#include "store/log_writer_private.h"

struct append_job {
    struct writer_job job;
    struct event_draft draft;
    struct append_answer answer;
    event_log_answered *done;
    void *context;
};

static void run_append(struct writer_job *job, struct event_log *log)
{
    struct append_job *append = (struct append_job *)job;
    append->answer.result = log_own_append(log, &append->draft, &append->answer);
}

static void answer_append(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct append_job *append = (struct append_job *)job;
    if (commit != RESULT_OK) {
        append->answer.result = log_writer_explain(
            log, "The disk did not take it: nothing was sent.", &append->answer.error);
    }
    if (append->done != NULL) {
        append->done(append->context, &append->answer);
    }
    event_draft_deinit(&append->draft);
    memory_free(append);
}

enum result log_append_event(struct event_log *log, struct event_draft *draft,
                             event_log_answered *done, void *context)
{
    struct append_job *append = memory_allocate(1, sizeof *append);
    append->job = (struct writer_job){run_append, answer_append};
    append->draft = *draft;
    append->done = done;
    append->context = context;
    draft->data = NULL;
    enum result result = log_writer_submit(log, &append->job);
    if (result != RESULT_OK) {
        event_draft_deinit(&append->draft);
        memory_free(append);
    }
    return result;
}
