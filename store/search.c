#include "store/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/search_text.h"
#include "store/history_private.h"
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

static int compare_newest_first(const void *left, const void *right)
{
    const struct finding *one = left;
    const struct finding *other = right;
    if (one->lamport != other->lamport) {
        return one->lamport > other->lamport ? -1 : 1;
    }
    return strcmp(other->event_id, one->event_id);
}

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

/* Goes through what may be found, the last place first. */
static void find(struct database *reader, const struct search_words *words, int64_t conversation,
                 struct findings *findings)
{
    struct buffer expression;
    struct buffer folded;
    bool enough = false;
    buffer_init(&expression);
    buffer_init(&folded);
    search_grams_express(words, conversation, &expression);
    sqlite3_stmt *row = database_query(
        reader,
        "SELECT s.rowid,m.seq,m.lamport,m.event_id,m.body,m.names FROM messages_search s"
        " CROSS JOIN messages m INDEXED BY messages_place ON m.place=s.rowid"
        " WHERE messages_search MATCH ?1 ORDER BY s.rowid DESC",
        "t", buffer_text(&expression));
    while (!enough && database_next(reader, row)) {
        enough = is_enough(findings, sqlite3_column_int64(row, 0));
        if (!enough && matches(words, row, &folded)) {
            add(findings, row);
        }
    }
    database_done(row);
    buffer_deinit(&expression);
    buffer_deinit(&folded);
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

enum result search_messages(struct event_log *log, const struct search_query *query,
                            search_visit *visit, void *context, bool *more_out)
{
    struct findings findings = {.most = query->limit + 1};
    findings.list = memory_allocate(findings.most, sizeof *findings.list);
    struct search_words words;
    search_words_init(&words, query->text);
    struct database *reader = log_readers_acquire(log);
    (void)database_execute(reader, "BEGIN");
    int64_t conversation =
        query->peer == NULL ? 0 : log_nodes_find_conversation(reader, query->peer);
    if (words.count > 0 && (query->peer == NULL || conversation != 0)) {
        find(reader, &words, conversation, &findings);
    }
    qsort(findings.list, findings.count, sizeof *findings.list, compare_newest_first);
    visit_findings(log, reader, &words, &findings, visit, context);
    *more_out = findings.count >= findings.most;
    (void)sqlite3_exec(reader->handle, "COMMIT", NULL, NULL, NULL);
    memory_free(findings.list);
    search_words_deinit(&words);
    return log_readers_release(log, &reader);
}
