#include "server/listeners.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/memory.h"
#include "gossip/http_client.h"
#include "protocol/request_signature.h"
#include "server/front_door.h"
#include "server/gate_local.h"
#include "server/node_private.h"
#include "server/process.h"
#include "server/request_head.h"
#include "server/socket_owner.h"
#include "server/web_assets.h"

static bool admit_local(void *context, struct listener_request *request,
                        struct refusal *refusal_out)
{
    struct node *node = context;
    struct request *base = listener_request_base(request);
    if (!gate_local_admit(request, http_listener_port(node->local), node->same_user_only,
                          refusal_out)) {
        return false;
    }
    /* What scripts hold leaves room for what the tab sends, which is little: it has its own. */
    const struct account_key tab = {.kind = ACCOUNT_OF_NODE};
    struct account_key owner = base->caller.is_tab ? tab : callers_key_of_node(&node->key.node_id);
    base->caller.identified = true;
    base->caller.node_id = node->key.node_id;
    listener_request_charge(request, &owner);
    listener_request_welcome(request);
    return true;
}

static bool admit_peer(void *context, struct listener_request *request, struct refusal *refusal_out)
{
    struct node *node = context;
    return gate_peer_admit(node->gate, request, refusal_out);
}

static bool admit_peer_body(void *context, struct listener_request *request,
                            struct refusal *refusal_out)
{
    struct node *node = context;
    return gate_peer_admit_body(node->gate, request, refusal_out);
}

/* Browsers say "gzip, deflate, br"; who weighs it ("gzip;q=0") gets the plain file. */
static bool takes_gzip(const struct request *request)
{
    const char *accepted = request->header(request, "Accept-Encoding");
    const char *found = accepted == NULL ? NULL : strstr(accepted, "gzip");
    return found != NULL && (found[4] == '\0' || found[4] == ',' || found[4] == ' ') &&
           (found == accepted || found[-1] == ',' || found[-1] == ' ');
}

static bool serve_page(void *context, struct listener_request *request)
{
    struct request *base = listener_request_base(request);
    const struct embedded_file *file = web_assets_find(base->path);
    const char *method = listener_request_method(request);
    (void)context;
    if (file == NULL || (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)) {
        return false;
    }
    struct reply reply = {.status = 200,
                          .content_type = web_assets_content_type(file),
                          .content_encoding = "gzip",
                          .bytes = file->bytes,
                          .length_bytes = file->length_bytes};
    struct buffer plain;
    buffer_init(&plain);
    if (!takes_gzip(base)) {
        web_assets_unpack(file, &plain);
        reply.content_encoding = NULL;
        reply.bytes = plain.data;
        reply.length_bytes = plain.length_bytes;
    }
    base->reply(base, &reply);
    buffer_deinit(&plain);
    return true;
}

static bool upgrade(void *context, struct listener_request *request)
{
    struct node *node = context;
    return front_door_upgrade(node->hub, request);
}

/* Who brings news at more than the limited pace must know that it may. */
static void decorate_peer(void *context, struct listener_request *request,
                          struct MHD_Response *response, const struct reply *reply)
{
    const struct node *node = context;
    if (reply->uncounted && gate_peer_forgive(node->gate, request)) {
        (void)MHD_add_response_header(response, HTTP_CLIENT_UNCOUNTED, "1");
    }
}

/* The page may load its own files and talk to its own node, nothing else. Whatever is no file of
 * the page, an attachment above all, is never run as a page of ours, whatever it claims to be. */
static void decorate_local(void *context, struct listener_request *request,
                           struct MHD_Response *response, const struct reply *reply)
{
    static const char page[] =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types worker";
    static const char data[] =
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";
    bool is_data = listener_request_route(request) != NULL;
    const struct {
        const char *name;
        const char *value;
    } headers[] = {
        {"Content-Security-Policy", is_data ? data : page},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Embedder-Policy", "require-corp"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Vary", "Accept-Encoding"},
        {"Cache-Control", is_data || reply->canonical ? "no-store" : "no-cache"},
    };
    (void)context;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        (void)MHD_add_response_header(response, headers[i].name, headers[i].value);
    }
    /* Who asked for another version hears which is spoken here: RFC 6455, 4.4. */
    if (reply->status >= 400 &&
        request_head_has_token(listener_request_connection(request), "Upgrade", "websocket")) {
        (void)MHD_add_response_header(response, "Sec-WebSocket-Version", "13");
    }
}

