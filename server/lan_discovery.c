#include "server/lan_discovery.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/lock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/thread.h"
#include "protocol/signing.h"
#include "server/hint_limit.h"
#include "server/lan_links.h"
#include "server/lan_socket.h"

enum {
    SEEKING_MS = 5000, /* while fewer than ENOUGH peers are online */
    FOUND_MS = 30000,
    ENOUGH = 2,
    AT_ONCE_EVERY_MS = 1000, /* a link that comes and goes makes no storm */
    FAMILIES = 2
};

static const sa_family_t families[FAMILIES] = {AF_INET, AF_INET6};

struct ear {
    int socket; /* -1: not open */
    bool hears;
    unsigned joined[LIMITS_HINT_LINKS]; /* links */
    size_t joined_count;
};

struct lan_discovery {
    struct lan_discovery_options options;
    struct thread *thread;
    int wake; /* an eventfd */
    atomic_bool stopping;
    struct hint_limit *limit;   /* by where hints come from */
    struct hint_limit *members; /* by whom they are about */
    struct ear ears[FAMILIES];
    struct lan_links links; /* as the thread last took them */
    struct lan_hint own;
    bool hears;
    bool complained;
    int64_t sent_ms;
    struct lock *lock; /* guards what follows */
    struct lan_links seen;
    bool speak; /* at once */
};

static int64_t now(const struct lan_discovery *discovery)
{
    return clock_monotonic_ms(discovery->options.clock);
}

static bool has_family(const struct lan_link *link, size_t family)
{
    return families[family] == AF_INET ? link->has_v4 : link->has_v6;
}

static bool is_followed(const struct lan_discovery *discovery, size_t family, unsigned index)
{
    const struct lan_link *link = lan_links_find(&discovery->links, index);
    return link != NULL && has_family(link, family);
}

static bool is_joined(const struct ear *ear, unsigned index)
{
    for (size_t i = 0; i < ear->joined_count; i++) {
        if (ear->joined[i] == index) {
            return true;
        }
    }
    return false;
}

/* Leaves links that are gone, joins those that came; what failed is tried again with each hint. */
static void follow_links(struct lan_discovery *discovery, size_t family)
{
    struct ear *ear = &discovery->ears[family];
    size_t kept = 0;
    for (size_t i = 0; i < ear->joined_count; i++) {
        if (is_followed(discovery, family, ear->joined[i])) {
            ear->joined[kept++] = ear->joined[i];
        } else {
            lan_socket_leave(ear->socket, families[family], ear->joined[i]);
        }
    }
    ear->joined_count = kept;
    for (size_t i = 0; i < discovery->links.count; i++) {
        const struct lan_link *link = &discovery->links.list[i];
        if (has_family(link, family) && !is_joined(ear, link->index) &&
            lan_socket_join(ear->socket, families[family], link->index) == RESULT_OK) {
            ear->joined[ear->joined_count++] = link->index;
        }
    }
}

static void complain(struct lan_discovery *discovery)
{
    if (!discovery->complained) {
        discovery->complained = true;
        log_write(LOG_WARNING, "discovery.deaf", "meaning",
                  "another program keeps UDP port 42424 to itself: neighbours find this node, it "
                  "does not hear of them",
                  NULL);
    }
}

static void open_ears(struct lan_discovery *discovery)
{
    for (size_t i = 0; i < FAMILIES; i++) {
        struct ear *ear = &discovery->ears[i];
        if (ear->socket < 0 && (families[i] == AF_INET || discovery->options.with_ipv6)) {
            ear->socket = lan_socket_open(families[i], &ear->hears);
            if (ear->socket >= 0 && !ear->hears) {
                complain(discovery);
            }
        }
        if (ear->socket >= 0) {
            follow_links(discovery, i);
        }
    }
}

