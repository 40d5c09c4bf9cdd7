#include "store/log_schema_private.h"

#include <string.h>

#include "protocol/payload.h"
#include "protocol/search_text.h"

enum { SCHEMA_VERSION = 8 };

/* Where a message stands in the index is no matter of the events alone. */
#define MESSAGES_BUT_PLACE                                                                         \
    "seq,event_id,lamport,conversation,author,recipient,client_id,input,sealed,body,attachments,"  \
    "created_at,names,hash,reply_to,original,edited_at,deleted_at,own_reaction,peer_reaction,"     \
    "cleared"

/* A conversation may have a number before it has messages, or after. */
#define LIST_BUT_NONE                                                                              \
    "coalesce(group_concat(CASE WHEN unread<>0 OR read_lamport<>0 OR last_seq<>0 THEN id||' '||"   \
    "unread||' '||read_lamport||' '||read_event_id||' '||last_seq||' '||first_lamport||' '||"      \
    "first_event_id END),'')"

const struct log_schema_table log_schema_tables[LOG_SCHEMA_MOST_TABLES] = {
    {"meta", NULL, false},
    {"events", "seq,aside", false},
    {"nodes", NULL, false},
    {"conversations", LIST_BUT_NONE, false},
    {"local_reads", NULL, false},
    {"unanswered", NULL, false},
    {"peers", NULL, false},
    {"addresses", NULL, false},
    {"open_invites", NULL, false},
    {"redeemed", NULL, false},
    {"receiving_keys", NULL, false},
    {"keyring", NULL, false},
    {"verified", NULL, false},
    {"contacts", NULL, false},
    {"unheard", NULL, false},
    {"clearings", NULL, false},
    {"service_days", NULL, false},
    {"hedge", NULL, false},
    {"sessions", NULL, false},
    {"repairs", NULL, false},
    {"questions", NULL, false},
    {"owed_offers", NULL, false},
    {"lost", NULL, false},
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
    {"offers", "*", true},
    {"sealings", "author,recipient,number,seq,commitment,lamport,event_id,hash", true},
    {"sealed_runs", "*", true},
    {"acknowledged", "*", true},
    {"changes", "*", true},
    {NULL, NULL, false},
};

