#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "gossip/gossip_work_private.h"
#include "gossip/peer_call_private.h"
#include "protocol/canonical.h"
#include "protocol/event_kind.h"
#include "protocol/json_members.h"
#include "protocol/number.h"

enum {
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

/* What a reader makes of an answer. */
struct poll_reading {
    struct gossip_work work;
    struct peer_link *link;
    struct http_answer answer;
    struct foreign_text text;
    enum result result;
    json_t *events;
    int64_t last_seq;
};

/* {"messages":[{"seq","data"}],"last_seq"} or {"timeout":true,"last_seq"} (§15). */
static enum result take(const json_t *json, struct poll_reading *reading)
{
    size_t index;
    json_t *message;
    if (!json_members_integer(json, "last_seq", 0, NUMBER_SAFE_INTEGER, &reading->last_seq) ||
        json_array_size(json_object_get(json, "messages")) > EVENT_BATCH_MOST_EVENTS) {
        return RESULT_INVALID;
    }
    json_array_foreach(json_object_get(json, "messages"), index, message)
    {
        json_t *event = json_object_get(message, "data");
        if (is_of_topic(event)) {
            (void)json_array_append(reading->events, event);
        }
    }
    return RESULT_OK;
}

static bool read(struct gossip_work *work)
{
    struct poll_reading *reading = (struct poll_reading *)work;
    json_t *json = NULL;
    enum result result =
        foreign_text_read(&reading->text, reading->link->account, &reading->answer.body,
                          CANONICAL_MOST_NESTING_REQUEST, &json, NULL);
    reading->result = result == RESULT_OK ? take(json, reading) : result;
    json_decref(json);
    return true;
}

static void discard(struct gossip_work *work)
{
    struct poll_reading *reading = (struct poll_reading *)work;
    http_client_deinit_answer(&reading->answer);
    json_decref(reading->events);
    foreign_text_close(&reading->text);
}

/* Who brings what is held, or no event at all, is waited at no more for a while. */
static bool is_worth_it(struct peer_link *link)
{
    bool worth = link->unasked_in_vain < LIMITS_POLLED_IN_VAIN;
    link->unasked_in_vain = worth ? link->unasked_in_vain : 0;
    return worth;
}

static void conclude(struct peer_link *link, enum result result, const struct http_answer *answer,
                     bool understood)
{
    struct gossip *gossip = link->gossip;
    link->polling = false;
    if (link->removed) {
        peer_links_release(link);
        return;
    }
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

static void end(struct gossip_work *work)
{
    struct poll_reading *reading = (struct poll_reading *)work;
    struct peer_link *link = reading->link;
    bool understood = reading->result == RESULT_OK;
    if (understood && !link->removed) {
        tell_polled(link, json_array_size(reading->events));
        bool taken = peer_receiving_read(link, &reading->text, reading->events);
        reading->events = NULL;
        link->polled_seq = taken ? reading->last_seq : link->polled_seq;
    }
    conclude(link, reading->result == RESULT_BUSY ? RESULT_BUSY : RESULT_OK, &reading->answer,
             understood);
}

static void polled(void *owner, enum result result, struct http_answer *answer)
{
    struct peer_link *link = owner;
    if (result != RESULT_OK || answer->status != 200 || link->removed) {
        conclude(link, result, answer, false);
        return;
    }
    struct poll_reading *reading = memory_allocate(1, sizeof *reading);
    reading->work = (struct gossip_work){.run = read, .end = end, .discard = discard};
    reading->link = link;
    reading->answer = http_client_take_answer(answer);
    reading->events = json_array();
    gossip_work_begin(link->gossip, &reading->work, link, URGENCY_KNOWN);
}

/* The first poll asks where the peer's log stands, by naming an arrival number that it can't have
 * reached: what came before is the reconciliation's business. */
void peer_subscription_start(struct peer_link *link)
{
    char self[NODE_ID_TEXT_BYTES];
    bool first = link->polled_seq == 0;
    node_id_format(&link->gossip->options.key->node_id, self);
    char *path = memory_format(
        "/pubsub/v1/subscribe?topic=chat.message.%s&last_seq=%lld&timeout=%d", self,
        (long long)(first ? NUMBER_SAFE_INTEGER : link->polled_seq), first ? 0 : WAIT_S);
    const struct peer_request request = {.method = "GET",
                                         .path = path,
                                         .most_answer_bytes = PEER_CALL_MOST_PAGE_BYTES,
                                         .quiet_ms = QUIET_MS,
                                         .once = true, /* is it still there? */
                                         .urgency = URGENCY_POLL,
                                         .answered = polled,
                                         .owner = link};
    link->polling = true;
    peer_call_send(link, &request);
    memory_free(path);
}
