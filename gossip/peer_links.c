#include <stdio.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "gossip/gossip_work_private.h"
#include "gossip/known_peers.h"

enum {
    SAVE_RECORDS_MS = 600000,
    SAVE_RECORD_MS = 3600,    /* … of each, if that is more: a thousand are ten pages or so */
    MOST_PRESENCE_LINES = 10, /* of a peer, in LIMITS_REFUSAL_LINE_MS */
};

struct peer_link *peer_links_find(const struct gossip *gossip, const struct node_id *node_id)
{
    return gossip_state_get_link(gossip->state, node_id);
}

/* It is found from introduce() on. */
static struct peer_link *add_link(struct gossip *gossip, const struct node_id *node_id)
{
    struct peer_link *link = memory_allocate(1, sizeof *link);
    link->gossip = gossip;
    link->node_id = *node_id;
    struct account_key key = account_key_of_node(node_id->key);
    link->account = account_open(gossip->options.accounts, &key);
    link->number = ++gossip->links_made;
    link->exchange.link = link->push.link = link;
    link->addresses = peer_addresses_create(gossip, node_id);
    link->next = gossip->links;
    link->at = &gossip->links;
    if (link->next != NULL) {
        link->next->at = &link->next;
    }
    gossip->links = link;
    return link;
}

static void introduce(struct peer_link *link, int64_t cursor)
{
    struct gossip *gossip = link->gossip;
    lock_take(gossip->lock);
    gossip_state_add_peer(gossip->state, &link->node_id, cursor, link->presence.last_seen != 0,
                          gossip_io_now(gossip));
    gossip_state_set_link(gossip->state, &link->node_id, link);
    lock_release(gossip->lock);
}

void peer_links_note_session(struct peer_link *link)
{
    struct peer_link **first = &link->gossip->sessions;
    if (link->at_session != NULL) {
        return;
    }
    link->next_session = *first;
    link->at_session = first;
    *first = link;
    if (link->next_session != NULL) {
        link->next_session->at_session = &link->next_session;
    }
}

void peer_links_forget_session(struct peer_link *link)
{
    session_state_forget(&link->session);
    peer_turn_release(link);
    if (link->at_session != NULL) {
        *link->at_session = link->next_session;
        if (link->next_session != NULL) {
            link->next_session->at_session = link->at_session;
        }
        link->at_session = NULL;
    }
}

void peer_links_free_call(struct peer_call *call)
{
    buffer_deinit(&call->request.body);
    memory_free(call->path);
    memory_free(call);
}

void peer_links_free(struct peer_link *link)
{
    while (link->calls != NULL) { /* that nobody ends any more */
        struct peer_call *call = link->calls;
        link->calls = call->next;
        peer_links_free_call(call);
    }
    *link->at = link->next;
    if (link->next != NULL) {
        link->next->at = link->at;
    }
    peer_links_forget_session(link);
    peer_addresses_destroy(&link->addresses);
    buffer_deinit(&link->exchange.body);
    buffer_deinit(&link->push.body);
    member_profile_release(&link->profile);
    account_close(&link->account);
    memory_free(link);
}

void peer_links_release(struct peer_link *link)
{
    if (link->removed && link->calls == NULL && !link->exchange.busy && !link->push.busy &&
        !link->polling) {
        peer_links_free(link);
    }
}

static void restore_addresses(struct peer_link *link, const struct known_peer *known)
{
    enum address_source source;
    lock_take(link->gossip->lock);
    for (size_t i = 0; i < known->address_count; i++) {
        const struct peer_address *address = &known->addresses[i];
        if (address_book_parse_source(address->source, &source)) {
            address_book_restore(peer_addresses_book(link->addresses), &address->endpoint, source,
                                 address->last_success);
        }
    }
    link->presence.last_seen = known->record.last_seen;
    lock_release(link->gossip->lock);
}

static struct peer_link *adopt(struct gossip *gossip, const struct known_peer *known)
{
    struct peer_link *link = add_link(gossip, &known->record.node_id);
    restore_addresses(link, known);
    introduce(link, known->record.cursor);
    return link;
}

/* Consumes it. */
static void take_profile(struct peer_link *link, struct member_profile *profile)
{
    struct endpoints endpoints;
    member_profile_release(&link->profile);
    link->profile = profile;
    member_profile_read_endpoints(profile, &endpoints);
    peer_addresses_take_manifest(link->addresses, &endpoints);
}

/* `known`: what was read of those who came; who is not among them is added to `lacking`. */
static void follow_member(struct gossip *gossip, const struct membership *membership,
                          const struct member *member, const struct known_peers *known,
                          struct known_peers *lacking)
{
    struct peer_link *link = peer_links_find(gossip, &member->node_id);
    const struct known_peer *peer = link == NULL ? known_peers_find(known, &member->node_id) : NULL;
    if (peer != NULL) {
        link = adopt(gossip, peer);
    }
    if (node_id_equal(&member->node_id, &gossip->options.key->node_id)) {
        member_profile_read_endpoints(membership_profile(membership, member->person),
                                      &gossip->self.named);
    } else if (link == NULL) {
        known_peers_add(lacking, &member->node_id);
    } else if (membership_profile(membership, member->person) != link->profile) {
        take_profile(link, membership_share_profile(membership, member->person));
    }
}

