#include <stdio.h>

#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "store/event_reader.h"

enum { SAVE_RECORDS_MS = 600000 };

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
    link->number = ++gossip->links_made;
    link->exchange.link = link->push.link = link;
    link->addresses = peer_addresses_create(gossip, node_id);
    lock_take(gossip->lock);
    gossip->links =
        memory_resize(gossip->links, gossip->link_count + 1, sizeof(struct peer_link *));
    gossip->links[gossip->link_count++] = link;
    lock_release(gossip->lock);
}

void peer_links_forget_session(struct peer_link *link)
{
    session_state_forget(&link->session);
    peer_turn_release(link);
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
    peer_addresses_destroy(&link->addresses);
    buffer_deinit(&link->exchange.body);
    buffer_deinit(&link->push.body);
    memory_free(link);
}

void peer_links_release(struct peer_link *link)
{
    if (link->removed && !link->exchange.busy && !link->push.busy && !link->polling) {
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

static void restore_address(void *context, const struct peer_address *address)
{
    struct peer_link *link = context;
    enum address_source source;
    if (address_book_parse_source(address->source, &source)) {
        lock_take(link->gossip->lock);
        address_book_restore(peer_addresses_book(link->addresses), &address->endpoint, source,
                             address->last_success);
        lock_release(link->gossip->lock);
    }
}

static void adopt_member(struct gossip *gossip, const struct membership *membership,
                         const struct member *member, const struct known_peers *known)
{
    struct endpoints endpoints;
    int64_t cursor = 0;
    bool seen = false;
    if (peer_links_find(gossip, &member->node_id) == NULL) {
        add_link(gossip, &member->node_id);
        for (size_t i = 0; i < known->count; i++) {
            if (node_id_equal(&known->records[i].node_id, &member->node_id)) {
                cursor = known->records[i].cursor;
                seen = known->records[i].last_seen != 0;
                lock_take(gossip->lock);
                peer_links_find(gossip, &member->node_id)->presence.last_seen =
                    known->records[i].last_seen;
                lock_release(gossip->lock);
            }
        }
        (void)event_reader_addresses(gossip->options.log, &member->node_id, restore_address,
                                     peer_links_find(gossip, &member->node_id));
        gossip_state_add_peer(gossip->state, &member->node_id, cursor, seen, gossip_io_now(gossip));
    }
    struct peer_link *link = peer_links_find(gossip, &member->node_id);
    member_profile_read_endpoints(membership_profile(membership, member->person), &endpoints);
    peer_addresses_take_manifest(link->addresses, &endpoints);
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
        } else {
            member_profile_read_endpoints(membership_profile(membership, member->person),
                                          &gossip->self.named);
        }
    }
    for (size_t i = gossip->link_count; i-- > 0;) {
        struct peer_link *link = gossip->links[i];
        if (!link->removed && membership_find(membership, &link->node_id) == NULL) {
            gossip_state_remove_peer(gossip->state, &link->node_id);
            lock_take(gossip->lock);
            link->removed = true;
            lock_release(gossip->lock);
            link->exchange.busy = link->exchange.busy && !link->session.waiting; /* … for ever */
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

static void report(const struct peer_link *link, int64_t *again_at_ms, const char *what,
                   const char *reason)
{
    char name[NODE_ID_SHORT_BYTES];
    int64_t now_ms = gossip_io_now(link->gossip);
    if (now_ms >= *again_at_ms) {
        *again_at_ms = now_ms + GOSSIP_REPORT_EVERY_MS;
        node_id_format_short(&link->node_id, name);
        log_write(LOG_WARNING, what, "peer", name, "reason", reason, NULL);
    }
}

void peer_links_report(struct peer_link *link, const char *reason)
{
    report(link, &link->report_at_ms, "peer.misbehaves", reason);
}

void peer_links_report_stall(struct peer_link *link)
{
    report(link, &link->report_stall_at_ms, "peer.stalled",
           "the link stood still in the middle of an answer; what came of it is kept");
}

static void save_addresses(struct peer_link *link)
{
    const struct address *list[ADDRESS_BOOK_MOST];
    struct peer_address kept[ADDRESS_BOOK_MOST_WORKED];
    struct address_book *book = peer_addresses_book(link->addresses);
    size_t count = 0;
    size_t listed = address_book_list(book, list);
    for (size_t i = 0; i < listed && list[i]->worked != 0; i++) {
        struct peer_address *address = &kept[count++];
        address->endpoint = list[i]->endpoint;
        address->last_success = list[i]->worked_at;
        (void)snprintf(address->source, sizeof address->source, "%s",
                       address_book_source_name(list[i]->source));
    }
    book->changed = log_peers_save_addresses(link->gossip->options.log, &link->node_id, kept,
                                             count) != RESULT_OK;
}

void peer_links_save(struct gossip *gossip)
{
    struct peer_record *records = memory_allocate(gossip->link_count, sizeof *records);
    const int64_t now_ms = gossip_io_now(gossip);
    bool due = gossip->finishing || now_ms >= gossip->save_records_at_ms;
    size_t count = 0;
    for (size_t i = 0; i < gossip->link_count; i++) {
        struct peer_link *link = gossip->links[i];
        struct peer_record record = {.node_id = link->node_id,
                                     .last_seen = link->presence.last_seen};
        bool online = false;
        if (due && link->dirty && !link->removed &&
            gossip_state_look(gossip->state, &link->node_id, &record.cursor, &online)) {
            records[count++] = record;
            link->dirty = false;
        }
        if (!link->removed && peer_addresses_book(link->addresses)->changed) {
            save_addresses(link);
        }
    }
    if (count > 0) {
        gossip->save_records_at_ms = now_ms + SAVE_RECORDS_MS;
        (void)log_peers_save(gossip->options.log, records, count);
    }
    memory_free(records);
}
