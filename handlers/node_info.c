#include "core/memory.h"
#include "handlers/handlers.h"
#include "protocol/hex.h"
#include "protocol/invite.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/person_name.h"
#include "protocol/wall_clock.h"
#include "store/event_reader.h"

enum { TELL_SEEN_SECONDS = 604800 };

/* What own events told that came from others; for a week after it was seen last. */
static void describe_seen(const struct node_parts *parts, const char *name, int64_t seen,
                          json_t *node)
{
    char at[WALL_CLOCK_TEXT_BYTES];
    bool lately = seen != 0 && clock_wall_ms(parts->clock) / 1000 - seen < TELL_SEEN_SECONDS;
    wall_clock_format(seen, at);
    (void)json_object_set_new(node, name, lately ? json_build_text(at) : json_null());
}

static void describe_community(const struct node_parts *parts, json_t *node)
{
    struct event_log *log = parts->log(parts->node);
    char community_id[NODE_ID_TEXT_BYTES];
    char fingerprint[2 * FINGERPRINT_BYTES + 1];
    struct event_reader_usage usage;
    if (log == NULL && parts->has_lost) {
        node_id_format(&parts->lost, community_id);
        (void)json_object_set_new(node, "lost_community_id", json_build_text(community_id));
    }
    if (log == NULL) {
        (void)json_object_set_new(node, "community_id", json_null());
        (void)json_object_set_new(node, "other_copy_at", json_null());
        (void)json_object_set_new(node, "set_back_at", json_null());
        (void)json_object_set_new(node, "community_name", json_null());
        (void)json_object_set_new(node, "policy", json_null());
        (void)json_object_set_new(node, "head", json_integer(0));
        (void)json_object_set_new(node, "events", json_integer(0));
        (void)json_object_set_new(node, "seq", json_integer(0));
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    node_id_format(&snapshot->membership->community_id, community_id);
    (void)json_object_set_new(node, "community_id", json_build_text(community_id));
    (void)json_object_set_new(node, "community_name", json_build_text(snapshot->membership->name));
    (void)json_object_set_new(node, "policy", policy_to_json(&snapshot->membership->policy));
    (void)json_object_set_new(node, "head", json_integer(snapshot->head));
    (void)json_object_set_new(node, "events", json_integer((json_int_t)snapshot->event_count));
    (void)json_object_set_new(node, "seq", json_integer(snapshot->last_seq));
    hex_format(snapshot->fingerprint, FINGERPRINT_BYTES, fingerprint);
    (void)json_object_set_new(node, "fingerprint", json_build_text(fingerprint));
    describe_seen(parts, "other_copy_at", snapshot->copy_seen, node);
    describe_seen(parts, "set_back_at", snapshot->set_back_seen, node);
    if (event_reader_usage(log, &usage) == RESULT_OK) {
        (void)json_object_set_new(
            node, "disk",
            json_build_pack(
                "{s:b,s:I,s:{s:I,s:I},s:{s:I,s:I}}", "read_only", (int)event_log_is_read_only(log),
                "log_bytes", (json_int_t)usage.file_bytes, "today", "events",
                (json_int_t)usage.day_events, "bytes", (json_int_t)usage.day_bytes, "month",
                "events", (json_int_t)usage.month_events, "bytes", (json_int_t)usage.month_bytes));
    }
    log_snapshot_release(log, &snapshot);
}

static void describe_clock(const struct node_parts *parts, json_t *node)
{
    int64_t seconds = 0;
    struct gossip *gossip = parts->gossip(parts->node);
    bool wrong = gossip != NULL && gossip_clock_skew(gossip, &seconds);
    (void)json_object_set_new(node, "clock_skew_seconds",
                              wrong ? json_integer(seconds) : json_null());
}

/* A backlog that is on its way to this node; null when none is. */
static json_t *describe_catching_up(const struct node_parts *parts)
{
    char peer[NODE_ID_TEXT_BYTES];
    struct gossip *gossip = parts->gossip(parts->node);
    if (gossip == NULL) {
        return json_null();
    }
    const struct gossip_progress progress = gossip_progress(gossip);
    if (progress.to_come == 0) {
        return json_null();
    }
    node_id_format(&progress.peer, peer);
    return json_build_pack(
        "{s:I,s:I,s:o,s:s}", "received", (json_int_t)progress.received, "total",
        (json_int_t)progress.received + (json_int_t)progress.to_come, "seconds_left",
        progress.seconds_left < 0 ? json_null() : json_integer(progress.seconds_left), "peer",
        peer);
}

static json_t *describe_last_call(const struct node_parts *parts)
{
    struct gossip *gossip = parts->gossip(parts->node);
    int64_t ms = gossip == NULL ? -1 : gossip_peer_called_ms_ago(gossip);
    return ms < 0 ? json_null() : json_integer(ms / 1000);
}

void node_info_handle(struct request *request, const struct node_parts *parts)
{
    struct event_log *log = parts->log(parts->node);
    const struct log_snapshot *snapshot = log == NULL ? NULL : log_snapshot_acquire(log);
    const struct node_id *self = &parts->key->node_id;
    struct endpoints endpoints;
    json_t *node =
        node_parts_describe_node(parts, self, snapshot == NULL ? NULL : snapshot->membership);
    if (snapshot != NULL) {
        log_snapshot_release(log, &snapshot);
    }
    char name[PERSON_NAME_BYTES];
    parts->display_name(parts->node, name);
    char *id_text = invite_make_id_text(self, name);
    (void)json_object_set_new(node, "display_name", json_build_text(name));
    (void)json_object_set_new(node, "suggested_name", json_build_text(parts->suggested_name));
    (void)json_object_set_new(node, "id_text", json_build_text(id_text));
    (void)json_object_set_new(node, "version", json_build_text(parts->version));
    parts->endpoints(parts->node, &endpoints);
    (void)json_object_set_new(node, "endpoints", node_manifest_endpoints_to_json(&endpoints));
    (void)json_object_set_new(node, "catching_up", describe_catching_up(parts));
    (void)json_object_set_new(
        node, "uptime_seconds",
        json_integer((clock_monotonic_ms(parts->clock) - parts->started_ms) / 1000));
    (void)json_object_set_new(node, "called_seconds_ago", describe_last_call(parts));
    memory_free(id_text);
    describe_community(parts, node);
    describe_clock(parts, node);
    request_reply_output(request, node);
}

void node_info_rename_handle(struct request *request, const struct node_parts *parts)
{
    const char *typed = NULL;
    char name[PERSON_NAME_BYTES];
    struct error error = {""};
    if (json_object_size(request->body) != 1 ||
        !json_members_string(request->body, "display_name", &typed, NULL)) {
        request_reply_error(request, WIRE_BAD_REQUEST, "Expected {\"display_name\":\"…\"}.");
        return;
    }
    if (!person_name_make(typed, name)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "A name has 1 to 64 characters, some of which can be seen, and none "
                            "that break the line or turn the direction of text.");
        return;
    }
    enum result result = parts->rename(parts->node, name, &error);
    if (result != RESULT_OK) {
        request_reply_error(request, wire_code_of_append(result), error.message);
        return;
    }
    node_info_handle(request, parts);
}
