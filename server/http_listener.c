#include "server/http_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/thread.h"
#include "server/http_listener_private.h"
#include "server/process.h"

enum { SENDING_MS = 1000 };

/* MHD calls every hand-over and every broken connection an error: for debugging only. */
__attribute__((format(printf, 2, 0))) static void on_message(void *context, const char *format,
                                                             va_list arguments)
{
    const struct http_listener *listener = context;
    char text[200];
    (void)vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_write(LOG_DEBUG, "http", "listener", listener->options.name, "message", text, NULL);
}

/* The threads that serve strangers stand back when the owner's or the log's have work to do. */
static void stand_back(void)
{
    static _Thread_local bool stands_back;
    if (!stands_back) {
        stands_back = true;
        thread_be_nice(LIMITS_PEER_NICENESS);
    }
}

static void on_connection(void *context, struct MHD_Connection *connection, void **place,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_listener *listener = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        if (listener->options.from_anywhere) {
            stand_back();
        }
        const union MHD_ConnectionInfo *descriptor =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        const union MHD_ConnectionInfo *address =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        struct listener_socket *accepted = memory_allocate(1, sizeof *accepted);
        accepted->connection =
            connections_add(listener->connections, descriptor->connect_fd, address->client_addr);
        accepted->handshake = listener->handshakes == NULL
                                  ? NULL
                                  : handshakes_begin(listener->handshakes, connection);
        *place = accepted;
    } else if (*place != NULL) {
        struct listener_socket *gone = *place;
        connections_remove(listener->connections, &gone->connection);
        handshakes_end(&gone->handshake);
        memory_free(gone);
        *place = NULL;
    }
}

/* The sockets that are accepted have it from this one: a path that is dead without a word is
 * noticed (gossip/http_client.c does the same). What can't be set is noticed later. */
