#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "handlers/handlers.h"
#include "protocol/canonical.h"
#include "world.h"

enum { LOST_MS = 3000, REFUSED_MS = 1 };

/* A request and its answer, on their way. */
struct call {
    struct request request; /* the first member: the one pointer becomes the other */
    struct world *world;
    struct sim_node *from;
    struct sim_node *to;
    unsigned from_generation;
    char *path;
    char *query; /* NULL: none */
    struct buffer body;
    bool octets;
    bool unheard; /* a duplicate: nobody waits for its answer */
    bool replied;
    struct http_answer answer;
    enum result result;
    http_client_done *done;
    void *done_context;
};

static void destroy(struct call *call)
{
    json_decref(call->request.body);
    buffer_deinit(&call->body);
    http_client_deinit_answer(&call->answer);
    memory_free(call->path);
    memory_free(call->query);
    memory_free(call);
}

static int64_t delay(struct world *world)
{
    int64_t span = world->weather.delay_most_ms - world->weather.delay_least_ms + 1;
    return world->weather.delay_least_ms + (int64_t)world_below(world, (unsigned)span);
}

static void note(struct world *world, const void *bytes, size_t length)
{
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < length; i++) {
        world->trace = (world->trace ^ byte[i]) * 0x100000001b3;
    }
}

static bool is_reachable(const struct world *world, const struct call *call)
{
    return call->to->up && !call->to->hidden &&
           world->group[call->from->index] == world->group[call->to->index];
}

/* The client learns how it ended, if it still lives. */
static void conclude(struct world *world, void *context)
{
    struct call *call = context;
    struct sim_node *from = call->from;
    if (!call->unheard && from->up && from->generation == call->from_generation) {
        world->bytes += call->answer.body.length_bytes;
        note(world, &world->now_ms, sizeof world->now_ms);
        note(world, call->answer.body.data, call->answer.body.length_bytes);
        call->done(call->done_context, call->result, &call->answer);
        sim_node_step(from);
    }
    destroy(call);
}

static void fail(struct call *call, int64_t in_ms)
{
    http_client_deinit_answer(&call->answer);
    call->answer.status = 0;
    call->result = RESULT_UNREACHABLE;
    world_in(call->world, in_ms, conclude, call);
}

static void send_back(struct call *call)
{
    struct world *world = call->world;
    if (world_chance(world, world->weather.loss_percent) || !is_reachable(world, call)) {
        fail(call, LOST_MS);
    } else {
        world_in(world, delay(world), conclude, call);
    }
}

/* What a hostile node makes of an answer: cut, spoiled, or something else altogether. */
static void spoil(struct world *world, struct buffer *body)
{
    static const char *const nonsense[] = {
        "",
        "{}",
        "[]",
        "{\"events\":[],\"missing\":[]}",
        "{\"events\":{},\"missing\":1}",
        "{\"accepted\":-1,\"rejected\":0,\"rejected_reasons\":[],\"new_head\":0}",
        "{\"accepted\":1000,\"rejected\":0,\"rejected_reasons\":[],\"new_head\":9007199254740991}",
        "a\x03\x02\x01",
        "b",
    };
    char *signature = strstr(buffer_text(body), "\"signature\":\"ed25519:");
    if (signature != NULL && world_chance(world, 50)) {
        signature += strlen("\"signature\":\"ed25519:") + world_below(world, 80);
        *signature = *signature == 'A' ? 'B' : 'A';
    } else if (world_chance(world, 30) || body->length_bytes == 0) {
        const char *text = nonsense[world_below(world, sizeof nonsense / sizeof nonsense[0])];
        buffer_clear(body);
        buffer_append_text(body, text);
    } else if (world_chance(world, 30)) {
        buffer_truncate(body, world_below(world, (unsigned)body->length_bytes));
    } else {
        for (unsigned i = 0; i < 1 + world_below(world, 4); i++) {
            char *byte = &body->data[world_below(world, (unsigned)body->length_bytes)];
            *byte = (char)((unsigned char)*byte ^ (1U << world_below(world, 8)));
        }
    }
}

static void take_reply(struct request *request, const struct reply *reply)
{
    struct call *call = (struct call *)request;
    call->replied = true;
    call->answer.status = reply->status;
    buffer_append(&call->answer.body, reply->bytes, reply->length_bytes);
    if (call->to->hostile && world_chance(call->world, 50)) {
        spoil(call->world, &call->answer.body);
    }
    send_back(call);
}

/* There are no threads here. */
static void go_on(struct request *request, request_step *step, void *context)
{
    step(request, context);
}

static const char *no_header(const struct request *request, const char *name)
{
    (void)request;
    (void)name;
    return NULL;
}

static const char *no_query(const struct request *request, const char *name)
{
    (void)request;
    (void)name;
    return NULL;
}

/* The number behind "<name>=" in the query. */
static int64_t query_number(const struct call *call, const char *name)
{
    const char *at = call->query == NULL ? NULL : strstr(call->query, name);
    return at == NULL ? 0 : strtoll(at + strlen(name), NULL, 10);
}

