#include "server/node.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "core/lock.h"
#include "core/memory.h"
#include "core/thread.h"
#include "gossip/joining.h"
#include "handlers/capability_table.h"
#include "protocol/json_build.h"
#include "server/addresses.h"
#include "server/front_door.h"
#include "server/listeners.h"
#include "server/node_private.h"
#include "store/data_directory.h"
#include "store/device_key.h"
#include "store/founding.h"

enum { MANIFEST_FRESH_MS = 10000 };

static struct event_log *get_log(void *context)
{
    return atomic_load(&((struct node *)context)->log);
}

static struct gossip *get_gossip(void *context)
{
    return atomic_load(&((struct node *)context)->gossip);
}

static const struct endpoints *get_endpoints(void *context)
{
    return &((struct node *)context)->endpoints;
}

static void mint_id(void *context, char text_out[static ULID_TEXT_BYTES])
{
    struct node *node = context;
    lock_take(node->lock);
    ulid_mint(&node->ulids, clock_wall_ms(clock_system()), text_out);
    lock_release(node->lock);
}

/* Two digits are enough for people, and keep the manifest's text short. */
static double rounded(double number)
{
    return (double)(int64_t)(number * 100 + 0.5) / 100;
}

static json_t *make_manifest(struct node *node)
{
    struct sysinfo system = {0};
    struct statvfs disk = {0};
    double load = 0;
    struct event_log *log = get_log(node);
    const double gigabyte = 1024.0 * 1024.0 * 1024.0;
    const struct log_snapshot *snapshot = log == NULL ? NULL : log_snapshot_acquire(log);
    json_t *capabilities = capabilities_to_json(node->parts.chat_enabled);
    (void)sysinfo(&system);
    (void)statvfs(node->data_directory, &disk);
    (void)getloadavg(&load, 1);
    struct node_manifest_content content = {
        .community_id = snapshot == NULL ? NULL : &snapshot->membership->community_id,
        .display_name = node->parts.display_name,
        .profile = node->configuration->profile,
        .endpoints = &node->endpoints,
        .capabilities = capabilities,
        .ram_gb = rounded((double)system.totalram * system.mem_unit / gigabyte),
        .cpu_cores = sysconf(_SC_NPROCESSORS_ONLN),
        .disk_free_gb = rounded((double)disk.f_bavail * (double)disk.f_frsize / gigabyte),
        .uptime_seconds = (clock_monotonic_ms(clock_system()) - node->parts.started_ms) / 1000,
        .load = rounded(load),
    };
    json_t *manifest =
        node_manifest_make(&content, &node->key, clock_wall_ms(clock_system()) / 1000);
    json_decref(capabilities);
    if (snapshot != NULL) {
        log_snapshot_release(log, &snapshot);
    }
    return manifest;
}

static json_t *get_manifest(void *context)
{
    struct node *node = context;
    int64_t now_ms = clock_monotonic_ms(clock_system());
    lock_take(node->lock);
    bool in_community = get_log(node) != NULL;
    if (node->manifest == NULL || now_ms - node->manifest_ms >= MANIFEST_FRESH_MS ||
        in_community != node->manifest_in_community) {
        json_decref(node->manifest);
        node->manifest = make_manifest(node);
        node->manifest_ms = now_ms;
        node->manifest_in_community = in_community;
    }
    /* A copy: reference counts of a shared one would be counted from several threads. */
    json_t *copy = json_build_copy(node->manifest);
    lock_release(node->lock);
    return copy;
}

static void on_commit(void *context, const struct committed_event *events, size_t count)
{
    struct node *node = context;
    struct gossip *gossip = get_gossip(node);
    if (gossip != NULL) {
        gossip_events_stored(gossip, events, count);
    }
    websocket_events_stored(node->hub, events, count);
}

static void on_presence(void *context, const struct node_id *peer, bool online)
{
    struct node *node = context;
    websocket_peer_changed(node->hub, peer, online);
}

/* Tells the others where we are, when the log does not say so yet (§8). */
static void append_changed_manifest(struct node *node, struct event_log *log)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    const struct member *self = membership_find(snapshot->membership, &node->key.node_id);
    const char *name = node->parts.display_name;
    bool changed = false;
    if (self != NULL) {
        const struct member_profile *profile =
            membership_profile(snapshot->membership, self->person);
        struct endpoints endpoints;
        member_profile_read_endpoints(profile, &endpoints);
        changed = !node_manifest_endpoints_equal(&endpoints, &node->endpoints) ||
                  (name[0] != '\0' && strcmp(member_profile_name(profile), name) != 0);
    }
    log_snapshot_release(log, &snapshot);
    if (changed) {
        json_t *manifest = make_manifest(node);
        struct event_draft draft = event_draft_manifest(manifest);
        (void)log_append_event(log, &draft, NULL, NULL);
        json_decref(manifest);
    }
}

