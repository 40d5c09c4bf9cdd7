#include "store/log_opener_private.h"

#include <string.h>

#include "core/memory.h"

enum { TAG_BYTES = RECEIVING_KEY_TAG_BYTES };

struct envelope_item {
    const struct event *event;
    bool opened;
    struct log_opened_ahead ahead;
};

struct log_opener {
    struct envelope_item *items; /* of this batch; each is one thread's at a time */
    size_t item_count;
    size_t taken_count; /* in their order; the writer's */
    struct log_receiving_pair secrets[LOG_OPENER_MOST_SECRETS];
    size_t secret_count;
    struct node_id community_id;
    struct thread *thread;
    struct lock *lock;                 /* guards what follows */
    size_t next;                       /* the first one that nobody has begun */
    const struct envelope_item *opens; /* what the thread is at; NULL: nothing */
    bool ends;
};

/* The secrets, and the last one that was tried. */
struct trying {
    const struct log_opener *opener;
    const struct log_receiving_pair *tried;
};

static bool find_secret(void *context, const uint8_t tag[static TAG_BYTES], size_t number,
                        struct hpke_pair *pair_out)
{
    struct trying *trying = context;
    for (size_t i = 0; i < trying->opener->secret_count; i++) {
        const struct log_receiving_pair *pair = &trying->opener->secrets[i];
        if (memcmp(pair->public.key, tag, TAG_BYTES) == 0 && number-- == 0) {
            trying->tried = pair;
            memcpy(pair_out->public, pair->public.key, HPKE_KEY_BYTES);
            memcpy(pair_out->secret, pair->secret, HPKE_KEY_BYTES);
            return true;
        }
    }
    return false;
}

static void open_item(const struct log_opener *opener, struct envelope_item *item)
{
    struct trying trying = {.opener = opener};
    struct log_opened_ahead *ahead = &item->ahead;
    const struct message_sent *message = &item->event->data.message;
    const struct envelope_place place = {.author = &item->event->author,
                                         .recipient = &message->recipient,
                                         .community_id = &opener->community_id,
                                         .client_id = message->client_id};
    struct envelope_header header;
    item->opened = envelope_find_key(message->envelope, &place, find_secret, &trying,
                                     &ahead->key) == ENVELOPE_OPENED &&
                   envelope_read_header(message->envelope, &header);
    if (item->opened) {
        ahead->number = header.number;
        ahead->pair = *trying.tried;
        ahead->has_payload =
            envelope_sealed_bytes(message->envelope) <= LOG_OPENER_MOST_PAYLOAD_BYTES &&
            envelope_open(message->envelope, &place, &ahead->key, &ahead->payload) ==
                ENVELOPE_OPENED;
    }
}

static void open_until_ended(void *context)
{
    struct log_opener *opener = context;
    lock_take(opener->lock);
    while (!opener->ends) {
        if (opener->next == opener->item_count) {
            (void)lock_wait(opener->lock, -1);
            continue;
        }
        struct envelope_item *item = &opener->items[opener->next++];
        opener->opens = item;
        lock_release(opener->lock);
        open_item(opener, item);
        lock_take(opener->lock);
        opener->opens = NULL;
        lock_wake_all(opener->lock);
    }
    lock_release(opener->lock);
}

static bool is_for_us(const struct event_log *log, const struct event *event)
{
    const struct node_id *self = &log->options.key->node_id;
    return event->type == EVENT_MESSAGE_SENT && event->data.message.sealed &&
           node_id_equal(&event->data.message.recipient, self) &&
           !node_id_equal(&event->author, self);
}

/* Without a thread the writer does it all. */
static bool start(struct event_log *log)
{
    struct log_opener *opener = memory_allocate(1, sizeof *opener);
    opener->lock = lock_create();
    opener->community_id = log->options.community_id;
    log->opener = opener;
    if (thread_start("opener", open_until_ended, opener, &opener->thread) != RESULT_OK) {
        log_opener_destroy(&log->opener);
    }
    return log->opener != NULL;
}

