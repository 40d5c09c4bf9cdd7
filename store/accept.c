#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "store/log_private.h"

static void count_in(struct event_log *log, const struct event *event)
{
    struct log_state *state = &log->state;
    fingerprint_add(&state->fingerprint, event->hash);
    log_set_note(log, event, false);
    state->head = event->lamport > state->head ? event->lamport : state->head;
    if (event->lamport > state->heads[event->type]) {
        state->heads[event->type] = event->lamport;
        state->heads_changed[event->type] = true;
    }
}

/* Its arrival number; 0 when it is stored already. */
static int64_t insert_event(struct event_log *log, struct verified_event *verified)
{
    size_t length = 0;
    const struct event *event = event_verified_get(verified);
    const char *text = event_verified_text(verified, &length);
    int64_t seq = log->state.last_seq + 1;
    database_run(&log->database,
                 "INSERT INTO events VALUES(?1,?2,?3,?4,?5,?6,0,0,?7) ON CONFLICT(hash) DO NOTHING",
                 "ibitibt", seq, event->hash, (int)sizeof event->hash, event->lamport,
                 event->event_id, (int64_t)event->type, event->author.key, NODE_ID_BYTES, text);
    if (sqlite3_changes(log->database.handle) == 0) {
        return 0;
    }
    log->state.last_seq = seq;
    log->state.grown_events++;
    log->state.grown_bytes += (int64_t)length;
    return seq;
}

/* True when another stored event has this one's id; told when its author is the same. Ids grow with
 * time, so most are greater than all before and need no look. */
static bool has_namesake(struct event_log *log, const struct event *event, int64_t seq)
{
    if (strcmp(event->event_id, log->state.last_id) > 0) {
        memcpy(log->state.last_id, event->event_id, sizeof log->state.last_id);
        return false;
    }
    bool found = false;
    bool own = false;
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT author=?3 FROM events WHERE event_id=?1 AND seq<>?2",
                       "tib", event->event_id, seq, event->author.key, NODE_ID_BYTES);
    while (database_next(&log->database, row)) {
        found = true;
        own = own || sqlite3_column_int(row, 0) != 0;
    }
    database_done(row);
    if (own) {
        char author[NODE_ID_SHORT_BYTES];
        node_id_format_short(&event->author, author);
        log_write(LOG_WARNING, "log.equivocation", "author", author, "event_id", event->event_id,
                  NULL);
    }
    return found;
}

/* Moves one stored event between the log's set and what is kept aside. */
static void set_aside(struct event_log *log, const struct event *event, int64_t seq, bool aside)
{
    database_run(&log->database, "UPDATE events SET aside=?2 WHERE seq=?1", "ii", seq,
                 (int64_t)aside);
    if (aside) {
        log_views_remove(log, event, seq);
        fingerprint_remove(&log->state.fingerprint, event->hash);
        log_set_note(log, event, true);
    } else {
        (void)log_views_apply(log, event, seq, false);
        count_in(log, event);
    }
}

struct moved {
    int64_t seq;
    bool aside;
};

/* The author's stored events whose place changes under the new membership. */
static struct moved *find_moved(struct event_log *log, const struct node_id *author,
                                size_t *count_out)
{
    struct moved *moved = NULL;
    size_t count = 0;
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT seq,lamport,aside FROM events WHERE author=?1", "b",
                       author->key, NODE_ID_BYTES);
    while (database_next(&log->database, row)) {
        bool aside = membership_admits(log->state.membership, author,
                                       sqlite3_column_int64(row, 1)) != MEMBERSHIP_ADMITS;
        if (aside != (sqlite3_column_int(row, 2) != 0)) {
            moved = memory_resize(moved, count + 1, sizeof *moved);
            moved[count++] = (struct moved){sqlite3_column_int64(row, 0), aside};
        }
    }
    database_done(row);
    *count_out = count;
    return moved;
}

static void reconsider_author(struct event_log *log, const struct node_id *author)
{
    size_t count = 0;
    struct moved *moved = find_moved(log, author, &count);
    for (size_t i = 0; i < count; i++) {
        sqlite3_stmt *row = database_query(&log->database, "SELECT json FROM events WHERE seq=?1",
                                           "i", moved[i].seq);
        struct verified_event *event =
            database_next(&log->database, row) ? log_event_from_row(log, row, 0) : NULL;
        database_done(row);
        if (event != NULL) {
            set_aside(log, event_verified_get(event), moved[i].seq, moved[i].aside);
            event_verified_destroy(&event);
        }
    }
    if (count > 0) {
        log->state.head = database_integer(&log->database, 0,
                                           "SELECT max(lamport) FROM events WHERE aside=0", "");
        database_run(&log->database, "DELETE FROM heads", "");
        database_run(&log->database,
                     "INSERT INTO heads SELECT type,max(lamport) FROM events WHERE aside=0"
                     " GROUP BY type",
                     "");
        log_state_load_heads(log);
    }
    memory_free(moved);
}

