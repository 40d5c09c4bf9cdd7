#include <string.h>

#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "gossip/peer_doors_private.h"

enum { MOST_URL_BYTES = 320 };

struct probe {
    bool under_way;
    struct peer_addresses *owner;
    struct endpoint endpoint;
};

struct waiting {
    peer_addresses_found *found;
    void *context;
    enum urgency urgency;
};

struct peer_addresses {
    struct gossip *gossip;
    struct node_id node_id;
    struct address_book book;
    uint16_t port;
    bool has_chosen;
    struct endpoint chosen; /* calls go there */
    struct waiting waiting[PEER_ADDRESSES_MOST_WAITING];
    size_t waiting_count;
    struct endpoint *candidates; /* of the search; NULL: there is none */
    size_t candidate_count;
    size_t next;
    int64_t next_at_ms;
    bool found_other; /* a search beside calls: somewhere else the peer answered */
    struct endpoint other;
    struct probe probes[PEER_ADDRESSES_MOST_PROBES];
    bool abandoned; /* only its probes are left */
    bool listed;    /* among gossip->addresses */
    struct peer_addresses *following;
};

struct peer_addresses *peer_addresses_create(struct gossip *gossip, const struct node_id *node_id)
{
    struct peer_addresses *addresses = memory_allocate(1, sizeof *addresses);
    *addresses = (struct peer_addresses){.gossip = gossip, .node_id = *node_id};
    return addresses;
}

/* It is to be looked at, now and then. */
static void enlist(struct peer_addresses *addresses)
{
    struct gossip *gossip = addresses->gossip;
    if (!addresses->listed) {
        addresses->listed = true;
        addresses->following = gossip->addresses;
        gossip->addresses = addresses;
    }
}

static bool is_probing(const struct peer_addresses *addresses)
{
    bool probing = false;
    for (size_t i = 0; i < PEER_ADDRESSES_MOST_PROBES; i++) {
        probing = probing || addresses->probes[i].under_way;
    }
    return probing;
}

static void end_search(struct peer_addresses *addresses)
{
    memory_free(addresses->candidates);
    addresses->candidates = NULL;
    addresses->found_other = false;
}

static void release_at(struct peer_addresses **at)
{
    struct peer_addresses *addresses = *at;
    *at = addresses->following;
    end_search(addresses);
    address_book_deinit(&addresses->book);
    memory_free(addresses);
}

/* Those that are abandoned go with their last probe. */
static void sweep(struct gossip *gossip)
{
    for (struct peer_addresses **at = &gossip->addresses; *at != NULL;) {
        struct peer_addresses *addresses = *at;
        if (addresses->abandoned && !is_probing(addresses)) {
            release_at(at);
        } else if (!addresses->abandoned && addresses->candidates == NULL) {
            addresses->listed = false;
            *at = addresses->following;
        } else {
            at = &addresses->following;
        }
    }
}

/* While something here is at work with one of them, none goes. */
static bool hold(struct gossip *gossip)
{
    bool was_held = gossip->addresses_held;
    gossip->addresses_held = true;
    return was_held;
}

static void let_go(struct gossip *gossip, bool still_held)
{
    gossip->addresses_held = still_held;
    if (!still_held) {
        sweep(gossip);
    }
}

void peer_addresses_destroy(struct peer_addresses **addresses)
{
    if (*addresses != NULL) {
        struct gossip *gossip = (*addresses)->gossip;
        (*addresses)->abandoned = true;
        end_search(*addresses);
        enlist(*addresses);
        let_go(gossip, gossip->addresses_held);
    }
    *addresses = NULL;
}

void peer_addresses_forget_all(struct gossip *gossip)
{
    while (gossip->addresses != NULL) {
        release_at(&gossip->addresses);
    }
}

struct address_book *peer_addresses_book(struct peer_addresses *addresses)
{
    return &addresses->book;
}

uint16_t peer_addresses_port(const struct peer_addresses *addresses)
{
    return addresses->port;
}

static bool is_chosen(const struct peer_addresses *addresses, const struct endpoint *endpoint)
{
    return addresses->has_chosen && address_book_is_same(&addresses->chosen, endpoint);
}

static size_t list_candidates(const struct peer_addresses *addresses, struct endpoint *list_out)
{
    return address_book_candidates(&addresses->book, gossip_io_self(addresses->gossip), list_out);
}

