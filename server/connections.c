#include "server/connections.h"

#include <linux/tcp.h> /* glibc's tcp_info is older */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/seeded_hash.h"
#include "core/thread.h"
#include "protocol/signing.h"
#include "server/callers.h"

enum { LOOK_EVERY_MS = 1000, SECOND_MS = 1000, BURSTS = 1024, MOST_NOTES = 8 };

/* TCP_CLOSE_WAIT of netinet/tcp.h, which does not go together with linux/tcp.h. */
enum { STATE_OF_CLOSE_WAIT = 8 };

/* Who is closed first when there are too many. */
enum rank { RANK_NONE, RANK_WELCOME, RANK_FAVOURED };

enum state { STATE_NEW, STATE_IDLE, STATE_RECEIVING, STATE_BODY, STATE_HANDLING, STATE_SENDING };

struct connection {
    int descriptor;
    struct account_key address;
    char address_text[CALLERS_ADDRESS_BYTES];
    enum state state;
    int64_t since_ms;
    int64_t deadline_ms;
    bool looked;             /* IDLE: the kernel was asked what follows */
    uint64_t received_bytes; /* when it became idle, or up to a second later */
    uint64_t moved_bytes;    /* BODY, SENDING: seen to have moved so far … */
    int64_t moved_ms;        /* … at this time */
    int64_t begun_ms;        /* the first bytes of a request were seen; 0: none yet */
    enum rank rank;
    bool shut; /* on its way out */
    struct connection *next;
};

/* How many connections an address opened this second. */
struct burst {
    int64_t second;
    size_t count;
};

struct connections {
    struct connections_options options;
    struct thread *thread;
    struct lock *lock;
    struct connection *first;
    size_t count; /* of those that are not shut */
    uint64_t seed;
    struct burst bursts[BURSTS];
    bool stopping;
};

/* Who was hung up on and why: noted under the lock, written without it. */
struct notes {
    struct {
        char address[CALLERS_ADDRESS_BYTES];
        const char *reason;
    } list[MOST_NOTES];
    size_t count;
};

/* `reason` NULL: nothing to speak of. */
static void shut(struct connections *connections, struct connection *connection, const char *reason,
                 struct notes *notes)
{
    (void)shutdown(connection->descriptor, SHUT_RDWR);
    connection->shut = true;
    connections->count--;
    if (reason != NULL && notes->count < MOST_NOTES) {
        memcpy(notes->list[notes->count].address, connection->address_text, CALLERS_ADDRESS_BYTES);
        notes->list[notes->count++].reason = reason;
    }
}

static void write_notes(const struct connections *connections, const struct notes *notes)
{
    int64_t now_ms = clock_monotonic_ms(connections->options.clock);
    char others[24];
    size_t left_out = 0;
    for (size_t i = 0; i < notes->count; i++) {
        const char *address = notes->list[i].address;
        if (log_limit_admit(connections->options.refusals, address, notes->list[i].reason, now_ms,
                            &left_out)) {
            (void)snprintf(others, sizeof others, "%zu", left_out);
            log_write(LOG_WARNING, "connection.closed", "address", address, "reason",
                      notes->list[i].reason, "left_out", left_out == 0 ? NULL : others, NULL);
        }
    }
}

/* Why a connection that is past its deadline is closed. */
static const char *find_reason(const struct connections *connections,
                               const struct connection *connection)
{
    switch (connection->state) {
    case STATE_NEW: /* browsers open connections for later */
        return connections->options.from_anywhere ? "no request in time" : NULL;
    case STATE_IDLE:
        return connection->begun_ms == 0 ? NULL : "a request that does not end";
    case STATE_RECEIVING:
    case STATE_BODY:
        return "a request that does not end";
    case STATE_SENDING:
        return "an answer that is not read";
    case STATE_HANDLING:
        break;
    }
    return NULL;
}

static void enter(const struct connections *connections, struct connection *connection,
                  enum state state, int64_t patience_ms)
{
    connection->state = state;
    connection->since_ms = clock_monotonic_ms(connections->options.clock);
    connection->deadline_ms =
        patience_ms == INT64_MAX ? INT64_MAX : connection->since_ms + patience_ms;
}

/* All zero when the kernel does not tell. Only the sweep asks: requests come far more often. */
static struct tcp_info look(const struct connection *connection)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    (void)getsockopt(connection->descriptor, IPPROTO_TCP, TCP_INFO, &info, &length);
    return info;
}

static void bring_forward(struct connection *connection, int64_t deadline_ms)
{
    if (deadline_ms < connection->deadline_ms) {
        connection->deadline_ms = deadline_ms;
    }
}

/* A request's first bytes start its time, however slowly its first line comes. And the other end
 * may be gone: libmicrohttpd overlooks an end that came together with the last request. */
