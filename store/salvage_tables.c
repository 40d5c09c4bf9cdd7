#include "store/salvage_tables_private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/database_private.h"
#include "store/log_accept_private.h"
#include "store/log_schema_private.h"
#include "store/log_unread_private.h"

/* One table: rows of `select`, in both directions from where they break off, each into `insert`. */
struct kept_table {
    const char *name;
    const char *words; /* for people */
    const char *select;
    const char *first; /* the column that orders it */
    const char *insert;
    const char *before; /* a statement with the first of its columns, before each; NULL: none */
    unsigned
        numbers; /* a bit a column of `select`, from the first: what is none there is damaged */
    bool only_fresh;
    bool may_lack; /* a log of an earlier schema has no such table */
};

#define OWED "what neighbours wait for, and what was asked of them"
#define RECIPIENT "json_extract(e.json,'$.data.recipient')"
#define ADD_NODE "INSERT OR IGNORE INTO nodes(key) VALUES(?1)"

static const struct kept_table kept_tables[] = {
    {"local_reads", "what was read without a receipt",
     "SELECT c.key,r.lamport,r.event_id FROM local_reads r JOIN conversations c"
     " ON c.id=r.conversation",
     "r.conversation",
     "INSERT INTO local_reads(conversation,lamport,event_id)"
     " SELECT id,?2,?3 FROM conversations WHERE key=?1"
     " ON CONFLICT(conversation) DO UPDATE SET lamport=excluded.lamport,event_id=excluded.event_id"
     " WHERE (excluded.lamport,excluded.event_id)>(lamport,event_id)",
     /* They get their numbers anew; those that no message made yet, too. */
     "INSERT OR IGNORE INTO conversations(key) VALUES(?1)", 1U << 1, false, false},
    {"peers", "when neighbours were seen", "SELECT node_id,last_seen FROM peers", "node_id",
     "INSERT INTO peers(node_id,cursor,last_seen) VALUES(?1,0,?2) ON CONFLICT(node_id)"
     " DO UPDATE SET last_seen=max(last_seen,excluded.last_seen)",
     NULL, 1U << 1, false, false},
    {"addresses", "when neighbours were seen",
     "SELECT node,host,port,source,last_success,place FROM addresses", "node",
     "INSERT OR IGNORE INTO addresses(node,host,port,source,last_success,place)"
     " VALUES(?1,?2,?3,?4,?5,?6)",
     NULL, 1U << 2 | 1U << 4 | 1U << 5, false, true},
    {"growth", "how the log grew", "SELECT day,events,bytes FROM growth", "day",
     "INSERT OR IGNORE INTO growth(day,events,bytes) VALUES(?1,?2,?3)", NULL,
     1U | 1U << 1 | 1U << 2, true, false},
    /* Used up: whom they have let in meanwhile, nobody knows. Who was let in may come again. */
    {"open_invites", "open invites", "SELECT token_hash,level,expires,uses FROM open_invites", "id",
     "INSERT OR IGNORE INTO open_invites(token_hash,level,expires,uses,used)"
     " VALUES(?1,?2,?3,?4,?4)",
     NULL, 1U << 1 | 1U << 2 | 1U << 3, false, true},
    {"redeemed", "open invites",
     "SELECT o.token_hash,r.node,r.event_id FROM redeemed r JOIN open_invites o"
     " ON o.id=r.open_invite",
     "r.open_invite",
     "INSERT OR IGNORE INTO redeemed(open_invite,node,event_id)"
     " SELECT id,?2,?3 FROM open_invites WHERE token_hash=?1",
     NULL, 0, false, true},
    /* What opens messages: the views are derived again with it. */
    {"meta", "keys of messages", "SELECT key,value FROM meta WHERE key='keeps_keys'", "key",
     "INSERT OR IGNORE INTO meta(key,value) VALUES(?1,?2)",
     "INSERT OR IGNORE INTO meta(key,value) SELECT 'derived','no' WHERE ?1='keeps_keys'", 0, false,
     true},
    {"keyring", "keys of messages", "SELECT hash,key,gone FROM keyring", "hash",
     "INSERT OR IGNORE INTO keyring(hash,key,gone) VALUES(?1,?2,?3)", NULL, 0, false, true},
    {"receiving_keys", "keys of messages",
     "SELECT r.public,r.secret,n.key,r.since,r.day,r.used,r.replaced FROM receiving_keys r"
     " LEFT JOIN nodes n ON n.id=r.peer WHERE r.peer=0 OR n.key IS NOT NULL",
     "r.public",
     "INSERT OR IGNORE INTO receiving_keys(public,secret,peer,since,day,used,replaced)"
     " SELECT ?1,?2,coalesce((SELECT id FROM nodes WHERE key=?3),0),?4,?5,?6,?7",
     "INSERT OR IGNORE INTO nodes(key) SELECT ?3 WHERE ?1 IS NOT NULL AND ?2 IS NOT NULL"
     " AND ?3 IS NOT NULL",
     1U << 3 | 1U << 4 | 1U << 5 | 1U << 6, false, true},
    /* What was to be cleared when it broke is cleared in the new log, whose numbers are others. */
    {"clearings", "conversations that were being deleted",
     "SELECT m.hash FROM messages m CROSS JOIN clearings x ON x.conversation=m.conversation"
     " AND x.done=0 AND m.seq<=x.through",
     "m.seq",
     "INSERT INTO keyring(hash,key,gone) VALUES(?1,NULL,'cleared')"
     " ON CONFLICT(hash) DO UPDATE SET key=NULL,gone='cleared'",
     NULL, 0, false, true},
    /* Nothing that was said of these, but for deletions, and no keys of theirs. */
    {"clearings", "conversations that were being deleted",
     "SELECT s.hash FROM sealings s CROSS JOIN clearings x ON x.done=0 AND s.seq<=x.through"
     " JOIN conversations c ON c.id=x.conversation"
     " JOIN nodes n ON n.key=c.key AND n.id IN (s.author,s.recipient)"
     " WHERE NOT EXISTS(SELECT 1 FROM messages m WHERE m.seq=s.seq)"
     " AND NOT EXISTS(SELECT 1 FROM changes g WHERE g.seq=s.seq AND (g.kind=2 OR"
     " (SELECT e.seq FROM events e WHERE " LOG_SCHEMA_IS("e.hash", "g.target") ")>x.through))",
     "s.author",
     "INSERT INTO keyring(hash,key,gone) VALUES(?1,NULL,'spent')"
     " ON CONFLICT(hash) DO UPDATE SET key=NULL,gone='spent' WHERE key IS NOT NULL",
     NULL, 0, false, true},
    /* What was aside is in no view. A deletion among it goes, too: nothing here opens it. */
    {"clearings", "conversations that were being deleted",
     "SELECT e.hash FROM events e NOT INDEXED CROSS JOIN clearings x ON x.done=0"
     " AND e.seq<=x.through AND e.aside=1 AND e.type=9 AND json_valid(e.json)"
     " JOIN conversations c ON c.id=x.conversation JOIN meta s ON s.key='node_id'"
     " WHERE (e.author=c.key AND " RECIPIENT "=s.value) OR (json_extract(e.json,'$.author')=s.value"
     " AND " RECIPIENT
     "=(SELECT json_extract(p.json,'$.author') FROM events p WHERE " LOG_SCHEMA_IS(
         "p.author", "c.key") " AND json_valid(p.json) LIMIT 1))",
     "e.seq",
     "INSERT INTO keyring(hash,key,gone) VALUES(?1,NULL,'cleared')"
     " ON CONFLICT(hash) DO UPDATE SET key=NULL,gone='cleared'",
     NULL, 0, false, true},
    {"unanswered", OWED, "SELECT e.hash FROM unanswered u JOIN events e ON e.seq=u.seq", "u.seq",
     "INSERT OR IGNORE INTO unanswered(seq) SELECT seq FROM events WHERE " LOG_SCHEMA_IS("hash",
                                                                                         "?1"),
     NULL, 0, false, false},
    {"questions", OWED, "SELECT e.hash FROM questions q JOIN events e ON e.seq=q.seq", "q.seq",
     "INSERT OR IGNORE INTO questions(seq) SELECT seq FROM events WHERE " LOG_SCHEMA_IS("hash",
                                                                                        "?1"),
     NULL, 0, false, true},
    {"repairs", OWED, "SELECT hash,asked,asked_day,given FROM repairs", "hash",
     "INSERT INTO repairs(hash,asked,asked_day,given) VALUES(?1,?2,?3,?4) ON CONFLICT(hash)"
     " DO UPDATE SET asked=max(asked,excluded.asked),asked_day=max(asked_day,excluded.asked_day),"
     "given=max(given,excluded.given)",
     NULL, 1U << 1 | 1U << 2 | 1U << 3, false, true},
    {"sessions", OWED,
     "SELECT n.key,s.offered,s.asked_ms FROM sessions s JOIN nodes n ON n.id=s.peer", "s.peer",
     "INSERT INTO sessions(peer,offered,asked_ms) SELECT id,?2,?3 FROM nodes WHERE key=?1"
     " ON CONFLICT(peer) DO UPDATE SET offered=max(offered,excluded.offered),"
     "asked_ms=max(asked_ms,excluded.asked_ms)",
     ADD_NODE, 1U << 1 | 1U << 2, false, true},
    {"owed_offers", OWED, "SELECT n.key FROM owed_offers o JOIN nodes n ON n.id=o.peer", "o.peer",
     "INSERT OR IGNORE INTO owed_offers(peer) SELECT id FROM nodes WHERE key=?1", ADD_NODE, 0,
     false, true},
    {"lost", OWED, "SELECT n.key,l.hash FROM lost l JOIN nodes n ON n.id=l.peer", "l.peer",
     "INSERT OR IGNORE INTO lost(peer,hash) SELECT id,?2 FROM nodes WHERE key=?1", ADD_NODE, 0,
     false, true},
    {"service_days", "on which days it ran", "SELECT date,count FROM service_days", "id",
     "UPDATE service_days SET date=?1,count=max(count,?2)", NULL, 1U | 1U << 1, false, true},
    {"verified", "who was verified", "SELECT node,at FROM verified", "node",
     "INSERT OR IGNORE INTO verified(node,at) VALUES(?1,?2)", NULL, 1U << 1, false, true},
    {"contacts", "nicknames, and who is muted, blocked and pinned",
     "SELECT node,nickname,muted,blocked,pinned FROM contacts", "node",
     "INSERT OR IGNORE INTO contacts(node,nickname,muted,blocked,pinned) VALUES(?1,?2,?3,?4,?5)",
     NULL, 1U << 2 | 1U << 3 | 1U << 4, false, true},
    {"unheard", "what blocked members wrote", "SELECT hash FROM unheard", "hash",
     "INSERT OR IGNORE INTO unheard(hash) VALUES(?1)", NULL, 0, false, true},
    {"state", "the clock that orders events", "SELECT clock FROM state", "id",
     "UPDATE state SET clock=max(clock,min(?1,head+500000))", NULL, 1U, false, false},
};
static_assert(EVENT_MESSAGE_SENT == 9, "as what is cleared of the events has it");
static_assert(LOG_ACCEPT_MOST_AHEAD_OF_HEAD == 500000, "as the clock's statement has it");

