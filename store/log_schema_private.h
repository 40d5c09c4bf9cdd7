/* The tables of a log: which there are, which of them follow from the events, and how an older log
 * gets them.
 *
 * Thread: startup, writer.
 */
#ifndef HEARTHCHAT_STORE_LOG_SCHEMA_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_SCHEMA_PRIVATE_H

#include "store/database_private.h"
#include "store/event_log.h"

/* What the indexes of hashes hold of them, and how a statement finds one by its parameter. For each
 * further one that begins like another somebody tries 2^48 times. */
#define LOG_SCHEMA_PREFIX(column) "substr(" column ",1,6)"
#define LOG_SCHEMA_IS(column, parameter)                                                           \
    LOG_SCHEMA_PREFIX(column) "=" LOG_SCHEMA_PREFIX(parameter) " AND " column "=" parameter

/* Indexes tell authors from one another by half of their keys, which nobody finds twice; that of
 * ids has their twins begin with the smallest hash. */
#define LOG_SCHEMA_AUTHOR(column) "substr(" column ",1,16)"
#define LOG_SCHEMA_IS_AUTHOR(column, parameter)                                                    \
    LOG_SCHEMA_AUTHOR(column) "=" LOG_SCHEMA_AUTHOR(parameter) " AND " column "=" parameter
#define LOG_SCHEMA_BY_HASH(column) LOG_SCHEMA_PREFIX(column) "," column

/* SQL: the arrival numbers of the events with an id that are shown, messages or not: of each author
 * the one that has the smallest hash. Its twins cost nothing, however many somebody writes. */
#define LOG_SCHEMA_ID_AUTHOR LOG_SCHEMA_AUTHOR("author")
#define LOG_SCHEMA_ID_HASH LOG_SCHEMA_PREFIX("hash")
#define LOG_SCHEMA_EVENTS "events INDEXED BY events_event_id WHERE event_id="
#define LOG_SCHEMA_OF_WRITER " AND " LOG_SCHEMA_ID_AUTHOR "=a.writer AND aside=0"
#define LOG_SCHEMA_OF_ID(parameter)                                                                \
    "(WITH RECURSIVE a(writer) AS"                                                                 \
    " (SELECT min(" LOG_SCHEMA_ID_AUTHOR ") FROM " LOG_SCHEMA_EVENTS parameter                     \
    " UNION ALL SELECT (SELECT min(" LOG_SCHEMA_ID_AUTHOR ") FROM " LOG_SCHEMA_EVENTS parameter    \
    " AND " LOG_SCHEMA_ID_AUTHOR ">a.writer) FROM a WHERE a.writer IS NOT NULL)"                   \
    " SELECT seq FROM a CROSS JOIN " LOG_SCHEMA_EVENTS parameter LOG_SCHEMA_OF_WRITER              \
    " AND " LOG_SCHEMA_ID_HASH "=(SELECT min(" LOG_SCHEMA_ID_HASH                                  \
    ") FROM " LOG_SCHEMA_EVENTS parameter LOG_SCHEMA_OF_WRITER "))"

/* SQL: an index of messages by `messages.place`, without their text (log_search_private.h). */
#define LOG_SCHEMA_SEARCH(name)                                                                    \
    "CREATE VIRTUAL TABLE " name " USING fts5(grams, content='', columnsize=0, detail=none,"       \
    " tokenize='ascii');"

/* SQL: up to which arrival number messages are in their index; what waits for that is on no page of
 * it (log_search_private.h). */
#define LOG_SCHEMA_REACH_COLUMN ", indexed INTEGER NOT NULL DEFAULT 0"
#define LOG_SCHEMA_ADD_REACH "ALTER TABLE state ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;"
/* SQL: it has a place; said so that no statement begins at this bound instead of its own. */
#define LOG_SCHEMA_HAS_PLACE "sign(place)=1"
#define LOG_SCHEMA_INDEX_OF_PLACES                                                                 \
    "DROP INDEX IF EXISTS messages_place;"                                                         \
    "CREATE INDEX messages_place ON messages(place) WHERE " LOG_SCHEMA_HAS_PLACE ";"

/* SQL: what others say of a message (log_changes_private.h). */
#define LOG_SCHEMA_CHANGES_OF(before, after)                                                       \
    before "hash BLOB NOT NULL DEFAULT x''" after before                                           \
           "reply_to BLOB NOT NULL DEFAULT x''" after before                                       \
           "original TEXT NOT NULL DEFAULT ''" after before                                        \
           "edited_at TEXT NOT NULL DEFAULT ''" after before                                       \
           "deleted_at TEXT NOT NULL DEFAULT ''" after before                                      \
           "own_reaction TEXT NOT NULL DEFAULT ''" after before                                    \
           "peer_reaction TEXT NOT NULL DEFAULT ''" after before                                   \
           "cleared INTEGER NOT NULL DEFAULT 0" after
#define LOG_SCHEMA_CHANGE_COLUMNS LOG_SCHEMA_CHANGES_OF(", ", "")
#define LOG_SCHEMA_ADD_CHANGES LOG_SCHEMA_CHANGES_OF("ALTER TABLE messages ADD COLUMN ", ";")

/* SQL: what is derived of each conversation: up to where it was read, how many messages to us are
 * above, the first of them, and its last message (log_unread_private.h). */
#define LOG_SCHEMA_LIST_OF(before, after)                                                          \
    before "unread INTEGER NOT NULL DEFAULT 0" after before                                        \
           "read_lamport INTEGER NOT NULL DEFAULT 0" after before                                  \
           "read_event_id TEXT NOT NULL DEFAULT ''" after before                                   \
           "first_lamport INTEGER NOT NULL DEFAULT 0" after before                                 \
           "first_event_id TEXT NOT NULL DEFAULT ''" after before                                  \
           "last_seq INTEGER NOT NULL DEFAULT 0" after
#define LOG_SCHEMA_LIST_COLUMNS LOG_SCHEMA_LIST_OF(", ", "")
#define LOG_SCHEMA_ADD_LIST LOG_SCHEMA_LIST_OF("ALTER TABLE conversations ADD COLUMN ", ";")

struct log_schema_table {
    const char *name;
    /* Its columns that are derived: dropped and made anew by a rebuild, compared by verify. NULL:
     * the table is primary, nothing can make it again. */
    const char *derived;
    /* All rows are derived: a rebuild begins with none. */
    bool wholly;
};

#define LOG_SCHEMA_MOST_TABLES 48

/* Ends with a name that is NULL. The index of messages is no table of this kind: log_search_* look
 * after it. */
extern const struct log_schema_table log_schema_tables[LOG_SCHEMA_MOST_TABLES];

/* Makes the tables, or checks whose they are and brings them up to date. Derived ones of an older
 * log are empty afterwards: log_schema_is_derived() says so until they are made anew.
 * RESULT_UNSUPPORTED: a newer version's. RESULT_MISMATCH: another community's or device's.
 * RESULT_FULL: there is no room. RESULT_IO. */
enum result log_schema_prepare(struct database *database, const struct event_log_options *options,
                               struct error *error);

/* The same for who only reads: RESULT_UNSUPPORTED for an older version's, too. */
enum result log_schema_check(struct database *database, const struct event_log_options *options,
                             struct error *error);

bool log_schema_is_derived(struct database *database);
void log_schema_set_derived(struct database *database);

/* Whether it was ever opened to keep keys: then it does for good. */
bool log_schema_keeps_keys(struct database *database);

/* Says in `error` what a failure of the database means for its owner, and what to do. */
enum result log_schema_explain(const struct database *database, const char *what,
                               struct error *error);

#endif