static void look_at_idle(const struct connections *connections, struct connection *connection,
                         int64_t now_ms)
{
    bool waits = connection->state == STATE_IDLE ||
                 (connection->state == STATE_NEW && !connections->options.tls);
    if (!waits || connection->shut) {
        return;
    }
    const struct tcp_info info = look(connection);
    if (connection->state == STATE_IDLE && !connection->looked) {
        connection->looked = true;
        connection->received_bytes = info.tcpi_bytes_received;
        connection->moved_bytes = info.tcpi_bytes_acked;
    }
    if (connection->begun_ms == 0 && info.tcpi_bytes_received > connection->received_bytes) {
        connection->begun_ms = now_ms;
        bring_forward(connection, now_ms + LIMITS_HEADERS_MS);
    }
    if (connection->begun_ms == 0 && connection->state == STATE_IDLE &&
        info.tcpi_bytes_acked > connection->moved_bytes) {
        connection->moved_bytes = info.tcpi_bytes_acked; /* the last of an answer is on its way */
        connection->deadline_ms = now_ms + connections->options.idle_ms;
    }
    if (info.tcpi_state == STATE_OF_CLOSE_WAIT) {
        bring_forward(connection, connection->since_ms + LOOK_EVERY_MS);
    }
}

static uint64_t count_moved(const struct connection *connection)
{
    const struct tcp_info info = look(connection);
    return connection->state == STATE_BODY ? info.tcpi_bytes_received : info.tcpi_bytes_acked;
}

static void enter_moving(const struct connections *connections, struct connection *connection,
                         enum state state)
{
    enter(connections, connection, state, LIMITS_TRANSFER_MS);
    connection->moved_bytes = 0;
    connection->moved_ms = connection->since_ms;
}

/* What comes or goes may take as long as it moves; what did before it began counts as the first. */
static void look_at_moving(struct connection *connection, int64_t now_ms)
{
    if (connection->shut ||
        (connection->state != STATE_BODY && connection->state != STATE_SENDING)) {
        return;
    }
    uint64_t moved = count_moved(connection);
    if (moved - connection->moved_bytes >= LIMITS_PROGRESS_BYTES) {
        connection->moved_bytes = moved;
        connection->moved_ms = now_ms;
    }
    if (now_ms - connection->moved_ms >= LIMITS_PROGRESS_MS) {
        bring_forward(connection, now_ms);
    }
}

static void sweep(void *context)
{
    struct connections *connections = context;
    lock_take(connections->lock);
    while (!connections->stopping) {
        struct notes notes = {.count = 0};
        (void)lock_wait(connections->lock, connections->first == NULL ? -1 : LOOK_EVERY_MS);
        int64_t now_ms = clock_monotonic_ms(connections->options.clock);
        for (struct connection *at = connections->first; at != NULL; at = at->next) {
            look_at_idle(connections, at, now_ms);
            look_at_moving(at, now_ms);
            if (!at->shut && at->deadline_ms <= now_ms) {
                shut(connections, at, find_reason(connections, at), &notes);
            }
        }
        lock_release(connections->lock);
        write_notes(connections, &notes);
        lock_take(connections->lock);
    }
    lock_release(connections->lock);
}

enum result connections_create(const struct connections_options *options,
                               struct connections **connections_out)
{
    struct connections *connections = memory_allocate(1, sizeof *connections);
    connections->options = *options;
    connections->lock = lock_create();
    signing_random(&connections->seed, sizeof connections->seed);
    enum result result = thread_start("connections", sweep, connections, &connections->thread);
    if (result != RESULT_OK) {
        connections_destroy(&connections);
        return result;
    }
    *connections_out = connections;
    return RESULT_OK;
}

void connections_destroy(struct connections **connections)
{
    if (*connections == NULL) {
        return;
    }
    lock_take((*connections)->lock);
    (*connections)->stopping = true;
    lock_wake_all((*connections)->lock);
    lock_release((*connections)->lock);
    thread_join(&(*connections)->thread);
    lock_destroy(&(*connections)->lock);
    memory_free(*connections);
    *connections = NULL;
}

/* Who waits for nothing can be closed without harm to anybody: first who was never welcome, of
 * those the one that has been so longest; last the favoured. */
static bool is_less_deserving(const struct connection *one, const struct connection *other)
{
    if (other == NULL || one->rank != other->rank) {
        return other == NULL || one->rank < other->rank;
    }
    return one->since_ms < other->since_ms;
}

/* The one to close, from that one on, of that address or of all (NULL). */
static struct connection *find_least(struct connection *from, const struct account_key *address)
{
    struct connection *least = NULL;
    for (struct connection *at = from; at != NULL; at = at->next) {
        bool waits =
            at->state == STATE_NEW || at->state == STATE_IDLE ||
            ((at->state == STATE_RECEIVING || at->state == STATE_BODY) && at->rank == RANK_NONE);
        if (!at->shut && waits && (address == NULL || account_key_equal(&at->address, address)) &&
            is_less_deserving(at, least)) {
            least = at;
        }
    }
    return least;
}