static sqlite3_stmt *prepare(sqlite3 *handle, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    return sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) == SQLITE_OK ? statement : NULL;
}

static bool insert(sqlite3_stmt *into, sqlite3_stmt *row)
{
    int wanted = sqlite3_bind_parameter_count(into);
    bool bound = true;
    for (int i = 0; i < wanted; i++) {
        bound = sqlite3_bind_value(into, i + 1, sqlite3_column_value(row, i)) == SQLITE_OK && bound;
    }
    bool done = bound && sqlite3_step(into) == SQLITE_DONE;
    (void)sqlite3_reset(into);
    return done;
}

static bool has_its_numbers(const struct kept_table *table, sqlite3_stmt *row)
{
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        if ((table->numbers >> i & 1U) != 0 && sqlite3_column_type(row, i) != SQLITE_INTEGER) {
            return false;
        }
    }
    return true;
}

/* False when the rows broke off, or some are damaged. */
static bool copy_rows(struct database *from, struct database *to, const struct kept_table *table,
                      const char *direction)
{
    char *sql = memory_format("%s ORDER BY %s %s", table->select, table->first, direction);
    sqlite3_stmt *row = prepare(from->handle, sql);
    sqlite3_stmt *before = table->before == NULL ? NULL : prepare(to->handle, table->before);
    sqlite3_stmt *into = prepare(to->handle, table->insert);
    bool lacks = table->may_lack && sqlite3_errcode(from->handle) == SQLITE_ERROR;
    int status = row != NULL ? SQLITE_ROW : lacks ? SQLITE_DONE : SQLITE_CORRUPT;
    bool whole = true;
    while (status == SQLITE_ROW && into != NULL) {
        status = sqlite3_step(row);
        if (status == SQLITE_ROW && !has_its_numbers(table, row)) {
            whole = false;
            continue;
        }
        if (status == SQLITE_ROW && before != NULL) {
            (void)insert(before, row);
        }
        if (status == SQLITE_ROW && !insert(into, row)) {
            to->failed = sqlite3_errcode(to->handle) == SQLITE_FULL || to->failed;
        }
    }
    (void)sqlite3_finalize(row);
    (void)sqlite3_finalize(before);
    (void)sqlite3_finalize(into);
    memory_free(sql);
    return status == SQLITE_DONE && whole;
}

