#include "world.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"

struct happening {
    int64_t at_ms;
    uint64_t order;
    moment *what;
    void *context;
};

static struct world *current; /* whose randomness libsodium's is */

uint64_t world_random(struct world *world)
{
    uint64_t mixed = world->random += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

unsigned world_below(struct world *world, unsigned below)
{
    return (unsigned)(world_random(world) % below);
}

bool world_chance(struct world *world, unsigned percent)
{
    return world_below(world, 100) < percent;
}

static const char *name_randomness(void)
{
    return "simulation";
}

static uint32_t random_number(void)
{
    return (uint32_t)world_random(current);
}

static void random_bytes(void *const bytes, const size_t length)
{
    for (size_t i = 0; i < length; i++) {
        ((uint8_t *)bytes)[i] = (uint8_t)world_random(current);
    }
}

static struct randombytes_implementation randomness = {
    .implementation_name = name_randomness,
    .random = random_number,
    .buf = random_bytes,
};

struct world *world_create(uint64_t seed)
{
    static bool set;
    struct world *world = memory_allocate(1, sizeof *world);
    char path[64];
    world->epoch_ms = 1800000000000;
    world->weather = (struct weather){.delay_least_ms = 1, .delay_most_ms = 20};
    (void)snprintf(path, sizeof path, "%s/hearthchat-simulation-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(path) == NULL) {
        abort();
    }
    world->directory = memory_duplicate_string(path);
    current = world;
    if (!set && randombytes_set_implementation(&randomness) != 0) {
        abort();
    }
    set = true;
    if (signing_start() != RESULT_OK) {
        abort();
    }
    world->random = seed; /* after libsodium's start, which draws some too */
    return world;
}

static bool is_before(const struct happening *left, const struct happening *right)
{
    return left->at_ms != right->at_ms ? left->at_ms < right->at_ms : left->order < right->order;
}

static void swap(struct happening *left, struct happening *right)
{
    struct happening kept = *left;
    *left = *right;
    *right = kept;
}

void world_in(struct world *world, int64_t in_ms, moment *what, void *context)
{
    size_t at = world->happening_count++;
    world->happenings =
        memory_resize(world->happenings, world->happening_count, sizeof *world->happenings);
    world->happenings[at] =
        (struct happening){world->now_ms + in_ms, world->order++, what, context};
    while (at > 0 && is_before(&world->happenings[at], &world->happenings[(at - 1) / 2])) {
        swap(&world->happenings[at], &world->happenings[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static struct happening take_first(struct world *world)
{
    struct happening first = world->happenings[0];
    size_t at = 0;
    world->happenings[0] = world->happenings[--world->happening_count];
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
            if (child < world->happening_count &&
                is_before(&world->happenings[child], &world->happenings[least])) {
                least = child;
            }
        }
        if (least == at) {
            return first;
        }
        swap(&world->happenings[at], &world->happenings[least]);
        at = least;
    }
}

void world_run(struct world *world, int64_t until_ms)
{
    while (world->happening_count > 0 && world->happenings[0].at_ms <= until_ms) {
        struct happening happening = take_first(world);
        world->now_ms = happening.at_ms;
        happening.what(world, happening.context);
    }
    world->now_ms = until_ms;
}

void world_destroy(struct world **world_pointer)
{
    struct world *world = *world_pointer;
    world->ending = true;
    for (unsigned i = 0; i < world->node_count; i++) {
        if (world->nodes[i]->up) {
            sim_node_kill(world->nodes[i]);
        }
    }
    /* What is still on its way finds nobody, and is freed by that. */
    while (world->happening_count > 0) {
        struct happening happening = take_first(world);
        happening.what(world, happening.context);
    }
    for (unsigned i = 0; i < world->node_count; i++) {
        sim_node_destroy(&world->nodes[i]);
    }
    char *command = memory_format("rm -rf -- '%s'", world->directory);
    (void)!system(command); // NOLINT(concurrency-mt-unsafe,cert-env33-c): one thread, own path
    memory_free(command);
    memory_free(world->directory);
    memory_free(world->happenings);
    memory_free(world);
    *world_pointer = NULL;
}
