#include "core/rate_window.h"

static const int64_t long_ago_ms = INT64_MIN / 2;

void rate_window_init(struct rate_window *window, int64_t *slots_ms, size_t most, int64_t span_ms)
{
    *window = (struct rate_window){.slots_ms = slots_ms, .most = most, .span_ms = span_ms};
    for (size_t i = 0; i < most; i++) {
        slots_ms[i] = long_ago_ms;
    }
}

int64_t rate_window_wait(const struct rate_window *window, int64_t now_ms)
{
    int64_t free_ms = window->slots_ms[window->oldest] + window->span_ms;
    return free_ms > now_ms ? free_ms - now_ms : 0;
}

int64_t rate_window_take(struct rate_window *window, int64_t now_ms)
{
    int64_t wait_ms = rate_window_wait(window, now_ms);
    if (wait_ms == 0) {
        window->slots_ms[window->oldest] = now_ms;
        window->oldest = (window->oldest + 1) % window->most;
    }
    return wait_ms;
}

void rate_window_give_back(struct rate_window *window)
{
    window->oldest = (window->oldest + window->most - 1) % window->most;
    window->slots_ms[window->oldest] = long_ago_ms;
}
