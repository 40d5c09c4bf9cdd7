#include "history_of_seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "left_on_disk.h"
#include "protocol/co_signature.h"
#include "store/history.h"
#include "store/log_wait.h"

enum { YEAR_S = 31536000 };

static struct sim_node *any_node(struct chronicle *chronicle)
{
    struct world *world = chronicle->world;
    return world->nodes[world_below(world, world->node_count)];
}

static void append(struct sim_node *node, struct event_draft draft, struct append_answer *answer)
{
    *answer = (struct append_answer){0};
    (void)log_wait_append(node->log, &draft, answer);
    sim_node_step(node);
}

static void send_message(struct chronicle *chronicle)
{
    struct sim_node *from = any_node(chronicle);
    struct sim_node *to = any_node(chronicle);
    struct append_answer answer;
    char client_id[32];
    char body[48];
    if (chronicle->message_count > 0 && world_chance(chronicle->world, 60)) { /* it is answered */
        const struct sent_message *last = &chronicle->messages[chronicle->message_count - 1];
        from = chronicle->world->nodes[last->to];
        to = chronicle->world->nodes[last->from];
    }
    if (!from->up || from == to || !sim_node_is_member(from, from)) {
        return;
    }
    (void)snprintf(client_id, sizeof client_id, "message-%zu", chronicle->message_count);
    (void)snprintf(body, sizeof body, HISTORY_BODY "%zu", chronicle->message_count);
    append(from, event_draft_message(client_id, &to->key.node_id, body, NULL), &answer);
    if (answer.result == RESULT_OK) {
        chronicle->messages = memory_resize(chronicle->messages, chronicle->message_count + 1,
                                            sizeof *chronicle->messages);
        struct sent_message *message = &chronicle->messages[chronicle->message_count++];
        message->from = from->index;
        message->to = to->index;
        message->lamport = answer.lamport;
        message->e2e = answer.e2e;
        memcpy(message->event_id, answer.event_id, sizeof message->event_id);
    }
}

static void remember_last(void *context, const struct history_message *message)
{
    struct read_mark *mark = context;
    if (!message->outgoing) {
        mark->lamport = message->lamport;
        (void)snprintf(mark->event_id, sizeof mark->event_id, "%s", message->event_id);
    }
}

static int compare_marks(const struct read_mark *left, const struct read_mark *right)
{
    if (left->lamport != right->lamport) {
        return left->lamport < right->lamport ? -1 : 1;
    }
    return strcmp(left->event_id, right->event_id);
}

static void answered(void *context, const struct append_answer *answer)
{
    *(enum result *)context = answer->result;
}

static void read_messages(struct chronicle *chronicle)
{
    struct sim_node *reader = any_node(chronicle);
    struct sim_node *writer = any_node(chronicle);
    struct read_mark mark = {0};
    enum result result = RESULT_IO;
    if (!reader->up || reader == writer || !sim_node_is_member(reader, reader) ||
        history_last_message(reader->log, &writer->key.node_id, remember_last, &mark) !=
            RESULT_OK ||
        mark.lamport == 0) {
        return;
    }
    (void)log_mark_read_up_to(reader->log, &writer->key.node_id, mark.event_id,
                              world_chance(chronicle->world, 20), answered, &result);
    sim_node_step(reader);
    struct read_mark *known = &chronicle->read[reader->index][writer->index];
    if (result == RESULT_OK && compare_marks(&mark, known) > 0) {
        *known = mark;
    }
}

static void restart(struct world *world, void *context)
{
    struct sim_node *node = context;
    if (!node->up && !world->ending) {
        sim_node_start(node);
    }
}

static void kill(struct chronicle *chronicle)
{
    struct sim_node *node = any_node(chronicle);
    struct world *world = chronicle->world;
    if (node->up) {
        left_on_disk_look(chronicle, node);
        sim_node_kill(node);
        world_in(world, 10 + (int64_t)world_below(world, world_chance(world, 20) ? 90000 : 8000),
                 restart, node);
    }
}

static void copy_directory(const char *from, const char *to)
{
    char *command = memory_format("rm -rf -- '%s' && cp -a -- '%s' '%s'", to, from, to);
    if (system(command) != 0) { // NOLINT(concurrency-mt-unsafe,cert-env33-c): one thread, own paths
        abort();
    }
    memory_free(command);
}