/* Answers to identified callers are signed (§10). */
static void sign_answer(void *context, struct listener_request *request,
                        struct MHD_Response *response, const struct reply *reply)
{
    struct node *node = context;
    struct request *base = listener_request_base(request);
    char minted[ULID_TEXT_BYTES];
    char from[NODE_ID_TEXT_BYTES];
    char timestamp[WALL_CLOCK_TEXT_BYTES];
    char signature[SIGNATURE_TEXT_BYTES];
    const char *request_id = base->header(base, "X-HearthNet-Request-Id");
    if (request_id == NULL || !ulid_is_valid(request_id)) {
        node->parts.mint_id(node, minted);
        request_id = minted;
    }
    node_id_format(&node->key.node_id, from);
    wall_clock_format(clock_wall_ms(node->parts.clock) / 1000, timestamp);
    if (reply->whole != NULL) { /* by now the response's, which has them in the same place */
        request_signature_sign_around(&node->key, (char *)(uintptr_t)reply->bytes,
                                      reply->length_bytes, request_id, timestamp, signature);
    } else {
        request_signature_sign_answer(&node->key, reply->bytes, reply->length_bytes, request_id,
                                      timestamp, signature);
    }
    (void)MHD_add_response_header(response, "X-HearthNet-Request-Id", request_id);
    (void)MHD_add_response_header(response, "X-HearthNet-From", from);
    (void)MHD_add_response_header(response, "X-HearthNet-Timestamp", timestamp);
    (void)MHD_add_response_header(response, "X-HearthNet-Signature", signature);
}

/* Who was just let in calls members that don't know it yet, and is called before it has the
 * community's log itself. */
static enum log_level level_of_refusal(const struct node *node, const struct caller *caller,
                                       const struct reply *reply)
{
    bool is_stranger = reply->status == wire_code_status(WIRE_UNAUTHORIZED) && caller->identified &&
                       caller->level == CALLER_ANONYMOUS;
    if (is_stranger && atomic_load(&node->log) == NULL) {
        return LOG_DEBUG;
    }
    return is_stranger || reply->status == 404 || reply->status == 400 ? LOG_INFO : LOG_WARNING;
}

/* Who and why, once a minute; never what they sent. */
static void log_refused(struct node *node, const char *listener, struct listener_request *request,
                        const struct reply *reply, const char *reason)
{
    const struct caller *caller = &listener_request_base(request)->caller;
    const struct route *route = listener_request_route(request);
    char address[CALLERS_ADDRESS_BYTES];
    char peer[NODE_ID_SHORT_BYTES] = "";
    char others[24];
    size_t left_out = 0;
    callers_format_address(listener_request_address(request), address);
    bool known = caller->identified && caller->level != CALLER_ANONYMOUS;
    if (caller->identified) {
        node_id_format_short(&caller->node_id, peer);
    }
    if (!log_limit_admit(node->parts.refusals, known ? peer : address, reason,
                         clock_monotonic_ms(node->parts.clock), &left_out)) {
        return;
    }
    (void)snprintf(others, sizeof others, "%zu", left_out);
    log_write(level_of_refusal(node, caller, reply), "request.refused", "listener", listener,
              "peer", caller->identified ? peer : NULL, "address", address, "path",
              route == NULL ? NULL : route->path, "code", reply->error, "reason", reason,
              "left_out", left_out == 0 ? NULL : others, NULL);
}

static void log_refused_peer(void *context, struct listener_request *request,
                             const struct reply *reply, const char *reason)
{
    log_refused(context, "peer", request, reply, reason);
}

/* What the owner does wrong is the owner's business, and told there. */
static void log_refused_local(void *context, struct listener_request *request,
                              const struct reply *reply, const char *reason)
{
    bool by_gate = reason != reply->message;
    if (reply->status == wire_code_status(WIRE_UNAUTHORIZED) ||
        (by_gate && reply->status == wire_code_status(WIRE_PARTITION))) {
        log_refused(context, "local", request, reply, reason);
    }
}

static struct account_table *create_accounts(int64_t bytes_of_one, int64_t bytes_of_all,
                                             int64_t json_of_one, int64_t json_of_all)
{
    const struct account_bounds bounds = {.of_one = {bytes_of_one, json_of_one},
                                          .of_all = {bytes_of_all, json_of_all}};
    uint64_t seed = 0;
    signing_random(&seed, sizeof seed);
    return account_table_create(&bounds, seed);
}

