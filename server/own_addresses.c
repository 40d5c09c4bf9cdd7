#include "server/own_addresses.h"

#include <errno.h>
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
#include "server/address_settling.h"
#include "server/network_files.h"
#include "server/network_reader.h"

enum {
    BEAT_MS = 30000,
    BEAT_WITHOUT_ADDRESS_MS = 5000,
    GATHER_MS = 200 /* an interface that comes up says so many times */
};

struct own_addresses {
    struct own_addresses_options options;
    struct thread *thread;
    struct network_picture *read; /* the thread's: what it reads into */
    int watch;                    /* rtnetlink; -1: there is none */
    int wake;                     /* an eventfd */
    atomic_bool stopping;
    struct lock *lock; /* guards what follows */
    struct network_picture *picture;
    struct address_settling settling;
};

static bool is_all_v6(const struct own_addresses *own)
{
    return strcmp(own->options.host, "::") == 0;
}

/* What the owner decided stands; true when it is that. */
static bool is_given(const struct own_addresses *own)
{
    return own->options.advertise != NULL ||
           (!is_all_v6(own) && strcmp(own->options.host, "0.0.0.0") != 0);
}

static void list(const struct own_addresses *own, const struct network_picture *picture,
                 uint16_t port, struct endpoints *endpoints_out)
{
    if (!is_given(own)) {
        network_picture_order(picture, is_all_v6(own) && !own->options.only_ipv4, port,
                              endpoints_out);
        return;
    }
    *endpoints_out = (struct endpoints){.count = 1};
    if (own->options.advertise != NULL) {
        endpoints_out->list[0] = *own->options.advertise;
    } else {
        struct endpoint *endpoint = &endpoints_out->list[0];
        (void)snprintf(endpoint->host, sizeof endpoint->host, "%s", own->options.host);
        endpoint->port = port;
    }
}

static void look(struct network_picture *picture)
{
    if (network_reader_read(picture) != RESULT_OK) {
        network_files_read(picture);
    }
}

/* What differs from before; with the lock taken. */
static bool take_picture(struct own_addresses *own, bool *is_other)
{
    struct endpoints endpoints;
    struct network_picture *before = own->picture;
    list(own, own->read, own->options.port, &endpoints);
    bool moved = address_settling_see(&own->settling, &endpoints, is_given(own),
                                      clock_monotonic_ms(own->options.clock)) ||
                 !network_picture_same_ways_out(before, own->read);
    *is_other = !network_picture_equal(before, own->read);
    own->picture = own->read;
    own->read = before;
    return moved;
}

/* Announces when it is time; returns when it may be next. */
static int64_t announce_if_due(struct own_addresses *own)
{
    int64_t wake_ms = INT64_MAX;
    lock_take(own->lock);
    bool due =
        address_settling_take(&own->settling, clock_monotonic_ms(own->options.clock), &wake_ms);
    lock_release(own->lock);
    if (due) {
        own->options.announce(own->options.context);
    }
    return wake_ms;
}

static void log_where(const struct endpoints *endpoints)
{
    char text[NODE_MANIFEST_MOST_ENDPOINTS * (NETWORK_PICTURE_TEXT_BYTES + 1) + 1] = "";
    size_t length = 0;
    for (size_t i = 0; i < endpoints->count && length < sizeof text; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", i == 0 ? "" : " ",
                                   endpoints->list[i].host);
    }
    log_write(endpoints->count == 0 ? LOG_WARNING : LOG_INFO, "network.addresses", "addresses",
              endpoints->count == 0 ? NULL : text, "meaning",
              endpoints->count == 0 ? "this machine is in no network yet: nobody can reach it"
                                    : NULL,
              NULL);
}

static void look_again(struct own_addresses *own)
{
    bool is_other = false;
    look(own->read);
    lock_take(own->lock);
    bool moved = take_picture(own, &is_other);
    struct endpoints endpoints = own->settling.seen;
    lock_release(own->lock);
    if (is_other) {
        /* Only this thread changes which one it is. */
        own->options.picture(own->options.context, own->picture);
    }
    if (moved) {
        log_where(&endpoints);
        own->options.changed(own->options.context);
    }
}

