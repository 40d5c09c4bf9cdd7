#include "server/listener_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "core/memory.h"
#include "core/thread.h"
#include "protocol/canonical.h"
#include "server/listener_request_private.h"
#include "server/request_head.h"
#include "server/request_names.h"
#include "server/request_target.h"

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

static struct listener_socket *socket_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

struct listener_owner *listener_request_owner(struct listener_request *request)
{
    return &socket_of(request->connection)->owner;
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

void listener_request_charge(struct listener_request *request, const struct account_key *key)
{
    request->payer = *key;
}

void listener_request_welcome(struct listener_request *request)
{
    connections_welcome(request->listener->connections, request->place,
                        request->base.caller.is_tab);
}

void listener_request_defer(struct listener_request *request)
{
    request->deferred = true;
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

/* Failures of HTTP itself keep their status and carry bad_request (§16). */
static enum MHD_Result refuse_http(struct listener_request *request, int status,
                                   const char *message)
{
    request_reply_http_error(&request->base, status, message);
    return listener_work_send(request);
}

/* As a gate said. */
static void refuse(struct listener_request *request, const struct refusal *refusal)
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
        listener_work_hang_up(request);
        return;
    }
    request_reply_later(&request->base, refusal->code, refusal->message, refusal->retry_after_ms);
}

static void refuse_unrouted(struct listener_request *request)
{
    const struct http_listener_options *options = &request->listener->options;
    if (request->other != NULL) {
        request_reply_http_error(&request->base, 405, "This path does not know this method.");
    } else if (options->fallback == NULL || !options->fallback(options->context, request)) {
        request_reply_error(&request->base, WIRE_NOT_FOUND, "There is nothing at this path.");
    }
}

static enum route_body body_of(const struct listener_request *request)
{
    return request->route == NULL ? BODY_NONE : request->route->body;
}

static size_t most_body_bytes(const struct listener_request *request)
{
    return body_of(request) == BODY_NONE ? LIMITS_IGNORED_BODY_BYTES
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
        refuse(request, &refusal);
        return listener_work_send(request);
    }
    if (!request_target_is_text(request->target)) {
        return refuse_http(request, 400, "Write the address in UTF-8, as %XX, without a NUL.");
    }
    if (request_target_find_excess(request->target) != NULL) {
        return refuse_http(request, 400, "No path has so many query parameters.");
    }
    int status = request_head_judge_length(request->connection, request->target, &message);
    if (status != 0) {
        return refuse_http(request, status, message);
    }
    if (request->route != NULL &&
        !request_names_judge(request->connection, request->route->parameters, unknown)) {
        return refuse_http(request, 400, unknown);
    }
    if (options->upgrade != NULL &&
        request_head_has_token(request->connection, "Upgrade", "websocket") &&
        strcmp(request->base.path, "/pubsub/v1/subscribe") == 0) {
        return options->upgrade(options->context, request) ? MHD_NO : listener_work_send(request);
    }
    if (request->route == NULL && !request->deferred) {
        refuse_unrouted(request);
        return listener_work_send(request);
    }
    status = request_head_judge_body(request->connection, body_of(request),
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
    request->too_much =
        request->too_much || (!request->too_large && !listener_work_hold(request, *length));
    if (request->too_large || request->too_much) {
        buffer_deinit(&request->body);
        listener_work_let_go(request);
    } else {
        buffer_append(&request->body, bytes, *length);
    }
    *length = 0;
    return MHD_YES;
}

/* False after answering what is wrong. A few megabytes of braces take hundreds once they are read.
 */
static bool parse_body(struct listener_request *request)
{
    struct error error = {""};
    if (body_of(request) != BODY_JSON) {
        request->base.bytes = request->body.data;
        request->base.bytes_count = request->body.length_bytes;
        return true;
    }
    enum result result =
        foreign_text_read(&request->text, listener_work_account(request), &request->body,
                          CANONICAL_MOST_NESTING_REQUEST, &request->base.body, &error);
    buffer_deinit(&request->body);
    listener_work_let_go(request);
    if (result == RESULT_FULL) {
        request_reply_http_error(&request->base, 413,
                                 "The request's body holds too many values; send fewer.");
    } else if (result == RESULT_BUSY) {
        request_reply_error(&request->base, WIRE_CAPACITY_EXCEEDED,
                            "Too many values are being worked on; send this again later.");
    } else if (result != RESULT_OK) {
        request_reply_error(&request->base, WIRE_BAD_REQUEST, error.message);
    }
    return result == RESULT_OK;
}