static enum result open_peer(struct node *node, struct error *error)
{
    const struct configuration *configuration = node->configuration;
    node->peer_accounts = create_accounts(LIMITS_BYTES_OF_ONE, LIMITS_BYTES_OF_ALL,
                                          LIMITS_JSON_OF_ONE, LIMITS_JSON_OF_ALL);
    node->peer_callers = callers_create();
    node->gate = gate_peer_create(&node->parts, node->peer_callers);
    struct http_listener_options options = {
        .name = "peer",
        .host = configuration->peer_host,
        .port = (uint16_t)configuration->peer_port,
        .most_body_bytes = LIMITS_PEER_BODY_BYTES,
        .most_memory_bytes = LIMITS_PEER_CONNECTION_BYTES,
        .idle_ms = LIMITS_PEER_IDLE_MS,
        .most_connections = process_afford_connections(LIMITS_PEER_CONNECTIONS),
        .from_anywhere = true,
        .accounts = node->peer_accounts,
        .holds_answers = true,
        .tls = &node->tls,
        .routes = &routes_peer,
        .parts = &node->parts,
        .context = node,
        .readers = node->peer_readers,
        .admit = admit_peer,
        .admit_body = admit_peer_body,
        .decorate = decorate_peer,
        .sign = sign_answer,
        .refused = log_refused_peer,
    };
    return http_listener_open(&options, &node->peer, error);
}

static enum result open_local(struct node *node, struct error *error)
{
    const struct configuration *configuration = node->configuration;
    node->own_accounts = create_accounts(LIMITS_BYTES_OF_OWNER, LIMITS_BYTES_OF_OWNER,
                                         LIMITS_JSON_OF_OWNER, LIMITS_JSON_OF_OWNER);
    size_t most_local = process_afford_connections(LIMITS_LOCAL_CONNECTIONS);
    struct http_listener_options options = {
        .name = "local",
        .host = configuration->ui_host,
        .port = (uint16_t)configuration->ui_port,
        .most_body_bytes = LIMITS_LOCAL_BODY_BYTES,
        .most_memory_bytes = LIMITS_LOCAL_CONNECTION_BYTES,
        .idle_ms = LIMITS_LOCAL_IDLE_MS,
        .most_connections = most_local > LIMITS_LOCAL_CONNECTIONS_LEAST
                                ? most_local
                                : LIMITS_LOCAL_CONNECTIONS_LEAST,
        /* The other half is for those on their way out. */
        .spare_connections = process_afford_connections(LIMITS_CONNECTIONS_SLACK) / 2,
        .accounts = node->own_accounts,
        .routes = &routes_local,
        .parts = &node->parts,
        .context = node,
        .readers = node->own_readers,
        .admit = admit_local,
        .fallback = serve_page,
        .decorate = decorate_local,
        .upgrade = upgrade,
        .refused = log_refused_local,
    };
    return http_listener_open(&options, &node->local, error);
}

/* Other users of this machine are kept out where the kernel tells who they are. */
static void check_same_user(struct node *node)
{
    node->same_user_only = node->configuration->same_user_only;
    if (node->same_user_only && socket_owner_probe() == RESULT_UNSUPPORTED) {
        node->same_user_only = false;
        log_write(LOG_WARNING, "gate.same_user_unavailable", "meaning",
                  "this system does not tell who owns a connection: every user of this machine can "
                  "open the tab",
                  NULL);
    }
}

enum result listeners_open(struct node *node, struct error *error)
{
    check_same_user(node);
    enum result result = open_peer(node, error);
    return result == RESULT_OK ? open_local(node, error) : result;
}

enum result listeners_start(struct node *node, struct error *error)
{
    enum result result = http_listener_start(node->peer, error);
    return result == RESULT_OK ? http_listener_start(node->local, error) : result;
}

void listeners_quiesce(struct node *node)
{
    http_listener_quiesce(node->local);
    http_listener_quiesce(node->peer);
}

void listeners_drain(struct node *node)
{
    http_listener_drain(node->local);
    http_listener_drain(node->peer);
}

void listeners_stop(struct node *node)
{
    http_listener_stop(&node->local);
    http_listener_stop(&node->peer);
    gate_peer_destroy(&node->gate);
    callers_destroy(&node->peer_callers);
}
