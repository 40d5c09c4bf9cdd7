#include "server/node.h"

#include <stdatomic.h>
#include <stdio.h>

#include "core/limits.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/readers.h"
#include "core/thread.h"
#include "gossip/joining.h"
#include "handlers/capability_table.h"
#include "protocol/json_build.h"
#include "server/coming_back.h"
#include "server/front_door.h"
#include "server/listeners.h"
#include "server/node_private.h"
#include "server/own_name.h"
#include "server/process.h"
#include "server/whereabouts.h"
#include "store/data_directory.h"
#include "store/device_key.h"
#include "store/founding.h"

static struct event_log *get_log(void *context)
{
    return atomic_load(&((struct node *)context)->log);
}

static struct gossip *get_gossip(void *context)
{
    return atomic_load(&((struct node *)context)->gossip);
}

static void mint_id(void *context, char text_out[static ULID_TEXT_BYTES])
{
    struct node *node = context;
    lock_take(node->lock);
    ulid_mint(&node->ulids, clock_wall_ms(clock_system()), text_out);
    lock_release(node->lock);
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

static void on_lost(void *context, const struct node_id *peer, int64_t count)
{
    struct node *node = context;
    struct gossip *gossip = get_gossip(node);
    websocket_peer_lost(node->hub, peer, gossip != NULL && gossip_presence(gossip, peer).online,
                        count);
}

enum { RECEIPTS_WAIT_MS = 5 }; /* nobody sees that a mark comes later by that */

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
                                        .keeps_keys = true,
                                        .receipts_wait_ms = RECEIPTS_WAIT_MS,
                                        .on_commit = on_commit,
                                        .on_lost = on_lost,
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
                         "The community's event log is empty. Run: hearthchat repair");
    }
    struct gossip_options gossip_options = {
        .log = log,
        .key = &node->key,
        .identity = &node->identity,
        .clock = clock_system(),
        .accounts = node->peer_accounts,
        .own_readers = node->own_readers,
        .peer_readers = node->peer_readers,
        .most_connections = process_afford_connections(LIMITS_OUTWARD_CONNECTIONS),
        .listener.port = http_listener_port(node->peer),
        .by_hand = node->configuration->peers,
        .by_hand_count = node->configuration->peer_count,
        .on_presence = on_presence,
        .context = node};
    (void)snprintf(gossip_options.listener.host, sizeof gossip_options.listener.host, "%s",
                   node->configuration->peer_host);
    /* Gossip first: whatever is committed from now on, it is told. Only then handlers append. */
    result = gossip_start(&gossip_options, &gossip);
    if (result != RESULT_OK) {
        event_log_close(&log);
        return error_set(error, result, "The gossip thread can't be started.");
    }
    atomic_store(&node->gossip, gossip);
    atomic_store(&node->log, log);
    websocket_log_opened(node->hub);
    whereabouts_follow_log(node);
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
    if (coming_back_asks_for_own(node->coming_back)) {
        return error_set(error, RESULT_BUSY,
                         "A neighbour's node speaks of a community that this device's key founded, "
                         "and is being asked for it: try again in a minute.");
    }
    if (!begin_change(node)) {
        return error_set(error, RESULT_BUSY, "This node is joining a community just now.");
    }
    coming_back_stand_aside(node->coming_back);
    bool founded_before =
        node->parts.has_lost && node_id_equal(&node->parts.lost, &node->key.node_id);
    enum result result =
        founded_before
            ? error_set(error, RESULT_EXISTS,
                        "This key founded a community, whose log is lost here: come back with an "
                        "invite that any member makes for it.")
            : founding_run(node->data_directory, &node->key, clock_system(), name, policy, error);
    if (result == RESULT_OK) {
        result = open_community(node, &node->key.node_id, error);
    }
    coming_back_go_on(node->coming_back);
    end_change(node);
    return result;
}

/* Its neighbours let it back in. */
static enum result open_found_again(void *context, const struct node_id *community_id,
                                    const char *peer, const struct endpoint *where,
                                    struct error *error)
{
    struct node *node = context;
    enum result result = open_community(node, community_id, error);
    if (result == RESULT_OK) {
        gossip_peer_heard(get_gossip(node), peer, where);
    }
    return result;
}

