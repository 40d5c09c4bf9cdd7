#include "store/log_upkeep_private.h"

#include "store/log_lost_private.h"
#include "store/log_offers_private.h"
#include "store/log_own_private.h"
#include "store/log_search_private.h"
#include "store/log_service_days_private.h"
#include "store/log_sessions_private.h"
#include "store/log_turns_private.h"

enum { RESET_EVERY = 4 };

/* Deletions come together: each costs a checkpoint, and has a minute. */
static bool is_rested(const struct event_log *log)
{
    return clock_monotonic_ms(log->options.clock) - log->swept_ms >= LOG_UPKEEP_LOOK_MS;
}

/* Not while own old events may still come back, from before this log was set back. */
static bool may_write(const struct event_log *log)
{
    return community_is_member(log->state.community, &log->options.key->node_id) &&
           !atomic_load(&log->holds_answers);
}

bool log_upkeep_is_due(const struct event_log *log)
{
    return log->options.keeps_keys && log->state.is_known &&
           (log->state.wants_upkeep || log_service_days_date(log) != log->state.service_date ||
            log->state.words == LOG_WORDS_BEING_SWEPT ||
            ((log->state.has_questions || log_turns_are_due(log)) && may_write(log)) ||
            ((log->state.secrets_may_go || log->has_deleted ||
              log->state.words == LOG_WORDS_DELETED || log_search_is_behind(log)) &&
             is_rested(log)));
}

/* What is deleted is still in the journal, until it ends. */
static void sweep(struct event_log *log)
{
    log->swept_ms = clock_monotonic_ms(log->options.clock);
    log->state.secrets_may_go = false;
    log->has_deleted = log_receiving_keys_sweep(log) || log->has_deleted;
}

static void sweep_words(struct event_log *log)
{
    if (log->state.words == LOG_WORDS_BEING_SWEPT ||
        (log->state.words == LOG_WORDS_DELETED && is_rested(log))) {
        log->has_deleted = log_search_sweep(log) || log->has_deleted;
    }
}

bool log_upkeep_end_journal(struct event_log *log)
{
    bool ended = database_end_journal(&log->database);
    atomic_store(&log->journal_waits, !ended);
    return ended;
}

void log_upkeep_end_slice(struct event_log *log)
{
    log_lost_tell(log);
    if (log->has_deleted) {
        log->has_deleted = !log_upkeep_end_journal(log);
    }
}

enum result log_upkeep_publish(struct event_log *log, bool reset, struct append_answer *answer_out)
{
    struct log_secrets secrets = {.has_key = false};
    log_sealing_make_pair(log, LOG_RECEIVING_KEYS_EVERYBODY, &secrets);
    struct event_draft draft = event_draft_prekeys(&secrets.pair.public, log->options.key, reset);
    enum result result = log_own_append_with(log, &draft, &secrets, answer_out);
    log_secrets_wipe(&secrets);
    return result;
}

/* Whether what others seal to us now can't be opened: the log has offers of ours whose secrets are
 * not here. */
static bool is_lost(struct event_log *log, int64_t today)
{
    if (!log->state.offers_are_unsure || log->state.reset_day == today) {
        return false;
    }
    log->state.offers_are_unsure = false;
    return log_offers_is_any_lost(log);
}

static void publish_when_due(struct event_log *log, int64_t today)
{
    int64_t day = log_receiving_keys_newest_day(log);
    int64_t count = log_offers_count_prekeys(log);
    bool lost = is_lost(log, today);
    if (lost) {
        log->state.reset_day = today;
    }
    if (count == 0 || lost || (day != 0 && today >= day + LOG_UPKEEP_PREKEY_DAYS)) {
        struct append_answer answer = {0};
        (void)log_upkeep_publish(log, lost || (count + 1) % RESET_EVERY == 0, &answer);
    }
}

static void write_to_peers(struct event_log *log)
{
    for (int64_t peer = log_turns_take_owed(log); peer != 0; peer = log_turns_take_owed(log)) {
        log_sessions_offer(log, peer, true);
    }
    for (int64_t peer = log_turns_take_opened(log); peer != 0; peer = log_turns_take_opened(log)) {
        log_sessions_offer(log, peer, false);
    }
    if (log_turns_take_waiting(log)) {
        log_sessions_ask(log);
    }
    if (log->state.has_questions) {
        (void)log_sessions_answer(log);
    }
}

void log_upkeep_run_slice(struct event_log *log)
{
    int64_t today = log_service_days_today(log);
    bool is_new_day = log->state.service_date != log_service_days_date(log);
    log->state.service_date = log_service_days_date(log);
    log->state.wants_upkeep = false;
    if (is_new_day) {
        log_turns_note_waiting(log);
    }
    if (may_write(log)) {
        publish_when_due(log, today);
        write_to_peers(log);
    }
    sweep_words(log);
    if (is_new_day || is_rested(log)) {
        if (log_search_is_behind(log)) {
            log_search_catch_up(log);
        }
        sweep(log);
    }
}
