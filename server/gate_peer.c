#include "server/gate_peer.h"

#include <gnutls/gnutls.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "core/memory.h"
#include "handlers/capabilities.h"
#include "protocol/json_members.h"
#include "protocol/request_signature.h"
#include "server/seen_requests.h"
#include "server/tls_certificate.h"

struct gate_peer {
    const struct node_parts *parts;
    struct callers *callers;
    struct seen_requests *seen;
};

struct gate_peer *gate_peer_create(const struct node_parts *parts, struct callers *callers)
{
    struct gate_peer *gate = memory_allocate(1, sizeof *gate);
    gate->parts = parts;
    gate->callers = callers;
    gate->seen = seen_requests_create();
    return gate;
}

void gate_peer_destroy(struct gate_peer **gate)
{
    if (*gate == NULL) {
        return;
    }
    seen_requests_destroy(&(*gate)->seen);
    memory_free(*gate);
    *gate = NULL;
}

/* The handshake proved possession of the key; there is no chain to check. */
static bool read_tls_key(struct listener_request *request, struct node_id *node_id_out)
{
    unsigned count = 0;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        listener_request_connection(request), MHD_CONNECTION_INFO_GNUTLS_SESSION);
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
    struct event_log *log = gate->parts->log(gate->parts->node);
    enum caller_level level = CALLER_ANONYMOUS;
    if (log == NULL) {
        return level;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    if (membership_find(snapshot->membership, node_id) != NULL) {
        level = CALLER_MEMBER;
    } else if (membership_find_revoked(snapshot->membership, node_id) != NULL) {
        level = CALLER_REVOKED;
    } else if (membership_is_invitee(snapshot->membership, node_id,
                                     clock_wall_ms(gate->parts->clock) / 1000)) {
        level = CALLER_INVITEE;
    }
    log_snapshot_release(log, &snapshot);
    return level;
}

/* A stranger's key is one of as many as it likes to make: only the address counts. */
static struct account_key key_of(const struct listener_request *request,
                                 const struct caller *caller)
{
    return caller->level == CALLER_MEMBER || caller->level == CALLER_INVITEE
               ? callers_key_of_node(&caller->node_id)
               : callers_key_of_address(listener_request_address(request));
}

/* False when it is too often. */
static bool judge_pace(enum result counted, int64_t retry_after_ms, struct refusal *refusal_out)
{
    *refusal_out = (struct refusal){
        .code = WIRE_RATE_LIMITED,
        .message = "You call too often; wait as long as retry_after_ms says, and send batches.",
        .reason = counted == RESULT_FULL ? "a flood of calls; the connection is closed" : NULL,
        .retry_after_ms = retry_after_ms,
        .hang_up = counted == RESULT_FULL,
    };
    return counted == RESULT_OK;
}

static bool count_call(struct gate_peer *gate, const struct account_key *key,
                       struct refusal *refusal_out)
{
    int64_t retry_after_ms = 0;
    enum result counted =
        callers_count(gate->callers, key, clock_monotonic_ms(gate->parts->clock), &retry_after_ms);
    return judge_pace(counted, retry_after_ms, refusal_out);
}

static bool count_capability(struct gate_peer *gate, const struct listener_request *request,
                             const struct request *base, struct refusal *refusal_out)
{
    const char *name = base->header(base, "X-HearthNet-Capability");
    int64_t retry_after_ms = 0;
    if (name == NULL && !json_members_string(base->body, "capability", &name, NULL)) {
        name = "";
    }
    struct account_key key = key_of(request, &base->caller);
    size_t number = capabilities_number(name) % CALLERS_CAPABILITIES;
    enum result counted = callers_count_capability(
        gate->callers, &key, number, clock_monotonic_ms(gate->parts->clock), &retry_after_ms);
    return judge_pace(counted, retry_after_ms, refusal_out);
}

/* An open invite is redeemed by the key that calls, so often from one address whatever the key
 * (§17). */
static bool admit_redeeming(struct gate_peer *gate, const struct listener_request *request,
                            const struct caller *caller, struct refusal *refusal_out)
{
    struct account_key address = callers_key_of_address(listener_request_address(request));
    int64_t retry_after_ms = 0;
    if (!caller->identified) {
        *refusal_out = (struct refusal){
            .code = WIRE_UNAUTHORIZED,
            .message = "Present the client certificate of the device that is to be let in."};
        return false;
    }
    enum result counted = callers_count_redeem(
        gate->callers, &address, clock_monotonic_ms(gate->parts->clock), &retry_after_ms);
    return judge_pace(counted, retry_after_ms, refusal_out);
}