/* All with the tag that the event names first; most of a batch name the same. */
static void add_secrets(struct event_log *log, const struct event *event)
{
    struct log_opener *opener = log->opener;
    uint8_t tag[TAG_BYTES];
    if (!envelope_read_tag(event->data.message.envelope, tag)) {
        return;
    }
    for (size_t i = opener->secret_count; i > 0; i--) {
        if (memcmp(opener->secrets[i - 1].public.key, tag, TAG_BYTES) == 0) {
            return;
        }
    }
    for (size_t number = 0;
         opener->secret_count < LOG_OPENER_MOST_SECRETS &&
         log_receiving_keys_find(log, tag, number, &opener->secrets[opener->secret_count]);
         number++) {
        opener->secret_count++;
    }
}

static void begin(struct event_log *log, const struct log_arrival *arrivals, size_t count)
{
    struct log_opener *opener = log->opener;
    size_t item_count = 0;
    size_t most = count < LOG_OPENER_MOST_EVENTS ? count : LOG_OPENER_MOST_EVENTS;
    opener->items = memory_allocate(most, sizeof *opener->items);
    for (size_t i = 0; i < count && item_count < most; i++) {
        const struct event *event = event_verified_get(arrivals[i].event);
        if (is_for_us(log, event)) {
            opener->items[item_count++].event = event;
            add_secrets(log, event);
        }
    }
    lock_take(opener->lock);
    opener->item_count = item_count;
    lock_wake_all(opener->lock);
    lock_release(opener->lock);
}

void log_opener_begin(struct event_log *log, const struct log_arrival *arrivals, size_t count)
{
    size_t for_us = 0;
    for (size_t i = 0; i < count && for_us < LOG_OPENER_LEAST_EVENTS; i++) {
        for_us += is_for_us(log, event_verified_get(arrivals[i].event)) ? 1 : 0;
    }
    if (for_us == LOG_OPENER_LEAST_EVENTS && log->state.keeps_keys &&
        (log->opener != NULL || start(log))) {
        begin(log, arrivals, count);
    }
}

static void forget(struct log_opener *opener)
{
    for (size_t i = 0; i < opener->item_count; i++) {
        struct buffer *payload = &opener->items[i].ahead.payload;
        if (payload->length_bytes > 0) {
            signing_wipe(payload->data, payload->length_bytes);
        }
        buffer_deinit(payload);
    }
    signing_wipe(opener->items, opener->item_count * sizeof *opener->items);
    signing_wipe(opener->secrets, opener->secret_count * sizeof *opener->secrets);
    memory_free(opener->items);
    opener->items = NULL;
    opener->item_count = opener->taken_count = opener->secret_count = 0;
}

void log_opener_end(struct event_log *log)
{
    struct log_opener *opener = log->opener;
    if (opener == NULL || opener->items == NULL) {
        return;
    }
    lock_take(opener->lock);
    opener->next = opener->item_count;
    while (opener->opens != NULL) {
        (void)lock_wait(opener->lock, -1);
    }
    forget(opener);
    opener->next = 0;
    lock_release(opener->lock);
}

const struct log_opened_ahead *log_opener_take(struct event_log *log, const struct event *event)
{
    struct log_opener *opener = log->opener;
    size_t i = opener == NULL ? 0 : opener->taken_count;
    while (opener != NULL && i < opener->item_count && opener->items[i].event != event) {
        i++;
    }
    if (opener == NULL || i == opener->item_count) {
        return NULL;
    }
    const struct envelope_item *item = &opener->items[i];
    opener->taken_count = i + 1;
    lock_take(opener->lock);
    if (opener->next <= i) {
        opener->next = i + 1;
    }
    while (opener->opens == item) {
        (void)lock_wait(opener->lock, -1);
    }
    lock_release(opener->lock);
    return item->opened ? &item->ahead : NULL;
}

void log_opener_destroy(struct log_opener **opener_pointer)
{
    struct log_opener *opener = *opener_pointer;
    if (opener == NULL) {
        return;
    }
    lock_take(opener->lock);
    opener->ends = true;
    lock_wake_all(opener->lock);
    lock_release(opener->lock);
    thread_join(&opener->thread);
    lock_destroy(&opener->lock);
    memory_free(opener);
    *opener_pointer = NULL;
}