/* Of every version, but for the last column of `state`. */
static const char identity[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE state(id INTEGER PRIMARY KEY CHECK(id=1), clock INTEGER NOT NULL,"
    " head INTEGER NOT NULL, event_count INTEGER NOT NULL,"
    " fingerprint_sum BLOB NOT NULL" LOG_SCHEMA_REACH_COLUMN ");"
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
                "CREATE INDEX events_author ON events(" LOG_SCHEMA_AUTHOR(                         \
                    "author") ", aside, lamport);"

#define INDEXES_OF_IDS                                                                             \
    "DROP INDEX IF EXISTS events_event_id; DROP INDEX IF EXISTS messages_event_id;"                \
    "DROP INDEX IF EXISTS messages_client_id;"                                                     \
    "CREATE INDEX messages_client_id ON messages(client_id, author);"                              \
    "CREATE INDEX events_event_id ON events(event_id, " LOG_SCHEMA_AUTHOR(                         \
        "author") ", aside, " LOG_SCHEMA_PREFIX("hash") ");"

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

/* What opens messages (§24.11). `peer`: to whom a receiving key was offered, 0: to everybody;
 * `since`: the lamport of that event; `day`: the service day of it; `used`: the least of §24.2's
 * numbers that was sealed to it, 0: none yet; `replaced`: the service day on which a newer one was
 * used, or of a prekey published, 0: not yet. `keyring`: what an event's content key is, or (NULL)
 * why it is gone. `verified`: whose safety number the owner compared, and when. `service_days`: the
 * calendar date of the last one, and how many there were. `hedge`: §24.3's key of the last start.
 * `sessions`: the service day of the last offer alone to a peer, and when it was asked for keys;
 * `repairs`: how often, and on which day last, the key of a message was asked for, and how often it
 * was given; `questions`: events that ask for ours. Primary: secrets are in no event. */
#define KEY_TABLES                                                                                 \
    "CREATE TABLE receiving_keys(public BLOB PRIMARY KEY, secret BLOB NOT NULL,"                   \
    " peer INTEGER NOT NULL, since INTEGER NOT NULL, day INTEGER NOT NULL,"                        \
    " used INTEGER NOT NULL, replaced INTEGER NOT NULL) WITHOUT ROWID;"                            \
    "CREATE INDEX receiving_keys_peer ON receiving_keys(peer, since);"                             \
    "CREATE TABLE keyring(hash BLOB PRIMARY KEY, key BLOB, gone TEXT NOT NULL) WITHOUT ROWID;"     \
    "CREATE TABLE verified(node BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;"             \
    "CREATE TABLE service_days(id INTEGER PRIMARY KEY CHECK(id=1), date INTEGER NOT NULL,"         \
    " count INTEGER NOT NULL);"                                                                    \
    "INSERT INTO service_days(id,date,count) VALUES(1,0,0);"                                       \
    "CREATE TABLE hedge(id INTEGER PRIMARY KEY CHECK(id=1), key BLOB NOT NULL);"                   \
    "CREATE TABLE sessions(peer INTEGER PRIMARY KEY, offered INTEGER NOT NULL,"                    \
    " asked_ms INTEGER NOT NULL);"                                                                 \
    "CREATE TABLE repairs(hash BLOB PRIMARY KEY, asked INTEGER NOT NULL,"                          \
    " asked_day INTEGER NOT NULL, given INTEGER NOT NULL) WITHOUT ROWID;"                          \
    "CREATE TABLE questions(seq INTEGER PRIMARY KEY);"                                             \
    "CREATE INDEX messages_waiting ON messages(author, seq) WHERE sealed=1;"

/* Derived: the receiving keys that events offer (§24.1), `peer` 0: to everybody; of the sealed
 * messages of our conversations the numbers (§24.2) and the commitments, by which two events are
 * known to be one message (§24.4), `indexed`: by its commitment it is found (log_sealings.c); and
 * up to which number there are all of a peer from 1 on. Nodes are numbers of `nodes`. */
#define OFFER_TABLES                                                                               \
    "CREATE TABLE offers(owner INTEGER NOT NULL, peer INTEGER NOT NULL, lamport INTEGER NOT NULL," \
    " event_id TEXT NOT NULL, hash BLOB NOT NULL, public BLOB NOT NULL, reset INTEGER NOT NULL,"   \
    " PRIMARY KEY(owner, peer, lamport, event_id, hash)) WITHOUT ROWID;"                           \
    "CREATE INDEX offers_reset ON offers(owner, lamport, event_id, hash) WHERE reset=1;"           \
    "CREATE TABLE sealings(author INTEGER NOT NULL, recipient INTEGER NOT NULL,"                   \
    " number INTEGER NOT NULL, seq INTEGER NOT NULL, commitment BLOB NOT NULL,"                    \
    " lamport INTEGER NOT NULL, event_id TEXT NOT NULL, hash BLOB NOT NULL,"                       \
    " indexed INTEGER NOT NULL, PRIMARY KEY(author, recipient, number, seq)) WITHOUT ROWID;"       \
    "CREATE INDEX sealings_commitment ON sealings(author, recipient, commitment, lamport,"         \
    " event_id, hash) WHERE indexed=1;"                                                            \
    "CREATE TABLE sealed_runs(author INTEGER NOT NULL, recipient INTEGER NOT NULL,"                \
    " number INTEGER NOT NULL, PRIMARY KEY(author, recipient)) WITHOUT ROWID;"

/* Derived: what opened events say of others (store/log_changes_private.h), `target` by their hash,
 * whether that is here or not, x'' of an edit whose words are gone; `text`: the new words, or the
 * emoji. And what follows of it for a message: `original`: its words before they were edited; ""
 * where nothing is so. `cleared`: the keyring says that it went with its conversation; it costs who
 * reads that one nothing. */
#define CHANGES_TABLE                                                                              \
    "CREATE TABLE changes(target BLOB NOT NULL, kind INTEGER NOT NULL, author INTEGER NOT NULL,"   \
    " conversation INTEGER NOT NULL, lamport INTEGER NOT NULL, event_id TEXT NOT NULL,"            \
    " hash BLOB NOT NULL, seq INTEGER NOT NULL, client_id TEXT NOT NULL, at TEXT NOT NULL,"        \
    " text TEXT NOT NULL,"                                                                         \
    " PRIMARY KEY(target, kind, author, conversation, lamport, event_id, hash)) WITHOUT ROWID;"    \
    "CREATE INDEX changes_seq ON changes(seq);"                                                    \
    "CREATE INDEX changes_client_id ON changes(client_id, author);"

#define INDEXES_OF_CONVERSATIONS                                                                   \
    "DROP INDEX IF EXISTS messages_conversation; DROP INDEX IF EXISTS messages_order;"             \
    "CREATE INDEX messages_conversation ON messages(conversation, lamport, event_id, author)"      \
    " WHERE cleared=0;"                                                                            \
    "CREATE INDEX messages_order ON messages(lamport, event_id) WHERE cleared=0;"

/* Primary: `owed_offers`: peers of whom a message was deleted, and who get a new offer for it at
 * once (§24.9). Derived: `acknowledged`: who said of a message that it is there. */
#define REPAIR_TABLES                                                                              \
    "CREATE TABLE lost(peer INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(peer, hash))"        \
    " WITHOUT ROWID; CREATE TABLE owed_offers(peer INTEGER PRIMARY KEY);"                          \
    "CREATE TABLE acknowledged(author INTEGER NOT NULL, target_event_id TEXT NOT NULL,"            \
    " seq INTEGER NOT NULL, PRIMARY KEY(author, target_event_id, seq)) WITHOUT ROWID;"

/* What the owner keeps of others (store/log_contacts.h). `unheard`: messages whose author was
 * blocked when they came. `clearings`: up to which arrival number a conversation was cleared, and
 * whether all of it is done. Primary: none of it is in an event. */
#define CONTACT_TABLES                                                                             \
    "CREATE TABLE contacts(node BLOB PRIMARY KEY, nickname TEXT NOT NULL, muted INTEGER NOT NULL," \
    " blocked INTEGER NOT NULL, pinned INTEGER NOT NULL) WITHOUT ROWID;"                           \
    "CREATE TABLE unheard(hash BLOB PRIMARY KEY) WITHOUT ROWID;"                                   \
    "CREATE TABLE clearings(conversation INTEGER PRIMARY KEY, through INTEGER NOT NULL,"           \
    " done INTEGER NOT NULL);"

/* Primary: `aside` alone is derived: kept for audit, in no view, no count, no fingerprint (§6). A
 * node's number and a conversation's never change. `unanswered`: messages for us whose delivery is
 * still to be said. `growth`: what arrived on a day (since 1970, by our own clock), and how many
 * bytes of text it was. */
#define PRIMARY_TABLES                                                                             \
    "CREATE INDEX IF NOT EXISTS events_set ON events(lamport, hash) WHERE aside=0;"                \
    "CREATE INDEX events_type ON events(type, aside, lamport);"                                    \
    "CREATE TABLE nodes(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE);"                        \
    "CREATE TABLE conversations(id INTEGER PRIMARY KEY,"                                           \
    " key BLOB NOT NULL UNIQUE" LOG_SCHEMA_LIST_COLUMNS ");"                                       \
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

/* What is found in messages; made by log_search_renew(). Logs of the schemas 4 and 5 have words in
 * its stead. */
#define SEARCH_INDEX LOG_SCHEMA_SEARCH("messages_search")
#define NEW_SEARCH_INDEX                                                                           \
    "DROP TABLE messages_search; ALTER TABLE messages ADD COLUMN place INTEGER NOT NULL DEFAULT "  \
    "0;" SEARCH_INDEX

/* The owner's conversations. Authors, readers and recipients are numbers of `nodes`. `input`: the
 * hash of what an own message was made from; `created_at`: seconds since 1970. `repeats`: messages
 * that are not shown, for another one of the same author, conversation and client_id comes before
 * them (§5). `step`: of the read receipts those that come first in replay order for their watermark
 * or one above it; they grow together, like a staircase. `concerns`: who is told of an event (§15).
 */
#define CONVERSATION_TABLES                                                                        \
    "CREATE TABLE messages(seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL,"                       \
    " lamport INTEGER NOT NULL, conversation INTEGER NOT NULL, author INTEGER NOT NULL,"           \
    " recipient INTEGER NOT NULL, client_id TEXT NOT NULL, input BLOB NOT NULL,"                   \
    " sealed INTEGER NOT NULL, body TEXT NOT NULL, attachments TEXT NOT NULL,"                     \
    " created_at INTEGER NOT NULL, names TEXT NOT NULL,"                                           \
    " place INTEGER NOT NULL DEFAULT 0" LOG_SCHEMA_CHANGE_COLUMNS ");"                             \
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

static const char *const tables[] = {
    PRIMARY_TABLES ADDRESSES_TABLE OPEN_INVITES_TABLES INDEXES_BY_PREFIX,
    COMMUNITY_TABLES CONVERSATION_TABLES INDEXES_OF_IDS,
    KEY_TABLES OFFER_TABLES CHANGES_TABLE INDEXES_OF_CONVERSATIONS,
    REPAIR_TABLES CONTACT_TABLES LOG_SCHEMA_INDEX_OF_PLACES "PRAGMA user_version=8;",
};

/* From a version to the next one. What an older one did not look at is derived with all else. A new
 * log gets no column this way: for each SQLite reads all tables again. */
#define DERIVE_ANEW "INSERT OR IGNORE INTO meta(key,value) VALUES('derived','no');"
static const char *const steps[SCHEMA_VERSION][2] = {
    [4] = {INDEXES_BY_PREFIX, ""},
    [5] = {ADDRESSES_TABLE OPEN_INVITES_TABLES NEW_SEARCH_INDEX, ""},
    [6] = {KEY_TABLES OFFER_TABLES CHANGES_TABLE LOG_SCHEMA_ADD_CHANGES INDEXES_OF_CONVERSATIONS
               INDEXES_BY_PREFIX INDEXES_OF_IDS,
           REPAIR_TABLES CONTACT_TABLES LOG_SCHEMA_ADD_LIST LOG_SCHEMA_ADD_REACH DERIVE_ANEW},
    [7] = {LOG_SCHEMA_INDEX_OF_PLACES, "PRAGMA user_version=8;"},
};

/* From any version before 4, whose events are the same: what was derived is dropped, what was read
 * silently is kept under its conversation's number. */
static const char upgrade[] =
    "DROP INDEX IF EXISTS events_lamport; DROP INDEX IF EXISTS events_community;"
    "DROP INDEX IF EXISTS events_own; ALTER TABLE events DROP COLUMN own;"
    "DROP TABLE IF EXISTS messages_search; DROP TABLE messages; DROP TABLE receipts;"
    "DROP TABLE read_marks; DROP TABLE heads;" LOG_SCHEMA_ADD_REACH
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
    database_run(database, "INSERT INTO nodes(id,key) VALUES(1,?1)", "b", options->key->node_id.key,
                 NODE_ID_BYTES);
}

static void make_newest(struct database *database)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        (void)database_execute(database, tables[i]);
    }
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
        make_newest(database);
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
        for (; version < SCHEMA_VERSION; version++) {
            (void)database_execute(database, steps[version][0]);
            (void)database_execute(database, steps[version][1]);
        }
    } else if (!database->failed) {
        (void)database_execute(database, upgrade);
        make_newest(database);
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

/* From here on it keeps keys, for good (§24.5); what it held before is derived with them. */
static enum result begin_to_keep_keys(struct database *database, bool is_new)
{
    if (begin(database)) {
        database_run(database, "INSERT INTO meta(key,value) VALUES('keeps_keys','yes')", "");
    }
    if (is_new) {
        database_run(database, "INSERT INTO meta(key,value) VALUES('payloads',?1)", "t",
                     PAYLOAD_VERSION);
    } else {
        database_run(database, "INSERT OR IGNORE INTO meta(key,value) VALUES('derived','no')", "");
    }
    return commit(database);
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
                                     "PRAGMA cache_size=-8000; PRAGMA secure_delete=ON;"
                                     "PRAGMA journal_size_limit=33554432;");
    int64_t version = database_version(database);
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
    if (result == RESULT_OK && options->keeps_keys && !log_schema_keeps_keys(database) &&
        begin_to_keep_keys(database, version == 0) != RESULT_OK) {
        result = log_schema_explain(database, "The event log can't be written", error);
    }
    return result;
}

enum result log_schema_check(struct database *database, const struct event_log_options *options,
                             struct error *error)
{
    int64_t version = database_version(database);
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

bool log_schema_keeps_keys(struct database *database)
{
    return database_integer(database, 0, "SELECT 1 FROM meta WHERE key='keeps_keys'", "") != 0;
}
