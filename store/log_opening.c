#include "store/log_opening_private.h"

#include <string.h>

#include "core/memory.h"
#include "store/log_keyring_private.h"
#include "store/log_nodes_private.h"
#include "store/log_opened_private.h"
#include "store/log_opener_private.h"
#include "store/log_receiving_keys_private.h"
#include "store/log_turns_private.h"

/* Our secrets, the last one that was tried, and the number of what it opened (§24.2). */
struct secrets {
    struct event_log *log;
    struct log_receiving_pair tried;
    uint32_t number;
};

static bool find_secret(void *context, const uint8_t tag[static RECEIVING_KEY_TAG_BYTES],
                        size_t number, struct hpke_pair *pair_out)
{
    struct secrets *secrets = context;
    bool found = log_receiving_keys_find(secrets->log, tag, number, &secrets->tried);
    if (found) {
        memcpy(pair_out->public, secrets->tried.public.key, HPKE_KEY_BYTES);
        memcpy(pair_out->secret, secrets->tried.secret, HPKE_KEY_BYTES);
    }
    return found;
}

/* By what was opened ahead, if its secret did not go meanwhile. NULL: by ourselves. */
static const struct log_opened_ahead *take_ahead(struct event_log *log, const struct event *event)
{
    const struct log_opened_ahead *ahead =
        log->entering.event == event ? log_opener_take(log, event) : NULL;
    return ahead != NULL && log_receiving_keys_holds(log, &ahead->pair) ? ahead : NULL;
}

static enum envelope_outcome try_secrets(struct secrets *secrets, const struct event *event,
                                         const struct log_opened_ahead *ahead,
                                         struct content_key *key_out)
{
    struct envelope_header header;
    const struct envelope_place place = log_opened_place(secrets->log, event);
    if (ahead != NULL) {
        secrets->tried = ahead->pair;
        secrets->number = ahead->number;
        *key_out = ahead->key;
        return ENVELOPE_OPENED;
    }
    enum envelope_outcome outcome =
        envelope_find_key(event->data.message.envelope, &place, find_secret, secrets, key_out);
    if (outcome == ENVELOPE_OPENED && envelope_read_header(event->data.message.envelope, &header)) {
        secrets->number = header.number;
    }
    return outcome;
}

/* By our secrets; what is final is kept. */
static enum message_e2e find_key(struct event_log *log, const struct event *event,
                                 const struct log_opened_ahead *ahead, struct content_key *key_out)
{
    struct secrets secrets = {.log = log};
    enum message_e2e e2e = MESSAGE_WAITING;
    int64_t author = log_nodes_number(log, &event->author);
    switch (try_secrets(&secrets, event, ahead, key_out)) {
    case ENVELOPE_OPENED:
        log_keyring_keep(log, event->hash, key_out);
        log_receiving_keys_note_use(log, &secrets.tried.public, author, secrets.number);
        log_turns_note_opened(log, author);
        e2e = MESSAGE_OPENED;
        break;
    case ENVELOPE_UNREADABLE:
        log_keyring_note_unreadable(log, event->hash);
        e2e = MESSAGE_UNREADABLE;
        break;
    case ENVELOPE_UNSUPPORTED:
        e2e = MESSAGE_UNSUPPORTED;
        break;
    case ENVELOPE_WAITING:
        log_turns_note_waiting(log);
        break;
    }
    signing_wipe(&secrets.tried, sizeof secrets.tried);
    return e2e;
}

static bool find_nothing(void *context, const uint8_t tag[static RECEIVING_KEY_TAG_BYTES],
                         size_t number, struct hpke_pair *pair_out)
{
    (void)context, (void)tag, (void)number, (void)pair_out;
    return false;
}

/* Written before we were set back, or by another copy of us, perhaps a newer one: its key may come.
 */
static enum message_e2e judge_own(const struct event_log *log, const struct event *event)
{
    struct content_key none;
    const struct envelope_place place = log_opened_place(log, event);
    return envelope_find_key(event->data.message.envelope, &place, find_nothing, NULL, &none) ==
                   ENVELOPE_UNSUPPORTED
               ? MESSAGE_UNSUPPORTED
               : MESSAGE_WAITING;
}

