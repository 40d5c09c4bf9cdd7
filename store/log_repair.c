#include "store/log_repair_private.h"

#include "store/log_changes_private.h"
#include "store/log_events_private.h"
#include "store/log_keyring_private.h"

/* A message with keys may have waited for its own; a chain of them ends somewhere. */
enum { MOST_DEPTH = 4 };

/* Between us and that peer, in either direction. */
static bool is_of_conversation(const struct event_log *log, const struct event *event,
                               const struct node_id *peer)
{
    const struct node_id *self = &log->options.key->node_id;
    const struct node_id *recipient = &event->data.message.recipient;
    return event->data.message.sealed &&
           ((node_id_equal(&event->author, peer) && node_id_equal(recipient, self)) ||
            (node_id_equal(&event->author, self) && node_id_equal(recipient, peer)));
}

/* One that is for what was deleted is not kept, nor what it was given with. */
static bool is_wanted(struct event_log *log, const struct payload_key *given, bool *is_gone_out)
{
    struct content_key known;
    enum log_keyring_entry entry = log_keyring_find(log, given->event, &known);
    signing_wipe(&known, sizeof known);
    *is_gone_out = *is_gone_out || log_keyring_is_deleted(entry) || entry == LOG_KEYRING_EXPIRED ||
                   entry == LOG_KEYRING_SPENT;
    return entry == LOG_KEYRING_NOTHING;
}

void log_repair_take_keys(struct event_log *log, const struct event *given,
                          const struct payload *payload,
                          void (*open)(struct event_log *log, const struct event *event,
                                       int64_t seq))
{
    if (log->state.is_deriving || log->state.repair_depth == MOST_DEPTH ||
        node_id_equal(&given->author, &log->options.key->node_id)) {
        return;
    }
    bool is_gone = false;
    log->state.repair_depth++;
    for (size_t i = 0; i < payload->key_count; i++) {
        struct payload_key key;
        int64_t seq = payload_key_at(payload, i, &key) && is_wanted(log, &key, &is_gone)
                          ? log_events_find_message(log, key.event)
                          : 0;
        struct event *event = seq == 0 ? NULL : log_events_read(log, seq);
        if (event != NULL && is_of_conversation(log, event, &given->author) &&
            envelope_is_key(event->data.message.envelope, &key.key)) {
            log_keyring_keep(log, key.event, &key.key);
            open(log, event, seq);
        }
        event_destroy(&event);
        signing_wipe(&key, sizeof key);
    }
    log->state.repair_depth--;
    if (is_gone) {
        log_changes_spend_given(log, given);
    }
}
