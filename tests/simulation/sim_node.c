#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/memory.h"
#include "gossip/event_batch.h"
#include "protocol/canonical.h"
#include "store/data_directory.h"
#include "store/event_reader.h"
#include "store/log_wait.h"
#include "support/test_support.h"
#include "world.h"

static int64_t wall_ms(void *context)
{
    const struct sim_node *node = context;
    return node->world->epoch_ms + node->world->now_ms + node->skew_ms;
}

static int64_t monotonic_ms(void *context)
{
    const struct sim_node *node = context;
    return node->world->now_ms;
}

static struct event_log *get_log(void *context)
{
    return ((struct sim_node *)context)->log;
}

static struct gossip *get_gossip(void *context)
{
    return ((struct sim_node *)context)->gossip;
}

static void on_commit(void *context, const struct committed_event *events, size_t count)
{
    struct sim_node *node = context;
    if (node->gossip != NULL) {
        gossip_events_stored(node->gossip, events, count);
    }
    long_polls_stored(&node->polls, events, count);
}

static void open_log(struct sim_node *node)
{
    struct error error = {""};
    struct event_log_options options = {.directory = node->directory,
                                        .community_id = node->world->community_id,
                                        .key = &node->key,
                                        .clock = &node->clock,
                                        .synchronous = true,
                                        .answers_messages = true,
                                        .has_a_life = true,
                                        .keeps_keys = true,
                                        .on_commit = on_commit,
                                        .context = node};
    if (event_log_open(&options, &node->log, &error) != RESULT_OK) {
        (void)fprintf(stderr, "%s: %s\n", node->name, error.message);
        abort();
    }
}

static json_t *make_manifest(struct sim_node *node)
{
    struct endpoints endpoints = {
        .count = 1, .list = {{.host = "10.0.0.1", .port = (uint16_t)(7000 + node->index)}}};
    json_t *capabilities = json_array();
    struct node_manifest_content content = {.display_name = node->name,
                                            .profile = "hearth",
                                            .endpoints = &endpoints,
                                            .capabilities = capabilities};
    json_t *manifest = node_manifest_make(&content, &node->key, clock_wall_ms(&node->clock) / 1000);
    json_decref(capabilities);
    return manifest;
}

static void append(struct sim_node *node, struct event_draft draft, struct append_answer *answer)
{
    (void)log_wait_append(node->log, &draft, answer);
}

/* Few signatures revoke and demote, so that histories have some of it. */
static void found(struct sim_node *node)
{
    struct append_answer answer;
    struct policy policy = policy_default();
    policy.min_signatures_to_revoke = 1;
    policy.min_signatures_to_demote = 1;
    append(node, event_draft_created("Street", &node->key.node_id, &policy), &answer);
    json_t *manifest = make_manifest(node);
    append(node, event_draft_manifest(manifest), &answer);
    json_decref(manifest);
}

struct sim_node *sim_node_create(struct world *world)
{
    uint8_t seed[SIGNING_SEED_BYTES];
    struct sim_node *node = memory_allocate(1, sizeof *node);
    node->world = world;
    node->index = world->node_count;
    (void)snprintf(node->name, sizeof node->name, "node-%u", node->index);
    signing_random(seed, sizeof seed);
    signing_key_init(&node->key, seed);
    node->directory = memory_format("%s/%u", world->directory, world->directory_count++);
    node->clock = (struct clock){wall_ms, monotonic_ms, node};
    node->parts = (struct node_parts){.key = &node->key,
                                      .clock = &node->clock,
                                      .refusals = log_limit_create(node->index),
                                      .node = node,
                                      .log = get_log,
                                      .gossip = get_gossip};
    long_polls_init(&node->polls, &node->parts);
    if (data_directory_prepare(node->directory, NULL) != RESULT_OK) {
        abort();
    }
    world->nodes[world->node_count++] = node;
    if (node->index == 0) {
        world->community_id = node->key.node_id;
        open_log(node);
        found(node);
        event_log_close(&node->log);
    }
    return node;
}

void sim_node_destroy(struct sim_node **node_pointer)
{
    struct sim_node *node = *node_pointer;
    signing_key_deinit(&node->key);
    log_limit_destroy(&node->parts.refusals);
    long_polls_deinit(&node->polls);
    memory_free(node->directory);
    memory_free(node);
    *node_pointer = NULL;
}

struct timer {
    struct sim_node *node;
    unsigned generation;
    int64_t at_ms;
};

