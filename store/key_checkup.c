#include "store/key_checkup_private.h"

#include <stdio.h>
#include <string.h>

#include "protocol/envelope.h"
#include "store/log_events_private.h"
#include "store/log_keyring_private.h"
#include "store/log_offers_private.h"
#include "store/log_opened_private.h"

enum verdict {
    IS_RIGHT,
    IS_WRONG,
    OPENS_NOTHING, /* right, and its message was sealed otherwise than it should: final (§24.4) */
    IS_UNKNOWN,    /* of a newer version, or the event itself is damaged */
};

/* By commitment and tag. */
static enum verdict try_key(const struct event_log *log, const struct event *event,
                            const struct content_key *key)
{
    const struct envelope_place place = log_opened_place(log, event);
    struct buffer text;
    buffer_init(&text);
    enum envelope_outcome outcome = envelope_open(event->data.message.envelope, &place, key, &text);
    if (text.length_bytes > 0) {
        signing_wipe(text.data, text.length_bytes);
    }
    buffer_deinit(&text);
    switch (outcome) {
    case ENVELOPE_OPENED:
        return IS_RIGHT;
    case ENVELOPE_UNSUPPORTED:
        return IS_UNKNOWN;
    case ENVELOPE_UNREADABLE:
    case ENVELOPE_WAITING:
        break;
    }
    return envelope_is_key(event->data.message.envelope, key) ? OPENS_NOTHING : IS_WRONG;
}

static enum verdict judge(struct event_log *log, sqlite3_stmt *row, const struct event *event)
{
    struct content_key key;
    enum verdict verdict = IS_WRONG;
    if (event == NULL || sqlite3_column_bytes(row, 2) != BLAKE3_HASH_BYTES ||
        memcmp(sqlite3_column_blob(row, 2), event->hash, BLAKE3_HASH_BYTES) != 0) {
        return IS_UNKNOWN;
    }
    if (event->type == EVENT_MESSAGE_SENT && event->data.message.sealed &&
        sqlite3_column_bytes(row, 1) == ENVELOPE_KEY_BYTES) {
        memcpy(key.key, sqlite3_column_blob(row, 1), ENVELOPE_KEY_BYTES);
        verdict = try_key(log, event, &key);
        signing_wipe(&key, sizeof key);
    }
    return verdict;
}

typedef void visit_key(struct event_log *log, const struct event *event, enum verdict verdict,
                       struct maintenance_report *report);

/* In the order of the events, as they lie: keys are not sorted, for what sorts them copies them. */
static void visit_keys(struct event_log *log, visit_key *visit, struct maintenance_report *report)
{
    sqlite3_stmt *row =
        database_query(&log->database,
                       "SELECT e.json,k.key,k.hash FROM events e NOT INDEXED CROSS JOIN keyring k"
                       " ON k.hash=e.hash WHERE k.key IS NOT NULL ORDER BY e.seq",
                       "");
    while (database_next(&log->database, row)) {
        struct event *event = log_events_of_row(log, row, 0);
        visit(log, event, judge(log, row, event), report);
        event_destroy(&event);
    }
    database_done(row);
}

static void note_key(struct event_log *log, const struct event *event, enum verdict verdict,
                     struct maintenance_report *report)
{
    (void)log;
    report->keys++;
    report->unopened += verdict == OPENS_NOTHING ? 1 : 0;
    if (verdict == IS_WRONG) {
        if (report->wrong_keys < MAINTENANCE_MOST_NAMED) {
            (void)snprintf(report->wrong_key_of[report->wrong_keys], ULID_TEXT_BYTES, "%s",
                           event->event_id);
        }
        report->wrong_keys++;
    }
}

static void drop_key(struct event_log *log, const struct event *event, enum verdict verdict,
                     struct maintenance_report *report)
{
    (void)report;
    if (verdict == IS_WRONG) {
        log_keyring_forget(log, event->hash);
    }
}

void key_checkup_run(struct event_log *log, struct maintenance_report *report)
{
    visit_keys(log, note_key, report);
    report->offers = database_integer(&log->database, 0,
                                      "SELECT count(*) FROM offers WHERE owner=?1", "i", log->self);
    report->offers_without_secret =
        database_integer(&log->database, 0,
                         "SELECT count(*) FROM offers o WHERE o.owner=?1 AND NOT EXISTS"
                         " (SELECT 1 FROM receiving_keys r WHERE r.public=o.public)",
                         "i", log->self);
    report->newest_offer_is_lost = log_offers_is_any_lost(log);
}

void key_checkup_drop_wrong(struct event_log *log)
{
    visit_keys(log, drop_key, NULL);
}
