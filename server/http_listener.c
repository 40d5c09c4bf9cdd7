#include "server/http_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "core/memory.h"
#include "core/thread.h"
#include "protocol/canonical.h"

enum { POOL_THREADS = 2, BACKLOG = 256, SENDING_MS = 1000 };

struct http_listener {
    struct http_listener_options options;
    struct MHD_Daemon *daemon;
    int socket;
    uint16_t port;
    struct lock *lock;
    bool quiesced;  /* no request goes to a handler any more */
    size_t pending; /* requests given to a handler and not answered yet */
    size_t unsent;  /* those, and the ones whose answer is still on its way out */
};

/* Lives from the request line to MHD's completion. What is below the line is guarded by the lock,
 * for an answer may come while the handler's thread is still on its way out. */
struct http_exchange {
    struct exchange base; /* first: the one pointer becomes the other */
    struct http_listener *listener;
    struct MHD_Connection *connection;
    char *target;
    char method[16];
    const struct route *route;
    bool begun;
    bool too_large;
    struct buffer body;
    void (*released)(void *context);
    void *released_context;

    bool handled;
    bool suspended;
    struct MHD_Response *response;
    int status;
};

struct exchange *http_exchange_base(struct http_exchange *exchange)
{
    return &exchange->base;
}

struct MHD_Connection *http_exchange_connection(struct http_exchange *exchange)
{
    return exchange->connection;
}

const char *http_exchange_method(const struct http_exchange *exchange)
{
    return exchange->method;
}

const char *http_exchange_target(const struct http_exchange *exchange)
{
    return exchange->target;
}

const struct route *http_exchange_route(const struct http_exchange *exchange)
{
    return exchange->route;
}

void http_exchange_on_released(struct http_exchange *exchange, void (*released)(void *context),
                               void *context)
{
    exchange->released = released;
    exchange->released_context = context;
}

static const char *query(const struct exchange *base, const char *name)
{
    const struct http_exchange *exchange = (const struct http_exchange *)base;
    return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

static const char *header(const struct exchange *base, const char *name)
{
    const struct http_exchange *exchange = (const struct http_exchange *)base;
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static struct MHD_Response *make_response(struct http_exchange *exchange, const struct reply *reply)
{
    char seconds[32];
    const struct http_listener_options *options = &exchange->listener->options;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->length_bytes, (void *)(uintptr_t)reply->bytes, MHD_RESPMEM_MUST_COPY);
    if (reply->content_type != NULL) {
        (void)MHD_add_response_header(response, "Content-Type", reply->content_type);
    }
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (reply->retry_after_ms > 0) {
        (void)snprintf(seconds, sizeof seconds, "%lld",
                       (long long)((reply->retry_after_ms + 999) / 1000));
        (void)MHD_add_response_header(response, "Retry-After", seconds);
    }
    if (options->decorate != NULL) {
        options->decorate(options->context, exchange, response, reply);
    }
    return response;
}

static void take_reply(struct exchange *base, const struct reply *reply)
{
    struct http_exchange *exchange = (struct http_exchange *)base;
    struct http_listener *listener = exchange->listener;
    struct MHD_Response *response = make_response(exchange, reply);
    lock_take(listener->lock);
    exchange->response = response;
    exchange->status = reply->status;
    if (exchange->handled && --listener->pending == 0) {
        lock_wake_all(listener->lock);
    }
    if (exchange->suspended) {
        exchange->suspended = false;
        MHD_resume_connection(exchange->connection);
    }
    lock_release(listener->lock);
}

/* Sends the answer that is there. */
static enum MHD_Result send_response(struct http_exchange *exchange)
{
    return MHD_queue_response(exchange->connection, (unsigned)exchange->status, exchange->response);
}

/* Failures of HTTP itself keep their status and carry bad_request (§16). */
static enum MHD_Result refuse_http(struct http_exchange *exchange, int status, const char *message,
                                   const char *allow)
{
    exchange_reply_json(&exchange->base, status, wire_error_json("bad_request", message));
    if (allow != NULL) {
        (void)MHD_add_response_header(exchange->response, "Allow", allow);
    }
    return send_response(exchange);
}

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    return content_type != NULL && strncasecmp(content_type, json, sizeof json - 1) == 0 &&
           strchr("; ", content_type[sizeof json - 1]) != NULL;
}

static bool is_bytes(const char *content_type)
{
    return content_type != NULL && strcasecmp(content_type, "application/octet-stream") == 0;
}

static bool wants_websocket(const struct http_exchange *exchange)
{
    const char *upgrade = header(&exchange->base, "Upgrade");
    return upgrade != NULL && strcasecmp(upgrade, "websocket") == 0;
}

