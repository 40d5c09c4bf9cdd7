#include <string.h>

#include "store/history_private.h"
#include "store/log_private.h"

enum { SCHEMA_VERSION = 3 };

/* What arrived on a day (since 1970, by our own clock), and how many bytes of text it was. */
#define GROWTH                                                                                     \
    "CREATE TABLE growth(day INTEGER PRIMARY KEY, events INTEGER NOT NULL,"                        \
    " bytes INTEGER NOT NULL);"

/* Full text over the messages and the names of their attachments, kept by views.c; the text itself
 * stays where it is. */
#define SEARCH                                                                                     \
    "CREATE VIRTUAL TABLE messages_search USING fts5(body, names, content=messages,"               \
    " content_rowid=seq, tokenize='unicode61 remove_diacritics 2', prefix='2 3');"

/* `aside`: kept for audit, in no view, no count, no fingerprint (§6). `own`: concerns this node
 * (§15). */
static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE state(id INTEGER PRIMARY KEY CHECK(id=1), clock INTEGER NOT NULL,"
    " head INTEGER NOT NULL, event_count INTEGER NOT NULL, fingerprint_sum BLOB NOT NULL);"
    "INSERT INTO state VALUES(1,0,0,0,zeroblob(32));"
    "CREATE TABLE events(seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, lamport INTEGER NOT NULL,"
    " event_id TEXT NOT NULL, type INTEGER NOT NULL, author BLOB NOT NULL,"
    " aside INTEGER NOT NULL, own INTEGER NOT NULL, json TEXT NOT NULL);"
    "CREATE UNIQUE INDEX events_hash ON events(hash);"
    "CREATE INDEX events_set ON events(lamport, hash) WHERE aside=0;"
    "CREATE INDEX events_event_id ON events(event_id);"
    "CREATE INDEX events_community ON events(seq) WHERE type<=8;"
    "CREATE INDEX events_own ON events(seq) WHERE own=1;"
    "CREATE TABLE heads(type INTEGER PRIMARY KEY, lamport INTEGER NOT NULL);"
    "CREATE TABLE messages(seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL,"
    " lamport INTEGER NOT NULL, peer BLOB NOT NULL, outgoing INTEGER NOT NULL,"
    " client_id TEXT NOT NULL, body TEXT NOT NULL, attachments TEXT NOT NULL,"
    " created_at TEXT NOT NULL, names TEXT NOT NULL);"
    "CREATE INDEX messages_event_id ON messages(event_id);"
    "CREATE INDEX messages_conversation ON messages(peer, lamport, event_id);"
    "CREATE INDEX messages_incoming ON messages(peer, lamport, event_id) WHERE outgoing=0;"
    "CREATE INDEX messages_order ON messages(lamport, event_id);"
    "CREATE INDEX messages_client_id ON messages(client_id) WHERE outgoing=1;"
    "CREATE TABLE receipts(target_event_id TEXT NOT NULL, type INTEGER NOT NULL,"
    " author BLOB NOT NULL, lamport INTEGER NOT NULL, event_id TEXT NOT NULL, hash BLOB NOT NULL,"
    " at TEXT NOT NULL,"
    " PRIMARY KEY(target_event_id, type, author, lamport, event_id, hash)) WITHOUT ROWID;"
    "CREATE TABLE read_marks(peer BLOB NOT NULL, outgoing INTEGER NOT NULL,"
    " target_lamport INTEGER NOT NULL, target_event_id TEXT NOT NULL, lamport INTEGER NOT NULL,"
    " event_id TEXT NOT NULL, hash BLOB NOT NULL, at TEXT NOT NULL,"
    " PRIMARY KEY(peer, outgoing, target_lamport, target_event_id)) WITHOUT ROWID;"
    "CREATE TABLE local_reads(peer BLOB PRIMARY KEY, lamport INTEGER NOT NULL,"
    " event_id TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE peers(node_id BLOB PRIMARY KEY, cursor INTEGER NOT NULL,"
    " last_seen INTEGER NOT NULL) WITHOUT ROWID;" GROWTH SEARCH "PRAGMA user_version=3;";

/* To 2: the index on lamport and hash is that of the set alone; two authors' messages may have one
 * id. To 3: search. */
static const char *const upgrades[SCHEMA_VERSION] = {
    [1] = "BEGIN IMMEDIATE; DROP INDEX events_lamport;"
          "DROP INDEX messages_event_id; CREATE INDEX messages_event_id ON messages(event_id);"
          "CREATE INDEX events_set ON events(lamport, hash) WHERE aside=0;" GROWTH
          "PRAGMA user_version=2; COMMIT;",
    [2] = "BEGIN IMMEDIATE; ALTER TABLE messages ADD COLUMN names TEXT NOT NULL DEFAULT '';"
          "UPDATE messages SET names=" HISTORY_ATTACHMENT_NAMES(
              "attachments") " WHERE attachments<>'[]';" SEARCH
                             "INSERT INTO messages_search(messages_search) VALUES('rebuild');"
                             "PRAGMA user_version=3; COMMIT;",
};

static enum result write_identity(struct database *database, const char *community,
                                  const char *node)
{
    (void)database_execute(database, "BEGIN IMMEDIATE");
    (void)database_execute(database, schema);
    database_run(database, "INSERT INTO meta VALUES('community_id',?1),('node_id',?2)", "tt",
                 community, node);
    return database->failed ? RESULT_IO : database_execute(database, "COMMIT");
}

static bool identity_is(struct database *database, const char *key, const char *expected)
{
    sqlite3_stmt *row = database_query(database, "SELECT value FROM meta WHERE key=?1", "t", key);
    bool same = database_next(database, row) && strcmp(database_text(row, 0), expected) == 0;
    database_done(row);
    return same;
}

enum result log_schema_prepare(struct database *database, const struct event_log_options *options,
                               struct error *error)
{
    char community[NODE_ID_TEXT_BYTES];
    char node[NODE_ID_TEXT_BYTES];
    node_id_format(&options->community_id, community);
    node_id_format(&options->key->node_id, node);
    /* 10,000 pages: a checkpoint's syncs are spread over many commits, and pages that many of them
     * change are written once; the file stays near 40 MB. */
    if (database_execute(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                   "PRAGMA wal_autocheckpoint=10000; PRAGMA cache_size=-8000;"
                                   "PRAGMA journal_size_limit=33554432;") != RESULT_OK) {
        return error_set(error, RESULT_IO, "The event log is damaged or can't be written: %s.",
                         sqlite3_errmsg(database->handle));
    }
    int64_t version = database_integer(database, 0, "PRAGMA user_version", "");
    if (version > SCHEMA_VERSION) {
        return error_set(error, RESULT_UNSUPPORTED,
                         "The event log was written by a newer hearthchat; update this program.");
    }
    if (version == 0 && write_identity(database, community, node) != RESULT_OK) {
        return error_set(error, RESULT_IO, "The event log can't be made: %s.",
                         sqlite3_errmsg(database->handle));
    }
    for (; version > 0 && version < SCHEMA_VERSION; version++) {
        if (database_execute(database, upgrades[version]) != RESULT_OK) {
            return error_set(error, RESULT_IO, "The event log can't be brought up to date: %s.",
                             sqlite3_errmsg(database->handle));
        }
    }
    if (!identity_is(database, "community_id", community)) {
        return error_set(error, RESULT_MISMATCH, "The event log belongs to another community.");
    }
    if (!identity_is(database, "node_id", node)) {
        return error_set(error, RESULT_MISMATCH,
                         "The event log belongs to another device's key; put that key back.");
    }
    return database->failed ? error_set(error, RESULT_IO, "The event log can't be read.")
                            : RESULT_OK;
}
