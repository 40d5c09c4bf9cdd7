#include "store/log_accept_private.h"

#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "protocol/event_kind.h"
#include "store/log_blocked_private.h"
#include "store/log_events_private.h"
#include "store/log_facts_private.h"
#include "store/log_manifests_private.h"
#include "store/log_moves_private.h"
#include "store/log_opener_private.h"
#include "store/log_schema_private.h"
#include "store/log_set_private.h"
#include "store/log_views_private.h"
#include "store/stored_text_private.h"

/* One batch. */
struct accepting {
    struct event_log *log;
    const struct node_id *source;
    bool is_own;
};

static const struct event *event_of(const struct log_arrival *arrival)
{
    return event_verified_get(arrival->event);
}

static bool drives_membership(const struct log_arrival *arrival)
{
    return event_kind_get(event_of(arrival)->type)->drives_membership;
}

static bool is_too_far(const struct event_log *log, const struct event *event, int64_t clock)
{
    return event->lamport > clock + LOG_ACCEPT_MOST_LAMPORT_STEP &&
           event->lamport > log->options.least_clock;
}

/* Received: clock = max(clock, received) + 1. Own: it is the clock's. */
static int64_t moved_clock(int64_t clock, int64_t lamport, bool is_own)
{
    int64_t later = lamport > clock ? lamport : clock;
    return is_own ? later : later + 1;
}

/* Its arrival number; 0: the disk failed. */
static int64_t insert_event(struct event_log *log, const struct verified_event *verified)
{
    size_t length = 0;
    const struct event *event = event_verified_get(verified);
    const char *text = event_verified_text(verified, &length);
    int64_t seq = log->state.last_seq + 1;
    struct buffer shortened;
    buffer_init(&shortened);
    stored_text_shorten(text, length, &log->options.community_id, &shortened);
    database_run(&log->database,
                 "INSERT INTO events(seq,hash,lamport,event_id,type,author,aside,json)"
                 " VALUES(?1,?2,?3,?4,?5,?6,0,?7)",
                 "ibitibt", seq, event->hash, (int)sizeof event->hash, event->lamport,
                 event->event_id, (int64_t)event->type, event->author.key, NODE_ID_BYTES,
                 buffer_text(&shortened));
    buffer_deinit(&shortened);
    if (log->database.failed) {
        return 0;
    }
    log->state.last_seq = seq;
    log->state.grown_events++;
    log->state.grown_bytes += (int64_t)length;
    return seq;
}

/* True when its author has another stored event with this id. */
static bool has_twin(struct event_log *log, const struct event *event, int64_t seq)
{
    if (database_integer(
            &log->database, 0,
            "SELECT seq FROM events INDEXED BY events_event_id"
            " WHERE event_id=?1 AND " LOG_SCHEMA_IS_AUTHOR("author", "?2") " AND seq<>?3 LIMIT 1",
            "tbi", event->event_id, event->author.key, NODE_ID_BYTES, seq) == 0) {
        return false;
    }
    char author[NODE_ID_SHORT_BYTES];
    node_id_format_short(&event->author, author);
    log_write(LOG_WARNING, "log.equivocation", "author", author, "event_id", event->event_id, NULL);
    return true;
}

/* What was held already is accepted silently, kept aside or not. */
static void store(const struct accepting *accepting, struct log_arrival *arrival)
{
    struct event_log *log = accepting->log;
    struct log_state *state = &log->state;
    const struct event *event = event_of(arrival);
    bool has_new_id = log_ids_take(&state->ids, &log->database, event->event_id);
    int64_t seq = !has_new_id && log_events_hold(&log->database, event->hash)
                      ? 0
                      : insert_event(log, arrival->event);
    if (seq == 0) {
        return;
    }
    fingerprint_add(&state->fingerprint, event->hash);
    log_set_note(log, event->lamport, event->hash, false);
    state->head = event->lamport > state->head ? event->lamport : state->head;
    if (event->lamport >= state->clock ||
        state->clock - state->head < LOG_ACCEPT_MOST_AHEAD_OF_HEAD) {
        state->clock = moved_clock(state->clock, event->lamport, accepting->is_own);
    }
    if (event_kind_get(event->type)->drives_membership) {
        log_facts_keep(log, event, seq);
    }
    arrival->seq = seq;
    log_blocked_meet(log, event);
    struct log_event fresh = {arrival->event, accepting->source, seq, .concerns_us = false};
    log->entering.event = event;
    fresh.concerns_us =
        log_views_apply(log, event, seq, has_new_id || !has_twin(log, event, seq), &fresh.parties);
    fresh.asks_for_receipt = log->entering.asks_for_receipt;
    fresh.opened = log->entering.opened;
    log->entering = (struct log_entering){.event = NULL};
    log->fresh = memory_resize(log->fresh, log->fresh_count + 1, sizeof *log->fresh);
    log->fresh[log->fresh_count++] = fresh;
    arrival->event = NULL;
}

static enum event_refusal refusal_of(enum membership_answer answer)
{
    switch (answer) {
    case MEMBERSHIP_ADMITS:
        return EVENT_ACCEPTABLE;
    case MEMBERSHIP_REVOKED:
        return EVENT_REVOKED_AUTHOR;
    case MEMBERSHIP_UNKNOWN:
        break;
    }
    return EVENT_UNKNOWN_AUTHOR;
}

/* The arrivals that drive the membership and are neither held nor too far ahead. */
struct candidates {
    struct log_arrival **waiting;
    size_t waiting_count;
    struct log_arrival **offered; /* in the order in which the community has them */
    size_t offered_count;
};