/* Whether both say the same of every event of that node. */
static bool same_standing(const struct membership *before, const struct membership *after,
                          const struct node_id *node_id)
{
    const struct revocation *old = membership_find_revoked(before, node_id);
    const struct revocation *new = membership_find_revoked(after, node_id);
    return (membership_find(before, node_id) != NULL) ==
               (membership_find(after, node_id) != NULL) &&
           (old == NULL ? -1 : old->lamport) == (new == NULL ? -1 : new->lamport);
}

static void reconsider_changed(struct event_log *log, const struct membership *before)
{
    const struct membership *after = log->state.membership;
    for (size_t i = 0; i < before->member_count; i++) {
        if (!same_standing(before, after, &before->members[i].node_id)) {
            reconsider_author(log, &before->members[i].node_id);
        }
    }
    for (size_t i = 0; i < before->revoked_count; i++) {
        if (!same_standing(before, after, &before->revoked[i].node_id)) {
            reconsider_author(log, &before->revoked[i].node_id);
        }
    }
}

/* Where the event belongs among the community events. */
static size_t place_of(const struct log_state *state, const struct event *event)
{
    size_t at = state->community_event_count;
    while (at > 0 &&
           event_compare(event_verified_get(state->community_events[at - 1]), event) > 0) {
        at--;
    }
    return at;
}

static bool are_twins(const struct event *left, const struct event *right)
{
    return strcmp(left->event_id, right->event_id) == 0 &&
           node_id_equal(&left->author, &right->author);
}

static bool has_twin(const struct log_state *state, const struct event *event)
{
    size_t alike = 0;
    for (size_t i = 0; i < state->community_event_count; i++) {
        alike += are_twins(event_verified_get(state->community_events[i]), event) ? 1 : 0;
    }
    return alike > 1; /* itself is one */
}

static int compare_ids(const void *left, const void *right)
{
    const struct event *a = event_verified_get(*(struct verified_event *const *)left);
    const struct event *b = event_verified_get(*(struct verified_event *const *)right);
    int order = strcmp(a->event_id, b->event_id);
    return order != 0 ? order : memcmp(a->author.key, b->author.key, NODE_ID_BYTES);
}

/* True when any two of the community events are twins. */
static bool has_twins(const struct log_state *state)
{
    size_t count = state->community_event_count;
    struct verified_event **sorted = memory_allocate(count, sizeof(struct verified_event *));
    bool found = false;
    memcpy(sorted, state->community_events, count * sizeof(struct verified_event *));
    qsort(sorted, count, sizeof(struct verified_event *), compare_ids);
    for (size_t i = 1; i < count && !found; i++) {
        found = are_twins(event_verified_get(sorted[i - 1]), event_verified_get(sorted[i]));
    }
    memory_free(sorted);
    return found;
}

/* Of an author's two events with one id, the first in replay order counts: if the later one is
 * accepted in the end, so is that, and an event that is not accepted never decides what is. For
 * events of one lamport it is the one with the smaller hash (§6). */
static bool is_shadowed(const struct log_state *state, size_t index)
{
    const struct event *event = event_verified_get(state->community_events[index]);
    for (size_t i = 0; i < index; i++) {
        if (are_twins(event_verified_get(state->community_events[i]), event)) {
            return true;
        }
    }
    return false;
}

struct membership *log_replay(const struct event_log *log)
{
    const struct log_state *state = &log->state;
    struct membership *membership = membership_create(&log->options.community_id);
    bool twins = state->community_event_count > 0 && has_twins(state);
    for (size_t i = 0; i < state->community_event_count; i++) {
        if (!twins || !is_shadowed(state, i)) {
            membership_apply(membership, event_verified_get(state->community_events[i]));
        }
    }
    return membership;
}

/* The usual case: the event comes last in replay order, so it can be applied to what is there.
 * Applying changes nothing when its author does not belong. */
