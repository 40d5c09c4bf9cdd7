#include "server/gate_peer.h"

#include <gnutls/gnutls.h>
#include <string.h>

#include "core/memory.h"
#include "core/thread.h"
#include "handlers/capabilities.h"
#include "protocol/request_signature.h"

enum { MOST_SEEN = 8192, SEEN_FOR_MS = 600000 };

struct seen_request {
    struct node_id from;
    char request_id[ULID_TEXT_BYTES];
    int64_t at_ms;
};

struct gate_peer {
    const struct services *services;
    struct lock *lock;
    struct seen_request *seen; /* ring, oldest first */
    size_t first;
    size_t count;
};

struct gate_peer *gate_peer_create(const struct services *services)
{
    struct gate_peer *gate = memory_allocate(1, sizeof *gate);
    gate->services = services;
    gate->lock = lock_create();
    gate->seen = memory_allocate(MOST_SEEN, sizeof *gate->seen);
    return gate;
}

void gate_peer_destroy(struct gate_peer **gate)
{
    if (*gate == NULL) {
        return;
    }
    lock_destroy(&(*gate)->lock);
    memory_free((*gate)->seen);
    memory_free(*gate);
    *gate = NULL;
}

/* The handshake proved possession of the key; there is no chain to check. */
static bool read_tls_key(struct http_exchange *exchange, struct node_id *node_id_out)
{
    unsigned count = 0;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        http_exchange_connection(exchange), MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info == NULL) {
        return false;
    }
    const gnutls_datum_t *certificates =
        gnutls_certificate_get_peers((gnutls_session_t)info->tls_session, &count);
    return certificates != NULL && count > 0 &&
           tls_certificate_read_key(certificates[0].data, certificates[0].size, node_id_out) ==
               RESULT_OK;
}

static enum caller_level level_of(const struct gate_peer *gate, const struct node_id *node_id)
{
    struct event_log *log = gate->services->log(gate->services->node);
    enum caller_level level = CALLER_ANONYMOUS;
    if (log == NULL) {
        return level;
    }
    const struct log_snapshot *snapshot = event_log_acquire(log);
    if (membership_find(snapshot->membership, node_id) != NULL) {
        level = CALLER_MEMBER;
    } else if (membership_find_revoked(snapshot->membership, node_id) != NULL) {
        level = CALLER_REVOKED;
    } else if (membership_is_invitee(snapshot->membership, node_id,
                                     clock_wall_ms(gate->services->clock) / 1000)) {
        level = CALLER_INVITEE;
    }
    event_log_release(log, &snapshot);
    return level;
}

/* Sets who is calling and judges whether that one may go where the route leads. */
static bool judge(struct gate_peer *gate, struct http_exchange *exchange,
                  struct refusal *refusal_out)
{
    struct exchange *base = http_exchange_base(exchange);
    const struct route *route = http_exchange_route(exchange);
    if (base->caller.identified) {
        base->caller.level = level_of(gate, &base->caller.node_id);
    }
    if (base->caller.level == CALLER_REVOKED) {
        *refusal_out = (struct refusal){WIRE_REVOKED, "This device was revoked."};
        return false;
    }
    if (route != NULL && base->caller.level < route->least) {
        *refusal_out = (struct refusal){
            WIRE_UNAUTHORIZED, "Only members of this community may call this; the caller is none."};
        return false;
    }
    struct gossip *gossip = gate->services->gossip(gate->services->node);
    if (base->caller.level == CALLER_MEMBER && gossip != NULL) {
        gossip_peer_called(gossip, &base->caller.node_id);
    }
    return true;
}

static bool is_signed(const struct exchange *base)
{
    return base->header(base, "X-HearthNet-Signature") != NULL;
}

bool gate_peer_admit(struct gate_peer *gate, struct http_exchange *exchange,
                     struct refusal *refusal_out)
{
    struct exchange *base = http_exchange_base(exchange);
    base->caller.identified = read_tls_key(exchange, &base->caller.node_id);
    const struct route *route = http_exchange_route(exchange);
    if (is_signed(base) && !base->caller.identified && route != NULL && route->body != BODY_BYTES) {
        return true; /* its signature speaks once the body is there */
    }
    return judge(gate, exchange, refusal_out);
}

/* False when this caller used the id within the last ten minutes, or when too many are remembered.
 */
