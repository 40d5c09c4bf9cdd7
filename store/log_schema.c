#include "store/log_schema_private.h"

#include <string.h>

#include "protocol/search_text.h"

enum { SCHEMA_VERSION = 6 };

/* Where a message stands in the index is no matter of the events alone. */
#define MESSAGES_BUT_PLACE                                                                         \
    "seq,event_id,lamport,conversation,author,recipient,client_id,input,sealed,body,attachments,"  \
    "created_at,names"

const struct log_schema_table log_schema_tables[] = {
    {"meta", NULL, false},
    {"events", "seq,aside", false},
    {"nodes", NULL, false},
    {"conversations", NULL, false},
    {"local_reads", NULL, false},
    {"unanswered", NULL, false},
    {"peers", NULL, false},
    {"addresses", NULL, false},
    {"open_invites", NULL, false},
    {"redeemed", NULL, false},
    {"growth", NULL, false},
    {"state", "head,event_count,fingerprint_sum", false},
    {"moves", "*", true},
    {"facts", "*", true},
    {"fact_signers", "*", true},
    {"manifests", "*", true},
    {"messages", MESSAGES_BUT_PLACE, true},
    {"repeats", "*", true},
    {"receipts", "*", true},
    {"read_marks", "*", true},
    {"concerns", "*", true},
    {NULL, NULL, false},
};

