#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "protocol/canonical.h"
#include "protocol/json_members.h"

enum { MOST_URL_BYTES = 320, USUAL_WAIT_MS = 1000 };

static void try_endpoint(struct peer_link *link);

static void answered(void *context, enum result result, const struct http_answer *answer)
{
    struct peer_link *link = context;
    if (result != RESULT_OK && !link->removed && ++link->tried < link->endpoints.count) {
        link->endpoint = (link->endpoint + 1) % link->endpoints.count;
        try_endpoint(link);
        return;
    }
    buffer_deinit(&link->body);
    link->answered(link, result, answer);
}

static void try_endpoint(struct peer_link *link)
{
    char base[MOST_URL_BYTES];
    struct http_answer nothing = {0};
    struct gossip *gossip = link->gossip;
    if (link->endpoints.count == 0) {
        answered(link, RESULT_UNREACHABLE, &nothing);
        return;
    }
    node_manifest_format_url(&link->endpoints.list[link->endpoint % link->endpoints.count], base,
                             sizeof base);
    char *url = memory_format("%s%s", base, link->path);
    struct http_call call = {.url = url,
                             .method = "POST",
                             .body = link->body.data,
                             .body_bytes = link->body.length_bytes,
                             .content_type = link->content_type,
                             .most_answer_bytes = link->most_answer_bytes,
                             .peer = &link->node_id,
                             .identity = gossip->options.identity};
    gossip_io_send(gossip, &call, answered, link);
    memory_free(url);
}

void peer_call_post(struct peer_link *link, const char *path, const char *content_type,
                    size_t most_answer_bytes, peer_answered *then)
{
    link->path = path;
    link->content_type = content_type;
    link->most_answer_bytes = most_answer_bytes;
    link->answered = then;
    link->tried = 0;
    link->busy = true;
    try_endpoint(link);
}

void peer_call_conclude(struct peer_link *link, const struct gossip_outcome *outcome)
{
    struct gossip *gossip = link->gossip;
    link->busy = false;
    if (link->removed) {
        peer_links_release(link);
        return;
    }
    if (outcome->succeeded) {
        peer_links_seen(link);
    }
    gossip_state_finished(gossip->state, &link->node_id, outcome, gossip_io_now(gossip));
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
    if (result == RESULT_TIMEOUT && answer->status != 0) {
        return "an answer that does not end in time";
    }
    return result == RESULT_UNAUTHORIZED ? "another node's key" : NULL;
}

void peer_call_report(struct peer_link *link, enum result result, const struct http_answer *answer)
{
    const char *reason = misbehaviour(result, answer);
    if (reason != NULL) {
        peer_links_report(link, reason);
    }
}

/* 429: how long the peer wants to be left alone. 0: it did not say so. */
static int64_t read_wait(enum result result, const struct http_answer *answer)
{
    json_t *json = NULL;
    int64_t wait_ms = USUAL_WAIT_MS;
    if (result != RESULT_OK || answer == NULL || answer->status != 429) {
        return 0;
    }
    if (canonical_parse(buffer_text(&answer->body), answer->body.length_bytes,
                        CANONICAL_MOST_NESTING, &json, NULL) != RESULT_OK ||
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
        canonical_parse(buffer_text(&answer->body), answer->body.length_bytes,
                        CANONICAL_MOST_NESTING_REQUEST, json_out, NULL) != RESULT_OK ||
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

void peer_call_fail(struct peer_link *link, enum result result, const struct http_answer *answer)
{
    const struct gossip_outcome outcome = {.succeeded = false,
                                           .wait_ms = read_wait(result, answer)};
    char name[NODE_ID_SHORT_BYTES];
    if (answer != NULL && !link->removed) {
        peer_call_report(link, result, answer);
    }
    node_id_format_short(&link->node_id, name);
    log_write(LOG_DEBUG, "peer.failed", "peer", name, "reason",
              result == RESULT_OK ? "refused" : result_name(result), NULL);
    peer_call_conclude(link, &outcome);
}
