#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "store/event_reader.h"

struct peer_link *peer_links_find(const struct gossip *gossip, const struct node_id *node_id)
{
    for (size_t i = 0; i < gossip->link_count; i++) {
        if (!gossip->links[i]->removed && node_id_equal(&gossip->links[i]->node_id, node_id)) {
            return gossip->links[i];
        }
    }
    return NULL;
}

static void add_link(struct gossip *gossip, const struct node_id *node_id)
{
    struct peer_link *link = memory_allocate(1, sizeof *link);
    link->gossip = gossip;
    link->node_id = *node_id;
    lock_take(gossip->lock);
    gossip->links =
        memory_resize(gossip->links, gossip->link_count + 1, sizeof(struct peer_link *));
    gossip->links[gossip->link_count++] = link;
    lock_release(gossip->lock);
}

void peer_links_forget_session(struct peer_link *link)
{
    session_state_forget(&link->session);
    if (link->gossip->catching_up == link) {
        link->gossip->catching_up = NULL;
    }
}

void peer_links_free(struct gossip *gossip, struct peer_link *link)
{
    lock_take(gossip->lock);
    for (size_t i = 0; i < gossip->link_count; i++) {
        if (gossip->links[i] == link) {
            gossip->links[i] = gossip->links[--gossip->link_count];
            break;
        }
    }
    lock_release(gossip->lock);
    peer_links_forget_session(link);
    buffer_deinit(&link->body);
    memory_free(link);
}

void peer_links_release(struct peer_link *link)
{
    if (link->removed && !link->busy && !link->polling) {
        peer_links_free(link->gossip, link);
    }
}

struct known_peers {
    struct peer_record *records;
    size_t count;
};

static void collect_peer(void *context, const struct peer_record *record)
{
    struct known_peers *known = context;
    known->records = memory_resize(known->records, known->count + 1, sizeof *known->records);
    known->records[known->count++] = *record;
}

static void adopt_member(struct gossip *gossip, const struct membership *membership,
                         const struct member *member, const struct known_peers *known)
{
    struct endpoints endpoints;
    int64_t cursor = 0;
    if (peer_links_find(gossip, &member->node_id) == NULL) {
        add_link(gossip, &member->node_id);
        for (size_t i = 0; i < known->count; i++) {
            if (node_id_equal(&known->records[i].node_id, &member->node_id)) {
                cursor = known->records[i].cursor;
                lock_take(gossip->lock);
                peer_links_find(gossip, &member->node_id)->presence.last_seen =
                    known->records[i].last_seen;
                lock_release(gossip->lock);
            }
        }
        gossip_state_add_peer(gossip->state, &member->node_id, cursor, gossip_io_now(gossip));
    }
    struct peer_link *link = peer_links_find(gossip, &member->node_id);
    member_profile_read_endpoints(membership_profile(membership, member->person), &endpoints);
    if (!node_manifest_endpoints_equal(&link->endpoints, &endpoints)) {
        link->endpoints = endpoints;
        link->endpoint = 0;
    }
}

void peer_links_follow_members(struct gossip *gossip)
{
    struct known_peers known = {0};
    (void)event_reader_peers(gossip->options.log, collect_peer, &known);
    const struct log_snapshot *snapshot = log_snapshot_acquire(gossip->options.log);
    const struct membership *membership = snapshot->membership;
    for (size_t i = 0; i < membership->member_count; i++) {
        const struct member *member = &membership->members[i];
        if (!node_id_equal(&member->node_id, &gossip->options.key->node_id)) {
            adopt_member(gossip, membership, member, &known);
        }
    }
    for (size_t i = gossip->link_count; i-- > 0;) {
        struct peer_link *link = gossip->links[i];
        if (!link->removed && membership_find(membership, &link->node_id) == NULL) {
            gossip_state_remove_peer(gossip->state, &link->node_id);
            lock_take(gossip->lock);
            link->removed = true;
            lock_release(gossip->lock);
            link->busy = link->busy && !link->session.waiting; /* nobody will wake it */
            peer_links_release(link);
        }
    }
    log_snapshot_release(gossip->options.log, &snapshot);
    memory_free(known.records);
}

void peer_links_seen(struct peer_link *link)
{
    lock_take(link->gossip->lock);
    link->presence.last_seen = clock_wall_ms(link->gossip->options.clock) / 1000;
    link->gossip->reached_anybody = true;
    lock_release(link->gossip->lock);
    link->dirty = true;
}

void peer_links_report(struct peer_link *link, const char *reason)
{
    char name[NODE_ID_SHORT_BYTES];
    int64_t now_ms = gossip_io_now(link->gossip);
    if (now_ms < link->report_at_ms) {
        return;
    }
    link->report_at_ms = now_ms + GOSSIP_REPORT_EVERY_MS;
    node_id_format_short(&link->node_id, name);
    log_write(LOG_WARNING, "peer.misbehaves", "peer", name, "reason", reason, NULL);
}

void peer_links_save(struct gossip *gossip)
{
    struct peer_record *records = memory_allocate(gossip->link_count, sizeof *records);
    size_t count = 0;
    for (size_t i = 0; i < gossip->link_count; i++) {
        struct peer_link *link = gossip->links[i];
        struct peer_record record = {.node_id = link->node_id,
                                     .last_seen = link->presence.last_seen};
        bool online = false;
        if (link->dirty && !link->removed &&
            gossip_state_look(gossip->state, &link->node_id, &record.cursor, &online)) {
            records[count++] = record;
            link->dirty = false;
        }
    }
    if (count > 0) {
        (void)log_peers_save(gossip->options.log, records, count);
    }
    memory_free(records);
}
