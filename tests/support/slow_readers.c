#include "support/slow_readers.h"

static bool stand_still(struct reader_job *job)
{
    struct slow_readers *slow = (struct slow_readers *)job;
    lock_take(slow->lock);
    slow->rounds++;
    lock_wake_all(slow->lock);
    while (slow->rounds > slow->allowed && !slow->released) {
        (void)lock_wait(slow->lock, -1);
    }
    slow->ended = slow->released;
    lock_wake_all(slow->lock);
    bool ended = slow->ended;
    lock_release(slow->lock);
    return ended;
}

void slow_readers_hold(struct slow_readers *slow)
{
    slow->job = (struct reader_job){.run = stand_still, .payer = UINT32_MAX};
    slow->allowed = slow->rounds = 0;
    slow->released = slow->ended = false;
    readers_post(slow->readers, &slow->job);
    lock_take(slow->lock);
    while (slow->rounds == 0) {
        (void)lock_wait(slow->lock, -1);
    }
    lock_release(slow->lock);
}

void slow_readers_let_a_round_pass(struct slow_readers *slow)
{
    lock_take(slow->lock);
    const unsigned round = ++slow->allowed;
    lock_wake_all(slow->lock);
    while (slow->rounds == round) {
        (void)lock_wait(slow->lock, -1);
    }
    lock_release(slow->lock);
}

void slow_readers_let_go(struct slow_readers *slow)
{
    lock_take(slow->lock);
    slow->released = true;
    lock_wake_all(slow->lock);
    while (!slow->ended) {
        (void)lock_wait(slow->lock, -1);
    }
    lock_release(slow->lock);
}
