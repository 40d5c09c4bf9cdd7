/* At most so many in any span of time: remembers when the newest were taken.
 *
 * Exact, unlike a bucket of tokens: whatever span is looked at, no more than `most` lie in it.
 * Thread: the owner's, one at a time. The slots belong to the caller and outlive the window.
 */
#ifndef HEARTHCHAT_CORE_RATE_WINDOW_H
#define HEARTHCHAT_CORE_RATE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

struct rate_window {
    int64_t *slots_ms; /* `most` of them, a ring */
    size_t most;
    size_t oldest;
    int64_t span_ms;
};

void rate_window_init(struct rate_window *window, int64_t *slots_ms, size_t most, int64_t span_ms);

/* 0: one may be taken now. Else the milliseconds until one may. */
int64_t rate_window_wait(const struct rate_window *window, int64_t now_ms);

/* Takes one when there is one; answers like rate_window_wait(). */
int64_t rate_window_take(struct rate_window *window, int64_t now_ms);

/* Gives the newest that was taken back. */
void rate_window_give_back(struct rate_window *window);

#endif
