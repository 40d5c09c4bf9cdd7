#include "store/log_keep_aside_private.h"

#include "core/lock.h"
#include "core/memory.h"
#include "protocol/event_kind.h"
#include "store/log_events_private.h"
#include "store/log_writer_private.h"
#include "store/stored_text_private.h"

struct keep_job {
    struct writer_job job;
    struct verified_event **events;
    size_t count;
    int64_t kept;
    struct lock *lock;
    bool over;
    enum result result;
};

static void keep(struct event_log *log, const struct verified_event *verified)
{
    size_t length = 0;
    const struct event *event = event_verified_get(verified);
    const char *text = event_verified_text(verified, &length);
    struct buffer shortened;
    buffer_init(&shortened);
    stored_text_shorten(text, length, &log->options.community_id, &shortened);
    database_run(&log->database,
                 "INSERT INTO events(seq,hash,lamport,event_id,type,author,aside,json)"
                 " VALUES(?1,?2,?3,?4,?5,?6,1,?7)",
                 "ibitibt", ++log->state.last_seq, event->hash, (int)sizeof event->hash,
                 event->lamport, event->event_id, (int64_t)event->type, event->author.key,
                 NODE_ID_BYTES, buffer_text(&shortened));
    buffer_deinit(&shortened);
}

static void run_keep(struct writer_job *job, struct event_log *log)
{
    struct keep_job *keeping = (struct keep_job *)job;
    for (size_t i = 0; i < keeping->count && !log->database.failed; i++) {
        const struct event *event = event_verified_get(keeping->events[i]);
        if (!event_kind_get(event->type)->drives_membership &&
            (log_ids_take(&log->state.ids, &log->database, event->event_id) ||
             !log_events_hold(&log->database, event->hash))) {
            keep(log, keeping->events[i]);
            keeping->kept++;
        }
    }
}

static void end_keep(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct keep_job *keeping = (struct keep_job *)job;
    (void)log;
    lock_take(keeping->lock);
    keeping->result = commit;
    keeping->over = true;
    lock_wake_all(keeping->lock);
    lock_release(keeping->lock);
}

enum result log_keep_aside_events(struct event_log *log, struct verified_event **events,
                                  size_t count, int64_t *kept)
{
    struct keep_job keeping = {.job = {.run = run_keep, .done = end_keep},
                               .events = events,
                               .count = count,
                               .lock = lock_create()};
    enum result result = log_writer_submit(log, &keeping.job);
    if (result == RESULT_OK) {
        lock_take(keeping.lock);
        while (!keeping.over) {
            (void)lock_wait(keeping.lock, -1);
        }
        lock_release(keeping.lock);
        result = keeping.result;
        *kept += keeping.kept;
    }
    for (size_t i = 0; i < count; i++) {
        event_verified_destroy(&events[i]);
    }
    memory_free(events);
    lock_destroy(&keeping.lock);
    return result;
}