/* Where the call came from; at which port the caller listens, its manifest says. */
static void tell_called(struct gossip *gossip, const struct listener_request *request,
                        const struct node_id *node_id)
{
    const struct sockaddr *address = listener_request_address(request);
    struct endpoint from = {.port = 0};
    socklen_t length =
        address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    int failed = getnameinfo(address, length, from.host, sizeof from.host, NULL, 0, NI_NUMERICHOST);
    gossip_peer_called(gossip, node_id, failed ? NULL : &from);
}

/* Whether this caller may go where the route leads. */
static bool judge_level(struct gate_peer *gate, struct listener_request *request,
                        struct refusal *refusal_out)
{
    const struct caller *caller = &listener_request_base(request)->caller;
    if (caller->level == CALLER_REVOKED) {
        *refusal_out =
            (struct refusal){.code = WIRE_REVOKED, .message = "This device was revoked."};
        return false;
    }
    if (caller->level < listener_request_least(request)) {
        *refusal_out = (struct refusal){
            .code = WIRE_UNAUTHORIZED,
            .message = "Only members of this community may call this; the caller is none."};
        return false;
    }
    struct gossip *gossip = gate->parts->gossip(gate->parts->node);
    if (caller->level == CALLER_MEMBER) {
        listener_request_welcome(request);
        if (gossip != NULL) {
            tell_called(gossip, request, &caller->node_id);
        }
    }
    return true;
}

static bool is_signed(const struct request *base)
{
    return base->header(base, "X-HearthNet-Signature") != NULL;
}

static bool read_envelope(const struct request *base, struct listener_request *request,
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
        envelope_out->capability = listener_request_target(request);
    }
    return envelope_out->capability != NULL;
}

static bool is_replayable(const struct route *route, const struct request_envelope *envelope)
{
    bool replayable = route == NULL || route->replayable; /* nothing happens there twice */
    const struct capability *capability =
        replayable ? NULL : capabilities_find(envelope->capability);
    return replayable || (capability != NULL && capability->idempotent);
}

