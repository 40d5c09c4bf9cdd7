#include "store/log_moves_private.h"

#include <string.h>

#include "core/memory.h"
#include "store/log_clearing_private.h"
#include "store/log_events_private.h"
#include "store/log_receipts_private.h"
#include "store/log_schema_private.h"
#include "store/log_set_private.h"
#include "store/log_views_private.h"

enum { SLICE_MS = 5, PAGE_EVENTS = 64 };

/* Which of an author's events belong into the set: those up to a lamport. */
static int64_t last_admitted(const struct event_log *log, const struct node_id *author)
{
    const struct community *community = log->state.community;
    struct standing standing =
        replay_standing(community_replay(community), community_find(community, author));
    if (standing.level != REPLAY_NO_LEVEL) {
        return INT64_MAX;
    }
    return standing.revoked == FACT_NONE ? 0 : community_fact(community, standing.revoked)->lamport;
}

/* An event that is not where it belongs. */
struct misplaced {
    int64_t seq;
    int64_t lamport;
    uint8_t hash[BLAKE3_HASH_BYTES];
};

static size_t read_page(struct event_log *log, sqlite3_stmt *row, struct misplaced *page_out)
{
    size_t count = 0;
    while (count < PAGE_EVENTS && database_next(&log->database, row)) {
        page_out[count].seq = sqlite3_column_int64(row, 0);
        page_out[count].lamport = sqlite3_column_int64(row, 1);
        if (sqlite3_column_bytes(row, 2) == BLAKE3_HASH_BYTES) {
            memcpy(page_out[count++].hash, sqlite3_column_blob(row, 2), BLAKE3_HASH_BYTES);
        }
    }
    database_done(row);
    return count;
}

#define EVENTS_OF_AUTHOR                                                                           \
    "SELECT seq,lamport,hash FROM events INDEXED BY events_author WHERE " LOG_SCHEMA_IS_AUTHOR(    \
        "author", "?1")

/* The latest first: what is taken back then lies at the end of what is shown. */
static const char to_go[] =
    EVENTS_OF_AUTHOR " AND aside=0 AND lamport>?2 ORDER BY lamport DESC LIMIT ?3";
static const char to_come_back[] =
    EVENTS_OF_AUTHOR " AND aside=1 AND lamport<=?2 ORDER BY lamport LIMIT ?3";

static size_t find_misplaced(struct event_log *log, const char *statement,
                             const struct node_id *author, int64_t last, struct misplaced *page_out)
{
    return read_page(log,
                     database_query(&log->database, statement, "bii", author->key, NODE_ID_BYTES,
                                    last, (int64_t)PAGE_EVENTS),
                     page_out);
}

static void set_aside(struct event_log *log, const struct misplaced *event, int64_t aside)
{
    log_events_set_aside(log, event->seq, aside);
    if (aside == 1) {
        fingerprint_remove(&log->state.fingerprint, event->hash);
    } else {
        fingerprint_add(&log->state.fingerprint, event->hash);
    }
    log_set_note(log, event->lamport, event->hash, aside == 1);
}

/* What is no event any more by today's rules was in no view; aside, it stays there for good. */
static void move(struct event_log *log, const struct misplaced *misplaced, bool goes)
{
    struct event *event = log_events_read(log, misplaced->seq);
    if (event == NULL && !goes) {
        database_run(&log->database, "UPDATE events SET aside=2 WHERE seq=?1", "i", misplaced->seq);
        return;
    }
    set_aside(log, misplaced, goes ? 1 : 0);
    if (event != NULL && goes) {
        log_views_take_back(log, event, misplaced->seq);
    } else if (event != NULL) {
        struct parties parties = {.known = false};
        if (log_views_apply(log, event, misplaced->seq, false, &parties) &&
            log_receipts_is_due(log, event, misplaced->seq, false)) {
            log_receipts_owe(log, misplaced->seq);
        }
        log->state.head = event->lamport > log->state.head ? event->lamport : log->state.head;
    }
    event_destroy(&event);
}

static bool is_over(const struct event_log *log, int64_t until_ms)
{
    return log->database.failed ||
           (!log->options.synchronous && clock_monotonic_ms(log->options.clock) >= until_ms);
}

/* False: nothing is left of this author's. */
static bool move_page(struct event_log *log, const struct node_id *author, int64_t until_ms)
{
    struct misplaced page[PAGE_EVENTS];
    int64_t last = last_admitted(log, author);
    size_t going = find_misplaced(log, to_go, author, last, page);
    size_t count = going > 0 ? going : find_misplaced(log, to_come_back, author, last, page);
    for (size_t i = 0; i < count && (i == 0 || !is_over(log, until_ms)); i++) {
        move(log, &page[i], going > 0);
    }
    if (going > 0) {
        log->state.head = database_integer(
            &log->database, 0,
            "SELECT max(lamport) FROM events INDEXED BY events_set WHERE aside=0", "");
    }
    return count > 0;
}

void log_moves_note(struct event_log *log, const struct node_id *author)
{
    struct misplaced page[PAGE_EVENTS];
    int64_t last = last_admitted(log, author);
    if (find_misplaced(log, to_go, author, last, page) +
            find_misplaced(log, to_come_back, author, last, page) >
        0) {
        database_run(&log->database, "INSERT OR IGNORE INTO moves(author) VALUES(?1)", "b",
                     author->key, NODE_ID_BYTES);
        log->state.is_moving = true;
    }
}

static bool find_author(struct event_log *log, struct node_id *author_out)
{
    sqlite3_stmt *row = database_query(&log->database, "SELECT author FROM moves LIMIT 1", "");
    bool found =
        database_next(&log->database, row) && sqlite3_column_bytes(row, 0) == NODE_ID_BYTES;
    if (found) {
        memcpy(author_out->key, sqlite3_column_blob(row, 0), NODE_ID_BYTES);
    }
    database_done(row);
    return found;
}

/* False: nothing is left of anybody's. */
static bool move_some(struct event_log *log, int64_t until_ms)
{
    struct node_id author;
    if (!find_author(log, &author)) {
        return false;
    }
    if (!move_page(log, &author, until_ms) && !log->database.failed) {
        database_run(&log->database, "DELETE FROM moves WHERE author=?1", "b", author.key,
                     NODE_ID_BYTES);
    }
    return true;
}

void log_moves_run_slice(struct event_log *log)
{
    int64_t until_ms = clock_monotonic_ms(log->options.clock) + SLICE_MS;
    log->state.has_moved = true;
    do {
        log->state.is_moving = move_some(log, until_ms);
    } while (log->state.is_moving && !is_over(log, until_ms));
    log_clearing_load(log); /* what moved may have passed by it */
}

void log_moves_load(struct event_log *log)
{
    log->state.is_moving =
        database_integer(&log->database, 0, "SELECT 1 FROM moves LIMIT 1", "") != 0;
}