static enum MHD_Result refuse_unrouted(struct http_exchange *exchange, const char *allow)
{
    const struct http_listener_options *options = &exchange->listener->options;
    if (allow != NULL) {
        return refuse_http(exchange, 405, "This path does not know this method.", allow);
    }
    if (options->fallback != NULL && options->fallback(options->context, exchange)) {
        return send_response(exchange);
    }
    exchange_reply_error(&exchange->base, WIRE_NOT_FOUND, "There is nothing at this path.");
    return send_response(exchange);
}

/* With the headers known: gates and everything that needs no body. */
static enum MHD_Result begin(struct http_exchange *exchange)
{
    const struct http_listener_options *options = &exchange->listener->options;
    const char *allow = NULL;
    struct refusal refusal = {WIRE_UNAUTHORIZED, ""};
    exchange->route = routes_find(options->routes, exchange->method, exchange->base.path, &allow);
    if (!options->admit(options->context, exchange, &refusal)) {
        exchange_reply_error(&exchange->base, refusal.code, refusal.message);
        return send_response(exchange);
    }
    if (wants_websocket(exchange) && options->upgrade != NULL &&
        strcmp(exchange->base.path, "/pubsub/v1/subscribe") == 0) {
        return options->upgrade(options->context, exchange) ? MHD_NO : send_response(exchange);
    }
    if (exchange->route == NULL) {
        return refuse_unrouted(exchange, allow);
    }
    const char *length = header(&exchange->base, "Content-Length");
    if (exchange->route->body == BODY_JSON && !is_json(header(&exchange->base, "Content-Type"))) {
        return refuse_http(exchange, 415, "Send the body as Content-Type: application/json.", NULL);
    }
    if (exchange->route->body == BODY_BYTES && !is_bytes(header(&exchange->base, "Content-Type"))) {
        return refuse_http(exchange, 415,
                           "Send the body as Content-Type: application/octet-stream.", NULL);
    }
    if (length != NULL && strlen(length) >= 10) {
        return refuse_http(exchange, 413, "The request's body is too large.", NULL);
    }
    return MHD_YES;
}

static enum MHD_Result collect(struct http_exchange *exchange, const char *bytes, size_t *length)
{
    size_t most = exchange->listener->options.most_body_bytes;
    if (exchange->body.length_bytes + *length > most) {
        exchange->too_large = true;
        buffer_deinit(&exchange->body);
    } else if (!exchange->too_large) {
        buffer_append(&exchange->body, bytes, *length);
    }
    *length = 0;
    return MHD_YES;
}

static bool parse_body(struct http_exchange *exchange, struct error *error)
{
    if (exchange->route->body != BODY_JSON) {
        exchange->base.bytes = exchange->body.data;
        exchange->base.bytes_count = exchange->body.length_bytes;
        return true;
    }
    bool parsed =
        canonical_parse(buffer_text(&exchange->body), exchange->body.length_bytes,
                        CANONICAL_MOST_NESTING_REQUEST, &exchange->base.body, error) == RESULT_OK;
    buffer_deinit(&exchange->body);
    return parsed;
}

/* With the whole request: the handler, which may answer now or later. */
static enum MHD_Result handle(struct http_exchange *exchange)
{
    struct http_listener *listener = exchange->listener;
    const struct http_listener_options *options = &listener->options;
    struct error error = {""};
    struct refusal refusal = {WIRE_UNAUTHORIZED, ""};
    if (exchange->too_large) {
        return refuse_http(exchange, 413, "The request's body is too large.", NULL);
    }
    if (!parse_body(exchange, &error)) {
        exchange_reply_error(&exchange->base, WIRE_BAD_REQUEST, error.message);
        return send_response(exchange);
    }
    if (options->admit_body != NULL && !options->admit_body(options->context, exchange, &refusal)) {
        exchange_reply_error(&exchange->base, refusal.code, refusal.message);
        return send_response(exchange);
    }
    /* A connection that is kept may still bring requests: once the drain began, none is taken on,
     * for MHD can't be stopped while one is suspended. */
    lock_take(listener->lock);
    exchange->handled = !listener->quiesced;
    listener->pending += exchange->handled ? 1 : 0;
    listener->unsent += exchange->handled ? 1 : 0;
    lock_release(listener->lock);
    if (!exchange->handled) {
        exchange_reply_error(&exchange->base, WIRE_PARTITION,
                             "This node is stopping; try again when it is back.");
        return send_response(exchange);
    }
    exchange->route->handle(&exchange->base, options->services);
    lock_take(listener->lock);
    if (exchange->response == NULL) {
        exchange->suspended = true;
        MHD_suspend_connection(exchange->connection);
        lock_release(listener->lock);
        return MHD_YES;
    }
    lock_release(listener->lock);
    return send_response(exchange);
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_bytes, void **request)
{
    struct http_exchange *exchange = *request;
    (void)context;
    (void)version;
    if (!exchange->begun) {
        exchange->begun = true;
        exchange->connection = connection;
        exchange->base.path = memory_duplicate_string(url);
        (void)snprintf(exchange->method, sizeof exchange->method, "%s", method);
        return begin(exchange);
    }
    if (*upload_bytes > 0 && exchange->response != NULL) {
        *upload_bytes = 0;
        return MHD_YES;
    }
    if (*upload_bytes > 0) {
        return collect(exchange, upload, upload_bytes);
    }
    lock_take(exchange->listener->lock);
    bool answered = exchange->response != NULL;
    lock_release(exchange->listener->lock);
    return answered ? send_response(exchange) : handle(exchange);
}

