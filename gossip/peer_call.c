#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "protocol/canonical.h"
#include "protocol/json_members.h"

enum { MOST_URL_BYTES = 320, USUAL_WAIT_MS = 1000 };

static void send_to(void *context, const struct endpoint *endpoint);

static void conclude(struct peer_lane *lane, enum result result, const struct http_answer *answer)
{
    const struct peer_link *link = lane->link;
    if (result == RESULT_OK && answer->date > 0) {
        clock_skew_note(link->gossip->skew, &link->node_id, answer->date,
                        clock_wall_ms(link->gossip->options.clock) / 1000);
    }
    buffer_deinit(&lane->body);
    lane->answered(lane, result, answer);
}

/* Calls may be repeated; where nobody said a word, it is elsewhere and once. */
static void answered(void *context, enum result result, const struct http_answer *answer)
{
    struct peer_lane *lane = context;
    struct peer_link *link = lane->link;
    bool heard = result == RESULT_OK || answer->status != 0;
    bool elsewhere =
        peer_addresses_tried(link->addresses, &lane->called_at, heard ? RESULT_OK : result);
    if (elsewhere && !lane->again && !link->removed) {
        lane->again = true;
        peer_addresses_reach(link->addresses, lane->urgency, send_to, lane);
    } else {
        conclude(lane, result, answer);
    }
}

static void send_to(void *context, const struct endpoint *endpoint)
{
    struct peer_lane *lane = context;
    struct peer_link *link = lane->link;
    char base[MOST_URL_BYTES];
    struct http_answer nothing = {0};
    struct gossip *gossip = link->gossip;
    if (endpoint == NULL || link->removed) {
        conclude(lane, RESULT_UNREACHABLE, &nothing);
        return;
    }
    lane->called_at = *endpoint;
    lane->called_ms = gossip_io_now(gossip);
    node_manifest_format_url(endpoint, base, sizeof base);
    char *url = memory_format("%s%s", base, lane->path);
    struct http_call call = {.url = url,
                             .method = "POST",
                             .body = lane->body.data,
                             .body_bytes = lane->body.length_bytes,
                             .content_type = lane->content_type,
                             .most_answer_bytes = lane->most_answer_bytes,
                             .peer = &link->node_id,
                             .identity = gossip->options.identity};
    gossip_io_send(gossip, lane->urgency, &call, answered, lane);
    memory_free(url);
}

void peer_call_post(struct peer_lane *lane, const char *path, const char *content_type,
                    size_t most_answer_bytes, peer_answered *then)
{
    lane->path = path;
    lane->content_type = content_type;
    lane->most_answer_bytes = most_answer_bytes;
    lane->sent_bytes = lane->body.length_bytes;
    lane->answered = then;
    lane->again = false;
    lane->busy = true;
    peer_addresses_reach(lane->link->addresses, lane->urgency, send_to, lane);
}

int64_t peer_call_took(const struct peer_lane *lane, const struct http_answer *answer)
{
    return answer->took_ms > 0 ? answer->took_ms
                               : gossip_io_now(lane->link->gossip) - lane->called_ms;
}

void peer_call_note_sent(struct peer_lane *lane, const struct http_answer *answer)
{
    struct page_size *sending = &lane->link->sending;
    page_size_carried(sending, lane->sent_bytes, peer_call_took(lane, answer));
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

/* 429: how long the peer wants to be left alone. 0: it did not say so. */
static int64_t read_wait(enum result result, const struct http_answer *answer)
{
    json_t *json = NULL;
    int64_t wait_ms = USUAL_WAIT_MS;
    if (result != RESULT_OK || answer == NULL || answer->status != 429 ||
        answer->body.length_bytes > PEER_CALL_MOST_NOTHING_BYTES) {
        return 0;
    }
    if (canonical_parse_foreign(&answer->body, CANONICAL_MOST_NESTING, LIMITS_READ_BYTES, &json) !=
            RESULT_OK ||
        !json_members_integer(json, "retry_after_ms", 1, GOSSIP_BACK_OFF_MOST_MS, &wait_ms)) {
        wait_ms = USUAL_WAIT_MS;
    }
    json_decref(json);
    return wait_ms;
}

bool peer_call_read_answer(const struct http_answer *answer, json_t **json_out,
                           struct gossip_outcome *outcome)
{
    const json_t *reasons = NULL;
    size_t index;
    json_t *reason;
    *json_out = NULL;
    if (answer->status != 200 ||
        canonical_parse_foreign(&answer->body, CANONICAL_MOST_NESTING_REQUEST, LIMITS_READ_BYTES,
                                json_out) != RESULT_OK ||
        !json_members_array(*json_out, "rejected_reasons", &reasons)) {
        return false;
    }
    outcome->rejected = memory_allocate(json_array_size(reasons) + 1, sizeof *outcome->rejected);
    json_array_foreach(reasons, index, reason)
    {
        const char *event_id = NULL;
        if (json_members_string(reason, "event_id", &event_id, NULL) && ulid_is_valid(event_id)) {
            memcpy(outcome->rejected[outcome->rejected_count++], event_id, ULID_TEXT_BYTES);
        }
    }
    return true;
}

void peer_call_fail(struct peer_lane *lane, enum result result, const struct http_answer *answer)
{
    const struct gossip_outcome outcome = {.succeeded = false,
                                           .answered = result == RESULT_OK && answer != NULL,
                                           .wait_ms = read_wait(result, answer),
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