static enum membership_answer apply_newest(struct event_log *log, const struct event *event)
{
    struct membership *membership = log->state.membership;
    size_t revoked = membership->revoked_count;
    membership_apply(membership, event);
    if (membership->revoked_count != revoked) {
        reconsider_author(log, &event->data.revoked.target);
    }
    return membership_admits(membership, &event->author, event->lamport);
}

static enum membership_answer apply_out_of_order(struct event_log *log, const struct event *event)
{
    struct membership *before = log->state.membership;
    struct membership *after = log_replay(log);
    enum membership_answer answer = membership_admits(after, &event->author, event->lamport);
    if (answer == MEMBERSHIP_ADMITS) {
        log->state.membership = after;
        reconsider_changed(log, before);
        membership_destroy(&before);
    } else {
        membership_destroy(&after);
    }
    return answer;
}

/* Takes a community event into the membership if its author then belongs to it. */
static enum membership_answer admit_community_event(struct event_log *log,
                                                    struct verified_event *verified)
{
    struct log_state *state = &log->state;
    const struct event *event = event_verified_get(verified);
    size_t place = place_of(state, event);
    bool last = place == state->community_event_count;
    state->community_events = memory_resize(
        state->community_events, state->community_event_count + 1, sizeof(struct verified_event *));
    memmove(state->community_events + place + 1, state->community_events + place,
            (state->community_event_count - place) * sizeof(struct verified_event *));
    state->community_events[place] = verified;
    state->community_event_count++;

    enum membership_answer answer =
        last && !has_twin(state, event) ? apply_newest(log, event) : apply_out_of_order(log, event);
    if (answer == MEMBERSHIP_ADMITS) {
        state->membership_changed = true;
    } else {
        state->community_event_count--;
        memmove(state->community_events + place, state->community_events + place + 1,
                (state->community_event_count - place) * sizeof(struct verified_event *));
    }
    return answer;
}

/* False when it is stored already. */
static bool store_event(struct event_log *log, struct verified_event *verified,
                        const struct node_id *source, int64_t *seq_out)
{
    const struct event *event = event_verified_get(verified);
    int64_t seq = insert_event(log, verified);
    if (seq == 0) {
        return false;
    }
    count_in(log, event);
    bool concerns_us = log_views_apply(log, event, seq, !has_namesake(log, event, seq));
    log->fresh = memory_resize(log->fresh, log->fresh_count + 1, sizeof *log->fresh);
    log->fresh[log->fresh_count++] = (struct log_event){verified, source, seq, concerns_us};
    *seq_out = seq;
    return true;
}

static bool is_stored(struct event_log *log, const struct event *event)
{
    return database_integer(&log->database, 0, "SELECT seq FROM events WHERE hash=?1", "b",
                            event->hash, (int)sizeof event->hash) != 0;
}

static enum event_refusal judge(struct event_log *log, struct verified_event *verified)
{
    const struct event *event = event_verified_get(verified);
    enum membership_answer answer = MEMBERSHIP_ADMITS;
    if (event->lamport > log->state.clock + LOG_MOST_LAMPORT_STEP) {
        return EVENT_LAMPORT_TOO_FAR;
    }
    answer = event_type_is_community(event->type)
                 ? admit_community_event(log, verified)
                 : membership_admits(log->state.membership, &event->author, event->lamport);
    if (answer == MEMBERSHIP_ADMITS) {
        return EVENT_ACCEPTABLE;
    }
    return answer == MEMBERSHIP_REVOKED ? EVENT_REVOKED_AUTHOR : EVENT_UNKNOWN_AUTHOR;
}

enum event_refusal log_accept(struct event_log *log, struct verified_event **verified,
                              const struct node_id *source, int64_t *seq_out)
{
    const struct event *event = event_verified_get(*verified);
    bool is_community = event_type_is_community(event->type);
    enum event_refusal refusal = EVENT_ACCEPTABLE;
    *seq_out = 0;
    /* What is held already is accepted silently, kept aside or not. Inserting finds that out for
     * those that need no look before. */
    bool stored = is_community && is_stored(log, event);
    if (!stored) {
        refusal = judge(log, *verified);
        stored = refusal == EVENT_ACCEPTABLE ? !store_event(log, *verified, source, seq_out)
                                             : is_stored(log, event);
    }
    if (stored || refusal != EVENT_ACCEPTABLE) {
        event_verified_destroy(verified);
        return stored ? EVENT_ACCEPTABLE : refusal;
    }
    *verified = NULL;
    return EVENT_ACCEPTABLE;
}