static void speak(struct lan_discovery *discovery)
{
    char text[LAN_HINT_MOST_BYTES];
    discovery->own = (struct lan_hint){0};
    bool says = discovery->options.describe(discovery->options.context, &discovery->own);
    discovery->hears = discovery->own.node[0] != '\0';
    if (discovery->hears) {
        open_ears(discovery);
    }
    if (!says) {
        return;
    }
    size_t length = lan_hint_write(&discovery->own, text);
    for (size_t i = 0; i < discovery->links.count * FAMILIES; i++) {
        const struct lan_link *link = &discovery->links.list[i / FAMILIES];
        size_t family = i % FAMILIES;
        if (has_family(link, family) && discovery->ears[family].socket >= 0) {
            (void)lan_socket_send(discovery->ears[family].socket, families[family], link, text,
                                  length);
        }
    }
}

static bool format_source(const struct lan_discovery *discovery,
                          const struct lan_datagram *datagram, uint16_t port,
                          struct endpoint *where_out)
{
    char text[NETWORK_PICTURE_TEXT_BYTES];
    const struct lan_link *link = lan_links_find(&discovery->links, datagram->link);
    if (inet_ntop(datagram->family, datagram->address, text, sizeof text) == NULL ||
        (datagram->link != 0 && link == NULL)) {
        return false;
    }
    *where_out = (struct endpoint){.port = port};
    (void)snprintf(where_out->host, sizeof where_out->host, "%s%s%s", text, link == NULL ? "" : "%",
                   link == NULL ? "" : link->name);
    return true;
}

/* However many sources say so. */
static bool admit_node(struct lan_discovery *discovery, const struct lan_hint *hint)
{
    uint8_t key[NETWORK_PICTURE_ADDRESS_BYTES] = {0};
    return node_id_parse_short(hint->node, key) == RESULT_OK &&
           hint_limit_admit_source(discovery->members, key, now(discovery));
}

/* The cheap questions first: whoever floods us pays more than we do. */
static void take_datagram(void *context, const struct lan_datagram *datagram)
{
    struct lan_discovery *discovery = context;
    const struct lan_hint *own = &discovery->own;
    size_t named = strlen(own->community); /* nothing, or all of it */
    struct lan_hint hint;
    struct endpoint where;
    if (datagram->length_bytes > LAN_HINT_MOST_BYTES ||
        !hint_limit_admit_source(discovery->limit, datagram->address, now(discovery)) ||
        memmem(datagram->bytes, datagram->length_bytes, own->community, named) == NULL ||
        !hint_limit_admit(discovery->limit, now(discovery)) ||
        lan_hint_read(datagram->bytes, datagram->length_bytes, &hint) != RESULT_OK ||
        strncmp(hint.community, own->community, named) != 0 || strcmp(hint.node, own->node) == 0) {
        return;
    }
    if (discovery->options.is_wanted(discovery->options.context, &hint) &&
        admit_node(discovery, &hint) && format_source(discovery, datagram, hint.port, &where)) {
        discovery->options.heard(discovery->options.context, &hint, &where);
    }
}

/* What changed since; true when a hint is to go out at once. */
static bool take_news(struct lan_discovery *discovery)
{
    lock_take(discovery->lock);
    bool at_once = discovery->speak;
    discovery->speak = false;
    discovery->links = discovery->seen;
    lock_release(discovery->lock);
    return at_once;
}

/* Waits for a hint from `listen_ms` on, for a poke, or until `until_ms`; true when there is a hint
 * or more. */
static bool wait(struct lan_discovery *discovery, int64_t listen_ms, int64_t until_ms)
{
    struct pollfd waited[1 + FAMILIES] = {{.fd = discovery->wake, .events = POLLIN}};
    uint64_t pokes = 0;
    int64_t now_ms = now(discovery);
    bool listens = now_ms >= listen_ms && discovery->hears;
    int64_t next_ms = listens || !discovery->hears || until_ms < listen_ms ? until_ms : listen_ms;
    for (size_t i = 0; i < FAMILIES; i++) {
        waited[1 + i] =
            (struct pollfd){.fd = listens ? discovery->ears[i].socket : -1, .events = POLLIN};
    }
    int ready = poll(waited, 1 + FAMILIES, next_ms > now_ms ? (int)(next_ms - now_ms) : 0);
    if (ready > 0 && waited[0].revents != 0) {
        (void)!read(discovery->wake, &pokes, sizeof pokes);
    }
    return ready > 0 && (waited[1].revents != 0 || waited[2].revents != 0);
}

