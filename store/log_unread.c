#include "store/log_unread_private.h"

#include <stdio.h>
#include <string.h>

#include "store/log_clearing_private.h"

/* Up to where a conversation was read, as (lamport, event_id). */
#define READ(conversation, self)                                                                   \
    "SELECT lamport,event_id FROM (SELECT * FROM (SELECT target_lamport AS lamport,"               \
    "target_event_id AS event_id FROM read_marks INDEXED BY read_marks_steps"                      \
    " WHERE conversation=" conversation " AND reader=" self " AND step=1"                          \
    " ORDER BY target_lamport DESC,target_event_id DESC LIMIT 1)"                                  \
    " UNION ALL SELECT lamport,event_id FROM local_reads WHERE conversation=" conversation         \
    " UNION ALL SELECT 0,'') ORDER BY lamport DESC,event_id DESC LIMIT 1"

#define COUNT(conversation, self)                                                                  \
    "SELECT count(*) FROM messages m INDEXED BY messages_conversation"                             \
    " WHERE m.conversation=" conversation " AND m.author<>" self                                   \
    " AND " LOG_CLEARING_LEFT(conversation) "AND (m.lamport,m.event_id)>"

struct place {
    int64_t lamport;
    char event_id[ULID_TEXT_BYTES];
};

static void read_place(sqlite3_stmt *row, int column, struct place *place_out)
{
    place_out->lamport = sqlite3_column_int64(row, column);
    (void)snprintf(place_out->event_id, sizeof place_out->event_id, "%s",
                   database_text(row, column + 1));
}

static int compare(const struct place *one, const struct place *other)
{
    if (one->lamport != other->lamport) {
        return one->lamport < other->lamport ? -1 : 1;
    }
    return strcmp(one->event_id, other->event_id);
}

static void change(struct event_log *log, const struct event *event, int64_t seq,
                   int64_t conversation, int64_t by)
{
    if (node_id_equal(&event->author, &log->options.key->node_id)) {
        return;
    }
    database_run(&log->database,
                 "UPDATE conversations SET unread=unread+?3 WHERE id=?2 AND EXISTS"
                 " (SELECT 1 FROM messages m WHERE m.seq=?1 AND " LOG_CLEARING_LEFT(
                     "?2") "AND (m.lamport,m.event_id)>(read_lamport,read_event_id))",
                 "iii", seq, conversation, by);
}

void log_unread_add(struct event_log *log, const struct event *event, int64_t seq,
                    int64_t conversation)
{
    change(log, event, seq, conversation, 1);
}

void log_unread_remove(struct event_log *log, const struct event *event, int64_t seq,
                       int64_t conversation)
{
    change(log, event, seq, conversation, -1);
}

static int64_t count_between(struct event_log *log, int64_t conversation, const struct place *lower,
                             const struct place *upper)
{
    return database_integer(&log->database, 0,
                            COUNT("?1", "?2") "(?3,?4) AND (m.lamport,m.event_id)<=(?5,?6)",
                            "iiitit", conversation, log->self, lower->lamport, lower->event_id,
                            upper->lamport, upper->event_id);
}

void log_unread_follow(struct event_log *log, int64_t conversation)
{
    struct place now = {.lamport = 0};
    struct place before = {.lamport = 0};
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT r.lamport,r.event_id,c.read_lamport,c.read_event_id FROM conversations c,"
        " (" READ("?1", "?2") ") r WHERE c.id=?1",
        "ii", conversation, log->self);
    if (database_next(&log->database, row)) {
        read_place(row, 0, &now);
        read_place(row, 2, &before);
    }
    database_done(row);
    int order = compare(&now, &before);
    if (order != 0) {
        int64_t by = order > 0 ? -count_between(log, conversation, &before, &now)
                               : count_between(log, conversation, &now, &before);
        database_run(&log->database,
                     "UPDATE conversations SET unread=unread+?2,read_lamport=?3,read_event_id=?4"
                     " WHERE id=?1",
                     "iiit", conversation, by, now.lamport, now.event_id);
    }
}

void log_unread_clear(struct event_log *log, int64_t conversation)
{
    database_run(&log->database, "UPDATE conversations SET unread=0 WHERE id=?1", "i",
                 conversation);
}

void log_unread_count_all(struct database *database, int64_t self)
{
    database_run(database,
                 "UPDATE conversations SET (read_lamport,read_event_id)=(" READ("conversations.id",
                                                                                "?1") ")",
                 "i", self);
    database_run(database,
                 "UPDATE conversations SET unread=(" COUNT("conversations.id",
                                                           "?1") "(read_lamport,read_event_id))",
                 "i", self);
}
