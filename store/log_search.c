#include "store/log_search_private.h"

#include <string.h>

#include "protocol/search_text.h"
#include "store/log_schema_private.h"
#include "store/search_grams_private.h"

/* So many messages of one lamport stand where they belong, a few more behind the next lamports. */
enum { PLACES_BITS = 3, NEAR_LAMPORTS = 16 };

static const int64_t places = 1 << PLACES_BITS;

int64_t log_search_bound(int64_t place)
{
    return place >> PLACES_BITS;
}

/* The first place from there on that nothing stands at or behind, up to `end`; 0: there is none. */
static int64_t find_free(struct event_log *log, int64_t from, int64_t end)
{
    int64_t last = database_integer(&log->database, from - 1,
                                    "SELECT max(place) FROM messages INDEXED BY messages_place"
                                    " WHERE " LOG_SCHEMA_HAS_PLACE " AND place>=?1 AND place<?2",
                                    "ii", from, end);
    return last + 1 < end ? last + 1 : 0;
}

static int64_t find_place(struct event_log *log, int64_t lamport)
{
    for (int64_t i = 0; i < NEAR_LAMPORTS; i++) {
        int64_t from = (lamport + i) << PLACES_BITS;
        int64_t place = find_free(log, from, from + places);
        if (place != 0) {
            return place;
        }
    }
    return find_free(log, lamport << PLACES_BITS, INT64_MAX);
}

/* What the index holds of the message in the row: conversation, body, names. */
static void write_grams(sqlite3_stmt *row, struct buffer *folded, struct buffer *grams)
{
    const char *body = database_text(row, 1);
    const char *names = database_text(row, 2);
    buffer_clear(folded);
    buffer_clear(grams);
    search_text_fold(body, strlen(body), folded);
    buffer_append_byte(folded, ' ');
    search_text_fold(names, strlen(names), folded);
    search_grams_write(buffer_text(folded), sqlite3_column_int64(row, 0), grams);
}

#define TEXTS "conversation,body,names"

static const char put_in[] = "INSERT INTO messages_search(rowid,grams) VALUES(?1,?2)";
static const char take_out[] =
    "INSERT INTO messages_search(messages_search,rowid,grams) VALUES('delete',?1,?2)";

/* Runs `change` with the message's place and what the index holds of it. */
static void change(struct event_log *log, int64_t seq, const char *change)
{
    struct buffer folded;
    struct buffer grams;
    int64_t place = 0;
    buffer_init(&folded);
    buffer_init(&grams);
    sqlite3_stmt *row = database_query(
        &log->database, "SELECT " TEXTS ",place FROM messages WHERE seq=?1", "i", seq);
    if (database_next(&log->database, row)) {
        write_grams(row, &folded, &grams);
        place = sqlite3_column_int64(row, 3);
    }
    database_done(row);
    if (place > 0) {
        database_run(&log->database, change, "it", place, buffer_text(&grams));
    }
    buffer_deinit(&folded);
    buffer_deinit(&grams);
}

/* Those with these arrival numbers get a place, in the order of places: FTS5 writes what it
 * gathered whenever the next one is not behind the last, however little that is. The greatest of
 * the numbers; 0: none. */
static int64_t put_all(struct event_log *log, int64_t first, int64_t last)
{
    struct buffer folded;
    struct buffer grams;
    int64_t greatest = 0;
    buffer_init(&folded);
    buffer_init(&grams);
    sqlite3_stmt *row =
        database_query(&log->database,
                       "SELECT " TEXTS ",s.seq,lamport FROM (SELECT seq FROM messages NOT INDEXED"
                       " WHERE seq BETWEEN ?1 AND ?2 ORDER BY lamport,seq LIMIT -1) s"
                       " CROSS JOIN messages m ON m.seq=s.seq",
                       "ii", first, last);
    while (database_next(&log->database, row)) {
        int64_t place = find_place(log, sqlite3_column_int64(row, 4));
        int64_t seq = sqlite3_column_int64(row, 3);
        write_grams(row, &folded, &grams);
        database_run(&log->database, "UPDATE messages SET place=?2 WHERE seq=?1", "ii", seq, place);
        database_run(&log->database, put_in, "it", place, buffer_text(&grams));
        greatest = seq > greatest ? seq : greatest;
    }
    database_done(row);
    buffer_deinit(&folded);
    buffer_deinit(&grams);
    return greatest;
}

