#include "store/log_receiving_keys_private.h"

#include <string.h>

#include "store/log_nodes_private.h"
#include "store/log_service_days_private.h"
#include "store/log_terms_private.h"

/* The oldest that was used, or where none was the oldest; never the newest. */
static void keep_few(struct event_log *log, int64_t peer)
{
    database_run(&log->database,
                 "DELETE FROM receiving_keys WHERE (SELECT count(*) FROM receiving_keys"
                 " WHERE peer=?1)>?2 AND public=(SELECT public FROM receiving_keys"
                 " INDEXED BY receiving_keys_peer WHERE peer=?1 AND since<"
                 "(SELECT max(since) FROM receiving_keys WHERE peer=?1)"
                 " ORDER BY used=0,since LIMIT 1)",
                 "ii", peer, (int64_t)LOG_RECEIVING_KEYS_MOST);
}

void log_receiving_keys_keep(struct event_log *log, const struct log_receiving_pair *pair,
                             int64_t peer, int64_t lamport)
{
    int64_t today = log_service_days_today(log);
    if (peer == LOG_RECEIVING_KEYS_EVERYBODY) {
        database_run(&log->database,
                     "UPDATE receiving_keys SET replaced=?2 WHERE peer=?1 AND replaced=0", "ii",
                     peer, today);
    }
    database_run(&log->database,
                 "INSERT OR IGNORE INTO receiving_keys(public,secret,peer,since,day,used,replaced)"
                 " VALUES(?1,?2,?3,?4,?5,0,0)",
                 "bbiii", pair->public.key, HPKE_KEY_BYTES, pair->secret, HPKE_KEY_BYTES, peer,
                 lamport, today);
    if (peer != LOG_RECEIVING_KEYS_EVERYBODY) {
        keep_few(log, peer);
    }
}

void log_receiving_keys_drop(struct event_log *log, const struct receiving_key *public)
{
    database_run(&log->database, "DELETE FROM receiving_keys WHERE public=?1", "b", public->key,
                 HPKE_KEY_BYTES);
    log_terms_forget_all(log);
}

bool log_receiving_keys_find(struct event_log *log,
                             const uint8_t tag[static RECEIVING_KEY_TAG_BYTES], size_t number,
                             struct log_receiving_pair *pair_out)
{
    struct receiving_key last; /* that has this tag */
    memset(last.key, 0xff, sizeof last.key);
    memcpy(last.key, tag, RECEIVING_KEY_TAG_BYTES);
    sqlite3_stmt *row = database_query(&log->database,
                                       "SELECT public,secret FROM receiving_keys"
                                       " WHERE public>=?1 AND public<=?2 ORDER BY public"
                                       " LIMIT 1 OFFSET ?3",
                                       "bbi", tag, RECEIVING_KEY_TAG_BYTES, last.key,
                                       HPKE_KEY_BYTES, (int64_t)number);
    bool found = database_next(&log->database, row) &&
                 sqlite3_column_bytes(row, 0) == HPKE_KEY_BYTES &&
                 sqlite3_column_bytes(row, 1) == HPKE_KEY_BYTES;
    if (found) {
        memcpy(pair_out->public.key, sqlite3_column_blob(row, 0), HPKE_KEY_BYTES);
        memcpy(pair_out->secret, sqlite3_column_blob(row, 1), HPKE_KEY_BYTES);
    }
    database_done(row);
    return found;
}

bool log_receiving_keys_holds(struct event_log *log, const struct log_receiving_pair *pair)
{
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT secret FROM receiving_keys WHERE public=?1", "b",
                       pair->public.key, HPKE_KEY_BYTES);
    bool same = database_next(&log->database, row) &&
                sqlite3_column_bytes(row, 0) == HPKE_KEY_BYTES &&
                signing_equal(sqlite3_column_blob(row, 0), pair->secret, HPKE_KEY_BYTES);
    database_done(row);
    return same;
}

