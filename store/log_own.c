#include "store/log_own_private.h"

#include <string.h>

#include "protocol/event_kind.h"
#include "store/log_accept_private.h"
#include "store/log_kinds_private.h"

/* What depends on the log in this moment. */
static enum result complete(struct event_log *log, struct event_draft *draft,
                            struct append_answer *answer)
{
    const struct log_kind *kind = log_kinds_find(draft->type);
    union event_data data;
    if (kind->complete == NULL) {
        return RESULT_OK;
    }
    enum result result =
        event_kind_decode(event_kind_get(draft->type), draft->data, &log->options.key->node_id,
                          &log->options.community_id, &data, &answer->error);
    if (result == RESULT_OK) {
        result = event_kind_prove(event_kind_get(draft->type), &log->options.key->node_id, &data,
                                  &answer->error);
        result = result == RESULT_OK ? kind->complete(log, draft, &data, answer) : result;
        event_kind_release(draft->type, &data);
    }
    return result;
}

static enum result sign(struct event_log *log, struct event_draft *draft,
                        struct verified_event **verified_out, struct append_answer *answer)
{
    char event_id[ULID_TEXT_BYTES];
    int64_t wall_ms = clock_wall_ms(log->options.clock);
    int64_t clock =
        log->state.clock > log->options.least_clock ? log->state.clock : log->options.least_clock;
    ulid_mint(&log->ulids, wall_ms, event_id);
    return event_sign(draft, log->options.key, &log->options.community_id, event_id, clock + 1,
                      wall_ms / 1000, verified_out, &answer->error);
}

static enum result store(struct event_log *log, struct verified_event *verified,
                         const struct log_secrets *secrets, struct append_answer *answer)
{
    const struct event *event = event_verified_get(verified);
    uint8_t hash[BLAKE3_HASH_BYTES];
    memcpy(hash, event->hash, sizeof hash);
    memcpy(answer->event_id, event->event_id, sizeof answer->event_id);
    answer->lamport = event->lamport;
    struct log_arrival arrival = {.event = verified};
    log_sealing_keep(log, secrets, event); /* before it is shown */
    log->entering.payload = secrets->has_payload ? &secrets->payload : NULL;
    log_accept_batch(log, &arrival, 1, NULL, true);
    log->entering.payload = NULL;
    answer->seq = arrival.seq;
    if (arrival.refusal == EVENT_ACCEPTABLE) {
        return RESULT_OK;
    }
    log_sealing_forget(log, secrets, hash);
    return error_set(&answer->error, RESULT_UNAUTHORIZED,
                     "This node does not belong to the community (any more).");
}

enum result log_own_append_with(struct event_log *log, struct event_draft *draft,
                                const struct log_secrets *secrets, struct append_answer *answer_out)
{
    struct verified_event *verified = NULL;
    enum result result = sign(log, draft, &verified, answer_out);
    if (result == RESULT_OK) {
        result = store(log, verified, secrets, answer_out);
    }
    event_draft_deinit(draft);
    return result;
}

enum result log_own_append_early(struct event_log *log, struct event_draft *draft,
                                 struct log_early_message *early, struct append_answer *answer_out)
{
    struct log_secrets secrets = {.has_key = false};
    enum result result = complete(log, draft, answer_out);
    bool is_new = result == RESULT_OK && !answer_out->repeated;
    if (is_new) {
        result = log_sealing_seal(log, draft, early, &secrets, answer_out);
    }
    if (is_new && result == RESULT_OK) {
        result = log_own_append_with(log, draft, &secrets, answer_out);
    }
    log_secrets_wipe(&secrets);
    event_draft_deinit(draft);
    return result;
}

enum result log_own_append(struct event_log *log, struct event_draft *draft,
                           struct append_answer *answer_out)
{
    return log_own_append_early(log, draft, NULL, answer_out);
}
