#include "store/search.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/search_text.h"
#include "store/history_private.h"
#include "store/log_blocked_private.h"
#include "store/log_clearing_private.h"
#include "store/log_nodes_private.h"
#include "store/log_readers_private.h"
#include "store/log_search_private.h"
#include "store/search_grams_private.h"

struct finding {
    int64_t seq;
    int64_t lamport;
    char event_id[ULID_TEXT_BYTES];
};

/* The newest of what was found so far, as a heap: the first is the oldest of them. */
struct findings {
    struct finding *list;
    size_t count;
    size_t most; /* one more than are to be shown */
};

/* As many searches keep their places between their steps; each is a connection with its cache. */
enum { MOST_KEPT = 4 };

struct search {
    struct event_log *log;
    struct database *reader; /* NULL: it has let go */
    sqlite3_stmt *row;
    struct buffer expression;
    int64_t conversation;
    bool is_kept;
    struct search_words words;
    struct node_id peer;
    bool of_peer; /* that one alone */
    struct findings findings;
    int64_t indexed;  /* how far the index had come when it began; -1: it did not yet */
    int64_t seq;      /* of what was behind, that and what came before was looked at */
    bool is_in_index; /* all of it was */
    int64_t place;    /* what stands there and behind was looked at */
    enum result result;
};

static int compare_newest_first(const void *left, const void *right)
{
    const struct finding *one = left;
    const struct finding *other = right;
    if (one->lamport != other->lamport) {
        return one->lamport > other->lamport ? -1 : 1;
    }
    return strcmp(other->event_id, one->event_id);
}

static atomic_int kept;

/* Whether none of what stands at that place or before can be among the newest. */
static bool is_enough(const struct findings *findings, int64_t place)
{
    return findings->count >= findings->most && findings->list[0].lamport > log_search_bound(place);
}

static bool is_newer(const struct findings *findings, size_t one, size_t other)
{
    return compare_newest_first(&findings->list[one], &findings->list[other]) < 0;
}

static void swap(struct findings *findings, size_t one, size_t other)
{
    struct finding between = findings->list[one];
    findings->list[one] = findings->list[other];
    findings->list[other] = between;
}

static void rise(struct findings *findings, size_t at)
{
    for (; at > 0 && is_newer(findings, (at - 1) / 2, at); at = (at - 1) / 2) {
        swap(findings, at, (at - 1) / 2);
    }
}

static void sink(struct findings *findings, size_t at)
{
    size_t child = 2 * at + 1;
    while (child < findings->count) {
        child += child + 1 < findings->count && is_newer(findings, child, child + 1);
        if (!is_newer(findings, at, child)) {
            return;
        }
        swap(findings, at, child);
        at = child;
        child = 2 * at + 1;
    }
}

static void add(struct findings *findings, sqlite3_stmt *row)
{
    struct finding finding = {.seq = sqlite3_column_int64(row, 1),
                              .lamport = sqlite3_column_int64(row, 2)};
    (void)snprintf(finding.event_id, sizeof finding.event_id, "%s", database_text(row, 3));
    if (findings->count < findings->most) {
        findings->list[findings->count++] = finding;
        rise(findings, findings->count - 1);
    } else if (compare_newest_first(&finding, &findings->list[0]) < 0) {
        findings->list[0] = finding;
        sink(findings, 0);
    }
}

static bool matches(const struct search_words *words, sqlite3_stmt *row, struct buffer *folded)
{
    const char *body = database_text(row, 4);
    const char *names = database_text(row, 5);
    buffer_clear(folded);
    search_text_fold(body, strlen(body), folded);
    buffer_append_byte(folded, ' ');
    search_text_fold(names, strlen(names), folded);
    return search_words_match(words, buffer_text(folded));
}

/* Not where the journal is to be emptied: nobody knows when the next step is. */
static bool keep(struct search *search)
{
    if (atomic_load(&search->log->journal_waits)) {
        return false;
    }
    if (!search->is_kept && atomic_fetch_add(&kept, 1) >= MOST_KEPT) {
        (void)atomic_fetch_sub(&kept, 1);
        return false;
    }
    search->is_kept = true;
    return true;
}

static void let_go(struct search *search)
{
    if (search->reader != NULL) {
        database_done(search->row);
        (void)sqlite3_exec(search->reader->handle, "COMMIT", NULL, NULL, NULL);
        enum result result = log_readers_release(search->log, &search->reader);
        search->result = search->result == RESULT_OK ? result : search->result;
    }
    if (search->is_kept) {
        (void)atomic_fetch_sub(&kept, 1);
        search->is_kept = false;
    }
}

/* SQL: not cleared, and of nobody who is blocked, but where that one's are looked for. */
#define IS_SHOWN                                                                                   \
    "+m.seq>" LOG_CLEARING_THROUGH(                                                                \
        "m.conversation") " AND (?1<>0 OR m.conversation NOT IN " LOG_BLOCKED_CONVERSATIONS ")"

/* What waits for the index when the search begins. Later it may be there: no matter, it is looked
 * at here and not there. */
static void query_waiting(struct search *search)
{
    if (search->indexed < 0) {
        search->indexed = database_integer(search->reader, 0, "SELECT indexed FROM state", "");
        search->seq = search->indexed;
    }
    search->row = database_query(search->reader,
                                 "SELECT 0,m.seq,m.lamport,m.event_id,m.body,m.names"
                                 " FROM messages m NOT INDEXED"
                                 " WHERE m.seq>?2 AND (?1=0 OR m.conversation=?1) AND " IS_SHOWN
                                 " ORDER BY m.seq",
                                 "ii", search->conversation, search->seq);
}

