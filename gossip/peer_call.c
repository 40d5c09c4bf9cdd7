#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "gossip/gossip_work_private.h"
#include "gossip/peer_call_private.h"
#include "protocol/canonical.h"
#include "protocol/json_members.h"

enum { MOST_URL_BYTES = 320, USUAL_WAIT_MS = 1000 };

static void send_to(void *context, const struct endpoint *endpoint);

/* Whoever asked for it may free the link. */
static void conclude(struct peer_call *call, enum result result, struct http_answer *answer)
{
    const struct peer_link *link = call->link;
    const struct peer_request request = call->request;
    struct peer_call **at = &call->link->calls;
    if (result == RESULT_OK && answer->date > 0) {
        clock_skew_note(link->gossip->skew, &link->node_id, answer->date,
                        gossip_io_wall_seconds(link->gossip));
    }
    while (*at != call) {
        at = &(*at)->next;
    }
    *at = call->next;
    peer_links_free_call(call);
    request.answered(request.owner, result, answer);
}

/* Where it is takes no half a minute to find out. */
static enum urgency urgency_of_search(const struct peer_call *call)
{
    return call->request.urgency == URGENCY_POLL ? URGENCY_KNOWN : call->request.urgency;
}

/* Calls may be repeated; where nobody said a word, it is elsewhere and once. */
static void answered(void *context, enum result result, struct http_answer *answer)
{
    struct peer_call *call = context;
    struct peer_link *link = call->link;
    bool heard = result == RESULT_OK || answer->status != 0;
    bool elsewhere =
        peer_addresses_tried(link->addresses, &call->called_at, heard ? RESULT_OK : result);
    if (answer->took_ms == 0) {
        answer->took_ms = gossip_io_now(link->gossip) - call->called_ms;
    }
    if (elsewhere && !call->request.once && !call->again && !link->removed) {
        call->again = true;
        peer_addresses_reach(link->addresses, urgency_of_search(call), send_to, call);
    } else {
        conclude(call, result, answer);
    }
}

static void send_to(void *context, const struct endpoint *endpoint)
{
    struct peer_call *call = context;
    struct peer_link *link = call->link;
    const struct peer_request *request = &call->request;
    char base[MOST_URL_BYTES];
    struct http_answer nothing = {0};
    struct gossip *gossip = link->gossip;
    if (endpoint == NULL || link->removed) {
        conclude(call, RESULT_UNREACHABLE, &nothing);
        return;
    }
    link->called_at = call->called_at = *endpoint;
    call->called_ms = gossip_io_now(gossip);
    node_manifest_format_url(endpoint, base, sizeof base);
    char *url = memory_format("%s%s", base, request->path);
    struct http_call http = {.url = url,
                             .method = request->method,
                             .body = request->body.data,
                             .body_bytes = request->body.length_bytes,
                             .content_type = request->content_type,
                             .most_answer_bytes = request->most_answer_bytes,
                             .quiet_ms = request->quiet_ms,
                             .account = link->account,
                             .peer = &link->node_id,
                             .identity = gossip->options.identity};
    gossip_io_send(gossip, request->urgency, &http, answered, call);
    memory_free(url);
}

void peer_call_send(struct peer_link *link, const struct peer_request *request)
{
    struct peer_call *call = memory_allocate(1, sizeof *call);
    call->link = link;
    call->request = *request;
    call->request.path = call->path = memory_duplicate_string(request->path);
    call->next = link->calls;
    link->calls = call;
    peer_addresses_reach(link->addresses, urgency_of_search(call), send_to, call);
}

static void lane_answered(void *owner, enum result result, struct http_answer *answer)
{
    struct peer_lane *lane = owner;
    lane->answered(lane, result, answer);
}

