#include "store/log_keys.h"

#include "core/memory.h"
#include "store/log_upkeep_private.h"
#include "store/log_writer_private.h"

struct rotate_job {
    struct writer_job job;
    struct append_answer answer;
    event_log_answered *done;
    void *context;
};

static void run_rotate(struct writer_job *job, struct event_log *log)
{
    struct append_answer *answer = &((struct rotate_job *)job)->answer;
    answer->result = log->state.keeps_keys
                         ? log_upkeep_publish(log, true, answer)
                         : error_set(&answer->error, RESULT_UNSUPPORTED,
                                     "End-to-end encryption is switched off on this node.");
}

static void answer_rotate(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct rotate_job *rotate = (struct rotate_job *)job;
    if (commit != RESULT_OK) {
        rotate->answer.result = log_writer_explain(
            log, "The disk did not take it: the keys are as they were.", &rotate->answer.error);
    }
    rotate->done(rotate->context, &rotate->answer);
    memory_free(rotate);
}

enum result log_keys_rotate(struct event_log *log, event_log_answered *done, void *context)
{
    struct rotate_job *rotate = memory_allocate(1, sizeof *rotate);
    *rotate = (struct rotate_job){
        .job = {.run = run_rotate, .done = answer_rotate}, .done = done, .context = context};
    enum result result = log_writer_submit(log, &rotate->job);
    if (result != RESULT_OK) {
        memory_free(rotate);
    }
    return result;
}
