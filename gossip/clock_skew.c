#include "gossip/clock_skew.h"

#include <stdlib.h>

#include "core/lock.h"
#include "core/memory.h"

enum { MOST_PEERS = 1024 };

#define NEVER_SET_BEFORE 1735689600 /* 2025, which is before this program was */

struct heard {
    struct node_id peer;
    int64_t ahead; /* ours minus theirs */
};

struct clock_skew {
    struct lock *lock;
    struct heard *heard;
    size_t count;
};

struct clock_skew *clock_skew_create(void)
{
    struct clock_skew *skew = memory_allocate(1, sizeof *skew);
    skew->lock = lock_create();
    return skew;
}

void clock_skew_destroy(struct clock_skew **skew)
{
    if (*skew != NULL) {
        lock_destroy(&(*skew)->lock);
        memory_free((*skew)->heard);
        memory_free(*skew);
        *skew = NULL;
    }
}

static struct heard *find(struct clock_skew *skew, const struct node_id *peer)
{
    for (size_t i = 0; i < skew->count; i++) {
        if (node_id_equal(&skew->heard[i].peer, peer)) {
            return &skew->heard[i];
        }
    }
    if (skew->count == MOST_PEERS) {
        return NULL;
    }
    skew->heard = memory_resize(skew->heard, skew->count + 1, sizeof *skew->heard);
    skew->heard[skew->count].peer = *peer;
    return &skew->heard[skew->count++];
}

void clock_skew_note(struct clock_skew *skew, const struct node_id *peer, int64_t theirs,
                     int64_t ours)
{
    if (theirs < NEVER_SET_BEFORE) {
        return;
    }
    lock_take(skew->lock);
    struct heard *heard = find(skew, peer);
    if (heard != NULL) {
        heard->ahead = ours - theirs;
    }
    lock_release(skew->lock);
}

static int compare_ahead(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return a < b ? -1 : a > b ? 1 : 0;
}

bool clock_skew_median(struct clock_skew *skew, int64_t *seconds_out)
{
    lock_take(skew->lock);
    size_t count = skew->count;
    int64_t *ahead = memory_allocate(count + 1, sizeof *ahead);
    for (size_t i = 0; i < count; i++) {
        ahead[i] = skew->heard[i].ahead;
    }
    lock_release(skew->lock);
    qsort(ahead, count, sizeof *ahead, compare_ahead);
    /* Of two in the middle the one that is nearer to our own clock. */
    int64_t low = count == 0 ? 0 : ahead[(count - 1) / 2];
    int64_t high = count == 0 ? 0 : ahead[count / 2];
    memory_free(ahead);
    *seconds_out = llabs(low) < llabs(high) ? low : high;
    return llabs(*seconds_out) >= CLOCK_SKEW_LEAST_SECONDS;
}