void peer_call_post(struct peer_lane *lane, const char *path, const char *content_type,
                    size_t most_answer_bytes, peer_answered *then)
{
    const struct peer_request request = {.method = "POST",
                                         .path = path,
                                         .content_type = content_type,
                                         .body = lane->body,
                                         .most_answer_bytes = most_answer_bytes,
                                         .urgency = lane->urgency,
                                         .answered = lane_answered,
                                         .owner = lane};
    lane->sent_bytes = lane->body.length_bytes;
    lane->answered = then;
    lane->busy = true;
    buffer_init(&lane->body);
    peer_call_send(lane->link, &request);
}

void peer_call_note_sent(struct peer_lane *lane, const struct http_answer *answer)
{
    struct page_size *sending = &lane->link->sending;
    page_size_carried(sending, lane->sent_bytes, answer->took_ms);
    page_size_note_events(sending, lane->sent_bytes, lane->events);
}

void peer_call_conclude(struct peer_lane *lane, const struct gossip_outcome *outcome)
{
    struct peer_link *link = lane->link;
    struct gossip *gossip = link->gossip;
    struct gossip_outcome of_lane = *outcome;
    of_lane.pushed = lane == &link->push;
    lane->busy = false;
    if (link->removed) {
        peer_links_release(link);
        return;
    }
    if (outcome->succeeded) {
        peer_links_seen(link);
    }
    gossip_state_finished(gossip->state, &link->node_id, &of_lane, gossip_io_now(gossip));
}

/* NULL: nothing. */
static const char *misbehaviour(enum result result, const struct http_answer *answer)
{
    if (result == RESULT_OK && answer->status == 200) {
        return "an answer that can't be read";
    }
    if (result == RESULT_FULL) {
        return "an endless answer";
    }
    return result == RESULT_UNAUTHORIZED ? "another node's key" : NULL;
}

void peer_call_report(struct peer_link *link, enum result result, const struct http_answer *answer)
{
    const char *reason = misbehaviour(result, answer);
    if (reason != NULL) {
        peer_links_report(link, reason);
    } else if (result == RESULT_TIMEOUT && answer->status != 0) {
        peer_links_report_stall(link);
    }
}

/* What a reader makes of an answer. */
struct answer_reading {
    struct gossip_work work;
    struct peer_lane *lane;
    struct http_answer answer;
    struct foreign_text text;
    struct peer_acknowledgement acknowledgement;
    peer_acknowledged *done; /* of an acknowledgement */
    int64_t wait_ms;         /* of a refusal */
};

static struct answer_reading *reading_of(struct gossip_work *work)
{
    return (struct answer_reading *)work;
}

static void discard(struct gossip_work *work)
{
    struct answer_reading *reading = reading_of(work);
    http_client_deinit_answer(&reading->answer);
    json_decref(reading->acknowledgement.events);
    memory_free(reading->acknowledgement.rejected);
    foreign_text_close(&reading->text);
}

static struct answer_reading *create(struct peer_lane *lane, struct http_answer *answer)
{
    struct answer_reading *reading = memory_allocate(1, sizeof *reading);
    reading->lane = lane;
    reading->answer = http_client_take_answer(answer);
    reading->acknowledgement.text = &reading->text;
    return reading;
}

static enum result parse(struct answer_reading *reading, json_t **json_out)
{
    return foreign_text_read(&reading->text, reading->lane->link->account, &reading->answer.body,
                             CANONICAL_MOST_NESTING_REQUEST, json_out, NULL);
}

static enum result take_acknowledgement(const json_t *json, struct peer_acknowledgement *read)
{
    const json_t *reasons = NULL;
    size_t index;
    json_t *reason;
    if (!json_members_array(json, "rejected_reasons", &reasons)) {
        return RESULT_INVALID;
    }
    if (!json_members_integer(json, "accepted", 0, EVENT_BATCH_MOST_EVENTS, &read->accepted)) {
        read->accepted = -1;
    }
    read->rejected = memory_allocate(json_array_size(reasons) + 1, sizeof *read->rejected);
    json_array_foreach(reasons, index, reason)
    {
        const char *event_id = NULL;
        if (json_members_string(reason, "event_id", &event_id, NULL) && ulid_is_valid(event_id)) {
            memcpy(read->rejected[read->rejected_count++], event_id, ULID_TEXT_BYTES);
        }
    }
    read->events = json_incref(json_object_get(json, "events"));
    return RESULT_OK;
}