static void note_lost(const char *words, char *lost, size_t lost_bytes)
{
    size_t used = strlen(lost);
    if (strstr(lost, words) == NULL) {
        (void)snprintf(lost + used, lost_bytes - used, "%s%s", used == 0 ? "" : ", ", words);
    }
}

static void copy_tables(struct database *from, struct database *to, bool fresh, char *lost,
                        size_t lost_bytes)
{
    for (size_t i = 0; i < sizeof kept_tables / sizeof kept_tables[0]; i++) {
        const struct kept_table *table = &kept_tables[i];
        if (table->only_fresh && !fresh) {
            continue;
        }
        if (table->only_fresh) {
            char *sql = memory_format("DELETE FROM %s", table->name);
            (void)database_execute(to, sql);
            memory_free(sql);
        }
        if (from->handle == NULL || !copy_rows(from, to, table, "ASC")) {
            note_lost(table->words, lost, lost_bytes);
            if (from->handle != NULL) {
                (void)copy_rows(from, to, table, "DESC");
            }
        }
    }
}

enum result salvage_tables_copy(const char *from, const char *to, bool fresh, char *lost,
                                size_t lost_bytes, struct error *error)
{
    struct database source = {0};
    struct database target;
    enum result result = database_open(&target, to, DATABASE_WRITES, error);
    if (result != RESULT_OK) {
        return result;
    }
    (void)database_open(&source, from, DATABASE_READS, NULL);
    (void)database_execute(&target, "PRAGMA synchronous=FULL");
    (void)database_execute(&target, "BEGIN IMMEDIATE");
    copy_tables(&source, &target, fresh, lost, lost_bytes);
    log_unread_count_all(
        &target, database_integer(&target, 0, "SELECT min(id) FROM nodes", "")); /* the owner's */
    if (target.failed || database_execute(&target, "COMMIT") != RESULT_OK) {
        result = log_schema_explain(&target, "The log can't be written", error);
    }
    database_close(&source);
    database_close(&target);
    return result;
}

void salvage_tables_read_owner(const char *path, char owner_out[static NODE_ID_TEXT_BYTES])
{
    struct database database = {0};
    owner_out[0] = '\0';
    if (database_open(&database, path, DATABASE_READS, NULL) == RESULT_OK) {
        sqlite3_stmt *row =
            database_query(&database, "SELECT value FROM meta WHERE key='node_id'", "");
        if (database_next(&database, row)) {
            (void)snprintf(owner_out, NODE_ID_TEXT_BYTES, "%s", database_text(row, 0));
        }
        database_done(row);
        database_close(&database);
    }
}
