#include "support/shuffle.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "store/log_wait.h"
#include "support/test_support.h"

unsigned shuffle_below(uint64_t *random, unsigned most)
{
    uint64_t mixed = *random += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return (unsigned)((mixed ^ (mixed >> 31)) % most);
}

struct verified_event *shuffle_copy_event(const struct verified_event *event)
{
    json_t *json = NULL;
    struct event *parsed = NULL;
    struct verified_event *verified = NULL;
    size_t length = 0;
    const char *text = event_verified_text(event, &length);
    if (canonical_parse(text, length, CANONICAL_MOST_NESTING, &json, NULL) != RESULT_OK ||
        event_parse(json, NULL, &parsed) != EVENT_ACCEPTABLE ||
        event_verify(&parsed, &verified) != RESULT_OK) {
        abort();
    }
    json_decref(json);
    return verified;
}

/* One batch of the order; how many were accepted. */
static size_t give(struct event_log *log, struct verified_event *const *events, const size_t *order,
                   size_t count)
{
    struct verified_event **batch = memory_allocate(count, sizeof(struct verified_event *));
    size_t accepted = 0;
    for (size_t i = 0; i < count; i++) {
        batch[i] = shuffle_copy_event(events[order[i]]);
    }
    if (log_wait_receive(log, batch, count, test_id(255), &accepted, NULL) != RESULT_OK) {
        abort();
    }
    return accepted;
}

static void shuffle(size_t *order, size_t count, uint64_t *random)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = shuffle_below(random, (unsigned)i);
        size_t kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

void shuffle_give_all(struct event_log *log, struct verified_event *const *events, size_t count,
                      unsigned most_batch, uint64_t *random)
{
    size_t *order = memory_allocate(count, sizeof *order);
    size_t accepted = 1;
    for (size_t i = 0; i < count; i++) {
        order[i] = i;
    }
    while (accepted > 0) {
        accepted = 0;
        shuffle(order, count, random);
        for (size_t given = 0; given < count;) {
            size_t batch = 1 + shuffle_below(random, most_batch);
            batch = batch > count - given ? count - given : batch;
            accepted += give(log, events, order + given, batch);
            given += batch;
        }
    }
    memory_free(order);
}

char *shuffle_directory(void)
{
    char *place = memory_format("%s/hearthchat-shuffle-XXXXXX",
                                access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(place) == NULL) {
        abort();
    }
    return place;
}
