#include "server/whereabouts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "core/lock.h"
#include "core/log.h"
#include "core/memory.h"
#include "handlers/capability_table.h"
#include "protocol/json_build.h"
#include "server/coming_back.h"
#include "server/lan_discovery.h"
#include "server/node_private.h"
#include "server/own_addresses.h"
#include "server/own_name.h"

enum { MANIFEST_FRESH_MS = 10000 };

/* Two digits are enough for people, and keep the manifest's text short. */
static double rounded(double number)
{
    return (double)(int64_t)(number * 100 + 0.5) / 100;
}

void whereabouts_list(void *context, struct endpoints *endpoints_out)
{
    struct node *node = context;
    own_addresses_list(node->own_addresses, http_listener_port(node->peer), endpoints_out);
}

static json_t *make_manifest(struct node *node, const struct endpoints *endpoints)
{
    char name[PERSON_NAME_BYTES];
    struct sysinfo system = {0};
    struct statvfs disk = {0};
    double load = 0;
    struct event_log *log = atomic_load(&node->log);
    const double gigabyte = 1024.0 * 1024.0 * 1024.0;
    const struct log_snapshot *snapshot = log == NULL ? NULL : log_snapshot_acquire(log);
    json_t *capabilities = capabilities_to_json(node->parts.chat_enabled);
    own_name_get(node->own_name, name);
    (void)sysinfo(&system);
    (void)statvfs(node->data_directory, &disk);
    (void)getloadavg(&load, 1);
    struct node_manifest_content content = {
        .community_id = snapshot == NULL ? NULL : &snapshot->membership->community_id,
        .display_name = name,
        .profile = node->configuration->profile,
        .endpoints = endpoints,
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

json_t *whereabouts_make_manifest(struct node *node)
{
    struct endpoints endpoints;
    whereabouts_list(node, &endpoints);
    return make_manifest(node, &endpoints);
}

json_t *whereabouts_get_manifest(void *context)
{
    struct node *node = context;
    int64_t now_ms = clock_monotonic_ms(clock_system());
    lock_take(node->lock);
    bool in_community = atomic_load(&node->log) != NULL;
    if (node->manifest == NULL || now_ms - node->manifest_ms >= MANIFEST_FRESH_MS ||
        in_community != node->manifest_in_community) {
        json_decref(node->manifest);
        node->manifest = whereabouts_make_manifest(node);
        node->manifest_ms = now_ms;
        node->manifest_in_community = in_community;
    }
    /* A copy: reference counts of a shared one would be counted from several threads. */
    json_t *copy = json_build_copy(node->manifest);
    lock_release(node->lock);
    return copy;
}

/* What the log says of us; false while we are no member. */
static bool read_said(struct node *node, struct event_log *log, struct endpoints *said_out,
                      bool *other_name_out)
{
    char name[PERSON_NAME_BYTES];
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    const struct member *self = membership_find(snapshot->membership, &node->key.node_id);
    *said_out = (struct endpoints){0};
    *other_name_out = false;
    if (self != NULL) {
        const struct member_profile *profile =
            membership_profile(snapshot->membership, self->person);
        own_name_get(node->own_name, name);
        *other_name_out = name[0] != '\0' && strcmp(member_profile_name(profile), name) != 0;
        member_profile_read_endpoints(profile, said_out);
    }
    log_snapshot_release(log, &snapshot);
    return self != NULL;
}

void whereabouts_follow_log(struct node *node)
{
    struct endpoints said;
    bool other_name = false;
    if (read_said(node, atomic_load(&node->log), &said, &other_name)) {
        if (other_name) {
            own_addresses_rename(node->own_addresses);
        }
        own_addresses_follow(node->own_addresses, &said);
    }
    lan_discovery_wake(node->discovery);
}

static void forget_manifest(struct node *node)
{
    lock_take(node->lock);
    json_decref(node->manifest);
    node->manifest = NULL;
    lock_release(node->lock);
}

void whereabouts_rename(struct node *node)
{
    forget_manifest(node);
    own_addresses_rename(node->own_addresses);
}

static void on_appended(void *context, const struct append_answer *answer)
{
    struct node *node = context;
    /* Who was shut out has nothing to announce. */
    if (answer->result != RESULT_OK && answer->result != RESULT_UNAUTHORIZED) {
        own_addresses_not_announced(node->own_addresses);
    }
}

static void on_announce(void *context)
{
    struct node *node = context;
    struct event_log *log = atomic_load(&node->log);
    struct endpoints endpoints;
    bool other_name = false;
    whereabouts_list(node, &endpoints);
    if (endpoints.count == 0) { /* the log's word stands; the name alone is new */
        (void)read_said(node, log, &endpoints, &other_name);
    }
    json_t *manifest = make_manifest(node, &endpoints);
    struct event_draft draft = event_draft_manifest(manifest);
    if (log_append_event(log, &draft, on_appended, node) != RESULT_OK) {
        own_addresses_not_announced(node->own_addresses);
    }
    json_decref(manifest);
}

static void on_changed(void *context)
{
    struct node *node = context;
    struct gossip *gossip = atomic_load(&node->gossip);
    forget_manifest(node);
    if (gossip != NULL) {
        gossip_network_changed(gossip);
    }
}

static void on_picture(void *context, const struct network_picture *picture)
{
    struct node *node = context;
    lan_discovery_see(node->discovery, picture);
}

static bool describe(void *context, struct lan_hint *hint_out)
{
    struct node *node = context;
    struct event_log *log = atomic_load(&node->log);
    if (log == NULL) {
        coming_back_describe(node->coming_back, hint_out);
        return false;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    node_id_format_short(&snapshot->membership->community_id, hint_out->community);
    log_snapshot_release(log, &snapshot);
    node_id_format_short(&node->key.node_id, hint_out->node);
    hint_out->port = http_listener_port(node->peer);
    return true;
}

static bool has_online(void *context, size_t count)
{
    struct node *node = context;
    struct event_log *log = atomic_load(&node->log);
    struct gossip *gossip = atomic_load(&node->gossip);
    size_t online = 0;
    if (log == NULL || gossip == NULL) {
        return false;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    const struct membership *membership = snapshot->membership;
    for (size_t i = 0; i < membership->member_count && online < count; i++) {
        online += gossip_presence(gossip, &membership->members[i].node_id).online ? 1 : 0;
    }
    log_snapshot_release(log, &snapshot);
    return online >= count;
}

/* Members; and anybody, while our log is lost. */
static bool is_wanted(void *context, const struct lan_hint *hint)
{
    struct node *node = context;
    struct event_log *log = atomic_load(&node->log);
    struct node_id node_id;
    if (log == NULL) {
        return node->coming_back != NULL;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    bool found = membership_resolve(snapshot->membership, hint->node, &node_id) == RESULT_OK;
    log_snapshot_release(log, &snapshot);
    return found;
}

static void on_heard(void *context, const struct lan_hint *hint, const struct endpoint *where)
{
    struct node *node = context;
    struct gossip *gossip = atomic_load(&node->gossip);
    log_write(LOG_DEBUG, "discovery.heard", "peer", hint->node, "address", where->host, NULL);
    if (gossip != NULL) {
        gossip_peer_heard(gossip, hint->node, where);
    } else {
        coming_back_heard(node->coming_back, hint, where);
    }
}

/* Where nobody but this machine gets at us, there is nobody to tell. */
static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
           strcmp(host, "localhost") == 0;
}

static enum result start_discovery(struct node *node)
{
    const char *host = node->configuration->peer_host;
    const struct lan_discovery_options options = {
        .clock = clock_system(),
        .host = host,
        .with_ipv6 = strchr(host, ':') != NULL && !http_listener_has_only_ipv4(node->peer),
        .describe = describe,
        .has_online = has_online,
        .is_wanted = is_wanted,
        .heard = on_heard,
        .context = node};
    return node->configuration->udp_enabled && !is_loopback(host)
               ? lan_discovery_start(&options, &node->discovery)
               : RESULT_OK;
}

enum result whereabouts_start(struct node *node, struct error *error)
{
    const struct configuration *configuration = node->configuration;
    const struct own_addresses_options options = {
        .host = configuration->peer_host,
        .only_ipv4 = http_listener_has_only_ipv4(node->peer),
        .port = http_listener_port(node->peer),
        .advertise = configuration->has_advertise ? &configuration->advertise : NULL,
        .clock = clock_system(),
        .changed = on_changed,
        .picture = on_picture,
        .announce = on_announce,
        .context = node};
    if (start_discovery(node) != RESULT_OK ||
        own_addresses_start(&options, &node->own_addresses) != RESULT_OK) {
        return error_set(error, RESULT_IO, "The system gives no more threads.");
    }
    struct network_picture *picture = memory_allocate(1, sizeof *picture);
    own_addresses_look(node->own_addresses, picture);
    lan_discovery_see(node->discovery, picture);
    memory_free(picture);
    return RESULT_OK;
}

void whereabouts_stop(struct node *node)
{
    own_addresses_stop(node->own_addresses);
    lan_discovery_stop(node->discovery);
}

void whereabouts_destroy(struct node *node)
{
    own_addresses_destroy(&node->own_addresses);
    lan_discovery_destroy(&node->discovery);
    json_decref(node->manifest);
    node->manifest = NULL;
}
