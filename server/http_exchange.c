#include "server/http_exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "core/memory.h"
#include "protocol/canonical.h"
#include "server/http_listener_private.h"

enum { IGNORED_BODY_BYTES = 4096, SMALL_ANSWER_BYTES = 16384, PATIENCE_FACTOR = 16 };

/* Lives from the request line to MHD's completion. What is below the line is guarded by the lock,
 * for an answer may come while the handler's thread is still on its way out. */
struct http_exchange {
    struct exchange base; /* first: the one pointer becomes the other */
    struct http_listener *listener;
    struct MHD_Connection *connection;
    struct connection *place; /* among the listener's connections */
    char *target;
    char method[16];
    const struct route *route; /* NULL: none has this path and method */
    const struct route *other; /* … but this one has the path */
    const char *reason;        /* of a refusal, for the log */
    bool begun;
    bool headers_only; /* nothing else has been read yet */
    bool too_large;
    bool too_much; /* is held for this caller already */
    struct caller_key account;
    size_t held_bytes;
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

const struct sockaddr *http_exchange_address(const struct http_exchange *exchange)
{
    static const struct sockaddr none = {.sa_family = AF_UNSPEC};
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info == NULL || info->client_addr == NULL ? &none : info->client_addr;
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

enum caller_level http_exchange_least(const struct http_exchange *exchange)
{
    const struct route *route = exchange->route != NULL ? exchange->route : exchange->other;
    return route != NULL ? route->least : CALLER_MEMBER;
}

struct counting {
    const char *name;
    size_t count;
};

static enum MHD_Result count_value(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct counting *counting = context;
    (void)kind;
    (void)value;
    counting->count += strcasecmp(name, counting->name) == 0 ? 1 : 0;
    return MHD_YES;
}

size_t http_exchange_count_header(const struct http_exchange *exchange, const char *name)
{
    struct counting counting = {.name = name};
    (void)MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, count_value, &counting);
    return counting.count;
}

void http_exchange_charge(struct http_exchange *exchange, const struct caller_key *key)
{
    exchange->account = *key;
}

void http_exchange_welcome(struct http_exchange *exchange)
{
    connections_welcome(exchange->listener->connections, exchange->place);
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
    if (reply->content_encoding != NULL) {
        (void)MHD_add_response_header(response, "Content-Encoding", reply->content_encoding);
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

static bool hold(struct http_exchange *exchange, size_t bytes)
{
    bool held = callers_hold(exchange->listener->options.callers, &exchange->account, bytes);
    exchange->held_bytes += held ? bytes : 0;
    return held;
}

static void take_reply(struct exchange *base, const struct reply *reply)
{
    struct http_exchange *exchange = (struct http_exchange *)base;
    struct http_listener *listener = exchange->listener;
    const struct http_listener_options *options = &listener->options;
    if (options->holds_answers && reply->length_bytes > SMALL_ANSWER_BYTES &&
        !hold(exchange, reply->length_bytes)) {
        exchange_reply_error(base, WIRE_CAPACITY_EXCEEDED,
                             "Too many answers are on their way to you; read those first.");
        return;
    }
    if (reply->error != NULL && options->refused != NULL) {
        options->refused(options->context, exchange, reply,
                         exchange->reason != NULL ? exchange->reason : reply->message);
    }
    struct MHD_Response *response = make_response(exchange, reply);
    connections_sending(listener->connections, exchange->place, reply->length_bytes);
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

static bool announces_body(const struct http_exchange *exchange)
{
    const char *length = header(&exchange->base, "Content-Length");
    return header(&exchange->base, "Transfer-Encoding") != NULL ||
           (length != NULL && strcmp(length, "0") != 0);
}

/* Sends the answer that is there. While a body is still to come, the connection ends with it;
 * without one the request is as good as over, and the connection may bring another: a new TLS
 * handshake would cost us more than any answer. */
static enum MHD_Result send_response(struct http_exchange *exchange)
{
    return exchange->headers_only && !announces_body(exchange)
               ? MHD_YES /* MHD calls once more */
               : MHD_queue_response(exchange->connection, (unsigned)exchange->status,
                                    exchange->response);
}

/* Failures of HTTP itself keep their status and carry bad_request (§16). */
static enum MHD_Result refuse_http(struct http_exchange *exchange, int status, const char *message)
{
    exchange_reply_http_error(&exchange->base, status, message);
    return send_response(exchange);
}

/* As a gate said. */
static enum MHD_Result refuse(struct http_exchange *exchange, const struct refusal *refusal)
{
    exchange->reason = refusal->reason;
    if (refusal->hang_up) {
        struct reply none = {.status = wire_code_status(refusal->code),
                             .error = wire_code_name(refusal->code),
                             .message = refusal->message};
        const struct http_listener_options *options = &exchange->listener->options;
        if (options->refused != NULL) {
            options->refused(options->context, exchange, &none, refusal->reason);
        }
        return MHD_NO;
    }
    exchange_reply_later(&exchange->base, refusal->code, refusal->message, refusal->retry_after_ms);
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

static enum MHD_Result refuse_unrouted(struct http_exchange *exchange)
{
    const struct http_listener_options *options = &exchange->listener->options;
    if (exchange->other != NULL) {
        exchange_reply_http_error(&exchange->base, 405, "This path does not know this method.");
        (void)MHD_add_response_header(exchange->response, "Allow", exchange->other->method);
        return send_response(exchange);
    }
    if (options->fallback != NULL && options->fallback(options->context, exchange)) {
        return send_response(exchange);
    }
    exchange_reply_error(&exchange->base, WIRE_NOT_FOUND, "There is nothing at this path.");
    return send_response(exchange);
}

static size_t most_body_bytes(const struct http_exchange *exchange)
{
    return exchange->route->body == BODY_NONE ? IGNORED_BODY_BYTES
                                              : exchange->listener->options.most_body_bytes;
}

/* What the headers say of a body. 0 when it may come, else the status to refuse with. */
static int judge_body(const struct http_exchange *exchange, const char **message_out)
{
    const char *type = header(&exchange->base, "Content-Type");
    const char *length = header(&exchange->base, "Content-Length");
    if (http_exchange_count_header(exchange, "Content-Length") > 1 ||
        (length != NULL && header(&exchange->base, "Transfer-Encoding") != NULL)) {
        *message_out = "Say the body's length once: by Content-Length or by chunks.";
        return 400;
    }
    if (exchange->route->body == BODY_JSON && !is_json(type)) {
        *message_out = "Send the body as Content-Type: application/json.";
        return 415;
    }
    if (exchange->route->body == BODY_BYTES && !is_bytes(type)) {
        *message_out = "Send the body as Content-Type: application/octet-stream.";
        return 415;
    }
    errno = 0;
    /* What is only somewhat too large is read to its end: who still sends does not hear. */
    if (length != NULL &&
        (strtoull(length, NULL, 10) > PATIENCE_FACTOR * most_body_bytes(exchange) ||
         errno == ERANGE)) {
        *message_out = "The request's body is too large.";
        return 413;
    }
    return 0;
}

/* With the headers known: gates and everything that needs no body. */
static enum MHD_Result begin(struct http_exchange *exchange)
{
    const struct http_listener_options *options = &exchange->listener->options;
    struct refusal refusal = {.code = WIRE_UNAUTHORIZED, .message = ""};
    const char *message = NULL;
    exchange->route =
        routes_find(options->routes, exchange->method, exchange->base.path, &exchange->other);
    if (!options->admit(options->context, exchange, &refusal)) {
        return refuse(exchange, &refusal);
    }
    if (wants_websocket(exchange) && options->upgrade != NULL &&
        strcmp(exchange->base.path, "/pubsub/v1/subscribe") == 0) {
        return options->upgrade(options->context, exchange) ? MHD_NO : send_response(exchange);
    }
    if (exchange->route == NULL) {
        return refuse_unrouted(exchange);
    }
    int status = judge_body(exchange, &message);
    return status == 0 ? MHD_YES : refuse_http(exchange, status, message);
}

static enum MHD_Result collect(struct http_exchange *exchange, const char *bytes, size_t *length)
{
    exchange->too_large =
        exchange->too_large || exchange->body.length_bytes + *length > most_body_bytes(exchange);
    exchange->too_much = exchange->too_much || (!exchange->too_large && !hold(exchange, *length));
    if (exchange->too_large || exchange->too_much) {
        buffer_deinit(&exchange->body);
    } else {
        buffer_append(&exchange->body, bytes, *length);
    }
    *length = 0;
    return MHD_YES;
}

/* A few megabytes of braces take hundreds once they are read. */
static bool is_too_heavy(const struct http_exchange *exchange)
{
    size_t most = exchange->base.caller.level == CALLER_ANONYMOUS ? LIMITS_READ_OF_STRANGER_BYTES
                                                                  : LIMITS_READ_BYTES;
    return exchange->route->body == BODY_JSON &&
           canonical_weigh(buffer_text(&exchange->body), exchange->body.length_bytes) > most;
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
    struct refusal refusal = {.code = WIRE_UNAUTHORIZED, .message = ""};
    connections_handling(listener->connections, exchange->place);
    if (exchange->too_large) {
        return refuse_http(exchange, 413, "The request's body is too large.");
    }
    if (is_too_heavy(exchange)) {
        return refuse_http(exchange, 413, "The request's body holds too many values; send fewer.");
    }
    if (exchange->too_much) {
        exchange_reply_error(&exchange->base, WIRE_CAPACITY_EXCEEDED,
                             "Too many bytes of yours are being worked on; send this again later.");
        return send_response(exchange);
    }
    if (!parse_body(exchange, &error)) {
        exchange_reply_error(&exchange->base, WIRE_BAD_REQUEST, error.message);
        return send_response(exchange);
    }
    if (options->admit_body != NULL && !options->admit_body(options->context, exchange, &refusal)) {
        return refuse(exchange, &refusal);
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
    json_decref(exchange->base.body); /* who waits for an answer does not hold it */
    exchange->base.body = NULL;
    lock_take(listener->lock);
    bool answered = exchange->response != NULL;
    if (!answered) {
        exchange->suspended = true;
        MHD_suspend_connection(exchange->connection);
    }
    lock_release(listener->lock);
    return answered ? send_response(exchange) : MHD_YES;
}

enum MHD_Result http_exchange_on_access(void *context, struct MHD_Connection *connection,
                                        const char *url, const char *method, const char *version,
                                        const char *upload, size_t *upload_bytes, void **request)
{
    struct http_exchange *exchange = *request;
    (void)context;
    (void)version;
    if (!exchange->begun) {
        exchange->begun = true;
        exchange->connection = connection;
        exchange->base.path = memory_duplicate_string(url);
        (void)snprintf(exchange->method, sizeof exchange->method, "%s", method);
        exchange->headers_only = true;
        return begin(exchange);
    }
    exchange->headers_only = false;
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
void *http_exchange_on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct http_listener *listener = context;
    struct http_exchange *exchange = memory_allocate(1, sizeof *exchange);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    exchange->listener = listener;
    exchange->place = info->socket_context;
    connections_receiving(listener->connections, exchange->place);
    exchange->target = memory_duplicate_string(target);
    exchange->base.query = query;
    exchange->base.header = header;
    exchange->base.reply = take_reply;
    exchange->base.clock = listener->options.services->clock;
    exchange->base.started_ms = clock_monotonic_ms(exchange->base.clock);
    buffer_init(&exchange->body);
    return exchange;
}

void http_exchange_on_completed(void *context, struct MHD_Connection *connection, void **request,
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
    callers_give_back(exchange->listener->options.callers, &exchange->account,
                      exchange->held_bytes);
    if (exchange->released == NULL) {
        connections_idle(exchange->listener->connections, exchange->place);
    } else {
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