/* With the whole request, on a reader: the handler, which may answer now or later. */
static void handle(struct request *base, void *context)
{
    struct listener_request *request = (struct listener_request *)base;
    const struct http_listener_options *options = &request->listener->options;
    struct refusal refusal = {.code = WIRE_UNAUTHORIZED, .message = ""};
    (void)context;
    if (!parse_body(request)) {
        return;
    }
    if (options->admit_body != NULL && !options->admit_body(options->context, request, &refusal)) {
        refuse(request, &refusal);
    } else if (request->route == NULL) {
        refuse_unrouted(request);
    } else {
        request->route->handle(base, options->parts);
    }
    json_decref(base->body); /* who waits for an answer does not hold it */
    base->body = NULL;
}

static enum MHD_Result work(struct listener_request *request)
{
    connections_handling(request->listener->connections, request->place);
    if (request->too_large) {
        return refuse_http(request, 413, "The request's body is too large.");
    }
    if (request->too_much) {
        request_reply_error(&request->base, WIRE_CAPACITY_EXCEEDED,
                            "Too many bytes of yours are being worked on; send this again later.");
        return listener_work_send(request);
    }
    if (listener_work_begin(request, handle)) {
        return MHD_YES;
    }
    request_reply_error(&request->base, WIRE_PARTITION,
                        "This node is stopping; try again when it is back.");
    return listener_work_send(request);
}

enum MHD_Result listener_request_on_access(void *context, struct MHD_Connection *connection,
                                           const char *url, const char *method, const char *version,
                                           const char *upload, size_t *upload_bytes, void **slot)
{
    struct listener_request *request = *slot;
    (void)context, (void)version;
    thread_forbid(THREAD_SLOW_WORK);
    if (!request->begun) {
        request->begun = true;
        request->connection = connection;
        request->base.path = memory_duplicate(url, strnlen(url, LIMITS_TARGET_BYTES + 1));
        (void)snprintf(request->method, sizeof request->method, "%s", method);
        request->headers_only = true;
        return begin(request);
    }
    request->headers_only = false;
    bool answered = listener_work_is_answered(request);
    if (*upload_bytes > 0 && answered) {
        *upload_bytes = 0;
        return MHD_YES;
    }
    if (*upload_bytes > 0) {
        return collect(request, upload, upload_bytes);
    }
    return answered ? listener_work_send(request) : work(request);
}

/* MHD's first word of a request: the raw target. What this returns is the request's own pointer. */
void *listener_request_on_target(void *context, const char *target,
                                 struct MHD_Connection *connection)
{
    struct http_listener *listener = context;
    struct listener_request *request = memory_allocate(1, sizeof *request);
    request->listener = listener;
    request->place = socket_of(connection)->connection;
    connections_receiving(listener->connections, request->place);
    request->target = memory_duplicate(target, strnlen(target, LIMITS_TARGET_BYTES + 1));
    request_head_drop_cookies(connection);
    const char *excess = request_target_find_excess(target);
    if (excess != NULL) { /* MHD would hang up for them; this is its own memory, not yet read */
        *(char *)(uintptr_t)excess = '\0';
    }
    request->base.query = query;
    request->base.header = header;
    request->base.reply = listener_work_reply;
    request->base.stream = listener_work_stream;
    request->base.go_on = listener_work_go_on;
    request->base.is_over = listener_work_is_over;
    request->base.clock = listener->options.parts->clock;
    request->base.started_ms = clock_monotonic_ms(request->base.clock);
    buffer_init(&request->body);
    buffer_init(&request->unsigned_bytes);
    buffer_init(&request->piece);
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
    listener_work_end(request);
    if (request->released == NULL) {
        connections_idle(request->listener->connections, request->place);
    } else {
        request->released(request->released_context);
    }
    json_decref(request->base.body);
    buffer_deinit(&request->body);
    foreign_text_close(&request->text);
    listener_work_let_go(request);
    account_close(&request->account);
    memory_free((char *)(uintptr_t)request->base.path);
    memory_free(request->target);
    memory_free(request);
    *slot = NULL;
}
