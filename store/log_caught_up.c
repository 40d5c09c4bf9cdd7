#include "core/lock.h"
#include "core/memory.h"
#include "store/log_life_private.h"
#include "store/log_writer_private.h"

static void run_free(struct writer_job *job, struct event_log *log)
{
    (void)job;
    log_life_free_answers(log); /* the writer then works off what waits */
}

static void end_free(struct writer_job *job, struct event_log *log, enum result commit)
{
    (void)log;
    (void)commit;
    memory_free(job);
}

bool log_caught_up_is_awaited(struct event_log *log)
{
    return atomic_load(&log->holds_answers);
}

enum result log_caught_up_tell(struct event_log *log)
{
    struct writer_job *job = memory_allocate(1, sizeof *job);
    *job = (struct writer_job){.run = run_free, .done = end_free};
    enum result result = log_writer_submit(log, job);
    if (result != RESULT_OK) {
        memory_free(job);
    }
    return result;
}

struct await_job {
    struct writer_job job;
    struct lock *lock;
    bool over;
    enum result result;
};

static void run_await(struct writer_job *job, struct event_log *log)
{
    (void)job;
    log_life_hold_answers(log);
}

static void end_await(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct await_job *await = (struct await_job *)job;
    (void)log;
    lock_take(await->lock);
    await->result = commit;
    await->over = true;
    lock_wake_all(await->lock);
    lock_release(await->lock);
}

enum result log_caught_up_await(struct event_log *log)
{
    struct await_job await = {.job = {.run = run_await, .done = end_await}, .lock = lock_create()};
    enum result result = log_writer_submit(log, &await.job);
    if (result == RESULT_OK) {
        lock_take(await.lock);
        while (!await.over) {
            (void)lock_wait(await.lock, -1);
        }
        lock_release(await.lock);
        result = await.result;
    }
    lock_destroy(&await.lock);
    return result;
}
