#include "store/log_acknowledged_private.h"

#include "store/log_nodes_private.h"

/* Of our own nobody asks. */
static bool counts(const struct event_log *log, const struct event *event)
{
    return log->state.keeps_keys && event->type == EVENT_MESSAGE_DELIVERED &&
           !node_id_equal(&event->author, &log->options.key->node_id);
}

void log_acknowledged_enter(struct event_log *log, const struct event *event, int64_t seq)
{
    if (counts(log, event)) {
        database_run(&log->database,
                     "INSERT OR IGNORE INTO acknowledged(author,target_event_id,seq)"
                     " VALUES(?1,?2,?3)",
                     "iti", log_nodes_number(log, &event->author),
                     event->data.receipt.target_event_id, seq);
    }
}

void log_acknowledged_leave(struct event_log *log, const struct event *event, int64_t seq)
{
    if (counts(log, event)) {
        database_run(&log->database,
                     "DELETE FROM acknowledged WHERE author=?1 AND target_event_id=?2 AND seq=?3",
                     "iti", log_nodes_number(log, &event->author),
                     event->data.receipt.target_event_id, seq);
    }
}

bool log_acknowledged_is(struct event_log *log, int64_t author, const char *event_id)
{
    return database_integer(&log->database, 0,
                            "SELECT 1 FROM acknowledged WHERE author=?1 AND target_event_id=?2"
                            " LIMIT 1",
                            "it", author, event_id) != 0;
}
