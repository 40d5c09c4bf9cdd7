#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "protocol/canonical.h"
#include "protocol/event_kind.h"
#include "protocol/json_members.h"
#include "protocol/number.h"

enum {
    MOST_URL_BYTES = 320,
    WAIT_S = 30,
    QUIET_MS = 45000, /* the wait, and a slow line */
};

static void tell_polled(const struct peer_link *link, size_t events)
{
    char name[NODE_ID_SHORT_BYTES];
    char count[24];
    node_id_format_short(&link->node_id, name);
    (void)snprintf(count, sizeof count, "%zu", events);
    log_write(LOG_DEBUG, "peer.polled", "peer", name, "events", count, NULL);
}

/* A topic has messages and receipts alone (§15), and so far as is seen before they are verified. */
static bool is_of_topic(const json_t *event)
{
    const char *type = json_string_value(json_object_get(event, "event_type"));
    const struct event_kind *kind = type == NULL ? NULL : event_kind_find(type, strlen(type));
    return kind != NULL && (kind->type == EVENT_MESSAGE_SENT || kind->is_receipt);
}

/* {"messages":[{"seq","data"}],"last_seq"} or {"timeout":true,"last_seq"} (§15). */
static bool take_answer(struct peer_link *link, const struct http_answer *answer)
{
    json_t *json = NULL;
    json_t *events = json_array();
    size_t index;
    json_t *message;
    int64_t last_seq = 0;
    bool understood = answer->status == 200 &&
                      canonical_parse_foreign(&answer->body, CANONICAL_MOST_NESTING_REQUEST,
                                              LIMITS_READ_BYTES, &json) == RESULT_OK &&
                      json_members_integer(json, "last_seq", 0, NUMBER_SAFE_INTEGER, &last_seq) &&
                      json_array_size(json_object_get(json, "messages")) <= EVENT_BATCH_MOST_EVENTS;
    if (understood) {
        json_array_foreach(json_object_get(json, "messages"), index, message)
        {
            json_t *event = json_object_get(message, "data");
            if (is_of_topic(event)) {
                (void)json_array_append(events, event);
            }
        }
        tell_polled(link, json_array_size(events));
    }
    json_decref(json);
    if (peer_receiving_read(link, events) && understood) {
        link->polled_seq = last_seq;
    }
    return understood;
}

/* Who brings what is held, or no event at all, is waited at no more for a while. */
static bool is_worth_it(struct peer_link *link)
{
    bool worth = link->unasked_in_vain < LIMITS_POLLED_IN_VAIN;
    link->unasked_in_vain = worth ? link->unasked_in_vain : 0;
    return worth;
}

static void polled(void *context, enum result result, const struct http_answer *answer)
{
    struct peer_link *link = context;
    struct gossip *gossip = link->gossip;
    link->polling = false;
    if (link->polled_at.port != 0) {
        bool heard = result == RESULT_OK || answer->status != 0;
        (void)peer_addresses_tried(link->addresses, &link->polled_at, heard ? RESULT_OK : result);
    }
    if (link->removed) {
        peer_links_release(link);
        return;
    }
    bool understood = result == RESULT_OK && take_answer(link, answer);
    if (understood) {
        peer_links_seen(link);
    } else {
        peer_call_report(link, result, answer);
    }
    if (result == RESULT_FULL) {
        link->polled_seq = 0; /* it would be as much again: the reconciliation brings it */
    }
    gossip_state_polled(gossip->state, &link->node_id, understood && is_worth_it(link),
                        gossip_io_now(gossip));
}

/* The first poll asks where the peer's log stands, by naming an arrival number that it can't have
 * reached: what came before is the reconciliation's business. */
static void poll_at(void *context, const struct endpoint *endpoint)
{
    struct peer_link *link = context;
    struct gossip *gossip = link->gossip;
    struct http_answer nothing = {0};
    char base[MOST_URL_BYTES];
    char self[NODE_ID_TEXT_BYTES];
    bool first = link->polled_seq == 0;
    if (endpoint == NULL || link->removed) {
        polled(link, RESULT_UNREACHABLE, &nothing);
        return;
    }
    link->polled_at = *endpoint;
    node_manifest_format_url(endpoint, base, sizeof base);
    node_id_format(&gossip->options.key->node_id, self);
    char *url = memory_format(
        "%s/pubsub/v1/subscribe?topic=chat.message.%s&last_seq=%lld&timeout=%d", base, self,
        (long long)(first ? NUMBER_SAFE_INTEGER : link->polled_seq), first ? 0 : WAIT_S);
    struct http_call call = {.url = url,
                             .method = "GET",
                             .quiet_ms = QUIET_MS,
                             .most_answer_bytes = PEER_CALL_MOST_PAGE_BYTES,
                             .peer = &link->node_id,
                             .identity = gossip->options.identity};
    gossip_io_send(gossip, URGENCY_POLL, &call, polled, link);
    memory_free(url);
}

void peer_subscription_start(struct peer_link *link)
{
    link->polling = true;
    link->polled_at.port = 0;
    peer_addresses_reach(link->addresses, URGENCY_KNOWN, poll_at, link);
}
