#include "gossip/fresh_events.h"

#include "core/lock.h"
#include "core/memory.h"
#include "protocol/event_kind.h"

enum { MOST = 128, MOST_TEXT_BYTES = 4096 };

struct fresh_event {
    int64_t seq; /* 0: none */
    struct buffer text;
};

struct fresh_events {
    struct lock *lock;
    struct fresh_event list[MOST]; /* each where its number says */
};

struct fresh_events *fresh_events_create(void)
{
    struct fresh_events *fresh = memory_allocate(1, sizeof *fresh);
    fresh->lock = lock_create();
    return fresh;
}

static void forget(struct fresh_event *event)
{
    buffer_deinit(&event->text);
    event->seq = 0;
}

static void forget_all(struct fresh_events *fresh)
{
    for (size_t i = 0; i < MOST; i++) {
        forget(&fresh->list[i]);
    }
}

void fresh_events_destroy(struct fresh_events **fresh)
{
    if (*fresh == NULL) {
        return;
    }
    forget_all(*fresh);
    lock_destroy(&(*fresh)->lock);
    memory_free(*fresh);
    *fresh = NULL;
}

static void add(struct fresh_events *fresh, const struct committed_event *committed)
{
    size_t length = 0;
    const char *text = event_verified_text(committed->event, &length);
    struct fresh_event *event = &fresh->list[(uint64_t)committed->seq % MOST];
    forget(event);
    if (length <= MOST_TEXT_BYTES) {
        event->seq = committed->seq;
        buffer_append(&event->text, text, length);
    }
    if (event_kind_get(event_verified_get(committed->event)->type)->tells_of_members) {
        forget_all(fresh);
    }
}

void fresh_events_add(struct fresh_events *fresh, const struct committed_event *events,
                      size_t count)
{
    lock_take(fresh->lock);
    for (size_t i = 0; i < count; i++) {
        add(fresh, &events[i]);
    }
    lock_release(fresh->lock);
}

bool fresh_events_write(struct fresh_events *fresh, const int64_t *seqs, size_t count,
                        struct event_batch_writer *writer)
{
    bool all = count <= MOST;
    lock_take(fresh->lock);
    for (size_t i = 0; i < count && all; i++) {
        const struct fresh_event *event = &fresh->list[(uint64_t)seqs[i] % MOST];
        all = event->seq == seqs[i] &&
              event_batch_add(writer, buffer_text(&event->text), event->text.length_bytes);
    }
    lock_release(fresh->lock);
    return all;
}