static bool is_our_community(const struct gate_peer *gate, const char *named)
{
    struct node_id community;
    struct event_log *log = gate->parts->log(gate->parts->node);
    if (log == NULL) {
        return true; /* there is none to be wrong about; nobody gets far */
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    bool ours = node_id_parse(named, &community) == RESULT_OK &&
                node_id_equal(&community, &snapshot->membership->community_id);
    log_snapshot_release(log, &snapshot);
    return ours;
}

/* Proves who signed. */
static bool verify_signature(struct gate_peer *gate, struct request *base,
                             const struct request_envelope *envelope, struct refusal *refusal_out)
{
    struct node_id from;
    enum result result = request_signature_verify(envelope, base->body,
                                                  clock_wall_ms(gate->parts->clock) / 1000, &from);
    if (result == RESULT_INVALID) {
        *refusal_out = (struct refusal){.code = WIRE_BAD_REQUEST,
                                        .message = "An X-HearthNet-* header is malformed."};
        return false;
    }
    if (result == RESULT_EXPIRED) {
        *refusal_out = (struct refusal){
            .code = WIRE_EXPIRED,
            .message = "The timestamp is off by more than 300 seconds; set the clock."};
        return false;
    }
    if (result != RESULT_OK) {
        *refusal_out =
            (struct refusal){.code = WIRE_INVALID_SIGNATURE,
                             .message = "The request's signature is not that of its sender."};
        return false;
    }
    if (!is_our_community(gate, envelope->community)) {
        *refusal_out = (struct refusal){.code = WIRE_WRONG_COMMUNITY,
                                        .message = "This node belongs to another community."};
        return false;
    }
    base->caller.identified = true;
    base->caller.node_id = from;
    return true;
}

static bool judge_replay(struct gate_peer *gate, const struct listener_request *request,
                         const struct node_id *from, const struct request_envelope *envelope,
                         struct refusal *refusal_out)
{
    if (is_replayable(listener_request_route(request), envelope)) {
        return true;
    }
    enum result result = seen_requests_add(gate->seen, from, envelope->request_id,
                                           clock_monotonic_ms(gate->parts->clock));
    *refusal_out = result == RESULT_FULL
                       ? (struct refusal){.code = WIRE_RATE_LIMITED,
                                          .message = "Too many signed requests in ten minutes; "
                                                     "present a client certificate, or wait.",
                                          .retry_after_ms = 60000}
                       : (struct refusal){.code = WIRE_BAD_REQUEST,
                                          .message = "This request_id was used before."};
    return result == RESULT_OK;
}

static const struct refusal another_signed = {
    .code = WIRE_INVALID_SIGNATURE,
    .message = "The request's signature is not that of its sender.",
    .reason = "signed by another than the TLS key"};

/* Certificate and signature must name the same node (§9). */
static bool agree(const struct request *base)
{
    struct node_id from;
    const char *text = base->header(base, "X-HearthNet-From");
    return !base->caller.identified || text == NULL || node_id_parse(text, &from) != RESULT_OK ||
           node_id_equal(&from, &base->caller.node_id);
}

/* Until now it counted as a call of its address. */
static bool count_as_signer(struct gate_peer *gate, const struct listener_request *request,
                            const struct caller *caller, struct refusal *refusal_out)
{
    struct account_key address = callers_key_of_address(listener_request_address(request));
    struct account_key key = key_of(request, caller);
    if (account_key_equal(&address, &key)) {
        return true;
    }
    callers_uncount(gate->callers, &address);
    return count_call(gate, &key, refusal_out);
}

static bool judge_signed(struct gate_peer *gate, struct listener_request *request,
                         struct refusal *refusal_out)
{
    struct request *base = listener_request_base(request);
    struct request_envelope envelope;
    bool by_signature = !base->caller.identified;
    *refusal_out = (struct refusal){.code = WIRE_BAD_REQUEST,
                                    .message = "The X-HearthNet-* headers are incomplete."};
    if (!read_envelope(base, request, &envelope) ||
        !verify_signature(gate, base, &envelope, refusal_out)) {
        return false;
    }
    base->caller.level = level_of(gate, &base->caller.node_id);
    return (!by_signature || count_as_signer(gate, request, &base->caller, refusal_out)) &&
           judge_level(gate, request, refusal_out) &&
           judge_replay(gate, request, &base->caller.node_id, &envelope, refusal_out);
}

bool gate_peer_admit(struct gate_peer *gate, struct listener_request *request,
                     struct refusal *refusal_out)
{
    struct request *base = listener_request_base(request);
    const struct route *route = listener_request_route(request);
    base->caller.identified = read_tls_key(request, &base->caller.node_id);
    if (base->caller.identified) {
        base->caller.level = level_of(gate, &base->caller.node_id);
    }
    struct account_key key = key_of(request, &base->caller);
    listener_request_charge(request, &key);
    if (!count_call(gate, &key, refusal_out)) {
        return false;
    }
    if (base->caller.level == CALLER_REVOKED) {
        return judge_level(gate, request, refusal_out);
    }
    if (route != NULL && strcmp(route->path, "/join/v1/redeem") == 0 &&
        !admit_redeeming(gate, request, &base->caller, refusal_out)) {
        return false;
    }
    if (is_signed(base) && !agree(base)) {
        *refusal_out = another_signed;
        return false;
    }
    bool is_bytes = route != NULL && route->body == BODY_BYTES; /* no signature is over those */
    if (is_signed(base) && !base->caller.identified && !is_bytes) {
        listener_request_defer(request);
        return true;
    }
    return judge_level(gate, request, refusal_out);
}

bool gate_peer_admit_body(struct gate_peer *gate, struct listener_request *request,
                          struct refusal *refusal_out)
{
    const struct request *base = listener_request_base(request);
    const struct route *route = listener_request_route(request);
    return (!is_signed(base) || judge_signed(gate, request, refusal_out)) &&
           (route == NULL || strcmp(route->path, "/bus/v1/call") != 0 ||
            count_capability(gate, request, base, refusal_out));
}

bool gate_peer_forgive(struct gate_peer *gate, struct listener_request *request)
{
    const struct caller *caller = &listener_request_base(request)->caller;
    bool forgives = caller->identified && caller->level == CALLER_MEMBER;
    if (forgives) {
        struct account_key key = key_of(request, caller);
        callers_forgive(gate->callers, &key);
    }
    return forgives;
}