/* MESSAGE_OPENED: there is a key, whatever it opens. */
static enum message_e2e look_up(struct event_log *log, const struct event *event,
                                struct log_opening *opening, struct content_key *key_out,
                                const struct log_opened_ahead **ahead_out)
{
    switch (log_keyring_find(log, event->hash, key_out)) {
    case LOG_KEYRING_KEY:
        return MESSAGE_OPENED;
    case LOG_KEYRING_UNREADABLE:
        return MESSAGE_UNREADABLE;
    case LOG_KEYRING_DELETED:
    case LOG_KEYRING_CLEARED:
        return MESSAGE_DELETED;
    case LOG_KEYRING_EXPIRED:
        return MESSAGE_EXPIRED;
    case LOG_KEYRING_SPENT:
        opening->is_spent = true;
        return MESSAGE_DELETED;
    case LOG_KEYRING_NOTHING:
        break;
    }
    if (node_id_equal(&event->author, &log->options.key->node_id)) {
        return judge_own(log, event);
    }
    opening->is_first = true;
    *ahead_out = take_ahead(log, event);
    return find_key(log, event, *ahead_out, key_out);
}

static enum message_e2e e2e_of(enum envelope_outcome outcome)
{
    return outcome == ENVELOPE_OPENED        ? MESSAGE_OPENED
           : outcome == ENVELOPE_UNSUPPORTED ? MESSAGE_UNSUPPORTED
                                             : MESSAGE_UNREADABLE;
}

static enum message_e2e read_payload(struct event_log *log, const struct event *event,
                                     const struct content_key *key, struct payload *payload_out)
{
    struct buffer text;
    const struct envelope_place place = log_opened_place(log, event);
    buffer_init(&text);
    enum envelope_outcome outcome = envelope_open(event->data.message.envelope, &place, key, &text);
    if (outcome == ENVELOPE_OPENED) {
        outcome = payload_read(buffer_text(&text), text.length_bytes, payload_out);
    }
    if (text.length_bytes > 0) {
        signing_wipe(text.data, text.length_bytes);
    }
    buffer_deinit(&text);
    return e2e_of(outcome);
}

/* What we have just sealed is not opened to be read. */
static bool is_being_sealed(const struct event_log *log, const struct event *event)
{
    return log->entering.event == event && log->entering.payload != NULL;
}

static enum message_e2e read_plain(const struct buffer *payload, struct payload *payload_out)
{
    return e2e_of(payload_read(payload->data, payload->length_bytes, payload_out));
}

void log_opening_try(struct event_log *log, const struct event *event,
                     struct log_opening *opening_out)
{
    struct content_key key;
    const struct log_opened_ahead *ahead = NULL;
    *opening_out = (struct log_opening){.e2e = MESSAGE_UNSUPPORTED};
    if (is_being_sealed(log, event)) {
        opening_out->e2e = MESSAGE_OPENED;
        opening_out->payload = *log->entering.payload;
        (void)json_incref(opening_out->payload.json);
        return;
    }
    if (log->state.keeps_keys) {
        opening_out->e2e = look_up(log, event, opening_out, &key, &ahead);
    }
    if (opening_out->e2e == MESSAGE_OPENED) {
        opening_out->e2e = ahead != NULL && ahead->has_payload
                               ? read_plain(&ahead->payload, &opening_out->payload)
                               : read_payload(log, event, &key, &opening_out->payload);
        signing_wipe(&key, sizeof key);
    }
}

void log_opening_deinit(struct log_opening *opening)
{
    if (opening->e2e == MESSAGE_OPENED) {
        payload_deinit(&opening->payload);
    }
}

void log_opening_note(struct event_log *log, const struct event *event,
                      const struct log_opening *opening)
{
    struct log_entering *entering = &log->entering;
    struct buffer text;
    if (entering->event != event || opening->e2e != MESSAGE_OPENED) {
        return;
    }
    entering->asks_for_receipt = payload_asks_for_receipt(opening->payload.kind);
    if (opening->payload.kind != PAYLOAD_KEYS && log->options.on_commit != NULL) {
        buffer_init(&text);
        payload_write_opened(&opening->payload, &text);
        memory_free(entering->opened);
        entering->opened = buffer_take(&text);
    }
}

bool log_opening_asks_for_receipt(struct event_log *log, const struct event *event, bool asked)
{
    struct log_opening opening;
    if (asked && log_opened_has_key(&log->database, event->hash)) {
        return true;
    }
    log_opening_try(log, event, &opening);
    bool asks = opening.e2e == MESSAGE_OPENED && payload_asks_for_receipt(opening.payload.kind);
    log_opening_deinit(&opening);
    return asks;
}