static void on_timer(struct world *world, void *context)
{
    struct timer *timer = context;
    (void)world;
    if (timer->node->up && timer->node->generation == timer->generation &&
        timer->node->wake_at_ms == timer->at_ms) {
        timer->node->wake_at_ms = INT64_MAX;
        sim_node_step(timer->node);
    }
    memory_free(timer);
}

void sim_node_step(struct sim_node *node)
{
    const int64_t now_ms = node->world->now_ms;
    int64_t at_ms = gossip_step(node->gossip);
    if (at_ms <= now_ms) {
        at_ms = gossip_step(node->gossip); /* what its own doing brought */
    }
    if (long_polls_expire(&node->polls, now_ms) && at_ms > now_ms + 1000) {
        at_ms = now_ms + 1000;
    }
    at_ms = at_ms <= now_ms ? now_ms + 1 : at_ms;
    if (at_ms < node->wake_at_ms) {
        struct timer *timer = memory_allocate(1, sizeof *timer);
        *timer = (struct timer){node, node->generation, at_ms};
        node->wake_at_ms = at_ms;
        world_in(node->world, at_ms - now_ms, on_timer, timer);
    }
}

void sim_node_start(struct sim_node *node)
{
    struct gossip_options options = {
        .key = &node->key, .clock = &node->clock, .most_connections = LIMITS_OUTWARD_CONNECTIONS};
    node->generation++;
    node->up = true;
    node->wake_at_ms = INT64_MAX;
    open_log(node);
    options.log = node->log;
    node->transport = (struct gossip_transport){virtual_network_send, node};
    options.transport = &node->transport;
    options.accounts = node->accounts = test_accounts();
    if (gossip_start(&options, &node->gossip) != RESULT_OK) {
        abort();
    }
    sim_node_step(node);
}

void sim_node_kill(struct sim_node *node)
{
    node->generation++;
    node->up = false;
    virtual_network_drop_polls(node);
    gossip_destroy(&node->gossip);
    event_log_close(&node->log);
    account_table_destroy(&node->accounts);
}

static bool collect(void *context, int64_t seq, int64_t lamport, const char *text,
                    size_t length_bytes)
{
    json_t *event = NULL;
    (void)seq;
    (void)lamport;
    if (canonical_parse(text, length_bytes, CANONICAL_MOST_NESTING, &event, NULL) == RESULT_OK) {
        (void)json_array_append_new(context, event);
    }
    return true;
}

/* All that `from` has, to `to`. */
static void hand_over(struct sim_node *from, struct sim_node *to)
{
    struct event_batch batch;
    json_t *events = json_array();
    size_t accepted = 0;
    (void)event_reader_after_seq(from->log, 0, INT32_MAX, collect, events);
    event_batch_read(to->log, events, &to->world->community_id, &batch);
    (void)log_wait_receive(to->log, batch.events, batch.count, &from->key.node_id, &accepted, NULL);
    batch.events = NULL;
    event_batch_deinit(&batch);
    json_decref(events);
}

bool sim_node_is_member(const struct sim_node *node, const struct sim_node *other)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(node->log);
    bool member = membership_find(snapshot->membership, &other->key.node_id) != NULL;
    log_snapshot_release(node->log, &snapshot);
    return member;
}

bool sim_node_join(struct sim_node *node, struct sim_node *inviter)
{
    struct append_answer answer = {0};
    /* A clock that is years off must not make the invitation look expired to its own invitee. */
    int64_t expires_at = (node->world->epoch_ms + 1000LL * 86400 * 365 * 40) / 1000;
    append(inviter,
           event_draft_invited(&node->key.node_id, node->name,
                               world_chance(node->world, 30) ? LEVEL_TRUSTED : LEVEL_MEMBER,
                               expires_at),
           &answer);
    if (answer.result != RESULT_OK) {
        append(inviter,
               event_draft_invited(&node->key.node_id, node->name, LEVEL_MEMBER, expires_at),
               &answer);
    }
    if (answer.result == RESULT_OK) {
        struct append_answer joined = {0};
        json_t *manifest = make_manifest(node);
        open_log(node);
        hand_over(inviter, node);
        append(node, event_draft_joined(answer.event_id, manifest), &joined);
        json_decref(manifest);
        hand_over(node, inviter);
        event_log_close(&node->log);
        answer.result = joined.result;
    }
    sim_node_step(inviter);
    return answer.result == RESULT_OK;
}
