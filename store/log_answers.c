#include "store/log_answers_private.h"

#include "store/log_blocked_private.h"
#include "store/log_events_private.h"
#include "store/log_own_private.h"
#include "store/log_receipts_private.h"
#include "store/log_sealings_private.h"

enum { SLICE_MS = 10 };

static void answer(struct event_log *log, const char *event_id)
{
    struct append_answer appended = {0};
    if (!log_receipts_is_answered(log, event_id)) {
        struct event_draft draft =
            event_draft_delivered(event_id, clock_wall_ms(log->options.clock) / 1000);
        (void)log_own_append(log, &draft, &appended);
    }
}

void log_answers_give(struct event_log *log, const char *event_id, int64_t seq)
{
    if (!atomic_load(&log->holds_answers)) {
        answer(log, event_id);
    } else {
        log_receipts_owe(log, seq);
    }
}

/* The first that waits. False: none does. */
static bool answer_waiting(struct event_log *log)
{
    int64_t seq = database_integer(&log->database, 0, "SELECT min(seq) FROM unanswered", "");
    if (seq == 0) {
        return false;
    }
    /* What was set aside meanwhile is answered when it comes back. */
    bool is_in =
        database_integer(&log->database, 1, "SELECT aside FROM events WHERE seq=?1", "i", seq) == 0;
    struct event *event = is_in ? log_events_read(log, seq) : NULL;
    if (event != NULL && !log_sealings_is_again(log, event, seq) &&
        !log_blocked_is(log, &event->author)) {
        answer(log, event->event_id);
    }
    event_destroy(&event);
    database_run(&log->database, "DELETE FROM unanswered WHERE seq=?1", "i", seq);
    return true;
}

void log_answers_run_slice(struct event_log *log)
{
    int64_t begun_ms = clock_monotonic_ms(log->options.clock);
    bool more = true;
    do {
        more = answer_waiting(log);
    } while (
        more && !log->database.failed &&
        (log->options.synchronous || clock_monotonic_ms(log->options.clock) - begun_ms < SLICE_MS));
    log->state.has_unanswered = more;
}

void log_answers_load(struct event_log *log)
{
    log->state.has_unanswered =
        database_integer(&log->database, 0, "SELECT 1 FROM unanswered LIMIT 1", "") != 0;
}