/* Of every version. */
static const char identity[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE state(id INTEGER PRIMARY KEY CHECK(id=1), clock INTEGER NOT NULL,"
    " head INTEGER NOT NULL, event_count INTEGER NOT NULL, fingerprint_sum BLOB NOT NULL);"
    "INSERT INTO state(id,clock,head,event_count,fingerprint_sum) VALUES(1,0,0,0,zeroblob(32));"
    "CREATE TABLE events(seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, lamport INTEGER NOT NULL,"
    " event_id TEXT NOT NULL, type INTEGER NOT NULL, author BLOB NOT NULL,"
    " aside INTEGER NOT NULL, json TEXT NOT NULL);"
    "CREATE TABLE peers(node_id BLOB PRIMARY KEY, cursor INTEGER NOT NULL,"
    " last_seen INTEGER NOT NULL) WITHOUT ROWID;";

/* In the order of what is as good as random each event lies on another page: the beginnings of
 * hashes and keys make those pages few. */
#define INDEXES_BY_PREFIX                                                                          \
    "DROP INDEX IF EXISTS events_hash; DROP INDEX IF EXISTS events_author;"                        \
    "CREATE INDEX events_hash ON events(" LOG_SCHEMA_PREFIX(                                       \
        "hash") ");"                                                                               \
                "CREATE INDEX events_author ON events(" LOG_SCHEMA_PREFIX(                         \
                    "author") ", aside, lamport);"

/* Where peers were reached, in the words of gossip/address_book.h; `place` 0 worked last, whatever
 * the clock said. Primary: it is in no event. */
#define ADDRESSES_TABLE                                                                            \
    "CREATE TABLE addresses(node BLOB NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL,"        \
    " source TEXT NOT NULL, last_success INTEGER NOT NULL, place INTEGER NOT NULL,"                \
    " PRIMARY KEY(node, host, port)) WITHOUT ROWID;"

/* Invites for whoever has the token: the hash of it, how often it may serve and did; and with which
 * invitation each key redeemed it. Primary: who holds a token and what it is good for is in no
 * event. */
#define OPEN_INVITES_TABLES                                                                        \
    "CREATE TABLE open_invites(id INTEGER PRIMARY KEY, token_hash BLOB NOT NULL UNIQUE,"           \
    " level INTEGER NOT NULL, expires INTEGER NOT NULL, uses INTEGER NOT NULL,"                    \
    " used INTEGER NOT NULL);"                                                                     \
    "CREATE TABLE redeemed(open_invite INTEGER NOT NULL, node BLOB NOT NULL,"                      \
    " event_id TEXT NOT NULL, PRIMARY KEY(open_invite, node)) WITHOUT ROWID;"

/* Primary: `aside` alone is derived: kept for audit, in no view, no count, no fingerprint (§6). A
 * node's number and a conversation's never change. `unanswered`: messages for us whose delivery is
 * still to be said. `growth`: what arrived on a day (since 1970, by our own clock), and how many
 * bytes of text it was. */
#define PRIMARY_TABLES                                                                             \
    "CREATE INDEX IF NOT EXISTS events_set ON events(lamport, hash) WHERE aside=0;"                \
    "DROP INDEX IF EXISTS events_event_id;"                                                        \
    "CREATE INDEX events_event_id ON events(event_id, author, aside, hash);"                       \
    "CREATE INDEX events_type ON events(type, aside, lamport);"                                    \
    "CREATE TABLE nodes(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE);"                        \
    "CREATE TABLE conversations(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE);"                \
    "CREATE TABLE local_reads(conversation INTEGER PRIMARY KEY, lamport INTEGER NOT NULL,"         \
    " event_id TEXT NOT NULL);"                                                                    \
    "CREATE TABLE unanswered(seq INTEGER PRIMARY KEY);"                                            \
    "CREATE TABLE IF NOT EXISTS growth(day INTEGER PRIMARY KEY, events INTEGER NOT NULL,"          \
    " bytes INTEGER NOT NULL);"

/* Who stands where, and what is known of them (§7, §8). `moves`: authors whose events are on their
 * way between the set and what is aside. */
#define COMMUNITY_TABLES                                                                           \
    "CREATE TABLE moves(author BLOB PRIMARY KEY) WITHOUT ROWID;"                                   \
    "CREATE TABLE facts(seq INTEGER PRIMARY KEY, type INTEGER NOT NULL, lamport INTEGER NOT NULL," \
    " wall INTEGER NOT NULL, event_id TEXT NOT NULL, hash BLOB NOT NULL, author BLOB NOT NULL,"    \
    " target BLOB NOT NULL, invite_id TEXT NOT NULL, level INTEGER NOT NULL,"                      \
    " expires INTEGER NOT NULL, name TEXT NOT NULL, policy TEXT NOT NULL);"                        \
    "CREATE INDEX facts_joined ON facts(type, author);"                                            \
    "CREATE TABLE fact_signers(signer BLOB NOT NULL, seq INTEGER NOT NULL,"                        \
    " PRIMARY KEY(signer, seq)) WITHOUT ROWID;"                                                    \
    "CREATE TABLE manifests(author BLOB PRIMARY KEY, lamport INTEGER NOT NULL,"                    \
    " event_id TEXT NOT NULL, hash BLOB NOT NULL, name TEXT NOT NULL, endpoints TEXT NOT NULL)"    \
    " WITHOUT ROWID;"

/* What is found in messages; made by log_search_renew(). */
#define SEARCH_INDEX                                                                               \
    "CREATE INDEX messages_place ON messages(place);" LOG_SCHEMA_SEARCH("messages_search")

/* Logs of the schemas 4 and 5 have words in its stead. */
#define NEW_SEARCH_INDEX                                                                           \
    "DROP TABLE messages_search; ALTER TABLE messages ADD COLUMN place INTEGER NOT NULL DEFAULT "  \
    "0;" SEARCH_INDEX

/* The owner's conversations. Authors, readers and recipients are numbers of `nodes`. `input`: the
 * hash of what an own message was made from. `repeats`: messages that are not shown, for another
 * one of the same author, conversation and client_id comes before them (§5). `step`: of the
 * read receipts those that come first in replay order for their watermark or one above it; they
 * grow together, like a staircase. `concerns`: who is told of an event (§15). */
#define CONVERSATION_TABLES                                                                        \
    "CREATE TABLE messages(seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL,"                       \
    " lamport INTEGER NOT NULL, conversation INTEGER NOT NULL, author INTEGER NOT NULL,"           \
    " recipient INTEGER NOT NULL, client_id TEXT NOT NULL, input BLOB NOT NULL,"                   \
    " sealed INTEGER NOT NULL, body TEXT NOT NULL, attachments TEXT NOT NULL,"                     \
    " created_at TEXT NOT NULL, names TEXT NOT NULL, place INTEGER NOT NULL DEFAULT 0);"           \
    "CREATE INDEX messages_event_id ON messages(event_id);"                                        \
    "CREATE INDEX messages_conversation ON messages(conversation, lamport, event_id, author);"     \
    "CREATE INDEX messages_order ON messages(lamport, event_id);"                                  \
    "CREATE INDEX messages_client_id ON messages(client_id, author, conversation);"                \
    "CREATE TABLE repeats(author INTEGER NOT NULL, client_id TEXT NOT NULL,"                       \
    " conversation INTEGER NOT NULL, lamport INTEGER NOT NULL, event_id TEXT NOT NULL,"            \
    " hash BLOB NOT NULL, seq INTEGER NOT NULL,"                                                   \
    " PRIMARY KEY(author, client_id, conversation, lamport, event_id, hash)) WITHOUT ROWID;"       \
    "CREATE TABLE receipts(target_event_id TEXT NOT NULL, type INTEGER NOT NULL,"                  \
    " author INTEGER NOT NULL, lamport INTEGER NOT NULL, event_id TEXT NOT NULL,"                  \
    " hash BLOB NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL,"                                 \
    " PRIMARY KEY(target_event_id, type, author, lamport, event_id, hash)) WITHOUT ROWID;"         \
    "CREATE TABLE read_marks(conversation INTEGER NOT NULL, reader INTEGER NOT NULL,"              \
    " target_lamport INTEGER NOT NULL, target_event_id TEXT NOT NULL, lamport INTEGER NOT NULL,"   \
    " event_id TEXT NOT NULL, hash BLOB NOT NULL, step INTEGER NOT NULL, at TEXT NOT NULL,"        \
    " PRIMARY KEY(conversation, reader, target_lamport, target_event_id, lamport, event_id,"       \
    " hash)) WITHOUT ROWID;"                                                                       \
    "CREATE INDEX read_marks_steps ON read_marks(conversation, reader, target_lamport,"            \
    " target_event_id, at) WHERE step=1;"                                                          \
    "CREATE TABLE concerns(node INTEGER NOT NULL, seq INTEGER NOT NULL,"                           \
    " PRIMARY KEY(node, seq)) WITHOUT ROWID;" SEARCH_INDEX

static const char tables[] = PRIMARY_TABLES ADDRESSES_TABLE OPEN_INVITES_TABLES INDEXES_BY_PREFIX
    COMMUNITY_TABLES CONVERSATION_TABLES "PRAGMA user_version=6;";

static const char upgrade_from_4[] =
    INDEXES_BY_PREFIX ADDRESSES_TABLE OPEN_INVITES_TABLES NEW_SEARCH_INDEX "PRAGMA user_version=6;";
static const char upgrade_from_5[] =
    ADDRESSES_TABLE OPEN_INVITES_TABLES NEW_SEARCH_INDEX "PRAGMA user_version=6;";

/* From any version before 4, whose events are the same: what was derived is dropped, what was read
 * silently is kept under its conversation's number. */
static const char upgrade[] =
    "DROP INDEX IF EXISTS events_lamport; DROP INDEX IF EXISTS events_community;"
    "DROP INDEX IF EXISTS events_own; ALTER TABLE events DROP COLUMN own;"
    "DROP TABLE IF EXISTS messages_search; DROP TABLE messages; DROP TABLE receipts;"
    "DROP TABLE read_marks; DROP TABLE heads;"
    "ALTER TABLE local_reads RENAME TO old_local_reads;";

static const char keep_local_reads[] =
    "INSERT INTO conversations(key) SELECT peer FROM old_local_reads;"
    "INSERT INTO local_reads(conversation,lamport,event_id) SELECT c.id,o.lamport,o.event_id"
    " FROM old_local_reads o JOIN conversations c ON c.key=o.peer;"
    "DROP TABLE old_local_reads;"
    "INSERT INTO meta(key,value) VALUES('derived','no');";

enum result log_schema_explain(const struct database *database, const char *what,
                               struct error *error)
{
    switch (database->failure) {
    case DATABASE_FULL:
        return error_set(error, RESULT_FULL, "%s: the disk is full. Make room, then start again.",
                         what);
    case DATABASE_DAMAGED:
        return error_set(error, RESULT_IO,
                         "%s: the event log is damaged. Stop the node and run: hearthchat repair. "
                         "What is missing comes from the neighbours.",
                         what);
    case DATABASE_FORBIDDEN:
        return error_set(error, RESULT_IO,
                         "%s: the event log may not be read and written; look at the owner and "
                         "the modes of its directory.",
                         what);
    case DATABASE_WORKS:
    case DATABASE_FAILS:
        break;
    }
    return error_set(error, RESULT_IO, "%s: %s.", what, sqlite3_errmsg(database->handle));
}

static bool begin(struct database *database)
{
    return database_execute(database, "BEGIN IMMEDIATE") == RESULT_OK;
}

static enum result commit(struct database *database)
{
    if (!database->failed && database_execute(database, "COMMIT") == RESULT_OK) {
        return RESULT_OK;
    }
    (void)sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    return RESULT_IO;
}

/* Our own number is the first. */
static void add_self(struct database *database, const struct event_log_options *options)
{
    database_run(database, "INSERT INTO nodes(key) VALUES(?1)", "b", options->key->node_id.key,
                 NODE_ID_BYTES);
}

static enum result make_tables(struct database *database, const struct event_log_options *options)
{
    char community[NODE_ID_TEXT_BYTES];
    char node[NODE_ID_TEXT_BYTES];
    char search[SEARCH_TEXT_VERSION_BYTES];
    node_id_format(&options->community_id, community);
    node_id_format(&options->key->node_id, node);
    search_text_version(search);
    if (begin(database)) {
        (void)database_execute(database, identity);
        (void)database_execute(database, tables);
        add_self(database, options);
        database_run(database,
                     "INSERT INTO meta(key,value) VALUES('community_id',?1),('node_id',?2),"
                     "('search',?3)",
                     "ttt", community, node, search);
    }
    return commit(database);
}

static enum result upgrade_tables(struct database *database,
                                  const struct event_log_options *options, int64_t version)
{
    if (begin(database) && version >= 4) {
        (void)database_execute(database, version == 4 ? upgrade_from_4 : upgrade_from_5);
    } else if (!database->failed) {
        (void)database_execute(database, upgrade);
        (void)database_execute(database, tables);
        add_self(database, options);
        (void)database_execute(database, keep_local_reads);
    }
    return commit(database);
}

static bool identity_is(struct database *database, const char *key, const struct node_id *expected)
{
    char text[NODE_ID_TEXT_BYTES];
    node_id_format(expected, text);
    sqlite3_stmt *row = database_query(database, "SELECT value FROM meta WHERE key=?1", "t", key);
    bool same = database_next(database, row) && strcmp(database_text(row, 0), text) == 0;
    database_done(row);
    return same;
}

static enum result check_identity(struct database *database,
                                  const struct event_log_options *options, struct error *error)
{
    bool community = identity_is(database, "community_id", &options->community_id);
    bool node = identity_is(database, "node_id", &options->key->node_id);
    if (database->failed) {
        return log_schema_explain(database, "The event log can't be read", error);
    }
    if (!community) {
        return error_set(error, RESULT_MISMATCH, "The event log belongs to another community.");
    }
    return node ? RESULT_OK
                : error_set(error, RESULT_MISMATCH,
                            "The event log belongs to another device's key; put that key back.");
}

static enum result refuse_newer(struct error *error)
{
    return error_set(error, RESULT_UNSUPPORTED,
                     "The event log was written by a newer hearthchat; update this program.");
}

enum result log_schema_prepare(struct database *database, const struct event_log_options *options,
                               struct error *error)
{
    (void)database_execute(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                     "PRAGMA cache_size=-8000;"
                                     "PRAGMA journal_size_limit=33554432;");
    int64_t version = database_integer(database, 0, "PRAGMA user_version", "");
    if (database->failed) {
        return log_schema_explain(database, "The event log can't be opened", error);
    }
    if (version > SCHEMA_VERSION) {
        return refuse_newer(error);
    }
    if (version == 0 && make_tables(database, options) != RESULT_OK) {
        return log_schema_explain(database, "The event log can't be made", error);
    }
    enum result result = check_identity(database, options, error);
    if (result == RESULT_OK && version > 0 && version < SCHEMA_VERSION &&
        upgrade_tables(database, options, version) != RESULT_OK) {
        result = log_schema_explain(database, "The event log can't be brought up to date", error);
    }
    return result;
}

enum result log_schema_check(struct database *database, const struct event_log_options *options,
                             struct error *error)
{
    int64_t version = database_integer(database, 0, "PRAGMA user_version", "");
    if (database->failed) {
        return log_schema_explain(database, "The event log can't be read", error);
    }
    if (version > SCHEMA_VERSION) {
        return refuse_newer(error);
    }
    if (version < SCHEMA_VERSION || !log_schema_is_derived(database)) {
        return error_set(error, RESULT_UNSUPPORTED,
                         "The event log is an older hearthchat's, or empty: start the node with "
                         "this program once, it brings the log up to date.");
    }
    return check_identity(database, options, error);
}

bool log_schema_is_derived(struct database *database)
{
    return database_integer(database, 0, "SELECT 1 FROM meta WHERE key='derived'", "") == 0;
}

void log_schema_set_derived(struct database *database)
{
    database_run(database, "DELETE FROM meta WHERE key='derived'", "");
}
