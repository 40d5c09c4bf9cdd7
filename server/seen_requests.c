#include "server/seen_requests.h"

#include <string.h>

#include "core/limits.h"
#include "core/lock.h"
#include "core/memory.h"
#include "protocol/ulid.h"

struct seen_request {
    struct node_id from;
    char request_id[ULID_TEXT_BYTES];
    int64_t at_ms;
};

struct seen_requests {
    struct lock *lock;
    size_t first;
    size_t count;
    struct seen_request ring[LIMITS_REQUEST_IDS]; /* oldest first */
};

struct seen_requests *seen_requests_create(void)
{
    struct seen_requests *seen = memory_allocate(1, sizeof *seen);
    seen->lock = lock_create();
    return seen;
}

void seen_requests_destroy(struct seen_requests **seen)
{
    if (*seen != NULL) {
        lock_destroy(&(*seen)->lock);
        memory_free(*seen);
        *seen = NULL;
    }
}

static void forget_old(struct seen_requests *seen, int64_t now_ms)
{
    while (seen->count > 0 && seen->ring[seen->first].at_ms + LIMITS_REQUEST_ID_MS < now_ms) {
        seen->first = (seen->first + 1) % LIMITS_REQUEST_IDS;
        seen->count--;
    }
}

enum result seen_requests_add(struct seen_requests *seen, const struct node_id *from,
                              const char *request_id, int64_t now_ms)
{
    enum result result = RESULT_OK;
    size_t of_caller = 0;
    lock_take(seen->lock);
    forget_old(seen, now_ms);
    for (size_t i = 0; i < seen->count && result == RESULT_OK; i++) {
        const struct seen_request *one = &seen->ring[(seen->first + i) % LIMITS_REQUEST_IDS];
        if (node_id_equal(&one->from, from)) {
            of_caller++;
            result = strcmp(one->request_id, request_id) == 0 ? RESULT_EXISTS : RESULT_OK;
        }
    }
    if (result == RESULT_OK &&
        (seen->count == LIMITS_REQUEST_IDS || of_caller >= LIMITS_REQUEST_IDS_OF_CALLER)) {
        result = RESULT_FULL;
    }
    if (result == RESULT_OK) {
        struct seen_request *one = &seen->ring[(seen->first + seen->count++) % LIMITS_REQUEST_IDS];
        one->from = *from;
        one->at_ms = now_ms;
        memcpy(one->request_id, request_id, sizeof one->request_id);
    }
    lock_release(seen->lock);
    return result;
}
