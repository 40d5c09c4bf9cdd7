#include "core/memory.h"
#include "store/log_early_private.h"
#include "store/log_own_private.h"
#include "store/log_writer_private.h"

struct append_job {
    struct writer_job job;
    struct event_draft draft;
    struct log_early_message *early; /* owned; NULL: it is none that is sealed early */
    struct append_answer answer;
    event_log_answered *done;
    void *context;
};

static void destroy(struct event_log *log, struct append_job *append)
{
    log_early_destroy(log, &append->early);
    event_draft_deinit(&append->draft);
    memory_free(append);
}

static bool is_ahead(const struct writer_job *job, struct event_log *log)
{
    return log_early_is_ahead(log, ((const struct append_job *)job)->early);
}

static void run_append(struct writer_job *job, struct event_log *log)
{
    struct append_job *append = (struct append_job *)job;
    append->answer.result =
        log_own_append_early(log, &append->draft, append->early, &append->answer);
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
    destroy(log, append);
}

enum result log_append_event(struct event_log *log, struct event_draft *draft,
                             event_log_answered *done, void *context)
{
    struct append_job *append = memory_allocate(1, sizeof *append);
    append->job =
        (struct writer_job){.is_ahead = is_ahead, .run = run_append, .done = answer_append};
    append->draft = *draft;
    append->done = done;
    append->context = context;
    draft->data = NULL;
    append->early = log_early_seal(log, &append->draft);
    enum result result = log_writer_submit(log, &append->job);
    if (result != RESULT_OK) {
        destroy(log, append);
    }
    return result;
}