static void follow(struct gossip *gossip, const struct known_peers *known,
                   struct known_peers *lacking)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(gossip->options.log);
    const struct membership *membership = snapshot->membership;
    for (size_t i = 0; i < membership->member_count; i++) {
        follow_member(gossip, membership, &membership->members[i], known, lacking);
    }
    for (struct peer_link *link = gossip->links, *next = NULL; link != NULL; link = next) {
        next = link->next;
        if (!link->removed && membership_find(membership, &link->node_id) == NULL) {
            lock_take(gossip->lock);
            gossip_state_remove_peer(gossip->state, &link->node_id);
            link->removed = true;
            lock_release(gossip->lock);
            link->exchange.busy = link->exchange.busy && !link->session.waiting; /* … for ever */
            peer_links_release(link);
        }
    }
    log_snapshot_release(gossip->options.log, &snapshot);
}

/* Of members who came, what the log knows of them is read first. */
struct following {
    struct gossip_work work;
    struct known_peers known;
};

static bool read_known(struct gossip_work *work)
{
    struct following *following = (struct following *)work;
    bool done = false;
    do {
        done = known_peers_read(&following->known, work->gossip->options.log);
    } while (!done && !gossip_work_is_over(work));
    return done;
}

static void discard(struct gossip_work *work)
{
    known_peers_deinit(&((struct following *)work)->known);
}

static void follow_and_read(struct gossip *gossip, const struct known_peers *known);

static void end(struct gossip_work *work)
{
    struct gossip *gossip = work->gossip;
    gossip->reads_of_members = false;
    follow_and_read(gossip, &((struct following *)work)->known);
}

static void follow_and_read(struct gossip *gossip, const struct known_peers *known)
{
    struct following *following = memory_allocate(1, sizeof *following);
    follow(gossip, known, &following->known);
    if (following->known.count == 0 || gossip->reads_of_members) {
        discard(&following->work);
        memory_free(following);
        return;
    }
    gossip->reads_of_members = true;
    following->work = (struct gossip_work){.run = read_known, .end = end, .discard = discard};
    gossip_work_begin(gossip, &following->work, NULL, URGENCY_OWNER); /* who joined is there soon */
}

void peer_links_follow_members(struct gossip *gossip)
{
    const struct known_peers none = {0};
    follow_and_read(gossip, &none);
}

void peer_links_restore(struct gossip *gossip)
{
    struct known_peers known = {0};
    struct known_peers lacking = {0};
    follow(gossip, &known, &lacking);
    while (!known_peers_read(&lacking, gossip->options.log)) {
    }
    follow(gossip, &lacking, &known);
    known_peers_deinit(&known);
    known_peers_deinit(&lacking);
}

void peer_links_seen(struct peer_link *link)
{
    lock_take(link->gossip->lock);
    link->presence.last_seen = gossip_io_wall_seconds(link->gossip);
    link->gossip->reached_anybody = true;
    lock_release(link->gossip->lock);
    link->dirty = true;
    gossip_io_save_by(link->gossip, link->gossip->save_records_at_ms);
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

/* Who comes and goes all the time does not fill the log. */
static enum log_level level_of_presence(struct peer_link *link)
{
    int64_t now_ms = gossip_io_now(link->gossip);
    if (now_ms >= link->presence_lines_until_ms) {
        link->presence_lines_until_ms = now_ms + LIMITS_REFUSAL_LINE_MS;
        link->presence_lines = 0;
    }
    return link->presence_lines++ < MOST_PRESENCE_LINES ? LOG_INFO : LOG_DEBUG;
}

void peer_links_tell_presence(struct peer_link *link, bool online)
{
    const struct gossip_options *options = &link->gossip->options;
    char name[NODE_ID_SHORT_BYTES];
    lock_take(link->gossip->lock);
    link->presence.online = online;
    lock_release(link->gossip->lock);
    node_id_format_short(&link->node_id, name);
    log_write(level_of_presence(link), online ? "peer.online" : "peer.offline", "peer", name, NULL);
    if (options->on_presence != NULL) {
        options->on_presence(options->context, &link->node_id, online);
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
    struct peer_record *records = NULL;
    const int64_t now_ms = gossip_io_now(gossip);
    bool due = gossip->finishing || now_ms >= gossip->save_records_at_ms;
    size_t count = 0;
    gossip->save_at_ms = INT64_MAX;
    for (struct peer_link *link = gossip->links; link != NULL; link = link->next) {
        struct peer_record record = {.node_id = link->node_id,
                                     .last_seen = link->presence.last_seen};
        const struct address_book *book = peer_addresses_book(link->addresses);
        bool online = false;
        if (due && link->dirty && !link->removed &&
            gossip_state_look(gossip->state, &link->node_id, &record.cursor, &online)) {
            records = memory_resize(records, count + 1, sizeof *records);
            records[count++] = record;
            link->dirty = false;
        }
        if (!link->removed && book->changed) {
            save_addresses(link);
            gossip_io_save_by(gossip, book->changed ? 0 : INT64_MAX); /* once more, if it failed */
        }
        if (!link->removed && link->dirty) {
            gossip_io_save_by(gossip, gossip->save_records_at_ms);
        }
    }
    if (count > 0) {
        int64_t rest_ms = (int64_t)count * SAVE_RECORD_MS;
        gossip->save_records_at_ms =
            now_ms + (rest_ms > SAVE_RECORDS_MS ? rest_ms : SAVE_RECORDS_MS);
        (void)log_peers_save(gossip->options.log, records, count);
    }
    memory_free(records);
}