/* A long log's in parts, for their order is kept in memory. */
void log_search_catch_up(struct event_log *log)
{
    enum { PART = 65536 };
    struct log_search *search = &log->state.search;
    int64_t end = database_integer(&log->database, 0, "SELECT max(seq) FROM messages", "");
    while (search->through < end) {
        int64_t last = end - search->through < PART ? end : search->through + PART;
        (void)put_all(log, search->through + 1, last);
        search->through = last;
    }
    *search = (struct log_search){.through = search->through};
}

static bool is_waiting(const struct event_log *log, int64_t seq)
{
    return seq > log->state.search.through;
}

/* One more, or other words of one. What is removed does not make these bytes less. */
static void let_wait(struct event_log *log, int64_t count, size_t text_bytes)
{
    struct log_search *search = &log->state.search;
    search->waiting += count;
    search->waiting_bytes += (int64_t)text_bytes;
    if (search->waiting > log->search_may_wait ||
        search->waiting_bytes > LOG_SEARCH_MOST_WAITING_BYTES) {
        log_search_catch_up(log);
    }
}

void log_search_add(struct event_log *log, int64_t seq, size_t text_bytes)
{
    if (is_waiting(log, seq)) {
        let_wait(log, 1, text_bytes);
    } else {
        (void)put_all(log, seq, seq);
    }
}

void log_search_remove(struct event_log *log, int64_t seq)
{
    if (is_waiting(log, seq)) {
        log->state.search.waiting--;
    } else {
        change(log, seq, take_out);
    }
}

void log_search_take_out(struct event_log *log, int64_t seq)
{
    if (!is_waiting(log, seq)) {
        change(log, seq, take_out);
    }
}

void log_search_put_back(struct event_log *log, int64_t seq, size_t text_bytes)
{
    if (is_waiting(log, seq)) {
        let_wait(log, 0, text_bytes);
    } else {
        change(log, seq, put_in);
    }
}

bool log_search_is_behind(const struct event_log *log)
{
    enum { PARTS = 4 };
    return log->state.search.waiting > log->search_may_wait / PARTS ||
           log->state.search.waiting_bytes > LOG_SEARCH_MOST_WAITING_BYTES / PARTS;
}

void log_search_note_deleted(struct event_log *log)
{
    database_run(&log->database, "INSERT OR REPLACE INTO meta(key,value) VALUES('words','deleted')",
                 "");
    log->state.words = LOG_WORDS_DELETED;
}

/* Of what was edited both texts: it may get the old one back. */
static void load_waiting(struct event_log *log)
{
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT s.indexed,count(m.seq),"
        "coalesce(sum(length(CAST(m.body||m.original||m.names AS BLOB))),0)"
        " FROM state s LEFT JOIN messages m NOT INDEXED ON m.seq>s.indexed WHERE s.id=1",
        "");
    if (database_next(&log->database, row)) {
        log->state.search = (struct log_search){.through = sqlite3_column_int64(row, 0),
                                                .waiting = sqlite3_column_int64(row, 1),
                                                .waiting_bytes = sqlite3_column_int64(row, 2)};
    }
    database_done(row);
}

void log_search_load(struct event_log *log)
{
    log->state.words =
        database_integer(&log->database, 0, "SELECT 1 FROM meta WHERE key='words'", "") != 0
            ? LOG_WORDS_DELETED
            : LOG_WORDS_ARE_SHOWN;
    load_waiting(log);
}