static int64_t choose_next(struct lan_discovery *discovery, bool at_once)
{
    if (at_once) {
        return discovery->sent_ms + AT_ONCE_EVERY_MS;
    }
    bool found = discovery->options.has_online(discovery->options.context, ENOUGH);
    return discovery->sent_ms + (found ? FOUND_MS : SEEKING_MS);
}

static void run(void *context)
{
    struct lan_discovery *discovery = context;
    int64_t listen_ms = now(discovery);
    bool at_once = true;
    while (!atomic_load(&discovery->stopping)) {
        at_once = take_news(discovery) || at_once;
        int64_t speak_ms = choose_next(discovery, at_once);
        if (now(discovery) >= speak_ms) {
            speak(discovery);
            at_once = false;
            discovery->sent_ms = now(discovery);
            speak_ms = choose_next(discovery, false);
        }
        /* Peers may go meanwhile: who is online is asked again that often. */
        int64_t until_ms = now(discovery) + SEEKING_MS;
        if (wait(discovery, listen_ms, speak_ms < until_ms ? speak_ms : until_ms)) {
            for (size_t i = 0; i < FAMILIES; i++) {
                if (discovery->ears[i].socket >= 0) {
                    (void)lan_socket_receive(discovery->ears[i].socket, LIMITS_HINTS_AT_ONCE,
                                             take_datagram, discovery);
                }
            }
            listen_ms = now(discovery) + LIMITS_HINTS_EVERY_MS;
        }
    }
}

static void poke(struct lan_discovery *discovery)
{
    const uint64_t one = 1;
    (void)!write(discovery->wake, &one, sizeof one);
}

enum result lan_discovery_start(const struct lan_discovery_options *options,
                                struct lan_discovery **discovery_out)
{
    struct lan_discovery *discovery = memory_allocate(1, sizeof *discovery);
    uint64_t seed = 0;
    signing_random(&seed, sizeof seed);
    discovery->options = *options;
    discovery->lock = lock_create();
    discovery->limit = hint_limit_create(seed);
    discovery->members = hint_limit_create(seed);
    discovery->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    discovery->sent_ms = INT64_MIN / 2;
    for (size_t i = 0; i < FAMILIES; i++) {
        discovery->ears[i].socket = -1;
    }
    if (discovery->wake < 0 ||
        thread_start("discovery", run, discovery, &discovery->thread) != RESULT_OK) {
        lan_discovery_destroy(&discovery);
        return RESULT_IO;
    }
    *discovery_out = discovery;
    return RESULT_OK;
}

void lan_discovery_stop(struct lan_discovery *discovery)
{
    if (discovery != NULL) {
        atomic_store(&discovery->stopping, true);
        poke(discovery);
        thread_join(&discovery->thread);
    }
}

void lan_discovery_destroy(struct lan_discovery **discovery_pointer)
{
    struct lan_discovery *discovery = *discovery_pointer;
    if (discovery == NULL) {
        return;
    }
    lan_discovery_stop(discovery);
    for (size_t i = 0; i < FAMILIES; i++) {
        if (discovery->ears[i].socket >= 0) {
            (void)close(discovery->ears[i].socket);
        }
    }
    if (discovery->wake >= 0) {
        (void)close(discovery->wake);
    }
    hint_limit_destroy(&discovery->limit);
    hint_limit_destroy(&discovery->members);
    lock_destroy(&discovery->lock);
    memory_free(discovery);
    *discovery_pointer = NULL;
}

void lan_discovery_see(struct lan_discovery *discovery, const struct network_picture *picture)
{
    struct lan_links links;
    if (discovery == NULL) {
        return;
    }
    lan_links_choose(picture, discovery->options.host, discovery->options.with_ipv6, &links);
    lock_take(discovery->lock);
    discovery->speak = discovery->speak || lan_links_have_new(&discovery->seen, &links);
    discovery->seen = links;
    lock_release(discovery->lock);
    poke(discovery);
}

void lan_discovery_wake(struct lan_discovery *discovery)
{
    if (discovery != NULL) {
        lock_take(discovery->lock);
        discovery->speak = true;
        lock_release(discovery->lock);
        poke(discovery);
    }
}
