#include "core/inbox.h"

#include "core/lock.h"
#include "core/memory.h"

struct inbox {
    struct lock *lock;
    void **items; /* ring of `capacity` */
    size_t capacity;
    size_t first;
    size_t count;
    bool closed;
    void (*wake)(void *context);
    void *context;
};

struct inbox *inbox_create(size_t capacity, void (*wake)(void *context), void *context)
{
    struct inbox *inbox = memory_allocate(1, sizeof *inbox);
    inbox->lock = lock_create();
    inbox->items = memory_allocate(capacity, sizeof *inbox->items);
    inbox->capacity = capacity;
    inbox->wake = wake;
    inbox->context = context;
    return inbox;
}

void inbox_destroy(struct inbox **inbox)
{
    if (*inbox == NULL) {
        return;
    }
    lock_destroy(&(*inbox)->lock);
    memory_free((*inbox)->items);
    memory_free(*inbox);
    *inbox = NULL;
}

enum result inbox_post(struct inbox *inbox, void *item)
{
    enum result result = RESULT_OK;
    bool was_empty = false;
    lock_take(inbox->lock);
    if (inbox->closed) {
        result = RESULT_UNSUPPORTED;
    } else if (inbox->count == inbox->capacity) {
        result = RESULT_FULL;
    } else {
        was_empty = inbox->count == 0;
        inbox->items[(inbox->first + inbox->count) % inbox->capacity] = item;
        inbox->count++;
    }
    lock_release_and_wake_one(inbox->lock);
    if (was_empty && inbox->wake != NULL) {
        inbox->wake(inbox->context);
    }
    return result;
}

size_t inbox_take(struct inbox *inbox, void **items_out, size_t limit, int64_t timeout_ms)
{
    size_t taken = 0;
    lock_take(inbox->lock);
    while (inbox->count == 0 && !inbox->closed && timeout_ms != 0) {
        if (!lock_wait(inbox->lock, timeout_ms)) {
            break;
        }
    }
    while (taken < limit && inbox->count > 0) {
        items_out[taken++] = inbox->items[inbox->first];
        inbox->first = (inbox->first + 1) % inbox->capacity;
        inbox->count--;
    }
    lock_release(inbox->lock);
    return taken;
}

void inbox_close(struct inbox *inbox)
{
    lock_take(inbox->lock);
    inbox->closed = true;
    lock_wake_all(inbox->lock);
    lock_release(inbox->lock);
    if (inbox->wake != NULL) {
        inbox->wake(inbox->context);
    }
}

bool inbox_is_closed(struct inbox *inbox)
{
    lock_take(inbox->lock);
    bool closed = inbox->closed;
    lock_release(inbox->lock);
    return closed;
}
