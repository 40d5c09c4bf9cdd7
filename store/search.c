#include "store/search.h"

#include <string.h>

#include "core/buffer.h"
#include "store/history_private.h"
#include "store/log_nodes_private.h"
#include "store/log_readers_private.h"

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
#define FOUND_IN(conversation)                                                                     \
    "WITH found(seq) AS (SELECT m.seq FROM messages_search s JOIN messages m ON m.seq=s.rowid"     \
    " WHERE messages_search MATCH ?3 AND " conversation                                            \
    " ORDER BY m.lamport DESC,m.event_id DESC LIMIT ?5)"                                           \
    " SELECT " HISTORY_COLUMNS ",(SELECT snippet(messages_search,-1,?6,?7,'…',16)"               \
    " FROM messages_search WHERE messages_search MATCH ?3 AND rowid=m.seq)"                        \
    " FROM found JOIN messages m ON m.seq=found.seq ORDER BY m.lamport DESC,m.event_id DESC"

static const char in_one_conversation[] = FOUND_IN("m.conversation=?4");
static const char in_all_conversations[] = FOUND_IN("?4=0");

enum result search_messages(struct event_log *log, const struct search_query *query,
                            search_visit *visit, void *context, bool *more_out)
{
    static const char begin[] = {SEARCH_MARK_BEGIN, '\0'};
    static const char end[] = {SEARCH_MARK_END, '\0'};
    struct history_message message;
    struct buffer expression;
    size_t count = 0;
    *more_out = false;
    buffer_init(&expression);
    write_expression(query->text, &expression);
    struct database *reader = log_readers_acquire(log);
    const char *statement = query->peer == NULL ? in_all_conversations : in_one_conversation;
    int64_t conversation =
        query->peer == NULL ? 0 : log_nodes_find_conversation(reader, query->peer);
    sqlite3_stmt *row = expression.length_bytes == 0
                            ? NULL
                            : database_query(reader, statement, "iitiitt", log->self,
                                             (int64_t)EVENT_MESSAGE_DELIVERED, expression.data,
                                             conversation, (int64_t)query->limit + 1, begin, end);
    while (!*more_out && database_next(reader, row)) {
        *more_out = ++count > query->limit;
        if (!*more_out && history_message_of_row(row, &message)) {
            visit(context, &message, database_text(row, HISTORY_COLUMN_COUNT));
        }
    }
    database_done(row);
    buffer_deinit(&expression);
    return log_readers_release(log, &reader);
}
