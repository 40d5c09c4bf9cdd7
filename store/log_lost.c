#include "store/log_lost_private.h"

#include "store/log_acknowledged_private.h"
#include "store/log_blocked_private.h"
#include "store/log_changes_private.h"
#include "store/log_events_private.h"
#include "store/log_keyring_private.h"
#include "store/log_nodes_private.h"
#include "store/log_sessions_private.h"

/* So often, and by itself: once more is the owner's word. */
static bool is_given_enough(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    return database_integer(&log->database, 0, "SELECT given FROM repairs WHERE hash=?1", "b", hash,
                            BLAKE3_HASH_BYTES) >= LOG_SESSIONS_MOST_TIMES;
}

/* Of an event that there is a key for. */
static enum log_lost_claim judge(struct event_log *log, const struct node_id *peer,
                                 const struct event *event, int64_t seq)
{
    const struct node_id *self = &log->options.key->node_id;
    const struct node_id *recipient = &event->data.message.recipient;
    if (!event->data.message.sealed || log_changes_is_given(log, seq)) {
        return LOG_LOST_NOTHING;
    }
    if (node_id_equal(&event->author, peer)) {
        /* What came while he was blocked, nobody says to have here. */
        return node_id_equal(recipient, self) && !log_blocked_is_unheard(log, event->hash)
                   ? LOG_LOST_HAD
                   : LOG_LOST_NOTHING;
    }
    if (!node_id_equal(&event->author, self) || !node_id_equal(recipient, peer)) {
        return LOG_LOST_NOTHING;
    }
    return log_acknowledged_is(log, log_nodes_number(log, peer), event->event_id) ||
                   is_given_enough(log, event->hash)
               ? LOG_LOST_HAD
               : LOG_LOST_MISSING;
}

enum log_lost_claim log_lost_look(struct event_log *log, const struct node_id *peer,
                                  struct payload_key *key_in_out)
{
    enum log_lost_claim claim = LOG_LOST_NOTHING;
    if (log_keyring_find(log, key_in_out->event, &key_in_out->key) == LOG_KEYRING_KEY) {
        int64_t seq = log_events_find_message(log, key_in_out->event);
        struct event *event = seq == 0 ? NULL : log_events_read(log, seq);
        claim = event == NULL ? LOG_LOST_NOTHING : judge(log, peer, event, seq);
        event_destroy(&event);
    }
    return claim;
}

bool log_lost_has(struct event_log *log, const struct node_id *peer,
                  const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    return database_integer(&log->database, 0, "SELECT 1 FROM lost WHERE peer=?1 AND hash=?2", "ib",
                            log_nodes_number(log, peer), hash, BLAKE3_HASH_BYTES) != 0;
}

void log_lost_note(struct event_log *log, const struct node_id *peer,
                   const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    database_run(&log->database, "INSERT OR IGNORE INTO lost(peer,hash) VALUES(?1,?2)", "ib",
                 log_nodes_number(log, peer), hash, BLAKE3_HASH_BYTES);
    log->lost.has_more = true;
    log->lost.peer = *peer;
}

void log_lost_tell_of(struct event_log *log, const struct node_id *peer)
{
    if (log->options.on_lost != NULL) {
        log->options.on_lost(log->options.context, peer,
                             database_integer(&log->database, 0, "SELECT " LOG_LOST_COUNT("?1"),
                                              "i", log_nodes_find(&log->database, peer)));
    }
}

void log_lost_tell(struct event_log *log)
{
    if (log->lost.has_more) {
        log->lost.has_more = false;
        log_lost_tell_of(log, &log->lost.peer);
    }
}

void log_lost_forget(struct event_log *log, const struct node_id *peer,
                     const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    database_run(&log->database, "DELETE FROM lost WHERE peer=?1 AND hash=?2", "ib",
                 log_nodes_number(log, peer), hash, BLAKE3_HASH_BYTES);
}
