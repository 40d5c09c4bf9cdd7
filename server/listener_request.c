#include "server/listener_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "core/memory.h"
#include "protocol/canonical.h"
#include "server/http_listener_private.h"
#include "server/request_head.h"
#include "server/request_names.h"
#include "server/request_target.h"

enum { IGNORED_BODY_BYTES = 4096, SMALL_ANSWER_BYTES = 16384 };

/* Lives from the request line to MHD's completion. What is below the line is guarded by the lock,
 * for an answer may come while the handler's thread is still on its way out. */
struct listener_request {
    struct request base; /* first: the one pointer becomes the other */
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

struct request *listener_request_base(struct listener_request *request)
{
    return &request->base;
}

struct MHD_Connection *listener_request_connection(struct listener_request *request)
{
    return request->connection;
}

const struct sockaddr *listener_request_address(const struct listener_request *request)
{
    static const struct sockaddr none = {.sa_family = AF_UNSPEC};
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info == NULL || info->client_addr == NULL ? &none : info->client_addr;
}

const char *listener_request_method(const struct listener_request *request)
{
    return request->method;
}

const char *listener_request_target(const struct listener_request *request)
{
    return request->target;
}

const struct route *listener_request_route(const struct listener_request *request)
{
    return request->route;
}

enum caller_level listener_request_least(const struct listener_request *request)
{
    const struct route *route = request->route != NULL ? request->route : request->other;
    return route != NULL ? route->least : CALLER_MEMBER;
}

size_t listener_request_count_header(const struct listener_request *request, const char *name)
{
    return request_names_count_header(request->connection, name);
}

void listener_request_charge(struct listener_request *request, const struct caller_key *key)
{
    request->account = *key;
}

void listener_request_welcome(struct listener_request *request)
{
    connections_welcome(request->listener->connections, request->place);
}

void listener_request_on_released(struct listener_request *request, void (*released)(void *context),
                                  void *context)
{
    request->released = released;
    request->released_context = context;
}

static const char *query(const struct request *base, const char *name)
{
    const struct listener_request *request = (const struct listener_request *)base;
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

static const char *header(const struct request *base, const char *name)
{
    const struct listener_request *request = (const struct listener_request *)base;
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static struct MHD_Response *make_response(struct listener_request *request,
                                          const struct reply *reply)
{
    char seconds[32];
    const struct http_listener_options *options = &request->listener->options;
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
        options->decorate(options->context, request, response, reply);
    }
    return response;
}

static bool hold(struct listener_request *request, size_t bytes)
{
    bool held = callers_hold(request->listener->options.callers, &request->account, bytes);
    request->held_bytes += held ? bytes : 0;
    return held;
}

static void take_reply(struct request *base, const struct reply *reply)
{
    struct listener_request *request = (struct listener_request *)base;
    struct http_listener *listener = request->listener;
    const struct http_listener_options *options = &listener->options;
    if (options->holds_answers && reply->length_bytes > SMALL_ANSWER_BYTES &&
        !hold(request, reply->length_bytes)) {
        request_reply_error(base, WIRE_CAPACITY_EXCEEDED,
                            "Too many answers are on their way to you; read those first.");
        return;
    }
    if (reply->error != NULL && options->refused != NULL) {
        options->refused(options->context, request, reply,
                         request->reason != NULL ? request->reason : reply->message);
    }
    struct MHD_Response *response = make_response(request, reply);
    connections_sending(listener->connections, request->place);
    lock_take(listener->lock);
    request->response = response;
    request->status = reply->status;
    if (request->handled && --listener->pending == 0) {
        lock_wake_all(listener->lock);
    }
    if (request->suspended) {
        request->suspended = false;
        MHD_resume_connection(request->connection);
    }
    lock_release(listener->lock);
}

static enum MHD_Result send_response(struct listener_request *request)
{
    return request->headers_only && !request_head_announces_body(request->connection)
               ? MHD_YES /* MHD calls once more */
               : MHD_queue_response(request->connection, (unsigned)request->status,
                                    request->response);
}

/* Failures of HTTP itself keep their status and carry bad_request (§16). */
static enum MHD_Result refuse_http(struct listener_request *request, int status,
                                   const char *message)
{
    request_reply_http_error(&request->base, status, message);
    return send_response(request);
}

/* As a gate said. */
static enum MHD_Result refuse(struct listener_request *request, const struct refusal *refusal)
{
    request->reason = refusal->reason;
    if (refusal->hang_up) {
        struct reply none = {.status = wire_code_status(refusal->code),
                             .error = wire_code_name(refusal->code),
                             .message = refusal->message};
        const struct http_listener_options *options = &request->listener->options;
        if (options->refused != NULL) {
            options->refused(options->context, request, &none, refusal->reason);
        }
        return MHD_NO;
    }
    request_reply_later(&request->base, refusal->code, refusal->message, refusal->retry_after_ms);
    return send_response(request);
}

static enum MHD_Result refuse_unrouted(struct listener_request *request)
{
    const struct http_listener_options *options = &request->listener->options;
    if (request->other != NULL) {
        request_reply_http_error(&request->base, 405, "This path does not know this method.");
        (void)MHD_add_response_header(request->response, "Allow", request->other->method);
        return send_response(request);
    }
    if (options->fallback != NULL && options->fallback(options->context, request)) {
        return send_response(request);
    }
    request_reply_error(&request->base, WIRE_NOT_FOUND, "There is nothing at this path.");
    return send_response(request);
}

static size_t most_body_bytes(const struct listener_request *request)
{
    return request->route->body == BODY_NONE ? IGNORED_BODY_BYTES
                                             : request->listener->options.most_body_bytes;
}

static enum MHD_Result begin(struct listener_request *request)
{
    const struct http_listener_options *options = &request->listener->options;
    struct refusal refusal = {.code = WIRE_UNAUTHORIZED, .message = ""};
    const char *message = NULL;
    char unknown[REQUEST_NAMES_MESSAGE_BYTES];
    request->route =
        routes_find(options->routes, request->method, request->base.path, &request->other);
    if (!options->admit(options->context, request, &refusal)) {
        return refuse(request, &refusal);
    }
    if (!request_target_is_text(request->target)) {
        return refuse_http(request, 400, "Write the address in UTF-8, as %XX, without a NUL.");
    }
    if (request_target_find_excess(request->target) != NULL) {
        return refuse_http(request, 400, "No path has so many query parameters.");
    }
    if (request->route != NULL &&
        !request_names_judge(request->connection, request->route->parameters, unknown)) {
        return refuse_http(request, 400, unknown);
    }
    if (options->upgrade != NULL &&
        request_head_has_token(request->connection, "Upgrade", "websocket") &&
        strcmp(request->base.path, "/pubsub/v1/subscribe") == 0) {
        return options->upgrade(options->context, request) ? MHD_NO : send_response(request);
    }
    if (request->route == NULL) {
        return refuse_unrouted(request);
    }
    int status = request_head_judge_body(request->connection, request->route->body,
                                         most_body_bytes(request), &message);
    if (status == 0 && request_head_announces_body(request->connection)) {
        connections_body(request->listener->connections, request->place);
    }
    return status == 0 ? MHD_YES : refuse_http(request, status, message);
}

static enum MHD_Result collect(struct listener_request *request, const char *bytes, size_t *length)
{
    request->too_large =
        request->too_large || request->body.length_bytes + *length > most_body_bytes(request);
    request->too_much = request->too_much || (!request->too_large && !hold(request, *length));
    if (request->too_large || request->too_much) {
        buffer_deinit(&request->body);
    } else {
        buffer_append(&request->body, bytes, *length);
    }
    *length = 0;
    return MHD_YES;
}

/* A few megabytes of braces take hundreds once they are read. */
static bool is_too_heavy(const struct listener_request *request)
{
    size_t most = request->base.caller.level == CALLER_ANONYMOUS ? LIMITS_READ_OF_STRANGER_BYTES
                                                                 : LIMITS_READ_BYTES;
    return request->route->body == BODY_JSON &&
           canonical_weigh(buffer_text(&request->body), request->body.length_bytes) > most;
}

static bool parse_body(struct listener_request *request, struct error *error)
{
    if (request->route->body != BODY_JSON) {
        request->base.bytes = request->body.data;
        request->base.bytes_count = request->body.length_bytes;
        return true;
    }
    bool parsed =
        canonical_parse(buffer_text(&request->body), request->body.length_bytes,
                        CANONICAL_MOST_NESTING_REQUEST, &request->base.body, error) == RESULT_OK;
    buffer_deinit(&request->body);
    return parsed;
}

/* With the whole request: the handler, which may answer now or later. */
static enum MHD_Result handle(struct listener_request *request)
{
    struct http_listener *listener = request->listener;
    const struct http_listener_options *options = &listener->options;
    struct error error = {""};
    struct refusal refusal = {.code = WIRE_UNAUTHORIZED, .message = ""};
    connections_handling(listener->connections, request->place);
    if (request->too_large) {
        return refuse_http(request, 413, "The request's body is too large.");
    }
    if (is_too_heavy(request)) {
        return refuse_http(request, 413, "The request's body holds too many values; send fewer.");
    }
    if (request->too_much) {
        request_reply_error(&request->base, WIRE_CAPACITY_EXCEEDED,
                            "Too many bytes of yours are being worked on; send this again later.");
        return send_response(request);
    }
    if (!parse_body(request, &error)) {
        request_reply_error(&request->base, WIRE_BAD_REQUEST, error.message);
        return send_response(request);
    }
    if (options->admit_body != NULL && !options->admit_body(options->context, request, &refusal)) {
        return refuse(request, &refusal);
    }
    /* None is taken on once the drain began: MHD can't be stopped while one is suspended. */
    lock_take(listener->lock);
    request->handled = !listener->quiesced;
    listener->pending += request->handled ? 1 : 0;
    listener->unsent += request->handled ? 1 : 0;
    lock_release(listener->lock);
    if (!request->handled) {
        request_reply_error(&request->base, WIRE_PARTITION,
                            "This node is stopping; try again when it is back.");
        return send_response(request);
    }
    request->route->handle(&request->base, options->parts);
    json_decref(request->base.body); /* who waits for an answer does not hold it */
    request->base.body = NULL;
    lock_take(listener->lock);
    bool answered = request->response != NULL;
    if (!answered) {
        request->suspended = true;
        MHD_suspend_connection(request->connection);
    }
    lock_release(listener->lock);
    return answered ? send_response(request) : MHD_YES;
}

enum MHD_Result listener_request_on_access(void *context, struct MHD_Connection *connection,
                                           const char *url, const char *method, const char *version,
                                           const char *upload, size_t *upload_bytes, void **slot)
{
    struct listener_request *request = *slot;
    (void)context, (void)version;
    if (!request->begun) {
        request->begun = true;
        request->connection = connection;
        request->base.path = memory_duplicate_string(url);
        (void)snprintf(request->method, sizeof request->method, "%s", method);
        request->headers_only = true;
        return begin(request);
    }
    request->headers_only = false;
    if (*upload_bytes > 0 && request->response != NULL) {
        *upload_bytes = 0;
        return MHD_YES;
    }
    if (*upload_bytes > 0) {
        return collect(request, upload, upload_bytes);
    }
    lock_take(request->listener->lock);
    bool answered = request->response != NULL;
    lock_release(request->listener->lock);
    return answered ? send_response(request) : handle(request);
}

/* MHD's first word of a request: the raw target. What this returns is the request's own pointer. */
void *listener_request_on_target(void *context, const char *target,
                                 struct MHD_Connection *connection)
{
    struct http_listener *listener = context;
    struct listener_request *request = memory_allocate(1, sizeof *request);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request->listener = listener;
    request->place = info->socket_context;
    connections_receiving(listener->connections, request->place);
    request->target = memory_duplicate_string(target);
    const char *excess = request_target_find_excess(target);
    if (excess != NULL) { /* MHD would hang up for them; this is its own memory, not yet read */
        *(char *)(uintptr_t)excess = '\0';
    }
    request->base.query = query;
    request->base.header = header;
    request->base.reply = take_reply;
    request->base.clock = listener->options.parts->clock;
    request->base.started_ms = clock_monotonic_ms(request->base.clock);
    buffer_init(&request->body);
    return request;
}

void listener_request_on_completed(void *context, struct MHD_Connection *connection, void **slot,
                                   enum MHD_RequestTerminationCode code)
{
    struct listener_request *request = *slot;
    (void)context;
    (void)connection;
    (void)code;
    if (request == NULL) {
        return;
    }
    lock_take(request->listener->lock);
    if (request->handled && --request->listener->unsent == 0) {
        lock_wake_all(request->listener->lock);
    }
    lock_release(request->listener->lock);
    callers_give_back(request->listener->options.callers, &request->account, request->held_bytes);
    if (request->released == NULL) {
        connections_idle(request->listener->connections, request->place);
    } else {
        request->released(request->released_context);
    }
    if (request->response != NULL) {
        MHD_destroy_response(request->response);
    }
    json_decref(request->base.body);
    buffer_deinit(&request->body);
    memory_free((char *)(uintptr_t)request->base.path);
    memory_free(request->target);
    memory_free(request);
    *slot = NULL;
}