/* Waits for news, a poke or the time; true when there was news. */
static bool wait(struct own_addresses *own, int64_t timeout_ms, bool for_news)
{
    struct pollfd waited[] = {{.fd = own->wake, .events = POLLIN},
                              {.fd = for_news ? own->watch : -1, .events = POLLIN}};
    uint64_t pokes = 0;
    int ready = poll(waited, 2, timeout_ms < 0 ? 0 : (int)timeout_ms);
    if (ready > 0 && waited[0].revents != 0) {
        (void)!read(own->wake, &pokes, sizeof pokes);
    }
    return ready > 0 && waited[1].revents != 0;
}

static int64_t beat_ms(struct own_addresses *own)
{
    lock_take(own->lock);
    bool none = own->settling.seen.count == 0;
    lock_release(own->lock);
    return none ? BEAT_WITHOUT_ADDRESS_MS : BEAT_MS;
}

static void run(void *context)
{
    struct own_addresses *own = context;
    const struct clock *clock = own->options.clock;
    int64_t look_ms = clock_monotonic_ms(clock) + beat_ms(own);
    while (!atomic_load(&own->stopping)) {
        int64_t now_ms = clock_monotonic_ms(clock);
        int64_t wake_ms = announce_if_due(own);
        wake_ms = wake_ms < look_ms ? wake_ms : look_ms;
        if (wait(own, wake_ms - now_ms, true)) {
            (void)wait(own, GATHER_MS, false);
            network_reader_drain(own->watch);
            look_ms = INT64_MIN;
        }
        if (clock_monotonic_ms(clock) >= look_ms) {
            look_again(own);
            look_ms = clock_monotonic_ms(clock) + beat_ms(own);
        }
    }
}

static void poke(struct own_addresses *own)
{
    const uint64_t one = 1;
    (void)!write(own->wake, &one, sizeof one);
}

enum result own_addresses_start(const struct own_addresses_options *options,
                                struct own_addresses **own_out)
{
    struct own_addresses *own = memory_allocate(1, sizeof *own);
    bool is_other = false;
    own->options = *options;
    own->lock = lock_create();
    own->picture = memory_allocate(1, sizeof *own->picture);
    own->read = memory_allocate(1, sizeof *own->read);
    own->watch = network_reader_watch();
    own->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    address_settling_init(&own->settling);
    look(own->read);
    (void)take_picture(own, &is_other);
    log_where(&own->settling.seen);
    if (own->wake < 0 || thread_start("addresses", run, own, &own->thread) != RESULT_OK) {
        own_addresses_destroy(&own);
        return RESULT_IO;
    }
    *own_out = own;
    return RESULT_OK;
}

void own_addresses_stop(struct own_addresses *own)
{
    if (own != NULL) {
        atomic_store(&own->stopping, true);
        poke(own);
        thread_join(&own->thread);
    }
}

void own_addresses_destroy(struct own_addresses **own_pointer)
{
    struct own_addresses *own = *own_pointer;
    if (own == NULL) {
        return;
    }
    own_addresses_stop(own);
    if (own->watch >= 0) {
        (void)close(own->watch);
    }
    if (own->wake >= 0) {
        (void)close(own->wake);
    }
    lock_destroy(&own->lock);
    memory_free(own->picture);
    memory_free(own->read);
    memory_free(own);
    *own_pointer = NULL;
}

void own_addresses_list(struct own_addresses *own, uint16_t port, struct endpoints *endpoints_out)
{
    lock_take(own->lock);
    list(own, own->picture, port, endpoints_out);
    lock_release(own->lock);
}

void own_addresses_look(struct own_addresses *own, struct network_picture *picture_out)
{
    lock_take(own->lock);
    *picture_out = *own->picture;
    lock_release(own->lock);
}

void own_addresses_follow(struct own_addresses *own, const struct endpoints *said)
{
    lock_take(own->lock);
    address_settling_follow(&own->settling, said);
    lock_release(own->lock);
    (void)announce_if_due(own);
    poke(own);
}

void own_addresses_rename(struct own_addresses *own)
{
    lock_take(own->lock);
    address_settling_rename(&own->settling);
    lock_release(own->lock);
    poke(own);
}

void own_addresses_not_announced(struct own_addresses *own)
{
    lock_take(own->lock);
    address_settling_failed(&own->settling, clock_monotonic_ms(own->options.clock));
    lock_release(own->lock);
    poke(own);
}
