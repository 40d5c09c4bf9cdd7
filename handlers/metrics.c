#include "core/buffer.h"
#include "handlers/handlers.h"

static void add_metric(struct buffer *text, const char *name, const char *type, const char *help,
                       int64_t number)
{
    buffer_append_format(text, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", name, help, name, type,
                         name, (long long)number);
}

static int64_t count_online(struct gossip *gossip, const struct membership *membership)
{
    int64_t online = 0;
    for (size_t i = 0; i < membership->member_count; i++) {
        online += gossip_presence(gossip, &membership->members[i].node_id).online ? 1 : 0;
    }
    return online;
}

void metrics_handle(struct request *request, const struct node_parts *parts)
{
    struct event_log *log = parts->log(parts->node);
    struct gossip *gossip = parts->gossip(parts->node);
    struct buffer text;
    if (!parts->metrics_enabled) {
        request_reply_error(request, WIRE_NOT_FOUND,
                            "Metrics are switched off ([observability] metrics_enabled = false).");
        return;
    }
    buffer_init(&text);
    add_metric(&text, "hearthchat_uptime_seconds", "gauge", "Seconds since the node started.",
               (clock_monotonic_ms(parts->clock) - parts->started_ms) / 1000);
    if (log != NULL) {
        const struct log_snapshot *snapshot = log_snapshot_acquire(log);
        add_metric(&text, "hearthchat_events", "gauge", "Accepted events in the log.",
                   (int64_t)snapshot->event_count);
        add_metric(&text, "hearthchat_head_lamport", "gauge", "Greatest lamport in the log.",
                   snapshot->head);
        add_metric(&text, "hearthchat_members", "gauge", "Members of the community.",
                   (int64_t)snapshot->membership->member_count);
        add_metric(&text, "hearthchat_peers_online", "gauge", "Members heard of within 60 seconds.",
                   gossip == NULL ? 0 : count_online(gossip, snapshot->membership));
        log_snapshot_release(log, &snapshot);
    }
    request_reply_bytes(request, "text/plain; version=0.0.4", text.data, text.length_bytes);
    buffer_deinit(&text);
}
