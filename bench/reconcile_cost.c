/* What reconciliation costs: bytes of messages and round trips between two sets, and the set
 * itself. Compiled and run by bench/reconcile.sh. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "protocol/blake3.h"
#include "protocol/reconcile.h"

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct item item_of(int64_t timestamp, uint64_t tag)
{
    struct item item = {.timestamp = timestamp};
    blake3_hash(&tag, sizeof tag, item.id);
    return item;
}

static struct item_set *set_of(int64_t count)
{
    struct item_set *set = item_set_create();
    for (int64_t i = 1; i <= count; i++) {
        struct item item = item_of(i, (uint64_t)i);
        (void)item_set_insert(set, &item);
    }
    return set;
}

static void ignore(void *context, bool ours, const uint8_t id[static ITEM_ID_BYTES])
{
    (void)ours;
    (void)id;
    ++*(size_t *)context;
}

static void session(const char *what, int64_t count, int64_t differing, int64_t at)
{
    struct item_set *initiator = set_of(count);
    struct item_set *responder = set_of(count);
    struct buffer message;
    struct buffer answer;
    size_t bytes = 0;
    size_t learned = 0;
    int trips = 0;
    for (int64_t i = 0; i < differing; i++) {
        struct item item = item_of(at + i / 2, (uint64_t)(count + 1 + i));
        (void)item_set_insert(i % 2 == 0 ? responder : initiator, &item);
    }
    buffer_init(&message);
    buffer_init(&answer);
    reconcile_initiate(initiator, RECONCILE_MOST_MESSAGE_BYTES, &message);
    while (message.length_bytes > 0) {
        trips++;
        bytes += message.length_bytes;
        buffer_clear(&answer);
        (void)reconcile_respond(responder, message.data, message.length_bytes,
                                RECONCILE_MOST_MESSAGE_BYTES, &answer, NULL);
        bytes += answer.length_bytes;
        buffer_clear(&message);
        (void)reconcile_continue(initiator, answer.data, answer.length_bytes,
                                 RECONCILE_MOST_MESSAGE_BYTES, ignore, &learned, &message, NULL);
    }
    (void)printf("%-36s %8d %10zu %8zu\n", what, trips, bytes, learned);
    buffer_deinit(&message);
    buffer_deinit(&answer);
    item_set_destroy(&initiator);
    item_set_destroy(&responder);
}

/* Against summing up the same items one by one. */
static void measure_set(void)
{
    enum { COUNT = 1000000, RANGES = 20000, NAIVE = 20 };
    struct item *items = memory_allocate(COUNT, sizeof *items);
    uint8_t digest[FINGERPRINT_BYTES];
    uint64_t random = 1;
    for (int64_t i = 0; i < COUNT; i++) {
        items[i] = item_of(i + 1, (uint64_t)i);
    }
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    struct item_set *set = item_set_create();
    double begun = now();
    for (int64_t i = 0; i < COUNT; i++) {
        (void)item_set_insert(set, &items[i]);
    }
    double append = (now() - begun) / COUNT;
    size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
    item_set_fingerprint(set, 0, COUNT, digest);
    begun = now();
    for (int i = 0; i < RANGES; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        size_t low = (size_t)(random >> 33) % COUNT;
        random = random * 6364136223846793005U + 1442695040888963407U;
        size_t high = low + (size_t)(random >> 33) % (COUNT - low);
        item_set_fingerprint(set, low, high, digest);
    }
    double ranged = (now() - begun) / RANGES;
    begun = now();
    for (int i = 0; i < NAIVE; i++) {
        struct fingerprint sum = {0};
        for (size_t j = 0; j < COUNT / 2; j++) {
            fingerprint_add(&sum, items[j].id);
        }
        fingerprint_digest(&sum, digest);
    }
    double naive = (now() - begun) / NAIVE;
    (void)printf(
        "\na set of 1,000,000: append %.3f us, fingerprint of any range %.2f us (summed up one by"
        " one, half the set: %.0f us, ratio %.5f), %.1f MB\n",
        append * 1e6, ranged * 1e6, naive * 1e6, ranged / naive, (double)(after - before) / 1e6);
    item_set_destroy(&set);
    memory_free(items);
}

int main(void)
{
    (void)printf("%-36s %8s %10s %8s\n", "sets", "trips", "bytes", "found");
    session("equal, 100,000", 100000, 0, 0);
    session("1 difference in 100,000", 100000, 1, 50000);
    /* Clustered: both sides wrote while apart. */
    session("100 clustered in 100,000", 100000, 100, 100001);
    session("1,000 clustered in 1,000,000", 1000000, 1000, 1000001);
    measure_set();
    return 0;
}
