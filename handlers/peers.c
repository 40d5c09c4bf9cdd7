#include <stdio.h>

#include "core/memory.h"
#include "handlers/handlers.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"

/* What came of a try, in words that stay what they are. */
static const char *describe_result(const struct address *address)
{
    switch (address->result) {
    case RESULT_OK:
        return "ok";
    case RESULT_UNAUTHORIZED:
        return "another_key";
    case RESULT_TIMEOUT:
        return "timeout";
    case RESULT_BUSY:
        return "put_off";
    case RESULT_INVALID:
    case RESULT_NOT_FOUND:
    case RESULT_EXISTS:
    case RESULT_UNREACHABLE:
    case RESULT_EXPIRED:
    case RESULT_MISMATCH:
    case RESULT_FULL:
    case RESULT_IO:
    case RESULT_UNSUPPORTED:
        break;
    }
    return "unreachable";
}

static void describe_address(void *context, const struct address *address)
{
    char tried_at[WALL_CLOCK_TEXT_BYTES];
    char worked_at[WALL_CLOCK_TEXT_BYTES];
    bool tried = address->tried_at != 0;
    wall_clock_format(address->tried_at, tried_at);
    wall_clock_format(address->worked_at, worked_at);
    (void)json_array_append_new(
        context,
        json_build_pack("{s:s,s:i,s:s,s:s?,s:s?,s:s?}", "host", address->endpoint.host, "port",
                        (int)address->endpoint.port, "source",
                        address_book_source_name(address->source), "tried_at",
                        tried ? tried_at : NULL, "result", tried ? describe_result(address) : NULL,
                        "worked_at", address->worked_at != 0 ? worked_at : NULL));
}

void peers_list_handle(struct request *request, const struct node_parts *parts)
{
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    const struct membership *membership = snapshot->membership;
    struct gossip *gossip = parts->gossip(parts->node);
    json_t *peers = json_array();
    for (size_t i = 0; i < membership->member_count; i++) {
        const struct node_id *node_id = &membership->members[i].node_id;
        if (node_id_equal(node_id, &parts->key->node_id)) {
            continue;
        }
        json_t *peer = node_parts_describe_node(parts, node_id, membership);
        json_t *addresses = json_array();
        if (gossip != NULL) {
            gossip_peer_addresses(gossip, node_id, describe_address, addresses);
        }
        (void)json_object_set_new(peer, "addresses", addresses);
        (void)json_array_append_new(peers, peer);
    }
    log_snapshot_release(log, &snapshot);
    request_reply_output(request, json_build_pack("{s:o}", "peers", peers));
}

struct asking {
    struct request *request;
    const struct node_parts *parts;
    struct gossip_peer_answer answer;
};

static enum wire_code code_of(enum result result)
{
    switch (result) {
    case RESULT_UNREACHABLE:
        return WIRE_BOOTSTRAP_UNREACHABLE;
    case RESULT_TIMEOUT:
        return WIRE_TIMEOUT;
    case RESULT_MISMATCH:
        return WIRE_WRONG_COMMUNITY;
    case RESULT_UNAUTHORIZED:
        return WIRE_INVALID_SIGNATURE;
    case RESULT_BUSY:
        return WIRE_CAPACITY_EXCEEDED;
    case RESULT_OK:
    case RESULT_INVALID:
    case RESULT_NOT_FOUND:
    case RESULT_EXISTS:
    case RESULT_EXPIRED:
    case RESULT_FULL:
    case RESULT_IO:
    case RESULT_UNSUPPORTED:
        break;
    }
    return WIRE_BAD_REQUEST;
}

static void reply_asked(struct request *request, void *context)
{
    struct asking *asking = context;
    const struct node_parts *parts = asking->parts;
    const struct gossip_peer_answer *answer = &asking->answer;
    if (answer->result != RESULT_OK) {
        request_reply_error(request, code_of(answer->result), answer->error.message);
    } else {
        struct event_log *log = parts->log(parts->node);
        const struct log_snapshot *snapshot = log_snapshot_acquire(log);
        json_t *peer = node_parts_describe_node(parts, &answer->node_id, snapshot->membership);
        log_snapshot_release(log, &snapshot);
        request_reply_output(request, json_build_pack("{s:o}", "peer", peer));
    }
    memory_free(asking);
}

static void on_asked(void *context, const struct gossip_peer_answer *answer)
{
    struct asking *asking = context;
    asking->answer = *answer;
    asking->request->go_on(asking->request, reply_asked, asking);
}

void peers_ask_handle(struct request *request, const struct node_parts *parts)
{
    const char *text = NULL;
    struct endpoint where;
    if (!json_members_string(request->body, "address", &text, NULL) ||
        address_book_parse(text, &where) != RESULT_OK) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Expected the address of another node and its port, 1 to 65535, as "
                            "192.168.1.7:7080; IPv6 as [2001:db8::1]:7080, link-local as "
                            "[fe80::1%eth0]:7080.");
        return;
    }
    if (node_parts_log(parts, request) == NULL) {
        return;
    }
    struct asking *asking = memory_allocate(1, sizeof *asking);
    *asking = (struct asking){.request = request, .parts = parts};
    if (gossip_peer_ask(parts->gossip(parts->node), &where, on_asked, asking) != RESULT_OK) {
        memory_free(asking);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "This node is busy or stopping; try again in a second.");
    }
}