static void note(struct peer_addresses *addresses, const struct endpoint *endpoint,
                 enum result result)
{
    if (result == RESULT_OK) {
        peer_doors_opened(addresses->gossip, &addresses->book, endpoint);
    }
    lock_take(addresses->gossip->lock);
    address_book_tried(&addresses->book, endpoint, result,
                       gossip_io_wall_seconds(addresses->gossip));
    lock_release(addresses->gossip->lock);
    gossip_io_save_by(addresses->gossip, addresses->book.changed ? 0 : INT64_MAX);
}

/* Whoever waits goes where the calls go. */
static void tell(struct peer_addresses *addresses)
{
    struct waiting waiting[PEER_ADDRESSES_MOST_WAITING];
    const struct endpoint chosen = addresses->chosen;
    bool found = addresses->has_chosen;
    size_t count = addresses->waiting_count;
    memcpy(waiting, addresses->waiting, count * sizeof *waiting);
    addresses->waiting_count = 0;
    for (size_t i = 0; i < count; i++) { /* the last may free all of this */
        waiting[i].found(waiting[i].context, found ? &chosen : NULL);
    }
}

static void choose(struct peer_addresses *addresses, const struct endpoint *endpoint)
{
    struct endpoint chosen = *endpoint;
    addresses->has_chosen = true;
    addresses->chosen = chosen;
    note(addresses, &chosen, RESULT_OK);
}

static bool leads_to(void *context, const char *url, const char *local_address)
{
    const char *base = context;
    size_t length = strlen(base);
    (void)local_address;
    return strncmp(url, base, length) == 0 && url[length] == '/';
}

/* The peer answers elsewhere, and no more where our calls are. */
static void move(struct peer_addresses *addresses)
{
    struct gossip *gossip = addresses->gossip;
    struct endpoint other = addresses->other;
    char base[MOST_URL_BYTES];
    node_manifest_format_url(&addresses->chosen, base, sizeof base);
    end_search(addresses);
    bool was_held = hold(gossip);
    bool had_chosen = addresses->has_chosen;
    choose(addresses, &other);
    if (gossip->client != NULL && had_chosen) {
        http_client_cut(gossip->client, leads_to, base);
    }
    tell(addresses);
    let_go(gossip, was_held);
}

static void conclude_if_done(struct peer_addresses *addresses)
{
    if (addresses->candidates == NULL || addresses->next < addresses->candidate_count ||
        is_probing(addresses)) {
        return;
    }
    if (addresses->found_other) {
        move(addresses);
        return;
    }
    end_search(addresses);
    tell(addresses); /* another call may have found it meanwhile */
}

static void probed(void *context, enum result result, struct http_answer *answer)
{
    struct probe *probe = context;
    struct peer_addresses *addresses = probe->owner;
    bool answers = result == RESULT_OK || answer->status != 0;
    probe->under_way = false;
    if (addresses->abandoned) {
        let_go(addresses->gossip, addresses->gossip->addresses_held);
        return;
    }
    bool searching = addresses->candidates != NULL;
    if (answers && searching &&
        (!addresses->has_chosen || is_chosen(addresses, &probe->endpoint))) {
        end_search(addresses);
        choose(addresses, &probe->endpoint);
        tell(addresses);
        return;
    }
    if (!answers) {
        note(addresses, &probe->endpoint, result);
        addresses->next_at_ms = 0; /* the next need not wait */
    } else if (searching && !addresses->found_other) {
        addresses->found_other = true;
        addresses->other = probe->endpoint;
    }
    conclude_if_done(addresses);
}

/* That of who waits for it. */
static enum urgency urgency_of(const struct peer_addresses *addresses)
{
    enum urgency urgency = URGENCY_TRY;
    const struct waiting *waiting = addresses->waiting;
    for (size_t i = 0; i < addresses->waiting_count; i++) {
        urgency = waiting[i].urgency < urgency ? waiting[i].urgency : urgency;
    }
    return urgency;
}

static void send_probe(struct peer_addresses *addresses, struct probe *probe,
                       const struct endpoint *endpoint)
{
    char base[MOST_URL_BYTES];
    *probe = (struct probe){true, addresses, *endpoint};
    node_manifest_format_url(endpoint, base, sizeof base);
    char *url = memory_format("%s/health", base);
    struct http_call call = {.url = url,
                             .method = "GET",
                             .total_ms = PEER_ADDRESSES_PROBE_MS,
                             .most_answer_bytes = PEER_CALL_MOST_NOTHING_BYTES,
                             .fresh = true,
                             .peer = &addresses->node_id,
                             .identity = addresses->gossip->options.identity};
    gossip_io_send(addresses->gossip, urgency_of(addresses), &call, probed, probe);
    memory_free(url);
}

