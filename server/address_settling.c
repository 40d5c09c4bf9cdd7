#include "server/address_settling.h"

#include <string.h>

static const int64_t long_ago_ms = INT64_MIN / 2;

void address_settling_init(struct address_settling *settling)
{
    *settling = (struct address_settling){
        .still_since_ms = long_ago_ms, .said_ms = long_ago_ms, .not_before_ms = long_ago_ms};
    for (size_t i = 0; i < ADDRESS_SETTLING_LOST; i++) {
        settling->lost_ms[i] = long_ago_ms;
    }
    for (size_t i = 0; i < ADDRESS_SETTLING_RENAMES; i++) {
        settling->renames_ms[i] = long_ago_ms;
    }
}

static size_t count_shared(const struct endpoints *left, const struct endpoints *right)
{
    size_t shared = 0;
    for (size_t i = 0; i < left->count; i++) {
        for (size_t j = 0; j < right->count; j++) {
            if (left->list[i].port == right->list[j].port &&
                strcmp(left->list[i].host, right->list[j].host) == 0) {
                shared++;
                break;
            }
        }
    }
    return shared;
}

static bool are_the_same(const struct endpoints *left, const struct endpoints *right)
{
    return left->count == right->count && count_shared(left, right) == left->count;
}

bool address_settling_see(struct address_settling *settling, const struct endpoints *endpoints,
                          bool given, int64_t now_ms)
{
    bool differs = !node_manifest_endpoints_equal(&settling->seen, endpoints);
    if (!are_the_same(&settling->seen, endpoints)) {
        settling->still_since_ms = given ? long_ago_ms : now_ms;
    }
    settling->seen = *endpoints;
    return differs;
}

void address_settling_follow(struct address_settling *settling, const struct endpoints *said)
{
    settling->in_community = true;
    settling->said = *said;
}

static int64_t later(int64_t left, int64_t right)
{
    return left > right ? left : right;
}

/* The best of what is said leads nowhere any more. Those behind it may be a container's bridge, or
 * good for one cable only, and stay whatever happens. */
static bool is_lost(const struct address_settling *settling)
{
    struct endpoints best = settling->said;
    best.count = best.count > 1 ? 1 : best.count;
    return count_shared(&best, &settling->seen) == 0;
}

void address_settling_rename(struct address_settling *settling)
{
    settling->renamed = true;
}

static bool take_name(struct address_settling *settling, int64_t now_ms, int64_t *wake_ms_out)
{
    int64_t *oldest_ms = &settling->renames_ms[settling->renames_oldest];
    int64_t at_ms = later(*oldest_ms + ADDRESS_SETTLING_RENAMES_EVERY_MS, settling->not_before_ms);
    *wake_ms_out = INT64_MAX;
    if (!settling->in_community || !settling->renamed) {
        return false;
    }
    if (now_ms < at_ms) {
        *wake_ms_out = at_ms;
        return false;
    }
    *oldest_ms = now_ms;
    settling->renames_oldest = (settling->renames_oldest + 1) % ADDRESS_SETTLING_RENAMES;
    settling->renamed = false;
    settling->before = settling->said;
    if (settling->seen.count > 0) {
        settling->said = settling->seen;
    }
    return true;
}

static bool take_addresses(struct address_settling *settling, int64_t now_ms, int64_t *wake_ms_out)
{
    bool first = settling->said.count == 0;
    int64_t usual_ms = first ? long_ago_ms : settling->said_ms + ADDRESS_SETTLING_EVERY_MS;
    int64_t lost_ms = settling->lost_ms[settling->lost_oldest] + ADDRESS_SETTLING_LOST_EVERY_MS;
    int64_t at_ms = is_lost(settling) && lost_ms < usual_ms ? lost_ms : usual_ms;
    at_ms = later(at_ms, settling->not_before_ms);
    at_ms = later(at_ms, settling->still_since_ms + ADDRESS_SETTLING_STILL_MS);
    *wake_ms_out = INT64_MAX;
    if (!settling->in_community || settling->seen.count == 0 ||
        are_the_same(&settling->seen, &settling->said)) {
        return false;
    }
    if (now_ms < at_ms) {
        *wake_ms_out = at_ms;
        return false;
    }
    if (now_ms < usual_ms) {
        settling->lost_ms[settling->lost_oldest] = now_ms;
        settling->lost_oldest = (settling->lost_oldest + 1) % ADDRESS_SETTLING_LOST;
    }
    settling->said_ms = first ? settling->said_ms : now_ms;
    settling->before = settling->said;
    settling->said = settling->seen;
    return true;
}

bool address_settling_take(struct address_settling *settling, int64_t now_ms, int64_t *wake_ms_out)
{
    int64_t addresses_ms = INT64_MAX;
    settling->naming = take_name(settling, now_ms, wake_ms_out);
    bool taken = settling->naming || take_addresses(settling, now_ms, &addresses_ms);
    *wake_ms_out = addresses_ms < *wake_ms_out ? addresses_ms : *wake_ms_out;
    return taken;
}

void address_settling_failed(struct address_settling *settling, int64_t now_ms)
{
    settling->renamed = settling->renamed || settling->naming;
    settling->said = settling->before;
    settling->said_ms = long_ago_ms;
    settling->not_before_ms = now_ms + ADDRESS_SETTLING_RETRY_MS;
}
