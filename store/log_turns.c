#include "store/log_turns_private.h"

#include <string.h>

static int64_t now_ms(const struct event_log *log)
{
    return clock_monotonic_ms(log->options.clock);
}

void log_turns_note_opened(struct event_log *log, int64_t peer)
{
    struct log_turns *turns = &log->turns;
    for (size_t i = 0; i < turns->count; i++) {
        if (turns->opened[i].peer == peer) {
            return;
        }
    }
    if (turns->count < LOG_TURNS_MOST) {
        turns->opened[turns->count++] = (struct log_turn){peer, now_ms(log) + LOG_TURNS_WAIT_MS};
    }
}

void log_turns_owe_offer(struct event_log *log, int64_t peer)
{
    database_run(&log->database, "INSERT OR IGNORE INTO owed_offers(peer) VALUES(?1)", "i", peer);
    log->state.owes_offers = true;
}

void log_turns_ask_at(struct event_log *log, int64_t at_ms)
{
    struct log_turns *turns = &log->turns;
    turns->ask_at_ms = turns->asks && turns->ask_at_ms < at_ms ? turns->ask_at_ms : at_ms;
    turns->asks = true;
}

void log_turns_note_waiting(struct event_log *log)
{
    log_turns_ask_at(log, now_ms(log) + LOG_TURNS_QUESTION_MS);
}

/* They are in the order of their times. */
static bool is_opened_due(const struct event_log *log)
{
    return log->turns.count > 0 && log->turns.opened[0].at_ms <= now_ms(log);
}

static bool is_waiting_due(const struct event_log *log)
{
    return log->turns.asks && log->turns.ask_at_ms <= now_ms(log);
}

bool log_turns_are_due(const struct event_log *log)
{
    return log->state.owes_offers || is_opened_due(log) || is_waiting_due(log);
}

int64_t log_turns_take_opened(struct event_log *log)
{
    struct log_turns *turns = &log->turns;
    if (!is_opened_due(log)) {
        return 0;
    }
    int64_t peer = turns->opened[0].peer;
    turns->count--;
    for (size_t i = 0; i < turns->count; i++) {
        turns->opened[i] = turns->opened[i + 1];
    }
    return peer;
}

int64_t log_turns_take_owed(struct event_log *log)
{
    if (!log->state.owes_offers) {
        return 0;
    }
    int64_t peer = database_integer(&log->database, 0,
                                    "SELECT min(peer) FROM owed_offers WHERE peer NOT IN"
                                    " (SELECT n.id FROM contacts c JOIN nodes n ON n.key=c.node"
                                    " WHERE c.blocked=1)",
                                    "");
    database_run(&log->database, "DELETE FROM owed_offers WHERE peer=?1", "i", peer);
    log->state.owes_offers = peer != 0;
    return peer;
}

void log_turns_put_back(struct event_log *log, const struct log_turns *before)
{
    memcpy(log->turns.opened, before->opened, sizeof log->turns.opened);
    log->turns.count = before->count;
    if (before->asks) {
        log_turns_ask_at(log, before->ask_at_ms);
    }
}

bool log_turns_take_waiting(struct event_log *log)
{
    bool is_due = is_waiting_due(log);
    log->turns.asks = log->turns.asks && !is_due;
    return is_due;
}
