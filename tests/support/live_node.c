#include "support/live_node.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/limits.h"
#include "core/memory.h"
#include "core/thread.h"
#include "gossip/http_client.h"
#include "server/node.h"
#include "server/node_private.h"
#include "store/data_directory.h"
#include "store/device_key.h"
#include "store/founding.h"
#include "support/test_support.h"

enum { PATIENCE_S = 20, STEP_MS = 1100, BEFORE_END_MS = 3 };

static struct {
    struct live_node shown;
    struct configuration configuration;
    struct node *node;
    struct node_parts parts; /* with the clock below */
    struct callers *callers;
    struct gate_peer *gate;
    struct http_listener *peer;
    char *directory;
    int64_t wall_ms;
    atomic_llong moved_ms;
} live;

static int64_t wall_ms(void *context)
{
    (void)context;
    return live.wall_ms;
}

static int64_t monotonic_ms(void *context)
{
    (void)context;
    return clock_monotonic_ms(clock_system()) + atomic_load(&live.moved_ms);
}

static const struct clock moving = {wall_ms, monotonic_ms, NULL};

static bool admit(void *context, struct listener_request *request, struct refusal *refusal_out)
{
    return gate_peer_admit(context, request, refusal_out);
}

static bool admit_body(void *context, struct listener_request *request, struct refusal *refusal_out)
{
    return gate_peer_admit_body(context, request, refusal_out);
}

static void require(enum result result, const struct error *error)
{
    if (result != RESULT_OK) {
        (void)fprintf(stderr, "no live node: %s\n", error->message);
        abort();
    }
}

static void open_plain_peer(struct error *error)
{
    live.parts = live.node->parts;
    live.parts.clock = &moving;
    live.callers = callers_create();
    live.gate = gate_peer_create(&live.parts, live.callers);
    struct http_listener_options options = {.name = "plain",
                                            .host = "127.0.0.1",
                                            .most_body_bytes = LIMITS_PEER_BODY_BYTES,
                                            .most_memory_bytes = LIMITS_PEER_CONNECTION_BYTES,
                                            .idle_ms = LIMITS_PEER_IDLE_MS,
                                            .most_connections = 16,
                                            .routes = &routes_peer,
                                            .parts = &live.parts,
                                            .accounts = live.node->peer_accounts,
                                            .readers = live.node->peer_readers,
                                            .holds_answers = true,
                                            .context = live.gate,
                                            .admit = admit,
                                            .admit_body = admit_body};
    require(http_listener_open(&options, &live.peer, error), error);
    require(http_listener_start(live.peer, error), error);
}

static void stop(void)
{
    http_listener_quiesce(live.peer);
    http_listener_drain(live.peer);
    http_listener_stop(&live.peer);
    gate_peer_destroy(&live.gate);
    callers_destroy(&live.callers);
    node_stop(&live.node);
    configuration_deinit(&live.configuration);
    http_client_stop();
    test_remove_directory(&live.directory);
}

static void start(void)
{
    struct error error = {""};
    struct signing_key key;
    struct policy policy = policy_default();
    char id[NODE_ID_TEXT_BYTES];
    require(signing_start(), &error);
    require(http_client_start(), &error);
    require(log_open("/dev/null", LOG_ERROR, &error), &error);
    live.directory = test_directory();
    live.wall_ms = clock_wall_ms(clock_system());
    configuration_init(&live.configuration);
    require(configuration_set(&live.configuration, "ui", "port", "0", &error), &error);
    require(configuration_set(&live.configuration, "transport", "port", "0", &error), &error);
    require(configuration_set(&live.configuration, "transport", "host", "127.0.0.1", &error),
            &error);
    require(device_key_create(live.directory, &key, &error), &error);
    require(founding_run(live.directory, &key, clock_system(), "Street", &policy, &error), &error);
    signing_key_deinit(&key);
    struct node_options options = {live.directory, &live.configuration, NULL};
    require(node_start(&options, &live.node, &error), &error);
    open_plain_peer(&error);
    node_id_format(node_id_of(live.node), id);
    live.shown = (struct live_node){.local_port = node_ui_port(live.node),
                                    .peer_port = http_listener_port(live.peer),
                                    .directory = live.directory,
                                    .key = &live.node->key};
    (void)snprintf(live.shown.topic, sizeof live.shown.topic, "chat.message.%s", id);
    (void)atexit(stop);
}

const struct live_node *live_node_get(void)
{
    if (live.node == NULL) {
        start();
    }
    (void)atomic_fetch_add(&live.moved_ms, STEP_MS);
    return &live.shown;
}

int64_t live_node_wall_seconds(void)
{
    return live.wall_ms / 1000;
}

/* Whatever signals come: an interrupted connect(2) goes on, and is asked again. */
static bool connect_to(int descriptor, const struct sockaddr_in *address)
{
    int status = 0;
    do {
        status = connect(descriptor, (const struct sockaddr *)address, sizeof *address);
    } while (status != 0 && (errno == EINTR || errno == EALREADY));
    return status == 0 || errno == EISCONN;
}

int live_node_connect(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const struct linger at_once = {.l_onoff = 1}; /* leaves no port behind that waits */
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 ||
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) != 0 ||
        !connect_to(descriptor, &address)) {
        perror("connect");
        abort();
    }
    return descriptor;
}

ssize_t live_node_receive(int descriptor, void *bytes, size_t length_bytes)
{
    ssize_t got = -1;
    do {
        got = recv(descriptor, bytes, length_bytes, 0);
    } while (got < 0 && errno == EINTR);
    return got;
}

char *live_node_talk(int descriptor, const void *bytes, size_t length_bytes, size_t *length_out)
{
    struct buffer answer;
    char part[4096];
    ssize_t got = 0;
    /* Who is refused early may find the door closed: that is an answer, too. */
    struct pollfd first = {.fd = descriptor, .events = POLLIN};
    (void)send(descriptor, bytes, length_bytes, MSG_NOSIGNAL);
    /* A request is taken in before its end is: libmicrohttpd overlooks an end that comes with it,
     * until a sweep finds the connection. What is no whole request waits for no answer. */
    (void)poll(&first, 1, BEFORE_END_MS);
    (void)shutdown(descriptor, SHUT_WR);
    buffer_init(&answer);
    while ((got = live_node_receive(descriptor, part, sizeof part)) > 0) {
        buffer_append(&answer, part, (size_t)got);
    }
    if (got < 0 && errno != ECONNRESET) {
        (void)fprintf(stderr, "the node neither answers nor closes\n");
        abort();
    }
    (void)close(descriptor);
    *length_out = answer.length_bytes;
    char *text =
        memory_duplicate(answer.data == NULL ? (const void *)"" : answer.data, answer.length_bytes);
    buffer_deinit(&answer);
    return text;
}
