#include "store/log_sessions_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/session_event.h"
#include "store/log_blocked_private.h"
#include "store/log_events_private.h"
#include "store/log_lost_private.h"
#include "store/log_nodes_private.h"
#include "store/log_own_private.h"
#include "store/log_service_days_private.h"
#include "store/log_turns_private.h"

/* Whether something may be written to it by itself. */
static bool may_write_to(struct event_log *log, const struct node_id *peer)
{
    return community_is_member(log->state.community, peer) && !log_blocked_is(log, peer);
}

/* The peer behind that number, if it is such a one. */
static bool find_member(struct event_log *log, int64_t number, struct node_id *peer_out)
{
    return log_nodes_key(log, number, peer_out) && may_write_to(log, peer_out);
}

void log_sessions_offer(struct event_log *log, int64_t peer, bool is_owed)
{
    struct append_answer answer = {0};
    struct log_secrets secrets = {.has_key = false};
    struct node_id key;
    int64_t today = log_service_days_today(log);
    if (!find_member(log, peer, &key) || !log_sealing_needs_reply(log, peer) ||
        (!is_owed &&
         database_integer(&log->database, 0, "SELECT offered FROM sessions WHERE peer=?1", "i",
                          peer) == today)) {
        return;
    }
    log_sealing_make_pair(log, peer, &secrets);
    struct event_draft draft = event_draft_established(&key, &secrets.pair.public);
    if (log_own_append_with(log, &draft, &secrets, &answer) == RESULT_OK) {
        database_run(&log->database,
                     "INSERT INTO sessions(peer,offered,asked_ms) VALUES(?1,?2,0)"
                     " ON CONFLICT(peer) DO UPDATE SET offered=excluded.offered",
                     "ii", peer, today);
    }
    log_secrets_wipe(&secrets);
}

/* Messages of one peer that wait. */
struct question {
    uint8_t hashes[SESSION_EVENT_MOST_HASHES][BLAKE3_HASH_BYTES];
    size_t count;
};

/* A whole service day lies between two questions for one: 24 h, whatever the time of day. */
static void gather(struct event_log *log, int64_t peer, struct question *question)
{
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT e.hash FROM (SELECT seq FROM messages INDEXED BY messages_waiting"
        " WHERE sealed=1 AND author=?1 ORDER BY seq DESC LIMIT ?2) m"
        " CROSS JOIN events e ON e.seq=m.seq LEFT JOIN repairs r ON r.hash=e.hash"
        " WHERE r.hash IS NULL OR (r.asked<?3 AND r.asked_day+1<?4) LIMIT ?5",
        "iiiii", peer, (int64_t)LOG_SESSIONS_MOST_WAITING, (int64_t)LOG_SESSIONS_MOST_TIMES,
        log_service_days_today(log), (int64_t)SESSION_EVENT_MOST_HASHES);
    while (question->count < SESSION_EVENT_MOST_HASHES && database_next(&log->database, row)) {
        if (sqlite3_column_bytes(row, 0) == BLAKE3_HASH_BYTES) {
            memcpy(question->hashes[question->count++], sqlite3_column_blob(row, 0),
                   BLAKE3_HASH_BYTES);
        }
    }
    database_done(row);
}

static void note_asked(struct event_log *log, int64_t peer, const struct question *question,
                       int64_t now_ms)
{
    database_run(&log->database,
                 "INSERT INTO sessions(peer,offered,asked_ms) VALUES(?1,0,?2)"
                 " ON CONFLICT(peer) DO UPDATE SET asked_ms=excluded.asked_ms",
                 "ii", peer, now_ms);
    for (size_t i = 0; i < question->count; i++) {
        database_run(&log->database,
                     "INSERT INTO repairs(hash,asked,asked_day,given) VALUES(?1,1,?2,0)"
                     " ON CONFLICT(hash) DO UPDATE SET asked=asked+1,asked_day=excluded.asked_day",
                     "bi", question->hashes[i], BLAKE3_HASH_BYTES, log_service_days_today(log));
    }
}

/* What found no room in a full question is in the next one. */
static void ask_for_more(struct event_log *log, const struct question *question)
{
    if (question->count == SESSION_EVENT_MOST_HASHES) {
        log_turns_ask_at(log, clock_monotonic_ms(log->options.clock) + LOG_SESSIONS_PAUSE_MS);
    }
}

static void ask(struct event_log *log, int64_t peer, const struct node_id *key, int64_t now_ms)
{
    struct append_answer answer = {0};
    struct log_secrets secrets = {.has_key = false};
    struct question *question = memory_allocate(1, sizeof *question);
    gather(log, peer, question);
    if (question->count > 0) {
        log_sealing_make_pair(log, peer, &secrets);
        struct event_draft draft =
            event_draft_broken(key, question->hashes[0], question->count, &secrets.pair.public);
        if (log_own_append_with(log, &draft, &secrets, &answer) == RESULT_OK) {
            note_asked(log, peer, question, now_ms);
            ask_for_more(log, question);
        }
        log_secrets_wipe(&secrets);
    }
    memory_free(question);
}