static void watch_paths(int listener)
{
    const int on = 1;
    const int idle_s = 10;
    const int interval_s = 3;
    const int count = 3;
    const unsigned dead_ms = LIMITS_PEER_DEAD_MS;
    (void)setsockopt(listener, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(listener, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(listener, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    (void)setsockopt(listener, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    (void)setsockopt(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof dead_ms);
}

/* A socket for that address. All of IPv6 is all of IPv4 too: one socket takes both. */
static int open_socket(const struct addrinfo *found)
{
    const int on = 1;
    const int off = 0;
    int opened = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (opened < 0) {
        return -1;
    }
    if (setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (found->ai_family == AF_INET6 &&
         setsockopt(opened, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) ||
        bind(opened, found->ai_addr, found->ai_addrlen) != 0 ||
        listen(opened, LIMITS_BACKLOG) != 0) {
        int reason = errno;
        (void)close(opened);
        errno = reason;
        return -1;
    }
    return opened;
}

/* RESULT_UNSUPPORTED: this system doesn't have the address's family. */
static enum result bind_socket(struct http_listener *listener, const char *host,
                               struct error *error)
{
    const unsigned wanted = listener->options.port;
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct sockaddr_in6 bound = {0}; /* room for both families, the port at one place */
    socklen_t length = sizeof bound;
    char port[8];
    (void)snprintf(port, sizeof port, "%u", wanted);
    if (getaddrinfo(host, port, &hints, &found) != 0) {
        return error_set(error, RESULT_IO, "%s is no address of this machine.", host);
    }
    listener->socket = open_socket(found);
    int reason = errno;
    freeaddrinfo(found);
    if (listener->socket >= 0) {
        if (listener->options.from_anywhere) {
            watch_paths(listener->socket);
        }
        (void)getsockname(listener->socket, (struct sockaddr *)&bound, &length);
        listener->port = ntohs(bound.sin6_port);
        return RESULT_OK;
    }
    if (reason == EADDRINUSE) {
        bool is_ui = listener->options.tls == NULL;
        return error_set(error, RESULT_BUSY,
                         "Port %u is taken by another program; choose another one with %s, or with "
                         "[%s] port in hearthchat.ini (0: any).",
                         wanted, is_ui ? "--ui-port" : "--peer-port", is_ui ? "ui" : "transport");
    }
    return error_set(error, reason == EAFNOSUPPORT ? RESULT_UNSUPPORTED : RESULT_IO,
                     "%s port %u can't be listened on: %s.", host, wanted, strerrordesc_np(reason));
}

static enum result bind_somewhere(struct http_listener *listener, struct error *error)
{
    const char *host = listener->options.host;
    listener->socket = -1;
    enum result result = bind_socket(listener, host, error);
    listener->only_ipv4 = result == RESULT_UNSUPPORTED && strcmp(host, "::") == 0;
    return listener->only_ipv4 ? bind_socket(listener, "0.0.0.0", error) : result;
}

enum result http_listener_open(const struct http_listener_options *options,
                               struct http_listener **listener_out, struct error *error)
{
    struct http_listener *listener = memory_allocate(1, sizeof *listener);
    listener->options = *options;
    listener->lock = lock_create();
    struct connections_options bounds = {.clock = options->parts->clock,
                                         .refusals = options->parts->refusals,
                                         .idle_ms = options->idle_ms,
                                         .most = options->most_connections,
                                         .spare = options->spare_connections,
                                         .from_anywhere = options->from_anywhere,
                                         .tls = options->tls != NULL};
    enum result result = bind_somewhere(listener, error);
    if (result == RESULT_OK &&
        (connections_create(&bounds, &listener->connections) != RESULT_OK ||
         (options->tls != NULL && handshakes_create(&listener->handshakes) != RESULT_OK))) {
        result = error_set(error, RESULT_IO, "The system gives no more threads.");
    }
    if (result == RESULT_OK) {
        *listener_out = listener;
    } else {
        http_listener_stop(&listener);
    }
    return result;
}

enum result http_listener_start(struct http_listener *listener, struct error *error)
{
    const struct http_listener_options *options = &listener->options;
    const struct tls_certificate *tls = options->tls;
    struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_MEM_KEY, 0, tls == NULL ? NULL : tls->key_pem},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, tls == NULL ? NULL : tls->certificate_pem},
        /* Any certificate: it makes MHD ask for the client's. */
        {MHD_OPTION_HTTPS_MEM_TRUST, 0, tls == NULL ? NULL : tls->certificate_pem},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    /* TURBO: without it MHD shuts down the socket whose descriptor the front door handed over. With
     * it, it reads what is not there yet: a handshake would wait once more. */
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (unsigned)(tls == NULL ? MHD_USE_TURBO : MHD_USE_TLS);
    /* Each thread of the pool gets a share of MHD's own limit, and one may get all connections. */
    unsigned most = (unsigned)(options->most_connections +
                               process_afford_connections(LIMITS_CONNECTIONS_SLACK));
    listener->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, listener_request_on_access, listener, MHD_OPTION_EXTERNAL_LOGGER,
        on_message, listener, MHD_OPTION_LISTEN_SOCKET, listener->socket,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)LIMITS_POOL_THREADS, MHD_OPTION_CONNECTION_LIMIT,
        most * LIMITS_POOL_THREADS, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->most_memory_bytes, MHD_OPTION_URI_LOG_CALLBACK,
        listener_request_on_target, listener, MHD_OPTION_NOTIFY_COMPLETED,
        listener_request_on_completed, listener, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        listener, MHD_OPTION_ARRAY, tls == NULL ? plain : secure, MHD_OPTION_END);
    return listener->daemon != NULL
               ? RESULT_OK
               : error_set(error, RESULT_IO, "The %s listener can't be started.", options->name);
}

void http_listener_quiesce(struct http_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    lock_take(listener->lock);
    listener->quiesced = true;
    lock_release(listener->lock);
    if (listener->daemon != NULL) {
        listener->socket = (int)MHD_quiesce_daemon(listener->daemon);
    }
}

void http_listener_drain(struct http_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    lock_take(listener->lock);
    while (listener->pending > 0) {
        (void)lock_wait(listener->lock, -1);
    }
    int64_t until_ms = clock_monotonic_ms(clock_system()) + SENDING_MS;
    int64_t left_ms = SENDING_MS;
    while (listener->unsent > 0 && left_ms > 0) {
        (void)lock_wait(listener->lock, left_ms);
        left_ms = until_ms - clock_monotonic_ms(clock_system());
    }
    listener->drained = true;
    while (listener->pending > 0) { /* for pieces */
        (void)lock_wait(listener->lock, -1);
    }
    lock_release(listener->lock);
}

void http_listener_stop(struct http_listener **listener_pointer)
{
    struct http_listener *listener = *listener_pointer;
    if (listener == NULL) {
        return;
    }
    handshakes_close(listener->handshakes);
    if (listener->daemon != NULL) {
        MHD_stop_daemon(listener->daemon);
    }
    handshakes_destroy(&listener->handshakes);
    connections_destroy(&listener->connections);
    if (listener->socket >= 0) {
        (void)close(listener->socket);
    }
    lock_destroy(&listener->lock);
    memory_free(listener);
    *listener_pointer = NULL;
}

uint16_t http_listener_port(const struct http_listener *listener)
{
    return listener->port;
}

bool http_listener_has_only_ipv4(const struct http_listener *listener)
{
    return listener->only_ipv4;
}