/* MHD's first word of a request: the raw target. What this returns is the request's own pointer. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct http_listener *listener = context;
    struct http_exchange *exchange = memory_allocate(1, sizeof *exchange);
    (void)connection;
    exchange->listener = listener;
    exchange->target = memory_duplicate_string(target);
    exchange->base.query = query;
    exchange->base.header = header;
    exchange->base.reply = take_reply;
    exchange->base.clock = listener->options.services->clock;
    exchange->base.started_ms = clock_monotonic_ms(exchange->base.clock);
    buffer_init(&exchange->body);
    return exchange;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    struct http_exchange *exchange = *request;
    (void)context;
    (void)connection;
    (void)code;
    if (exchange == NULL) {
        return;
    }
    lock_take(exchange->listener->lock);
    if (exchange->handled && --exchange->listener->unsent == 0) {
        lock_wake_all(exchange->listener->lock);
    }
    lock_release(exchange->listener->lock);
    if (exchange->released != NULL) {
        exchange->released(exchange->released_context);
    }
    if (exchange->response != NULL) {
        MHD_destroy_response(exchange->response);
    }
    json_decref(exchange->base.body);
    buffer_deinit(&exchange->body);
    memory_free((char *)(uintptr_t)exchange->base.path);
    memory_free(exchange->target);
    memory_free(exchange);
    *request = NULL;
}

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

static enum result bind_socket(struct http_listener *listener, struct error *error)
{
    const struct http_listener_options *options = &listener->options;
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct sockaddr_in6 bound = {0}; /* room for both families, the port at one place */
    socklen_t length = sizeof bound;
    const int on = 1;
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)options->port);
    listener->socket = -1;
    if (getaddrinfo(options->host, port, &hints, &found) != 0) {
        return error_set(error, RESULT_IO, "%s is no address of this machine.", options->host);
    }
    listener->socket = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failed = listener->socket < 0 ||
                 setsockopt(listener->socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
                 bind(listener->socket, found->ai_addr, found->ai_addrlen) != 0 ||
                 listen(listener->socket, BACKLOG) != 0 ||
                 getsockname(listener->socket, (struct sockaddr *)&bound, &length) != 0;
    int reason = errno;
    freeaddrinfo(found);
    if (failed && reason == EADDRINUSE) {
        return error_set(error, RESULT_BUSY,
                         "Port %u is taken by another program; choose another one (0: any).",
                         (unsigned)options->port);
    }
    if (failed) {
        return error_set(error, RESULT_IO, "%s port %u can't be listened on: %s.", options->host,
                         (unsigned)options->port, strerrordesc_np(reason));
    }
    listener->port = ntohs(bound.sin6_port);
    return RESULT_OK;
}

enum result http_listener_open(const struct http_listener_options *options,
                               struct http_listener **listener_out, struct error *error)
{
    struct http_listener *listener = memory_allocate(1, sizeof *listener);
    listener->options = *options;
    listener->lock = lock_create();
    enum result result = bind_socket(listener, error);
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
    /* TURBO: without it MHD shuts down the socket whose descriptor the front door handed over. */
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ERROR_LOG | (tls == NULL ? 0U : (unsigned)MHD_USE_TLS);
    listener->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, listener, MHD_OPTION_EXTERNAL_LOGGER, on_message, listener,
        MHD_OPTION_LISTEN_SOCKET, listener->socket, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)POOL_THREADS, MHD_OPTION_CONNECTION_TIMEOUT, options->idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->most_memory_bytes, MHD_OPTION_URI_LOG_CALLBACK,
        on_target, listener, MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener, MHD_OPTION_ARRAY,
        tls == NULL ? plain : secure, MHD_OPTION_END);
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
    while (listener->unsent > 0 && lock_wait(listener->lock, SENDING_MS)) {
    }
    lock_release(listener->lock);
}

void http_listener_stop(struct http_listener **listener_pointer)
{
    struct http_listener *listener = *listener_pointer;
    if (listener == NULL) {
        return;
    }
    if (listener->daemon != NULL) {
        MHD_stop_daemon(listener->daemon);
    }
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