static bool remember(struct gate_peer *gate, const struct node_id *from, const char *request_id)
{
    int64_t now_ms = clock_monotonic_ms(gate->services->clock);
    bool fresh = true;
    lock_take(gate->lock);
    while (gate->count > 0 && gate->seen[gate->first].at_ms + SEEN_FOR_MS < now_ms) {
        gate->first = (gate->first + 1) % MOST_SEEN;
        gate->count--;
    }
    for (size_t i = 0; i < gate->count && fresh; i++) {
        const struct seen_request *seen = &gate->seen[(gate->first + i) % MOST_SEEN];
        fresh = strcmp(seen->request_id, request_id) != 0 || !node_id_equal(&seen->from, from);
    }
    if (fresh && gate->count < MOST_SEEN) {
        struct seen_request *seen = &gate->seen[(gate->first + gate->count++) % MOST_SEEN];
        seen->from = *from;
        seen->at_ms = now_ms;
        memcpy(seen->request_id, request_id, sizeof seen->request_id);
    } else {
        fresh = false;
    }
    lock_release(gate->lock);
    return fresh;
}

static bool read_envelope(const struct exchange *base, struct http_exchange *exchange,
                          struct request_envelope *envelope_out)
{
    const struct {
        const char *header;
        const char **text;
    } members[] = {
        {"X-HearthNet-Capability", &envelope_out->capability},
        {"X-HearthNet-Capability-Version", &envelope_out->version},
        {"X-HearthNet-Request-Id", &envelope_out->request_id},
        {"X-HearthNet-From", &envelope_out->from},
        {"X-HearthNet-Community", &envelope_out->community},
        {"X-HearthNet-Timestamp", &envelope_out->timestamp},
        {"X-HearthNet-Signature", &envelope_out->signature},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        *members[i].text = base->header(base, members[i].header);
        if (*members[i].text == NULL && i > 1) {
            return false;
        }
    }
    bool is_call = strcmp(base->path, "/bus/v1/call") == 0;
    if (envelope_out->version == NULL) {
        envelope_out->version = "1.0";
    }
    if (!is_call) {
        envelope_out->capability = http_exchange_target(exchange);
    }
    return envelope_out->capability != NULL;
}

static bool is_replayable(const struct route *route, const struct request_envelope *envelope)
{
    const struct capability *capability =
        route->replayable ? NULL : capabilities_find(envelope->capability);
    return route->replayable || (capability != NULL && capability->idempotent);
}

static bool verify(struct gate_peer *gate, struct http_exchange *exchange,
                   struct refusal *refusal_out)
{
    struct exchange *base = http_exchange_base(exchange);
    struct request_envelope envelope;
    struct node_id from;
    struct node_id community;
    struct event_log *log = gate->services->log(gate->services->node);
    *refusal_out = (struct refusal){WIRE_BAD_REQUEST, "The X-HearthNet-* headers are incomplete."};
    if (!read_envelope(base, exchange, &envelope)) {
        return false;
    }
    enum result result =
        request_verify(&envelope, base->body, clock_wall_ms(gate->services->clock) / 1000, &from);
    if (result == RESULT_INVALID) {
        refusal_out->message = "An X-HearthNet-* header is malformed.";
        return false;
    }
    if (result == RESULT_EXPIRED) {
        *refusal_out = (struct refusal){
            WIRE_EXPIRED, "The timestamp is off by more than 300 seconds; set the clock."};
        return false;
    }
    if (result != RESULT_OK ||
        (base->caller.identified && !node_id_equal(&from, &base->caller.node_id))) {
        *refusal_out = (struct refusal){WIRE_INVALID_SIGNATURE,
                                        "The request's signature is not that of its sender."};
        return false;
    }
    if (log != NULL) {
        const struct log_snapshot *snapshot = event_log_acquire(log);
        bool ours = node_id_parse(envelope.community, &community) == RESULT_OK &&
                    node_id_equal(&community, &snapshot->membership->community_id);
        event_log_release(log, &snapshot);
        if (!ours) {
            *refusal_out =
                (struct refusal){WIRE_WRONG_COMMUNITY, "This node belongs to another community."};
            return false;
        }
    }
    base->caller.identified = true;
    base->caller.node_id = from;
    if (!judge(gate, exchange, refusal_out)) {
        return false;
    }
    if (!is_replayable(http_exchange_route(exchange), &envelope) &&
        !remember(gate, &from, envelope.request_id)) {
        *refusal_out = (struct refusal){WIRE_BAD_REQUEST, "This request_id was used before."};
        return false;
    }
    return true;
}

bool gate_peer_admit_body(struct gate_peer *gate, struct http_exchange *exchange,
                          struct refusal *refusal_out)
{
    /* Without a signature it was judged by its TLS key already. */
    return !is_signed(http_exchange_base(exchange)) || verify(gate, exchange, refusal_out);
}