bool log_receiving_keys_has(struct event_log *log, const struct receiving_key *public)
{
    return database_integer(&log->database, 0, "SELECT 1 FROM receiving_keys WHERE public=?1", "b",
                            public->key, HPKE_KEY_BYTES) != 0;
}

bool log_receiving_keys_is_used(struct event_log *log, const struct receiving_key *public)
{
    return database_integer(&log->database, 0, "SELECT used FROM receiving_keys WHERE public=?1",
                            "b", public->key, HPKE_KEY_BYTES) != 0;
}

int64_t log_receiving_keys_newest_day(struct event_log *log)
{
    return database_integer(&log->database, 0,
                            "SELECT day FROM receiving_keys INDEXED BY receiving_keys_peer"
                            " WHERE peer=0 ORDER BY since DESC LIMIT 1",
                            "");
}

void log_receiving_keys_note_use(struct event_log *log, const struct receiving_key *public,
                                 int64_t author, int64_t number)
{
    /* What was offered to another one alone says nothing of what this author has. */
    int64_t used = database_integer(&log->database, -1,
                                    "SELECT used FROM receiving_keys WHERE public=?1"
                                    " AND peer IN (0,?2)",
                                    "bi", public->key, HPKE_KEY_BYTES, author);
    if (used < 0 || (used > 0 && used <= number)) {
        return; /* as for most: numbers grow */
    }
    database_run(&log->database, "UPDATE receiving_keys SET used=?2 WHERE public=?1", "bi",
                 public->key, HPKE_KEY_BYTES, number);
    log->state.secrets_may_go = true;
    log_terms_forget(log, author);
    database_run(&log->database,
                 "UPDATE receiving_keys SET replaced=?3 WHERE peer=?2 AND replaced=0 AND since<"
                 "(SELECT since FROM receiving_keys WHERE public=?1 AND peer=?2)",
                 "bii", public->key, HPKE_KEY_BYTES, author, log_service_days_today(log));
}

/* (D): what its peer sealed to a newer one has come, and everything that it wrote before. */
static void delete_outdone(struct event_log *log)
{
    database_run(&log->database,
                 "DELETE FROM receiving_keys WHERE peer>0 AND since<(SELECT max(n.since)"
                 " FROM receiving_keys n JOIN sealed_runs r ON r.author=n.peer AND r.recipient=?1"
                 " WHERE n.peer=receiving_keys.peer AND n.used BETWEEN 1 AND r.number)",
                 "i", log->self);
}

/* Of a revoked peer nothing comes any more. The peer behind `after` of those with keys; 0: there is
 * none. */
static int64_t delete_revoked(struct event_log *log, int64_t after)
{
    struct node_id peer;
    int64_t number = database_integer(
        &log->database, 0, "SELECT min(peer) FROM receiving_keys WHERE peer>?1", "i", after);
    const struct community *community = log->state.community;
    if (number != 0 && log_nodes_key(log, number, &peer) &&
        replay_standing(community_replay(community), community_find(community, &peer)).revoked !=
            FACT_NONE) {
        database_run(&log->database, "DELETE FROM receiving_keys WHERE peer=?1", "i", number);
    }
    return number;
}

bool log_receiving_keys_sweep(struct event_log *log)
{
    int64_t today = log_service_days_today(log);
    int before = sqlite3_total_changes(log->database.handle);
    delete_outdone(log);
    database_run(&log->database, "DELETE FROM receiving_keys WHERE replaced>0 AND replaced+?2<=?1",
                 "ii", today, (int64_t)LOG_RECEIVING_KEYS_DAYS);
    for (int64_t peer = delete_revoked(log, 0); peer != 0;) {
        peer = delete_revoked(log, peer);
    }
    bool some_went = sqlite3_total_changes(log->database.handle) != before;
    if (some_went) {
        log_terms_forget_all(log);
    }
    return some_went;
}
