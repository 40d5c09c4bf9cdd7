#include "store/log_snapshot_private.h"

#include <string.h>

#include "core/memory.h"
#include "store/log_facts_private.h"

/* With the lock taken. */
static void unreference(struct log_snapshot_shared *snapshot)
{
    if (snapshot != NULL && --snapshot->references == 0) {
        membership_release(&snapshot->membership);
        memory_free(snapshot);
    }
}

static struct membership *make_membership(struct event_log *log)
{
    char *name = log_facts_name(log);
    struct membership *membership = community_publish(log->state.community, name);
    memory_free(name);
    log->state.membership_changed = false;
    return membership;
}

void log_snapshot_publish(struct event_log *log)
{
    struct log_state *state = &log->state;
    struct log_snapshot_shared *next = memory_allocate(1, sizeof *next);
    struct membership *changed = state->membership_changed ? make_membership(log) : NULL;
    next->references = 1;
    next->public.head = state->head;
    next->public.clock = state->clock;
    next->public.last_seq = state->last_seq;
    next->public.event_count = state->fingerprint.count;
    memcpy(next->public.life, state->life, sizeof next->public.life);
    next->public.copy_seen = state->copy_seen;
    next->public.set_back_seen = state->set_back_seen;
    fingerprint_digest(&state->fingerprint, next->public.fingerprint);
    lock_take(log->lock);
    next->membership = changed != NULL ? changed : membership_share(log->snapshot->membership);
    next->public.membership = next->membership;
    unreference(log->snapshot);
    log->snapshot = next;
    lock_release(log->lock);
}

void log_snapshot_withdraw(struct event_log *log)
{
    lock_take(log->lock);
    unreference(log->snapshot);
    log->snapshot = NULL;
    lock_release(log->lock);
}

const struct log_snapshot *log_snapshot_acquire(struct event_log *log)
{
    lock_take(log->lock);
    struct log_snapshot_shared *snapshot = log->snapshot;
    snapshot->references++;
    lock_release(log->lock);
    return &snapshot->public;
}

void log_snapshot_release(struct event_log *log, const struct log_snapshot **snapshot)
{
    if (*snapshot == NULL) {
        return;
    }
    lock_take(log->lock);
    unreference((struct log_snapshot_shared *)(uintptr_t)*snapshot);
    lock_release(log->lock);
    *snapshot = NULL;
}
