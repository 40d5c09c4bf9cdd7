/* Neighbourhoods through disasters: `simulation [--seed FIRST] [--count N] [--verbose]` or
 * `simulation --spread`.
 *
 * Each seed is one history; it is played, healed, and what must hold is checked. --spread measures
 * instead how long a new event takes to be everywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "history_of_seed.h"
#include "left_on_disk.h"
#include "protocol/canonical.h"
#include "store/event_reader.h"
#include "store/log_wait.h"

static bool verbose;

static size_t count_sealed(const struct chronicle *chronicle)
{
    size_t count = 0;
    for (size_t i = 0; i < chronicle->message_count; i++) {
        count += chronicle->messages[i].e2e ? 1 : 0;
    }
    return count;
}

static uint64_t play(uint64_t seed, unsigned *problems_out)
{
    struct chronicle *chronicle = memory_allocate(1, sizeof *chronicle);
    history_play(chronicle, seed);
    *problems_out = 0;
    if (!invariants_converge(chronicle)) {
        (void)fprintf(stderr, "  the logs do not become one\n");
        ++*problems_out;
    }
    *problems_out += invariants_check(chronicle);
    size_t gone = 0;
    *problems_out += left_on_disk_check(chronicle, &gone);
    uint64_t trace = chronicle->world->trace;
    if (verbose) {
        (void)fprintf(stderr,
                      "seed %llu: %u nodes, %zu messages, %zu sealed, %zu secrets gone, %u times "
                      "set back, %lld s, "
                      "%llu requests, %llu bytes\n",
                      (unsigned long long)seed, chronicle->world->node_count,
                      chronicle->message_count, count_sealed(chronicle), gone,
                      chronicle->set_back[1], (long long)(chronicle->world->now_ms / 1000),
                      (unsigned long long)chronicle->world->requests,
                      (unsigned long long)chronicle->world->bytes);
    }
    memory_free(chronicle->messages);
    memory_free(chronicle->secrets);
    memory_free(chronicle->copy);
    world_destroy(&chronicle->world);
    memory_free(chronicle);
    return trace;
}

/* Every tenth seed is played twice: the same in every byte that went over the network. */
static unsigned play_all(uint64_t first, uint64_t count)
{
    unsigned failed = 0;
    for (uint64_t seed = first; seed < first + count; seed++) {
        unsigned problems = 0;
        unsigned again = 0;
        uint64_t trace = play(seed, &problems);
        if (seed % 10 == 0 && play(seed, &again) != trace) {
            (void)fprintf(stderr, "  the same seed made another history\n");
            problems++;
        }
        if (problems > 0) {
            (void)fprintf(stderr, "seed %llu failed: simulation --seed %llu --count 1\n",
                          (unsigned long long)seed, (unsigned long long)seed);
            failed++;
        }
    }
    (void)printf("[  PASSED  ] %llu test(s).\n", (unsigned long long)(count - failed));
    if (failed > 0) {
        (void)printf("[  FAILED  ] %u test(s).\n", failed);
    }
    return failed;
}

static int compare_times(const void *left, const void *right)
{
    return (int)(*(const int64_t *)left - *(const int64_t *)right);
}

static bool read_hash(void *context, int64_t seq, int64_t lamport, const char *text, size_t length)
{
    json_t *event = NULL;
    (void)seq;
    (void)lamport;
    if (canonical_parse(text, length, CANONICAL_MOST_NESTING, &event, NULL) == RESULT_OK) {
        event_hash_json(event, context);
    }
    json_decref(event);
    return true;
}

static bool is_everywhere(const struct world *world, const uint8_t *hash)
{
    for (unsigned i = 0; i < world->node_count; i++) {
        if (!event_reader_holds(world->nodes[i]->log, hash)) {
            return false;
        }
    }
    return true;
}

/* Sends one message; returns how long it takes until every node has it. */
static int64_t spread(struct world *world)
{
    enum { STEP_MS = 10, MOST_MS = 120000 };
    struct sim_node *from = world->nodes[world_below(world, world->node_count)];
    struct sim_node *to = world->nodes[(from->index + 1) % world->node_count];
    uint8_t hash[BLAKE3_HASH_BYTES];
    struct append_answer answer = {0};
    char client_id[32];
    (void)snprintf(client_id, sizeof client_id, "%lld", (long long)world->now_ms);
    struct event_draft draft = event_draft_message(client_id, &to->key.node_id, "news", NULL);
    int64_t begun_ms = world->now_ms;
    (void)log_wait_append(from->log, &draft, &answer);
    (void)event_reader_by_seq(from->log, &answer.seq, 1, read_hash, hash);
    sim_node_step(from);
    while (!is_everywhere(world, hash) && world->now_ms - begun_ms < MOST_MS) {
        world_run(world, world->now_ms + STEP_MS);
    }
    return world->now_ms - begun_ms;
}

/* How long until all of 50 nodes have a new event, at 10% loss of requests and of answers. */
static void measure_spread(void)
{
    enum { NODES = 50, EVENTS = 41, CALM_MS = 120000, PAUSE_MS = 5000 };
    int64_t times[EVENTS];
    struct world *world = world_create(1);
    sim_node_start(sim_node_create(world));
    while (world->node_count < NODES) {
        struct sim_node *node = sim_node_create(world);
        if (!sim_node_join(node, world->nodes[0])) {
            abort();
        }
        sim_node_start(node);
    }
    world_run(world, CALM_MS);
    world->weather = (struct weather){.loss_percent = 10, .delay_least_ms = 5, .delay_most_ms = 50};
    world_run(world, world->now_ms + CALM_MS);
    for (int i = 0; i < EVENTS; i++) {
        times[i] = spread(world);
        world_run(world, world->now_ms + PAUSE_MS);
    }
    qsort(times, EVENTS, sizeof times[0], compare_times);
    (void)printf("%lld %lld\n", (long long)times[EVENTS / 2], (long long)times[EVENTS - 1]);
    world_destroy(&world);
}

int main(int argc, char **argv)
{
    uint64_t first = 1;
    uint64_t count = 200;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--spread") == 0) {
            (void)log_open(NULL, LOG_ERROR, NULL);
            measure_spread();
            return 0;
        }
        if (strcmp(argv[i], "--verbose") == 0) {
            verbose = true;
        } else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0) {
            first = strtoull(argv[++i], NULL, 10);
        } else if (i + 1 < argc && strcmp(argv[i], "--count") == 0) {
            count = strtoull(argv[++i], NULL, 10);
        } else {
            (void)fputs("usage: simulation [--seed FIRST] [--count N] [--verbose] | --spread\n",
                        stderr);
            return 2;
        }
    }
    (void)log_open(NULL, LOG_ERROR, NULL);
    return play_all(first, count) == 0 ? 0 : 1;
}