/* What was begun for somebody less urgent is for this one, too. */
static void hurry(const struct peer_addresses *addresses)
{
    enum urgency urgency = urgency_of(addresses);
    for (size_t i = 0; i < PEER_ADDRESSES_MOST_PROBES; i++) {
        outward_calls_hurry(addresses->gossip->outward, &addresses->probes[i], urgency);
    }
}

static struct probe *find_free_probe(struct peer_addresses *addresses)
{
    for (size_t i = 0; i < PEER_ADDRESSES_MOST_PROBES; i++) {
        if (!addresses->probes[i].under_way) {
            return &addresses->probes[i];
        }
    }
    return NULL;
}

/* When to come again; a probe that ends may make that earlier. */
static int64_t send_probes(struct peer_addresses *addresses)
{
    int64_t now_ms = gossip_io_now(addresses->gossip);
    while (addresses->candidates != NULL && addresses->next < addresses->candidate_count) {
        struct probe *probe = find_free_probe(addresses);
        if (probe == NULL) {
            return INT64_MAX;
        }
        if (now_ms < addresses->next_at_ms) {
            return addresses->next_at_ms;
        }
        const struct endpoint endpoint = addresses->candidates[addresses->next++];
        if (!peer_doors_knock(addresses->gossip, &addresses->book, &endpoint)) {
            note(addresses, &endpoint, RESULT_BUSY);
            continue;
        }
        addresses->next_at_ms = now_ms + PEER_ADDRESSES_STAGGER_MS;
        send_probe(addresses, probe, &endpoint);
    }
    return INT64_MAX;
}

static int64_t advance(struct peer_addresses *addresses)
{
    int64_t due_ms = send_probes(addresses);
    conclude_if_done(addresses);
    return due_ms;
}

/* A probe may end as it begins, and be the last of a peer that is no member any more. */
int64_t peer_addresses_step(struct gossip *gossip)
{
    int64_t wake_at_ms = INT64_MAX;
    bool was_held = hold(gossip);
    for (struct peer_addresses *at = gossip->addresses; at != NULL; at = at->following) {
        int64_t due_ms = at->candidates == NULL ? INT64_MAX : advance(at);
        wake_at_ms = due_ms < wake_at_ms ? due_ms : wake_at_ms;
    }
    let_go(gossip, was_held);
    return wake_at_ms;
}

static void begin_search(struct peer_addresses *addresses, const struct endpoint *list,
                         size_t count)
{
    enlist(addresses);
    addresses->candidates = memory_allocate(ADDRESS_BOOK_MOST_CANDIDATES, sizeof *list);
    memcpy(addresses->candidates, list, count * sizeof *list);
    addresses->candidate_count = count;
    addresses->next = 0;
    addresses->next_at_ms = 0;
}

bool peer_addresses_must_search(const struct peer_addresses *addresses)
{
    struct endpoint list[ADDRESS_BOOK_MOST_CANDIDATES] = {0};
    return !addresses->has_chosen && list_candidates(addresses, list) > 1;
}

void peer_addresses_reach(struct peer_addresses *addresses, enum urgency urgency,
                          peer_addresses_found *found, void *context)
{
    struct endpoint list[ADDRESS_BOOK_MOST_CANDIDATES] = {0};
    if (addresses->has_chosen) {
        const struct endpoint chosen = addresses->chosen;
        found(context, &chosen);
        return;
    }
    if (addresses->candidates != NULL && addresses->found_other) {
        const struct endpoint other = addresses->other;
        move(addresses);
        found(context, &other);
        return;
    }
    if (addresses->candidates == NULL) {
        size_t count = list_candidates(addresses, list);
        if (count < 2) {
            bool may = count == 1 && peer_doors_knock(addresses->gossip, &addresses->book, list);
            found(context, may ? list : NULL);
            return;
        }
        begin_search(addresses, list, count);
    }
    if (addresses->waiting_count == PEER_ADDRESSES_MOST_WAITING) {
        found(context, NULL);
        return;
    }
    addresses->waiting[addresses->waiting_count++] = (struct waiting){found, context, urgency};
    bool was_held = hold(addresses->gossip);
    hurry(addresses);
    (void)advance(addresses);
    let_go(addresses->gossip, was_held);
}