static bool read_acknowledgement(struct gossip_work *work)
{
    struct answer_reading *reading = reading_of(work);
    struct peer_acknowledgement *read = &reading->acknowledgement;
    json_t *json = NULL;
    read->result = parse(reading, &json);
    read->result = read->result == RESULT_OK ? take_acknowledgement(json, read) : read->result;
    json_decref(json);
    return true;
}

static void end_acknowledgement(struct gossip_work *work)
{
    struct answer_reading *reading = reading_of(work);
    reading->done(reading->lane, &reading->answer, &reading->acknowledgement);
}

/* What the owner waits for is as short as this. */
void peer_call_read(struct peer_lane *lane, struct http_answer *answer, peer_acknowledged *done)
{
    struct peer_link *link = lane->link;
    bool owners = lane == &link->push && answer->body.length_bytes <= PEER_CALL_MOST_NOTHING_BYTES;
    struct answer_reading *reading = create(lane, answer);
    reading->done = done;
    reading->work = (struct gossip_work){
        .run = read_acknowledgement, .end = end_acknowledgement, .discard = discard};
    gossip_work_begin(link->gossip, &reading->work, link, owners ? lane->urgency : URGENCY_KNOWN);
}

static void fail(struct peer_lane *lane, enum result result, const struct http_answer *answer,
                 int64_t wait_ms)
{
    const struct gossip_outcome outcome = {.succeeded = false,
                                           .answered = result == RESULT_OK && answer != NULL,
                                           .wait_ms = wait_ms,
                                           .stranger = result == RESULT_OK && answer != NULL &&
                                                       answer->status == 401};
    struct peer_link *link = lane->link;
    char name[NODE_ID_SHORT_BYTES];
    if (answer != NULL && !link->removed) {
        peer_call_report(link, result, answer);
    }
    node_id_format_short(&link->node_id, name);
    log_write(LOG_DEBUG, "peer.failed", "peer", name, "reason",
              result == RESULT_OK ? "refused" : result_name(result), NULL);
    peer_call_conclude(lane, &outcome);
}

static bool read_refusal(struct gossip_work *work)
{
    struct answer_reading *reading = reading_of(work);
    json_t *json = NULL;
    reading->wait_ms = USUAL_WAIT_MS;
    if (parse(reading, &json) != RESULT_OK ||
        !json_members_integer(json, "retry_after_ms", 1, GOSSIP_BACK_OFF_MOST_MS,
                              &reading->wait_ms)) {
        reading->wait_ms = USUAL_WAIT_MS;
    }
    json_decref(json);
    return true;
}

static void end_refusal(struct gossip_work *work)
{
    struct answer_reading *reading = reading_of(work);
    fail(reading->lane, RESULT_OK, &reading->answer, reading->wait_ms);
}

/* 429 says how long the peer wants to be left alone. */
void peer_call_fail(struct peer_lane *lane, enum result result, struct http_answer *answer)
{
    if (result != RESULT_OK || answer == NULL || answer->status != 429 ||
        answer->body.length_bytes > PEER_CALL_MOST_NOTHING_BYTES) {
        /* That we have no room for its answer is not the peer's doing. */
        fail(lane, result, answer, result == RESULT_BUSY ? USUAL_WAIT_MS : 0);
        return;
    }
    struct answer_reading *reading = create(lane, answer);
    reading->work =
        (struct gossip_work){.run = read_refusal, .end = end_refusal, .discard = discard};
    gossip_work_begin(lane->link->gossip, &reading->work, lane->link, URGENCY_KNOWN);
}