static void gather(const struct accepting *accepting, struct log_arrival *arrivals, size_t count,
                   struct candidates *candidates)
{
    int64_t clock = accepting->log->state.clock;
    const struct event *before = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct event *event = event_of(&arrivals[i]);
        if (!drives_membership(&arrivals[i])) {
            continue;
        }
        bool held =
            (before != NULL && memcmp(before->hash, event->hash, sizeof event->hash) == 0) ||
            log_events_hold(&accepting->log->database, event->hash);
        before = event;
        if (!held && is_too_far(accepting->log, event, clock)) {
            arrivals[i].refusal = EVENT_LAMPORT_TOO_FAR;
        } else if (!held) {
            clock = moved_clock(clock, event->lamport, accepting->is_own);
            candidates->waiting[candidates->waiting_count++] = &arrivals[i];
        }
    }
}

/* Twice: those who are let in are known after the first time, for in the order of replay an
 * invitation that counts comes before its joining; what they wrote before they joined comes in the
 * second. */
static void offer_all(struct community *community, struct candidates *candidates)
{
    for (int time = 0; time < 2; time++) {
        size_t left = 0;
        for (size_t i = 0; i < candidates->waiting_count; i++) {
            struct log_arrival *arrival = candidates->waiting[i];
            struct fact_record record;
            fact_record_of(event_of(arrival), &record);
            if (community_offer(community, &record)) {
                candidates->offered[candidates->offered_count++] = arrival;
            } else {
                arrival->refusal = EVENT_UNKNOWN_AUTHOR;
                candidates->waiting[left++] = arrival;
            }
        }
        candidates->waiting_count = left;
    }
}

static void follow_changes(struct event_log *log)
{
    size_t count = 0;
    const struct community_change *changes = community_changes(log->state.community, &count);
    for (size_t i = 0; i < count; i++) {
        if (changes[i].profile) {
            log_manifests_publish(log, changes[i].person);
        }
        if (changes[i].admission) {
            const struct node_id *person = community_key(log->state.community, changes[i].person);
            log_moves_note(log, person);
            log->state.wants_upkeep =
                log->state.wants_upkeep || node_id_equal(person, &log->options.key->node_id);
        }
    }
    log->state.membership_changed = true;
    if (log->state.is_moving && !log->state.has_moved) {
        log_moves_run_slice(log); /* few events go at once */
    }
}

static void accept_offered(const struct accepting *accepting, const struct candidates *candidates)
{
    struct event_log *log = accepting->log;
    enum membership_answer *answers = memory_allocate(candidates->offered_count, sizeof *answers);
    size_t admitted = 0;
    community_settle(log->state.community, answers);
    for (size_t i = 0; i < candidates->offered_count; i++) {
        struct log_arrival *arrival = candidates->offered[i];
        arrival->refusal = refusal_of(answers[i]);
        if (arrival->refusal == EVENT_ACCEPTABLE) {
            community_set_seq(log->state.community, admitted++, log->state.last_seq + 1);
            store(accepting, arrival);
        }
    }
    follow_changes(log);
    memory_free(answers);
}

static void accept_facts(const struct accepting *accepting, struct log_arrival *arrivals,
                         size_t count)
{
    struct community *community = accepting->log->state.community;
    struct candidates candidates = {.waiting = memory_allocate(count, sizeof(struct log_arrival *)),
                                    .offered =
                                        memory_allocate(count, sizeof(struct log_arrival *))};
    uint32_t people = community_count_people(community);
    gather(accepting, arrivals, count, &candidates);
    offer_all(community, &candidates);
    for (; people < community_count_people(community); people++) {
        log_facts_add_signer(accepting->log, community, people);
    }
    if (candidates.offered_count > 0) {
        accept_offered(accepting, &candidates);
    }
    memory_free(candidates.waiting);
    memory_free(candidates.offered);
}

static void accept_other(const struct accepting *accepting, struct log_arrival *arrival)
{
    struct event_log *log = accepting->log;
    const struct event *event = event_of(arrival);
    if (is_too_far(log, event, log->state.clock)) {
        arrival->refusal = EVENT_LAMPORT_TOO_FAR;
    } else {
        arrival->refusal =
            refusal_of(community_admits(log->state.community, &event->author, event->lamport));
    }
    if (arrival->refusal == EVENT_ACCEPTABLE) {
        store(accepting, arrival);
    } else if (log_events_hold(&log->database, event->hash)) {
        arrival->refusal = EVENT_ACCEPTABLE;
    }
}

static void accept_others(const struct accepting *accepting, struct log_arrival *arrivals,
                          size_t count)
{
    for (size_t i = 0; i < count && !accepting->log->database.failed; i++) {
        if (arrivals[i].event != NULL && !drives_membership(&arrivals[i])) {
            accept_other(accepting, &arrivals[i]);
        }
    }
}

void log_accept_batch(struct event_log *log, struct log_arrival *arrivals, size_t count,
                      const struct node_id *source, bool is_own)
{
    const struct accepting accepting = {log, source, is_own};
    bool opens_ahead = !is_own && !log->options.synchronous;
    if (opens_ahead) {
        log_opener_begin(log, arrivals, count);
    }
    accept_facts(&accepting, arrivals, count);
    accept_others(&accepting, arrivals, count);
    if (opens_ahead) {
        log_opener_end(log);
    }
    for (size_t i = 0; i < count; i++) {
        event_verified_destroy(&arrivals[i].event);
    }
}
