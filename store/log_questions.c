/* Peers who ask for keys (§24.8): each question is answered once. */
#include "protocol/session_event.h"
#include "store/log_kinds_private.h"

static bool apply_broken(struct event_log *log, const struct event *event, int64_t seq,
                         struct parties *parties)
{
    struct session_broken broken;
    (void)parties;
    if (log->state.keeps_keys && !log->state.is_deriving && session_event_broken(event, &broken) &&
        node_id_equal(&broken.peer, &log->options.key->node_id)) {
        database_run(&log->database, "INSERT OR IGNORE INTO questions(seq) VALUES(?1)", "i", seq);
        log->state.has_questions = true;
    }
    return false;
}

static void take_back_broken(struct event_log *log, const struct event *event, int64_t seq)
{
    (void)event;
    database_run(&log->database, "DELETE FROM questions WHERE seq=?1", "i", seq);
}

const struct log_kind log_questions_broken = {.apply = apply_broken, .take_back = take_back_broken};
