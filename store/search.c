#include "store/search.h"

#include <string.h>

#include "core/buffer.h"
#include "store/history_private.h"
#include "store/log_private.h"

/* The words of the query as FTS5 wants them: each a string, so that nothing in it is an operator,
 * with a star behind it unless it was quoted. */
static void write_expression(const char *text, struct buffer *out)
{
    while (*text != '\0') {
        size_t blank = strspn(text, " \t\r\n");
        text += blank;
        bool quoted = *text == '"';
        text += quoted;
        size_t length = strcspn(text, quoted ? "\"" : " \t\r\n\"");
        if (length > 0) {
            buffer_append_format(out, "\"%.*s\"%s ", (int)length, text, quoted ? "" : "*");
        }
        text += length;
        text += quoted && *text == '"';
    }
}

/* First which ones, then what is told of them: of a word in every message only a page is read. */
static const char found[] =
    "WITH found(seq) AS (SELECT m.seq FROM messages_search s JOIN messages m ON m.seq=s.rowid"
    " WHERE messages_search MATCH ?2 AND (?3 IS NULL OR m.peer=?3)"
    " ORDER BY m.lamport DESC,m.event_id DESC LIMIT ?4)"
    " SELECT " HISTORY_COLUMNS ",(SELECT snippet(messages_search,-1,?5,?6,'…',16)"
    " FROM messages_search WHERE messages_search MATCH ?2 AND rowid=m.seq)"
    " FROM found JOIN messages m ON m.seq=found.seq ORDER BY m.lamport DESC,m.event_id DESC";

enum result search_messages(struct event_log *log, const struct search_query *query,
                            search_visit *visit, void *context, bool *more_out)
{
    static const char begin[] = {SEARCH_MARK_BEGIN, '\0'};
    static const char end[] = {SEARCH_MARK_END, '\0'};
    struct buffer expression;
    size_t count = 0;
    *more_out = false;
    buffer_init(&expression);
    write_expression(query->text, &expression);
    struct database *reader = log_reader_acquire(log);
    sqlite3_stmt *row =
        expression.length_bytes == 0
            ? NULL
            : database_query(reader, found, "btbitt", log->options.key->node_id.key, NODE_ID_BYTES,
                             expression.data, query->peer == NULL ? NULL : query->peer->key,
                             NODE_ID_BYTES, (int64_t)query->limit + 1, begin, end);
    while (!*more_out && database_next(reader, row)) {
        struct history_message message = history_message_of_row(row);
        *more_out = ++count > query->limit;
        if (!*more_out) {
            visit(context, &message, database_text(row, HISTORY_COLUMN_COUNT));
        }
    }
    database_done(row);
    enum result result = reader->failed ? RESULT_IO : RESULT_OK;
    log_reader_release(log, &reader);
    buffer_deinit(&expression);
    return result;
}