static enum result open_community(struct node *node, const struct node_id *community_id,
                                  struct error *error)
{
    struct event_log *log = NULL;
    struct gossip *gossip = NULL;
    char *directory = data_directory_community_path(node->data_directory, community_id);
    struct event_log_options options = {.directory = directory,
                                        .community_id = *community_id,
                                        .key = &node->key,
                                        .clock = clock_system(),
                                        .answers_messages = node->configuration->chat_enabled,
                                        .has_a_life = true,
                                        .on_commit = on_commit,
                                        .context = node};
    enum result result = event_log_open(&options, &log, error);
    memory_free(directory);
    if (result != RESULT_OK) {
        return result;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    bool founded = snapshot->membership->name != NULL;
    log_snapshot_release(log, &snapshot);
    if (!founded) {
        event_log_close(&log);
        return error_set(error, RESULT_IO,
                         "The community's event log is empty: put a backup of it back, or remove "
                         "its folder in communities/ and join again.");
    }
    node->identity = (struct http_identity){node->tls.certificate_pem, node->tls.key_pem};
    struct gossip_options gossip_options = {.log = log,
                                            .key = &node->key,
                                            .identity = &node->identity,
                                            .clock = clock_system(),
                                            .on_presence = on_presence,
                                            .context = node};
    /* Gossip first: whatever is committed from now on, it is told. Only then can handlers append.
     */
    result = gossip_start(&gossip_options, &gossip);
    if (result != RESULT_OK) {
        event_log_close(&log);
        return error_set(error, result, "The gossip thread can't be started.");
    }
    atomic_store(&node->gossip, gossip);
    atomic_store(&node->log, log);
    websocket_log_opened(node->hub);
    append_changed_manifest(node, log);
    return RESULT_OK;
}

/* One change of community at a time. */
static bool begin_change(struct node *node)
{
    lock_take(node->lock);
    bool free = !node->changing;
    node->changing = true;
    lock_release(node->lock);
    return free;
}

static void end_change(struct node *node)
{
    lock_take(node->lock);
    node->changing = false;
    lock_release(node->lock);
}

static enum result found(void *context, const char *name, const struct policy *policy,
                         struct error *error)
{
    struct node *node = context;
    if (!begin_change(node)) {
        return error_set(error, RESULT_BUSY, "This node is joining a community just now.");
    }
    enum result result =
        founding_run(node->data_directory, &node->key, clock_system(), name, policy, error);
    if (result == RESULT_OK) {
        result = open_community(node, &node->key.node_id, error);
    }
    end_change(node);
    return result;
}

struct join_task {
    struct node *node;
    char *invite;
    node_parts_joined *done;
    void *context;
};

/* Already a member: an invite to the same community changes nothing, one to another is refused. */
static void join_again(struct node *node, const char *invite_text, struct join_answer *answer)
{
    struct invite invite = {0};
    const struct log_snapshot *snapshot = log_snapshot_acquire(get_log(node));
    answer->result = invite_parse(invite_text, &invite, &answer->error);
    answer->community_id = snapshot->membership->community_id;
    if (answer->result == RESULT_OK &&
        !node_id_equal(&invite.community_id, &answer->community_id)) {
        answer->result =
            error_set(&answer->error, RESULT_EXISTS,
                      "This node is in another community; one data directory holds one.");
    }
    answer->already = true;
    log_snapshot_release(get_log(node), &snapshot);
    invite_deinit(&invite);
}

static void join(void *context)
{
    struct join_task *task = context;
    struct node *node = task->node;
    struct join_answer answer = {0};
    if (get_log(node) != NULL) {
        join_again(node, task->invite, &answer);
    } else {
        json_t *manifest = make_manifest(node);
        struct http_identity identity = {node->tls.certificate_pem, node->tls.key_pem};
        struct joining_request request = {.invite_text = task->invite,
                                          .data_directory = node->data_directory,
                                          .key = &node->key,
                                          .identity = &identity,
                                          .clock = clock_system(),
                                          .manifest = manifest,
                                          .cancelled = &node->stopping};
        answer.result = joining_run(&request, &answer.community_id, &answer.error);
        if (answer.result == RESULT_OK) {
            answer.result = open_community(node, &answer.community_id, &answer.error);
        }
        json_decref(manifest);
    }
    const struct log_snapshot *snapshot =
        answer.result == RESULT_OK ? log_snapshot_acquire(get_log(node)) : NULL;
    answer.community_name = snapshot == NULL ? NULL : snapshot->membership->name;
    end_change(node);
    task->done(task->context, &answer);
    if (snapshot != NULL) {
        log_snapshot_release(get_log(node), &snapshot);
    }
    memory_free(task->invite);
    memory_free(task);
}

static enum result start_join(void *context, const char *invite, node_parts_joined *done,
                              void *done_context)
{
    struct node *node = context;
    if (!begin_change(node)) {
        return RESULT_BUSY;
    }
    thread_join(&node->joiner); /* an earlier one, ended by now */
    struct join_task *task = memory_allocate(1, sizeof *task);
    *task = (struct join_task){node, memory_duplicate_string(invite), done, done_context};
    enum result result = thread_start("joining", join, task, &node->joiner);
    if (result != RESULT_OK) {
        memory_free(task->invite);
        memory_free(task);
        end_change(node);
    }
    return result;
}

static void subscribe(void *context, struct request *request)
{
    struct node *node = context;
    front_door_long_poll(node->hub, request);
}

static void fill_parts(struct node *node)
{
    const struct configuration *configuration = node->configuration;
    uint64_t seed = 0;
    signing_random(&seed, sizeof seed);
    node->parts = (struct node_parts){
        .refusals = log_limit_create(seed),
        .key = &node->key,
        .clock = clock_system(),
        .version = NODE_VERSION,
        .display_name = configuration->display_name,
        .chat_enabled = configuration->chat_enabled,
        .store_and_forward = configuration->store_and_forward,
        .read_receipts_enabled = configuration->read_receipts_enabled,
        .metrics_enabled = configuration->metrics_enabled,
        .started_ms = clock_monotonic_ms(clock_system()),
        .node = node,
        .log = get_log,
        .gossip = get_gossip,
        .mint_id = mint_id,
        .endpoints = get_endpoints,
        .manifest = get_manifest,
        .found = found,
        .join = start_join,
        .subscribe = subscribe,
    };
}

static enum result load_key(struct node *node, struct error *error)
{
    enum result result = device_key_load(node->data_directory, &node->key, error);
    return result == RESULT_NOT_FOUND ? device_key_create(node->data_directory, &node->key, error)
                                      : result;
}

static enum result open_parts(struct node *node, struct error *error)
{
    struct node_id community_id;
    enum result result = data_directory_lock(node->data_directory, &node->lock_file, error);
    if (result == RESULT_OK) {
        result = load_key(node, error);
    }
    if (result == RESULT_OK) {
        result = tls_certificate_load(node->data_directory, &node->key, &node->tls, error);
    }
    if (result == RESULT_OK && capability_table_load() != RESULT_OK) {
        result = error_set(error, RESULT_INVALID, "The built-in schemas are broken.");
    }
    if (result == RESULT_OK) {
        data_directory_discard_joining(node->data_directory);
        fill_parts(node);
        result = websocket_start(&node->parts, &node->hub);
    }
    if (result == RESULT_OK) {
        result = listeners_open(node, error);
    }
    if (result == RESULT_OK &&
        data_directory_find_community(node->data_directory, &community_id) == RESULT_OK) {
        result = open_community(node, &community_id, error);
    }
    if (result == RESULT_OK) {
        result = listeners_start(node, error);
    }
    return result;
}

enum result node_start(const struct node_options *options, struct node **node_out,
                       struct error *error)
{
    struct node *node = memory_allocate(1, sizeof *node);
    node->configuration = options->configuration;
    node->data_directory = memory_duplicate_string(options->data_directory);
    node->lock = lock_create();
    node->lock_file = -1;
    enum result result = data_directory_prepare(options->data_directory, error);
    if (result == RESULT_OK) {
        result = tls_certificate_start();
    }
    if (result == RESULT_OK) {
        result = open_parts(node, error);
    }
    if (result != RESULT_OK) {
        node_stop(&node);
        return result;
    }
    *node_out = node;
    return RESULT_OK;
}

void node_stop(struct node **node_pointer)
{
    struct node *node = *node_pointer;
    atomic_store(&node->stopping, true);
    listeners_quiesce(node);
    gossip_stop(get_gossip(node));
    websocket_stop(node->hub);
    listeners_drain(node);
    thread_join(&node->joiner);
    /* Read only now: a join that ended meanwhile has opened them. */
    struct event_log *log = get_log(node);
    struct gossip *gossip = get_gossip(node);
    gossip_stop(gossip);
    listeners_stop(node);
    event_log_close(&log);
    gossip_destroy(&gossip);
    websocket_destroy(&node->hub);
    log_limit_destroy(&node->parts.refusals);
    capabilities_unload();
    tls_certificate_deinit(&node->tls);
    signing_key_deinit(&node->key);
    json_decref(node->manifest);
    if (node->lock_file >= 0) {
        data_directory_unlock(node->lock_file);
    }
    lock_destroy(&node->lock);
    memory_free(node->data_directory);
    memory_free(node);
    *node_pointer = NULL;
}

uint16_t node_ui_port(const struct node *node)
{
    return http_listener_port(node->local);
}

uint16_t node_peer_port(const struct node *node)
{
    return http_listener_port(node->peer);
}

const struct node_id *node_id_of(const struct node *node)
{
    return &node->key.node_id;
}
