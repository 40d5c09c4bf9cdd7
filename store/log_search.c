#include "store/log_search_private.h"

void log_search_add(struct event_log *log, int64_t seq)
{
    database_run(&log->database,
                 "INSERT INTO messages_search(rowid,body,names)"
                 " SELECT seq,body,names FROM messages WHERE seq=?1",
                 "i", seq);
}

void log_search_remove(struct event_log *log, int64_t seq)
{
    database_run(&log->database,
                 "INSERT INTO messages_search(messages_search,rowid,body,names)"
                 " SELECT 'delete',seq,body,names FROM messages WHERE seq=?1",
                 "i", seq);
}

void log_search_clear(struct event_log *log)
{
    (void)database_execute(&log->database,
                           "INSERT INTO messages_search(messages_search) VALUES('delete-all')");
}

bool log_search_is_whole(struct event_log *log)
{
    return sqlite3_exec(log->database.handle,
                        "INSERT INTO messages_search(messages_search,rank)"
                        " VALUES('integrity-check',1)",
                        NULL, NULL, NULL) == SQLITE_OK;
}