struct join_task {
    struct node *node;
    char *invite_text;
    node_parts_joined *done;
    void *context;
};

/* Already a member: an invite to the same community changes nothing, one to another is refused. */
static void join_again(struct node *node, const struct invite *invite, struct join_answer *answer)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(get_log(node));
    answer->already = true;
    if (!node_id_equal(&invite->community_id, &snapshot->membership->community_id)) {
        answer->result =
            error_set(&answer->error, RESULT_EXISTS,
                      "This node is in another community; one data directory holds one.");
    }
    log_snapshot_release(get_log(node), &snapshot);
}

static void join_first(struct node *node, const struct invite *invite, struct join_answer *answer)
{
    json_t *manifest = whereabouts_make_manifest(node);
    const struct joining_request request = {.invite = invite,
                                            .data_directory = node->data_directory,
                                            .key = &node->key,
                                            .identity = &node->identity,
                                            .clock = clock_system(),
                                            .accounts = node->peer_accounts,
                                            .manifest = manifest,
                                            .cancelled = &node->stopping};
    answer->result = joining_run(&request, &answer->returned, &answer->error);
    answer->already = answer->returned;
    if (answer->result == RESULT_OK) {
        answer->result = open_community(node, &invite->community_id, &answer->error);
    }
    if (answer->result == RESULT_OK) {
        /* Its inviter was reached where the invite said, and may be again. */
        gossip_peer_invited(get_gossip(node), &invite->inviter, &invite->bootstrap_endpoints);
    }
    json_decref(manifest);
}

static void join(void *context)
{
    struct join_task *task = context;
    struct node *node = task->node;
    struct join_answer answer = {0};
    struct invite invite = {0};
    coming_back_stand_aside(node->coming_back);
    answer.result = invite_parse(task->invite_text, &invite, &answer.error);
    answer.community_id = invite.community_id;
    if (answer.result == RESULT_OK && get_log(node) != NULL) {
        join_again(node, &invite, &answer);
    } else if (answer.result == RESULT_OK) {
        join_first(node, &invite, &answer);
    }
    const struct log_snapshot *snapshot =
        answer.result == RESULT_OK ? log_snapshot_acquire(get_log(node)) : NULL;
    answer.community_name = snapshot == NULL ? NULL : snapshot->membership->name;
    coming_back_go_on(node->coming_back);
    end_change(node);
    task->done(task->context, &answer);
    if (snapshot != NULL) {
        log_snapshot_release(get_log(node), &snapshot);
    }
    invite_deinit(&invite);
    memory_free(task->invite_text);
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
        memory_free(task->invite_text);
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

static void get_display_name(void *context, char name_out[static PERSON_NAME_BYTES])
{
    struct node *node = context;
    own_name_get(node->own_name, name_out);
}

static enum result rename_node(void *context, const char *name, struct error *error)
{
    struct node *node = context;
    enum result result = own_name_set(node->own_name, name, error);
    if (result == RESULT_OK) {
        whereabouts_rename(node);
    }
    return result;
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
        .suggested_name = node->suggested_name,
        .display_name = get_display_name,
        .rename = rename_node,
        .chat_enabled = configuration->chat_enabled,
        .store_and_forward = configuration->store_and_forward,
        .read_receipts_enabled = configuration->read_receipts_enabled,
        .e2e_required = configuration->e2e_required,
        .metrics_enabled = configuration->metrics_enabled,
        .started_ms = clock_monotonic_ms(clock_system()),
        .node = node,
        .log = get_log,
        .gossip = get_gossip,
        .mint_id = mint_id,
        .endpoints = whereabouts_list,
        .manifest = whereabouts_get_manifest,
        .found = found,
        .join = start_join,
        .subscribe = subscribe,
    };
}

static enum result load_key(struct node *node, bool *is_new_out, struct error *error)
{
    enum result result = device_key_load(node->data_directory, &node->key, error);
    *is_new_out = result == RESULT_NOT_FOUND;
    return *is_new_out ? device_key_create(node->data_directory, &node->key, error) : result;
}