/* What is merged into one segment holds nothing of what was removed. */
bool log_search_sweep(struct event_log *log)
{
    enum { PAGES = 256, LEAST_CHANGES = 2 };
    int before = sqlite3_total_changes(log->database.handle);
    database_run(&log->database,
                 "INSERT INTO messages_search(messages_search,rank) VALUES('merge',?1)", "i",
                 (int64_t)(log->state.words == LOG_WORDS_DELETED ? -PAGES : PAGES));
    bool ended = sqlite3_total_changes(log->database.handle) - before < LEAST_CHANGES;
    if (ended) {
        database_run(&log->database, "DELETE FROM meta WHERE key='words'", "");
    }
    log->state.words = ended ? LOG_WORDS_ARE_SHOWN : LOG_WORDS_BEING_SWEPT;
    return ended;
}

bool log_search_is_of_today(struct event_log *log)
{
    char version[SEARCH_TEXT_VERSION_BYTES];
    search_text_version(version);
    return database_integer(&log->database, 0, "SELECT 1 FROM meta WHERE key='search' AND value=?1",
                            "t", version) != 0;
}

void log_search_clear(struct event_log *log)
{
    char version[SEARCH_TEXT_VERSION_BYTES];
    search_text_version(version);
    (void)database_execute(&log->database,
                           "INSERT INTO messages_search(messages_search) VALUES('delete-all')");
    database_run(&log->database, "INSERT OR REPLACE INTO meta(key,value) VALUES('search',?1)", "t",
                 version);
    log->state.search = (struct log_search){.through = 0};
}

void log_search_renew(struct event_log *log)
{
    log_search_clear(log);
    (void)database_execute(&log->database, "UPDATE messages SET place=-abs(place)");
    log_search_catch_up(log);
}

/* Beside the index another one of what the messages say, and of both what they hold. */
static bool make_other(struct event_log *log)
{
    return database_execute(
               &log->database,
               LOG_SCHEMA_SEARCH("kept_search") "CREATE VIRTUAL TABLE kept_rows USING "
                                                "fts5vocab(messages_search, instance);"
                                                "CREATE VIRTUAL TABLE kept_other USING "
                                                "fts5vocab(kept_search, instance);") == RESULT_OK;
}

static void fill_other(struct event_log *log)
{
    struct buffer folded;
    struct buffer grams;
    buffer_init(&folded);
    buffer_init(&grams);
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT " TEXTS ",place FROM messages WHERE " LOG_SCHEMA_HAS_PLACE " ORDER BY place", "");
    while (database_next(&log->database, row)) {
        write_grams(row, &folded, &grams);
        database_run(&log->database, "INSERT INTO kept_search(rowid,grams) VALUES(?1,?2)", "it",
                     sqlite3_column_int64(row, 3), buffer_text(&grams));
    }
    database_done(row);
    buffer_deinit(&folded);
    buffer_deinit(&grams);
}

static bool holds_the_same(struct event_log *log)
{
    sqlite3_stmt *row = database_query(&log->database, "SELECT term,doc FROM kept_rows", "");
    sqlite3_stmt *other = database_query(&log->database, "SELECT term,doc FROM kept_other", "");
    bool same = true;
    bool more = true;
    while (same && more) {
        more = database_next(&log->database, row);
        same = database_next(&log->database, other) == more &&
               (!more || (sqlite3_column_int64(row, 1) == sqlite3_column_int64(other, 1) &&
                          strcmp(database_text(row, 0), database_text(other, 0)) == 0));
    }
    database_done(row);
    database_done(other);
    return same;
}

static bool places_are_right(struct event_log *log)
{
    return database_integer(&log->database, 0,
                            "SELECT EXISTS(SELECT 1 FROM messages WHERE CASE WHEN seq>?2"
                            " THEN place>0 ELSE place>>?1<lamport END) OR EXISTS(SELECT 1"
                            " FROM messages WHERE " LOG_SCHEMA_HAS_PLACE
                            " GROUP BY place HAVING count(*)>1)",
                            "ii", (int64_t)PLACES_BITS, log->state.search.through) == 0;
}

bool log_search_is_whole(struct event_log *log)
{
    bool sound = sqlite3_exec(log->database.handle,
                              "INSERT INTO messages_search(messages_search)"
                              " VALUES('integrity-check')",
                              NULL, NULL, NULL) == SQLITE_OK;
    if (!sound || !places_are_right(log) || !make_other(log)) {
        return false;
    }
    fill_other(log);
    return holds_the_same(log);
}