static void serve_poll(struct call *call)
{
    struct long_poll *poll = memory_allocate(1, sizeof *poll);
    poll->request = &call->request;
    poll->for_peer = true;
    poll->whose = call->from->key.node_id;
    poll->last_seq = query_number(call, "last_seq=");
    poll->deadline_ms = call->world->now_ms + query_number(call, "timeout=") * 1000;
    long_polls_add(&call->to->polls, poll);
}

static bool route(struct call *call)
{
    static const struct {
        const char *path;
        handler *handle;
    } routes[] = {{"/sync/v1/events", sync_events_handle},
                  {"/sync/v1/leaving", sync_leaving_handle},
                  {"/sync/v1/fetch", sync_reconcile_fetch_handle},
                  {"/sync/v1/reconcile", sync_reconcile_handle}};
    if (strcmp(call->path, "/pubsub/v1/subscribe") == 0) {
        serve_poll(call);
        return true;
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(call->path, routes[i].path) == 0) {
            routes[i].handle(&call->request, &call->to->parts);
            return true;
        }
    }
    return false;
}

static bool is_never_over(const struct request *request)
{
    (void)request;
    return false;
}

/* What the peer listener and its gate do (§9). */
static void serve(struct call *call)
{
    struct sim_node *to = call->to;
    call->request.clock = &to->clock;
    call->request.caller = (struct caller){
        .level = CALLER_MEMBER, .identified = true, .node_id = call->from->key.node_id};
    call->request.path = call->path;
    call->request.query = no_query;
    call->request.header = no_header;
    call->request.reply = take_reply;
    call->request.go_on = go_on;
    call->request.is_over = is_never_over;
    if (!sim_node_is_member(to, call->from)) {
        request_reply_error(&call->request, WIRE_UNAUTHORIZED, "no member");
        return;
    }
    gossip_peer_called(to->gossip, &call->from->key.node_id, NULL);
    if (call->octets) {
        call->request.bytes = call->body.data;
        call->request.bytes_count = call->body.length_bytes;
    } else if (call->body.length_bytes > 0 &&
               canonical_parse(buffer_text(&call->body), call->body.length_bytes,
                               CANONICAL_MOST_NESTING_REQUEST, &call->request.body,
                               NULL) != RESULT_OK) {
        request_reply_error(&call->request, WIRE_BAD_REQUEST, "no JSON");
        return;
    }
    if (!route(call)) {
        request_reply_error(&call->request, WIRE_NOT_FOUND, "no such path");
    }
}

/* Neither hostile nor shut out: a node whose log becomes the same as the others'. */
static bool is_neighbourly(const struct sim_node *node)
{
    const struct sim_node *founder = node->world->nodes[0];
    return !node->hostile && founder->up && sim_node_is_member(founder, node);
}

static void arrive(struct world *world, void *context)
{
    struct call *call = context;
    struct sim_node *to = call->to;
    if (!is_reachable(world, call)) {
        fail(call, call->to->up ? LOST_MS : REFUSED_MS);
        return;
    }
    world->requests++;
    if (!call->octets && call->query == NULL && is_neighbourly(call->from) && is_neighbourly(to)) {
        world->transfers++;
    }
    world->bytes += call->body.length_bytes;
    note(world, &world->now_ms, sizeof world->now_ms);
    note(world, call->path, strlen(call->path));
    note(world, call->body.data, call->body.length_bytes);
    serve(call);
    sim_node_step(to);
}

static struct sim_node *find_node(const struct world *world, const struct node_id *node_id)
{
    for (unsigned i = 0; i < world->node_count; i++) {
        if (node_id_equal(&world->nodes[i]->key.node_id, node_id)) {
            return world->nodes[i];
        }
    }
    abort();
}

static struct call *make_call(struct sim_node *from, const struct http_call *request)
{
    struct call *call = memory_allocate(1, sizeof *call);
    const char *path = strchr(request->url + strlen("https://"), '/');
    const char *query = strchr(path, '?');
    call->world = from->world;
    call->from = from;
    call->from_generation = from->generation;
    call->to = find_node(from->world, request->peer);
    call->path = memory_duplicate(path, query == NULL ? strlen(path) : (size_t)(query - path));
    call->query = query == NULL ? NULL : memory_duplicate_string(query);
    call->octets = request->content_type != NULL;
    buffer_append(&call->body, request->body, request->body_bytes);
    return call;
}

void virtual_network_send(void *context, const struct http_call *request, http_client_done *done,
                          void *done_context)
{
    struct sim_node *from = context;
    struct world *world = from->world;
    struct call *call = make_call(from, request);
    call->done = done;
    call->done_context = done_context;
    if (from->hostile && world_chance(world, 20)) {
        spoil(world, &call->body);
    }
    if (world_chance(world, world->weather.loss_percent)) {
        fail(call, LOST_MS);
        return;
    }
    if (world_chance(world, world->weather.duplicate_percent)) {
        struct call *twin = make_call(from, request);
        twin->unheard = true;
        world_in(world, delay(world), arrive, twin);
    }
    world_in(world, delay(world), arrive, call);
}

void virtual_network_drop_polls(struct sim_node *node)
{
    while (node->polls.first != NULL) {
        struct long_poll *poll = node->polls.first;
        node->polls.first = poll->next;
        fail((struct call *)poll->request, REFUSED_MS);
        memory_free(poll);
    }
}