/* One machine is copied as a whole, and later it is that copy again. */
static void set_back(struct chronicle *chronicle)
{
    struct world *world = chronicle->world;
    struct sim_node *node = world->nodes[1];
    if (!node->up || node->hostile) {
        return;
    }
    left_on_disk_look(chronicle, node);
    sim_node_kill(node);
    if (chronicle->copy == NULL) {
        chronicle->copy = memory_format("%s-copy", node->directory);
        copy_directory(node->directory, chronicle->copy);
    } else {
        copy_directory(chronicle->copy, node->directory);
        chronicle->set_back[node->index]++;
    }
    world_in(world, 10 + (int64_t)world_below(world, 8000), restart, node);
}

static void repartition(struct chronicle *chronicle)
{
    struct world *world = chronicle->world;
    unsigned groups = 1 + world_below(world, 3);
    for (unsigned i = 0; i < MOST_NODES; i++) {
        world->group[i] = world_below(world, groups);
    }
}

static void turn_clock(struct chronicle *chronicle)
{
    struct sim_node *node = any_node(chronicle);
    if (chronicle->clocks_jump) {
        node->skew_ms =
            ((int64_t)world_below(chronicle->world, 20 * YEAR_S) - (int64_t)10 * YEAR_S) * 1000;
    }
}

static void join(struct chronicle *chronicle)
{
    struct world *world = chronicle->world;
    struct sim_node *inviter = any_node(chronicle);
    if (world->node_count < chronicle->most_nodes && inviter->up &&
        sim_node_is_member(inviter, inviter)) {
        struct sim_node *node = sim_node_create(world);
        if (sim_node_join(node, inviter)) {
            sim_node_start(node);
        } else {
            sim_node_destroy(&world->nodes[--world->node_count]);
        }
    }
}

static void change_standing(struct chronicle *chronicle)
{
    struct sim_node *author = any_node(chronicle);
    struct sim_node *target = any_node(chronicle);
    struct append_answer answer;
    char client_id[CO_SIGNATURE_CLIENT_ID_BYTES];
    if (!author->up || author == target || target->index == 0 ||
        !sim_node_is_member(author, target)) {
        return;
    }
    const struct node_id *target_id = &target->key.node_id;
    json_t *signers = json_array();
    if (chronicle->revokes && world_chance(chronicle->world, 50)) {
        co_signature_client_id(target_id, "other", client_id);
        (void)json_array_append_new(
            signers, co_signature_make(&author->key, event_data_revocation_statement(
                                                         client_id, "other", target_id)));
        append(author, event_draft_revoked(client_id, target_id, "other", signers), &answer);
        chronicle->revoked[target->index] =
            chronicle->revoked[target->index] || answer.result == RESULT_OK;
    } else {
        enum member_level level = (enum member_level)world_below(chronicle->world, 3);
        (void)json_array_append_new(
            signers, co_signature_make(&author->key, event_data_level_statement(level, target_id)));
        append(author,
               event_draft_level(world_chance(chronicle->world, 60), target_id, level, signers),
               &answer);
    }
    json_decref(signers);
}

static void inject(struct sim_node *victim, const struct sim_node *source,
                   struct verified_event *event)
{
    struct verified_event **events = memory_allocate(1, sizeof(struct verified_event *));
    size_t accepted = 0;
    events[0] = event;
    (void)log_wait_receive(victim->log, events, 1, &source->key.node_id, &accepted, NULL);
    sim_node_step(victim);
}

/* A hostile member signs what it likes: two events with one id, lamports far ahead, receipts for
 * messages that it never got. Each goes to another neighbour. */