static size_t count_of(const struct connections *connections, const struct account_key *address)
{
    size_t count = 0;
    for (const struct connection *at = connections->first; at != NULL; at = at->next) {
        count += !at->shut && account_key_equal(&at->address, address) ? 1 : 0;
    }
    return count;
}

static bool is_burst(struct connections *connections, const struct connection *connection)
{
    uint64_t hash = seeded_hash_bytes(connections->seed, connection->address.bytes,
                                      sizeof connection->address.bytes);
    struct burst *burst = &connections->bursts[hash % BURSTS];
    if (burst->second != connection->since_ms / SECOND_MS) {
        *burst = (struct burst){.second = connection->since_ms / SECOND_MS};
    }
    return ++burst->count > LIMITS_ADDRESS_CONNECTIONS_A_SECOND;
}

/* Of few, half. */
static size_t most_of_address(const struct connections_options *options)
{
    size_t half = options->most / 2 + options->most % 2;
    return half < LIMITS_ADDRESS_CONNECTIONS ? half : LIMITS_ADDRESS_CONNECTIONS;
}

/* On loopback scripts give way to whoever comes, which may be the tab, and the tab to no script. */
static struct connection *find_least_here(const struct connections *connections,
                                          struct connection *newest)
{
    struct connection *least = find_least(newest->next, NULL);
    if (least != NULL && least->rank != RANK_FAVOURED) {
        return least;
    }
    return connections->count > connections->options.most + connections->options.spare ? newest
                                                                                       : NULL;
}

/* Makes room for the newest. */
static void keep_bounds(struct connections *connections, struct connection *newest,
                        struct notes *notes)
{
    const struct connections_options *options = &connections->options;
    struct connection *least = NULL;
    const char *reason = "too many connections";
    if (options->from_anywhere && is_burst(connections, newest)) {
        least = newest;
        reason = "too many new connections";
    } else if (options->from_anywhere &&
               count_of(connections, &newest->address) > most_of_address(options)) {
        least = find_least(newest, &newest->address);
    } else if (connections->count > options->most) {
        least = options->from_anywhere ? find_least(newest, NULL)
                                       : find_least_here(connections, newest);
    }
    if (least != NULL) {
        shut(connections, least, reason, notes);
    }
}

struct connection *connections_add(struct connections *connections, int descriptor,
                                   const struct sockaddr *address)
{
    struct connection *connection = memory_allocate(1, sizeof *connection);
    struct notes notes = {.count = 0};
    callers_format_address(address, connection->address_text);
    connection->descriptor = descriptor;
    connection->address = callers_key_of_address(address);
    lock_take(connections->lock);
    enter(connections, connection, STATE_NEW, LIMITS_FIRST_REQUEST_MS);
    connection->next = connections->first;
    connections->first = connection;
    connections->count++;
    keep_bounds(connections, connection, &notes);
    if (connection->next == NULL) {
        lock_wake_all(connections->lock); /* there is something to sweep again */
    }
    lock_release(connections->lock);
    write_notes(connections, &notes);
    return connection;
}

void connections_remove(struct connections *connections, struct connection **connection)
{
    lock_take(connections->lock);
    struct connection **at = &connections->first;
    while (*at != *connection) {
        at = &(*at)->next;
    }
    *at = (*connection)->next;
    connections->count -= (*connection)->shut ? 0 : 1;
    lock_release(connections->lock);
    memory_free(*connection);
    *connection = NULL;
}

void connections_receiving(struct connections *connections, struct connection *connection)
{
    lock_take(connections->lock);
    int64_t begun_ms = connection->begun_ms;
    enter(connections, connection, STATE_RECEIVING, LIMITS_HEADERS_MS);
    if (begun_ms != 0) {
        connection->deadline_ms = begun_ms + LIMITS_HEADERS_MS;
    }
    lock_release(connections->lock);
}

void connections_body(struct connections *connections, struct connection *connection)
{
    lock_take(connections->lock);
    enter_moving(connections, connection, STATE_BODY);
    lock_release(connections->lock);
}

void connections_handling(struct connections *connections, struct connection *connection)
{
    lock_take(connections->lock);
    enter(connections, connection, STATE_HANDLING, INT64_MAX);
    lock_release(connections->lock);
}

void connections_sending(struct connections *connections, struct connection *connection)
{
    lock_take(connections->lock);
    enter_moving(connections, connection, STATE_SENDING);
    lock_release(connections->lock);
}

void connections_idle(struct connections *connections, struct connection *connection)
{
    lock_take(connections->lock);
    enter(connections, connection, STATE_IDLE, connections->options.idle_ms);
    connection->begun_ms = 0;
    connection->looked = false;
    lock_release(connections->lock);
}

void connections_welcome(struct connections *connections, struct connection *connection,
                         bool favoured)
{
    lock_take(connections->lock);
    connection->rank = favoured ? RANK_FAVOURED : RANK_WELCOME;
    lock_release(connections->lock);
}