/* What may be found in the index before the place, the last one first. To find that place again,
 * runs are followed from the end: a search that lets go between steps takes the longer the farther
 * it is. */
static void query_index(struct search *search)
{
    buffer_clear(&search->expression);
    search_grams_express(&search->words, search->conversation, &search->expression);
    search->row =
        database_query(search->reader,
                       "SELECT s.rowid,m.seq,m.lamport,m.event_id,m.body,m.names"
                       " FROM messages_search s CROSS JOIN messages m INDEXED BY messages_place"
                       " ON m.place=s.rowid AND " LOG_SCHEMA_HAS_PLACE
                       " WHERE messages_search MATCH ?2 AND s.rowid<?3 AND +m.seq<=?4"
                       " AND " IS_SHOWN " ORDER BY s.rowid DESC",
                       "itii", search->conversation, buffer_text(&search->expression),
                       search->place, search->indexed);
}

static void query(struct search *search)
{
    if (search->is_in_index) {
        query_index(search);
    } else {
        query_waiting(search);
    }
}

/* One look at the log, until it lets go. */
static void take_hold(struct search *search)
{
    search->reader = log_readers_acquire(search->log);
    (void)database_execute(search->reader, "BEGIN");
    search->conversation =
        search->of_peer ? log_nodes_find_conversation(search->reader, &search->peer) : 0;
    query(search);
}

/* Goes through it. True: to the end. */
static bool look(struct search *search, bool (*is_over)(void *context), void *context)
{
    struct buffer folded;
    bool enough = false;
    bool over = false;
    buffer_init(&folded);
    while (!enough && !over && database_next(search->reader, search->row)) {
        if (search->is_in_index) {
            search->place = sqlite3_column_int64(search->row, 0);
            enough = is_enough(&search->findings, search->place);
        } else {
            search->seq = sqlite3_column_int64(search->row, 1);
        }
        if (!enough && matches(&search->words, search->row, &folded)) {
            add(&search->findings, search->row);
        }
        over = is_over(context);
    }
    buffer_deinit(&folded);
    return enough || !over;
}

/* True: to the end of the index. */
static bool find(struct search *search, bool (*is_over)(void *context), void *context)
{
    bool ended = look(search, is_over, context);
    if (ended && !search->is_in_index) {
        search->is_in_index = true;
        database_done(search->row);
        query(search);
        ended = look(search, is_over, context);
    }
    return ended;
}

/* Where in the message it was found: in its body, else in the names. */
static void show(const struct search_words *words, const struct history_message *message,
                 const char *names, search_visit *visit, void *context)
{
    struct search_range ranges[SEARCH_MOST_RANGES];
    struct search_found found = {.text = message->body, .in_body = true, .ranges = ranges};
    found.range_count = search_words_find(words, found.text, SEARCH_MOST_RANGES, ranges);
    if (found.range_count == 0) {
        found.text = names;
        found.in_body = false;
        found.range_count = search_words_find(words, names, SEARCH_MOST_RANGES, ranges);
    }
    visit(context, message, &found);
}

static void visit_findings(struct event_log *log, struct database *reader,
                           const struct search_words *words, const struct findings *findings,
                           search_visit *visit, void *context)
{
    struct history_rows rows = {.reader = reader};
    struct history_message message;
    for (size_t i = 0; i < findings->count && i + 1 < findings->most; i++) {
        sqlite3_stmt *row = database_query(
            reader, "SELECT " HISTORY_COLUMNS ",m.names FROM messages m WHERE m.seq=?3", "iii",
            log->self, (int64_t)EVENT_MESSAGE_DELIVERED, findings->list[i].seq);
        if (database_next(reader, row) && history_rows_read(&rows, row, &message)) {
            show(words, &message, database_text(row, HISTORY_COLUMN_COUNT), visit, context);
        }
        database_done(row);
    }
}

struct search *search_begin(struct event_log *log, const struct search_query *query)
{
    struct search *search = memory_allocate(1, sizeof *search);
    search->log = log;
    search->indexed = -1;
    search->place = INT64_MAX;
    buffer_init(&search->expression);
    search->findings.most = query->limit + 1;
    search->findings.list = memory_allocate(search->findings.most, sizeof *search->findings.list);
    search_words_init(&search->words, query->text);
    search->of_peer = query->peer != NULL;
    if (search->of_peer) {
        search->peer = *query->peer;
    }
    return search;
}

bool search_go_on(struct search *search, bool (*is_over)(void *context), void *context)
{
    if (search->words.count == 0) {
        return true;
    }
    if (search->reader == NULL) {
        take_hold(search);
    }
    bool ended = (search->of_peer && search->conversation == 0) || find(search, is_over, context);
    if (ended || !keep(search)) {
        let_go(search);
    }
    return ended || search->result != RESULT_OK;
}

enum result search_end(struct search **search_pointer, search_visit *visit, void *context,
                       bool *more_out)
{
    struct search *search = *search_pointer;
    struct findings *findings = &search->findings;
    let_go(search);
    struct database *reader = log_readers_acquire(search->log);
    (void)database_execute(reader, "BEGIN");
    qsort(findings->list, findings->count, sizeof *findings->list, compare_newest_first);
    visit_findings(search->log, reader, &search->words, findings, visit, context);
    (void)sqlite3_exec(reader->handle, "COMMIT", NULL, NULL, NULL);
    *more_out = findings->count >= findings->most;
    enum result result = log_readers_release(search->log, &reader);
    result = search->result == RESULT_OK ? result : search->result;
    search_words_deinit(&search->words);
    buffer_deinit(&search->expression);
    memory_free(findings->list);
    memory_free(search);
    *search_pointer = NULL;
    return result;
}