static void misbehave(struct chronicle *chronicle)
{
    struct world *world = chronicle->world;
    struct sim_node *author = any_node(chronicle);
    struct ulid_source ulids = {0};
    char event_id[ULID_TEXT_BYTES];
    if (!author->hostile || !author->up) {
        return;
    }
    ulid_mint(&ulids, clock_wall_ms(&author->clock), event_id);
    static const char *const variants[] = {"one", "two", "three"};
    unsigned kind = world_below(world, 4);
    for (unsigned i = 0; i < 3; i++) {
        struct sim_node *victim = any_node(chronicle);
        struct verified_event *event = NULL;
        struct event_draft draft =
            kind == 0 && chronicle->message_count > 0
                ? event_draft_delivered(
                      chronicle->messages[world_below(world, (unsigned)chronicle->message_count)]
                          .event_id,
                      1)
                : event_draft_message(variants[i], &victim->key.node_id, variants[i], NULL);
        const struct log_snapshot *snapshot = log_snapshot_acquire(author->log);
        int64_t lamport = snapshot->clock + (kind == 1 ? 999990 : kind == 2 ? 2000000 : 1);
        log_snapshot_release(author->log, &snapshot);
        if (victim == author || !victim->up ||
            event_sign(&draft, &author->key, &world->community_id, event_id, lamport,
                       clock_wall_ms(&author->clock) / 1000, &event, NULL) != RESULT_OK) {
            event_draft_deinit(&draft);
        } else {
            inject(victim, author, event);
        }
    }
}

static void act(struct world *world, void *context)
{
    static const struct {
        unsigned percent;
        void (*act)(struct chronicle *chronicle);
    } acts[] = {
        {48, send_message}, {14, read_messages},  {8, kill},      {3, set_back}, {7, repartition},
        {4, turn_clock},    {8, change_standing}, {4, misbehave}, {100, join},
    };
    struct chronicle *chronicle = context;
    unsigned draw = world_below(world, 100);
    if (world->now_ms >= chronicle->ends_ms) {
        return;
    }
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (draw < acts[i].percent) {
            acts[i].act(chronicle);
            break;
        }
        draw -= acts[i].percent;
    }
}

/* Most neighbourhoods are small; some are large, and short for that. */
static void plan(struct chronicle *chronicle, unsigned *first_nodes_out, unsigned *acts_out)
{
    struct world *world = chronicle->world;
    unsigned size = world_below(world, 100);
    chronicle->most_nodes = 3 + world_below(world, 6);
    *acts_out = 40 + world_below(world, 120);
    if (size >= 98) {
        chronicle->most_nodes = 50;
        *acts_out = 40;
    } else if (size >= 85) {
        chronicle->most_nodes = 9 + world_below(world, 12);
    }
    *first_nodes_out = 2 + world_below(world, chronicle->most_nodes - 1);
    chronicle->ends_ms = 20000 + (int64_t)world_below(world, 160000);
    chronicle->clocks_jump = world_chance(world, 50);
    chronicle->revokes = world_chance(world, 45);
    world->weather = (struct weather){.loss_percent = world_below(world, 31),
                                      .duplicate_percent = world_below(world, 11),
                                      .delay_least_ms = 1,
                                      .delay_most_ms = 1 + world_below(world, 2000)};
}

static void heal(struct chronicle *chronicle)
{
    struct world *world = chronicle->world;
    world->weather = (struct weather){.delay_least_ms = 1, .delay_most_ms = 50};
    memset(world->group, 0, sizeof world->group);
    for (unsigned i = 0; i < world->node_count; i++) {
        if (!world->nodes[i]->up) {
            sim_node_start(world->nodes[i]);
        }
        left_on_disk_look(chronicle, world->nodes[i]);
    }
}

void history_play(struct chronicle *chronicle, uint64_t seed)
{
    unsigned first_nodes = 0;
    unsigned acts = 0;
    struct world *world = chronicle->world = world_create(seed);
    plan(chronicle, &first_nodes, &acts);
    sim_node_start(sim_node_create(world));
    while (world->node_count < first_nodes) {
        join(chronicle);
    }
    if (world_chance(world, 30)) {
        world->nodes[1 + world_below(world, world->node_count - 1)]->hostile = true;
    }
    if (world_chance(world, 20)) {
        world->nodes[1 + world_below(world, world->node_count - 1)]->hidden = true;
    }
    for (unsigned i = 0; i < acts; i++) {
        world_in(world, (int64_t)world_below(world, (unsigned)chronicle->ends_ms), act, chronicle);
    }
    world_run(world, chronicle->ends_ms);
    heal(chronicle);
}
