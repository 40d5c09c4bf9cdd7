#include "gossip/send_waiters.h"

#include "core/memory.h"

void send_waiters_deinit(struct send_waiters *waiters)
{
    memory_free(waiters->list);
    *waiters = (struct send_waiters){0};
}

void send_waiters_add(struct send_waiters *waiters, const struct send_waiter *waiter)
{
    waiters->list = memory_resize(waiters->list, waiters->count + 1, sizeof *waiters->list);
    waiters->list[waiters->count++] = *waiter;
}

void send_waiters_decide(struct send_waiter *waiter, bool direct)
{
    if (!waiter->decided) {
        waiter->decided = true;
        waiter->direct = direct;
    }
}

void send_waiters_give_up(struct send_waiters *waiters, const struct node_id *recipient)
{
    for (size_t i = 0; i < waiters->count; i++) {
        struct send_waiter *waiter = &waiters->list[i];
        if (node_id_equal(&waiter->recipient, recipient)) {
            send_waiters_decide(waiter, false);
        }
    }
}

bool send_waiters_take(struct send_waiters *waiters, int64_t now_ms, struct send_waiter *out)
{
    for (size_t i = 0; i < waiters->count; i++) {
        struct send_waiter *waiter = &waiters->list[i];
        if (waiter->decided || waiter->deadline_ms <= now_ms) {
            send_waiters_decide(waiter, false);
            *out = *waiter;
            *waiter = waiters->list[--waiters->count];
            return true;
        }
    }
    return false;
}

int64_t send_waiters_due(const struct send_waiters *waiters)
{
    int64_t at = INT64_MAX;
    for (size_t i = 0; i < waiters->count; i++) {
        int64_t due = waiters->list[i].decided ? 0 : waiters->list[i].deadline_ms;
        at = due < at ? due : at;
    }
    return at;
}