bool peer_addresses_tried(struct peer_addresses *addresses, const struct endpoint *endpoint,
                          enum result result)
{
    struct endpoint list[ADDRESS_BOOK_MOST_CANDIDATES] = {0};
    if (result == RESULT_OK) {
        if (!addresses->has_chosen || is_chosen(addresses, endpoint)) {
            choose(addresses, endpoint);
        }
        return false;
    }
    note(addresses, endpoint, result);
    if (is_chosen(addresses, endpoint)) {
        addresses->has_chosen = false;
    }
    size_t count = list_candidates(addresses, list);
    return count > 1 || (count == 1 && !address_book_is_same(&list[0], endpoint));
}

/* Where they come from says most about where they are: they are tried first. */
static void add_candidate(struct peer_addresses *addresses, const struct endpoint *endpoint)
{
    size_t behind = addresses->candidate_count - addresses->next;
    struct endpoint *at = &addresses->candidates[addresses->next];
    if (addresses->candidate_count < ADDRESS_BOOK_MOST_CANDIDATES) {
        memmove(at + 1, at, behind * sizeof *at);
        addresses->candidate_count++;
        *at = *endpoint;
        addresses->next_at_ms = 0;
    }
}

bool peer_addresses_claim(struct peer_addresses *addresses, const struct endpoint *endpoint,
                          enum address_source source)
{
    struct endpoint list[ADDRESS_BOOK_MOST_CANDIDATES] = {0};
    struct endpoint claimed = *endpoint;
    lock_take(addresses->gossip->lock);
    bool is_new = address_book_claim(&addresses->book, endpoint, source);
    lock_release(addresses->gossip->lock);
    if (!address_book_normalise(&claimed)) {
        return false;
    }
    const struct address *known = address_book_find(&addresses->book, &claimed);
    if (!is_new) {
        return known != NULL && known->tried_at != gossip_io_wall_seconds(addresses->gossip);
    }
    bool is_candidate = false;
    for (size_t i = list_candidates(addresses, list); i-- > 0;) {
        is_candidate = is_candidate || address_book_is_same(&list[i], &claimed);
    }
    if (is_candidate && addresses->candidates != NULL) {
        add_candidate(addresses, &claimed);
    } else if (is_candidate && addresses->has_chosen) {
        const struct endpoint both[] = {claimed, addresses->chosen};
        begin_search(addresses, both, 2);
    }
    return is_candidate;
}

void peer_addresses_confirm(struct peer_addresses *addresses, const struct endpoint *endpoint)
{
    lock_take(addresses->gossip->lock);
    (void)address_book_claim(&addresses->book, endpoint, ADDRESS_HAND);
    lock_release(addresses->gossip->lock);
    if (addresses->has_chosen) {
        note(addresses, endpoint, RESULT_OK);
    } else {
        choose(addresses, endpoint);
    }
}

void peer_addresses_take_manifest(struct peer_addresses *addresses,
                                  const struct endpoints *endpoints)
{
    struct endpoint list[ADDRESS_BOOK_MOST_CANDIDATES] = {0};
    lock_take(addresses->gossip->lock);
    address_book_take_manifest(&addresses->book, endpoints);
    lock_release(addresses->gossip->lock);
    addresses->port = endpoints->count == 0 ? 0 : endpoints->list[0].port;
    const struct address *chosen =
        addresses->has_chosen ? address_book_find(&addresses->book, &addresses->chosen) : NULL;
    for (size_t i = 0; chosen != NULL && i < endpoints->count; i++) {
        struct endpoint named = endpoints->list[i];
        chosen = address_book_normalise(&named) && is_chosen(addresses, &named) ? NULL : chosen;
    }
    if (chosen != NULL && addresses->candidates == NULL) { /* it may have moved away from there */
        begin_search(addresses, list, list_candidates(addresses, list));
    }
}

void peer_addresses_start_over(struct gossip *gossip)
{
    gossip->self_until_ms = 0;
    (void)gossip_io_self(gossip);
    for (struct peer_link *link = gossip->links; link != NULL; link = link->next) {
        link->addresses->has_chosen = false;
    }
}
