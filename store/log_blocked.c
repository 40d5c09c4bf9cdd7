#include "store/log_blocked_private.h"

#include "store/log_clearing_private.h"

bool log_blocked_is(struct event_log *log, const struct node_id *node_id)
{
    return log->state.blocks_some &&
           database_integer(&log->database, 0, "SELECT blocked FROM contacts WHERE node=?1", "b",
                            node_id->key, NODE_ID_BYTES) != 0;
}

void log_blocked_meet(struct event_log *log, const struct event *event)
{
    if (event->type == EVENT_MESSAGE_SENT &&
        node_id_equal(&event->data.message.recipient, &log->options.key->node_id) &&
        log_blocked_is(log, &event->author)) {
        database_run(&log->database, "INSERT OR IGNORE INTO unheard(hash) VALUES(?1)", "b",
                     event->hash, BLAKE3_HASH_BYTES);
        log->state.has_unheard = true;
    }
}

bool log_blocked_is_unheard(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    return log->state.has_unheard &&
           database_integer(&log->database, 0, "SELECT 1 FROM unheard WHERE hash=?1", "b", hash,
                            BLAKE3_HASH_BYTES) != 0;
}

bool log_blocked_may_tell(struct database *database, int64_t seq,
                          const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    return database_integer(
               database, 0,
               "SELECT 1 FROM unheard WHERE hash=?2 UNION ALL"
               " SELECT 1 FROM messages m WHERE m.seq=?1 AND NOT (" LOG_CLEARING_LEFT(
                   "m.conversation") ") UNION ALL"
                                     " SELECT 1 FROM changes c JOIN clearings k"
                                     " ON k.conversation=c.conversation AND k.through>=c.seq"
                                     " WHERE c.seq=?1 LIMIT 1",
               "ib", seq, hash, BLAKE3_HASH_BYTES) == 0;
}

void log_blocked_load(struct event_log *log)
{
    log->state.blocks_some =
        database_integer(&log->database, 0, "SELECT 1 FROM contacts WHERE blocked=1 LIMIT 1", "") !=
        0;
    log->state.has_unheard =
        database_integer(&log->database, 0, "SELECT 1 FROM unheard LIMIT 1", "") != 0;
}