/* How long until that peer may be asked again, by a clock that may jump. */
static int64_t pause_of(struct event_log *log, int64_t peer, int64_t now_ms)
{
    int64_t asked_ms = database_integer(&log->database, 0,
                                        "SELECT asked_ms FROM sessions WHERE peer=?1", "i", peer);
    int64_t since_ms = now_ms - asked_ms;
    return asked_ms == 0 || since_ms < 0 || since_ms >= LOG_SESSIONS_PAUSE_MS
               ? 0
               : LOG_SESSIONS_PAUSE_MS - since_ms;
}

void log_sessions_ask(struct event_log *log)
{
    int64_t now_ms = clock_wall_ms(log->options.clock);
    int64_t peer = 0;
    struct node_id key;
    for (;;) {
        peer = database_integer(&log->database, 0,
                                "SELECT min(author) FROM messages INDEXED BY messages_waiting"
                                " WHERE sealed=1 AND author>?1",
                                "i", peer);
        if (peer == 0) {
            return;
        }
        int64_t pause_ms = pause_of(log, peer, now_ms);
        if (pause_ms > 0) {
            log_turns_ask_at(log, clock_monotonic_ms(log->options.clock) + pause_ms);
        } else if (peer != log->self && find_member(log, peer, &key)) {
            ask(log, peer, &key, now_ms);
        }
    }
}

static void note_given(struct event_log *log, const struct payload_key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        database_run(&log->database,
                     "INSERT INTO repairs(hash,asked,asked_day,given) VALUES(?1,0,0,1)"
                     " ON CONFLICT(hash) DO UPDATE SET given=given+1",
                     "b", keys[i].event, BLAKE3_HASH_BYTES);
    }
}

enum result log_sessions_give(struct event_log *log, const struct node_id *asker,
                              const struct payload_key *keys, size_t count)
{
    struct append_answer answer = {0};
    struct log_secrets secrets = {.has_key = false};
    struct event_draft draft;
    char client_id[ULID_TEXT_BYTES];
    struct buffer payload;
    buffer_init(&payload);
    payload_write_keys(keys, count, &payload);
    ulid_mint(&log->ulids, clock_wall_ms(log->options.clock), client_id);
    const struct log_sealed sealed = {asker, client_id, &payload};
    enum result result = log_sealing_seal_payload(log, &sealed, &secrets, &draft);
    if (result == RESULT_OK) {
        result = log_own_append_with(log, &draft, &secrets, &answer);
    }
    log_secrets_wipe(&secrets);
    signing_wipe(payload.data, payload.length_bytes);
    buffer_deinit(&payload);
    return result;
}

/* A hash that is named twice is given once. */
static bool is_among(const struct payload_key *keys, size_t count, const uint8_t *hash)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(keys[i].event, hash, BLAKE3_HASH_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* What was told to the owner is not looked at again. False: its key is not given for the asking. */
static bool answer_one(struct event_log *log, const struct node_id *asker, struct payload_key *key)
{
    switch (log_lost_has(log, asker, key->event) ? LOG_LOST_NOTHING
                                                 : log_lost_look(log, asker, key)) {
    case LOG_LOST_MISSING:
        return true;
    case LOG_LOST_HAD:
        log_lost_note(log, asker, key->event);
        break;
    case LOG_LOST_NOTHING:
        break;
    }
    return false;
}

static void answer_broken(struct event_log *log, const struct event *event)
{
    struct session_broken broken;
    size_t count = 0;
    if (!session_event_broken(event, &broken) || !may_write_to(log, &event->author)) {
        return;
    }
    struct payload_key *keys = memory_allocate(SESSION_EVENT_MOST_HASHES, sizeof *keys);
    for (size_t i = 0; i < broken.count; i++) {
        session_event_hash(&broken, i, keys[count].event);
        if (!is_among(keys, count, keys[count].event)) {
            count += answer_one(log, &event->author, &keys[count]) ? 1 : 0;
        }
    }
    if (count > 0 && log_sessions_give(log, &event->author, keys, count) == RESULT_OK) {
        note_given(log, keys, count);
    }
    signing_wipe(keys, SESSION_EVENT_MOST_HASHES * sizeof *keys);
    memory_free(keys);
}

static bool has_questions(struct event_log *log)
{
    return database_integer(&log->database, 0, "SELECT 1 FROM questions LIMIT 1", "") != 0;
}

bool log_sessions_answer(struct event_log *log)
{
    int64_t seq = database_integer(&log->database, 0, "SELECT min(seq) FROM questions", "");
    struct event *event = seq == 0 ? NULL : log_events_read(log, seq);
    if (event != NULL) {
        answer_broken(log, event);
    }
    event_destroy(&event);
    database_run(&log->database, "DELETE FROM questions WHERE seq<=?1", "i", seq);
    log->state.has_questions = has_questions(log);
    return log->state.has_questions;
}

void log_sessions_load(struct event_log *log)
{
    log->state.owes_offers =
        database_integer(&log->database, 0, "SELECT 1 FROM owed_offers LIMIT 1", "") != 0;
    log->state.has_questions = has_questions(log);
}