/* Its member comes back: by itself when a neighbour is heard, or by `join` with any invite of its
 * own. Where nothing is left but the key, the neighbours know what it was a member of. */
static void look_for_lost(struct node *node)
{
    char community[NODE_ID_TEXT_BYTES];
    struct node_parts *parts = &node->parts;
    parts->has_lost = data_directory_find_lost(node->data_directory, &parts->lost) == RESULT_OK;
    const struct coming_back_options options = {.data_directory = node->data_directory,
                                                .key = &node->key,
                                                .identity = &node->identity,
                                                .clock = clock_system(),
                                                .accounts = node->peer_accounts,
                                                .refusals = parts->refusals,
                                                .lost = parts->has_lost ? &parts->lost : NULL,
                                                .open = open_found_again,
                                                .context = node};
    node->coming_back = coming_back_create(&options);
    if (parts->has_lost) {
        node_id_format(&parts->lost, community);
        log_write(LOG_WARNING, "log.missing", "community", community, "advice",
                  "it comes back from the neighbours as soon as one is heard in this network; "
                  "elsewhere join with any invite that this device ever got, or one that a member "
                  "makes for it now; what was set aside: hearthchat repair",
                  NULL);
    }
}

/* Others' work never keeps the owner's waiting, not even for a core. */
static enum result start_readers(struct node *node, struct error *error)
{
    const struct readers_options own = {.name = "reader", .threads = LIMITS_POOL_THREADS};
    const struct readers_options peer = {
        .name = "peer-reader", .threads = LIMITS_POOL_THREADS, .niceness = LIMITS_PEER_NICENESS};
    enum result result = readers_start(&own, &node->own_readers);
    result = result == RESULT_OK ? readers_start(&peer, &node->peer_readers) : result;
    return result == RESULT_OK ? result
                               : error_set(error, result, "The system gives no more threads.");
}

static enum result open_parts(struct node *node, struct error *error)
{
    struct node_id community_id;
    bool is_new = false;
    enum result result = data_directory_lock(node->data_directory, &node->lock_file, error);
    if (result == RESULT_OK) {
        result = load_key(node, &is_new, error);
    }
    if (result == RESULT_OK) {
        result = tls_certificate_load(node->data_directory, &node->key, &node->tls, error);
    }
    if (result == RESULT_OK && capability_table_load() != RESULT_OK) {
        result = error_set(error, RESULT_INVALID, "The built-in schemas are broken.");
    }
    if (result == RESULT_OK) {
        node->identity = (struct http_identity){node->tls.certificate_pem, node->tls.key_pem};
        data_directory_discard_joining(node->data_directory);
        fill_parts(node);
        result = start_readers(node, error);
    }
    if (result == RESULT_OK) {
        result = websocket_start(&node->parts, node->own_readers, &node->hub);
    }
    if (result == RESULT_OK) {
        result = listeners_open(node, error);
    }
    bool has_log = result == RESULT_OK &&
                   data_directory_find_community(node->data_directory, &community_id) == RESULT_OK;
    if (result == RESULT_OK && !has_log && !is_new) {
        look_for_lost(node);
    }
    if (result == RESULT_OK) {
        result = whereabouts_start(node, error);
    }
    if (result == RESULT_OK && has_log) {
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
    own_name_suggest(node->suggested_name);
    node->own_name =
        own_name_create(options->configuration->display_name, options->configuration_path);
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
    coming_back_stand_aside(node->coming_back);
    whereabouts_stop(node);
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
    readers_stop(&node->own_readers);
    readers_stop(&node->peer_readers);
    event_log_close(&log);
    gossip_destroy(&gossip);
    websocket_destroy(&node->hub);
    account_table_destroy(&node->peer_accounts);
    account_table_destroy(&node->own_accounts);
    log_limit_destroy(&node->parts.refusals);
    capabilities_unload();
    tls_certificate_deinit(&node->tls);
    signing_key_deinit(&node->key);
    whereabouts_destroy(node);
    coming_back_destroy(&node->coming_back);
    own_name_destroy(&node->own_name);
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
