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

/* The first of them behind a place, if there are as many. */
#define FIRST(conversation, self, place, count)                                                    \
    "(SELECT lamport,event_id FROM (SELECT * FROM (SELECT m.lamport,m.event_id FROM messages m"    \
    " INDEXED BY messages_conversation WHERE m.conversation=" conversation " AND m.author<>" self  \
    " AND " LOG_CLEARING_LEFT(                                                                     \
        conversation) "AND (m.lamport,m.event_id)>" place " AND " count                            \
                      ">0 ORDER BY m.lamport,m.event_id LIMIT 1)"                                  \
                      " UNION ALL SELECT 0,'') ORDER BY lamport DESC LIMIT 1)"

/* In the order of the index, so that it is found at once; `but` is not looked at. */
#define LAST(conversation, but)                                                                    \
    "coalesce((SELECT m.seq FROM messages m INDEXED BY messages_conversation"                      \
    " WHERE m.conversation=" conversation " AND m.seq<>" but " AND " LOG_CLEARING_LEFT(            \
        conversation) "ORDER BY m.lamport DESC,m.event_id DESC,m.author DESC LIMIT 1),0)"

/* The row of its conversation, if the message is one that is counted. */
#define IF_UNREAD                                                                                  \
    " WHERE id=?1 AND (?3,?4)>(read_lamport,read_event_id) AND EXISTS(SELECT 1 FROM messages m"    \
    " WHERE m.seq=?2 AND " LOG_CLEARING_LEFT("?1") ")"

#define IF_FIRST "CASE WHEN unread=0 OR (?3,?4)<(first_lamport,first_event_id) THEN "

/* If the message is one that is shown, and none before it is the last. Only these two are looked
 * at: until a conversation is cleared to its end many lie behind the last. */
#define IF_LAST                                                                                    \
    " WHERE id=?1 AND EXISTS(SELECT 1 FROM messages m LEFT JOIN messages l ON l.seq=last_seq"      \
    " WHERE m.seq=?2 AND " LOG_CLEARING_LEFT(                                                      \
        "?1") "AND ((l.lamport,l.event_id,l.author)>(m.lamport,m.event_id,m.author)) IS NOT TRUE)"

static bool is_own(const struct event_log *log, const struct event *event)
{
    return node_id_equal(&event->author, &log->options.key->node_id);
}

void log_unread_add(struct event_log *log, const struct event *event, int64_t seq,
                    int64_t conversation)
{
    database_run(&log->database, "UPDATE conversations SET last_seq=?2" IF_LAST, "ii", conversation,
                 seq);
    if (!is_own(log, event)) {
        database_run(&log->database,
                     "UPDATE conversations SET unread=unread+1,first_lamport=" IF_FIRST
                     "?3 ELSE first_lamport END,first_event_id=" IF_FIRST
                     "?4 ELSE first_event_id END" IF_UNREAD,
                     "iiit", conversation, seq, event->lamport, event->event_id);
    }
}

void log_unread_remove(struct event_log *log, const struct event *event, int64_t seq,
                       int64_t conversation)
{
    database_run(
        &log->database,
        "UPDATE conversations SET last_seq=" LAST("?1", "?2") " WHERE id=?1 AND last_seq=?2", "ii",
        conversation, seq);
    if (is_own(log, event)) {
        return;
    }
    database_run(&log->database, "UPDATE conversations SET unread=unread-1" IF_UNREAD, "iiit",
                 conversation, seq, event->lamport, event->event_id);
    database_run(
        &log->database,
        "UPDATE conversations SET (first_lamport,first_event_id)=" FIRST(
            "?1", "?2", "(?3,?4)",
            "conversations.unread") " WHERE id=?1 AND (first_lamport,first_event_id)=(?3,?4)",
        "iiit", conversation, log->self, event->lamport, event->event_id);
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
                     "UPDATE conversations SET unread=unread+?5,read_lamport=?3,read_event_id=?4,"
                     "(first_lamport,first_event_id)=" FIRST(
                         "?1", "?2", "(?3,?4)", "conversations.unread+?5") " WHERE id=?1",
                     "iiiti", conversation, log->self, now.lamport, now.event_id, by);
    }
}

void log_unread_clear(struct event_log *log, int64_t conversation)
{
    database_run(&log->database,
                 "UPDATE conversations SET unread=0,first_lamport=0,first_event_id='',last_seq=0 "
                 "WHERE id=?1",
                 "i", conversation);
}

void log_unread_count_all(struct database *database, int64_t self)
{
    database_run(database, "UPDATE conversations SET last_seq=" LAST("conversations.id", "0"), "");
    database_run(database,
                 "UPDATE conversations SET (read_lamport,read_event_id)=(" READ("conversations.id",
                                                                                "?1") ")",
                 "i", self);
    database_run(database,
                 "UPDATE conversations SET unread=(" COUNT("conversations.id",
                                                           "?1") "(read_lamport,read_event_id))",
                 "i", self);
    database_run(database,
                 "UPDATE conversations SET (first_lamport,first_event_id)=" FIRST(
                     "conversations.id", "?1",
                     "(conversations.read_lamport,conversations.read_event_id)",
                     "conversations.unread"),
                 "i", self);
}
