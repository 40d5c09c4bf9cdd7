#include "server/long_polls.h"

#include <string.h>

#include "core/limits.h"
#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/json_build.h"
#include "store/event_reader.h"

enum { MOST_EVENTS = 200 };

static bool add_message(void *context, int64_t seq, int64_t lamport, const char *text,
                        size_t length_bytes)
{
    json_t *messages = context;
    json_t *event = NULL;
    (void)lamport;
    if (canonical_parse(text, length_bytes, CANONICAL_MOST_NESTING, &event, NULL) == RESULT_OK) {
        (void)json_array_append_new(
            messages, json_build_pack("{s:I,s:o}", "seq", (json_int_t)seq, "data", event));
    }
    return true;
}

/* Where the poll goes on when nothing was found: no number, one above all others, or of another
 * life of the log, begins anew. True: there is a gap. */
static bool follow(struct event_log *log, struct long_poll *poll, char life_out[ULID_TEXT_BYTES])
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    int64_t newest = snapshot->last_seq;
    bool gap = poll->life[0] != '\0' && strcmp(poll->life, snapshot->life) != 0;
    bool anew = gap || poll->last_seq < 0 || poll->last_seq > newest;
    poll->last_seq = anew ? newest : poll->last_seq;
    memcpy(life_out, snapshot->life, ULID_TEXT_BYTES);
    memcpy(poll->life, snapshot->life, gap ? ULID_TEXT_BYTES : 0);
    log_snapshot_release(log, &snapshot);
    return gap;
}

static void read_messages(const struct node_parts *parts, struct event_log *log,
                          struct long_poll *poll, json_t *messages)
{
    const struct node_id *whose =
        poll->for_peer ? &poll->request->caller.node_id : &parts->key->node_id;
    int64_t through = 0;
    if (event_reader_concerning(log, whose, poll->last_seq, MOST_EVENTS, add_message, messages,
                                &through) == RESULT_OK) {
        poll->last_seq = through > poll->last_seq ? through : poll->last_seq;
    }
}

/* Who was a member when it began to wait may be revoked by now. */
static bool is_revoked(struct event_log *log, const struct long_poll *poll)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    bool revoked = poll->for_peer &&
                   membership_find(snapshot->membership, &poll->request->caller.node_id) == NULL;
    log_snapshot_release(log, &snapshot);
    return revoked;
}

/* True when the poll was answered. */
static bool try_poll(const struct node_parts *parts, struct long_poll *poll, bool over)
{
    struct event_log *log = parts->log(parts->node);
    if (log != NULL && is_revoked(log, poll)) {
        request_reply_error(poll->request, WIRE_REVOKED, "This device was revoked.");
        return true;
    }
    json_t *messages = json_array();
    char life[ULID_TEXT_BYTES] = "";
    if (log == NULL && poll->last_seq < 0) {
        poll->last_seq = 0; /* all that a log will have is new */
    }
    bool gap = log != NULL && follow(log, poll, life);
    if (log != NULL && !gap) {
        read_messages(parts, log, poll, messages);
    }
    const char *named = life[0] == '\0' ? NULL : life;
    size_t count = json_array_size(messages);
    if (count > 0) {
        json_t *newest = json_object_get(json_array_get(messages, count - 1), "seq");
        request_reply_json(poll->request, 200,
                           json_build_pack("{s:O,s:O,s:s*}", "messages", messages, "last_seq",
                                           newest, "log", named));
    } else if (over || gap) { /* what was missed is to be read elsewhere, and at once */
        json_t *answer = json_build_pack("{s:b,s:I,s:s*}", "timeout", 1, "last_seq",
                                         (json_int_t)poll->last_seq, "log", named);
        if (gap) {
            (void)json_object_set_new(answer, "gap", json_true());
        }
        request_reply_json(poll->request, 200, answer);
    }
    json_decref(messages);
    return count > 0 || over || gap;
}

static void count(struct long_polls *polls, const struct long_poll *poll, size_t change)
{
    if (poll->for_peer) {
        (void)atomic_fetch_add(&polls->for_peers, change);
    } else {
        polls->for_owner += change;
    }
}

static void forget(struct long_polls *polls, struct long_poll *poll)
{
    count(polls, poll, SIZE_MAX); /* one less */
    memory_free(poll);
}

static bool is_too_many(const struct long_polls *polls, const struct long_poll *poll)
{
    size_t of_caller = 0;
    if (!poll->for_peer) {
        return polls->for_owner > LIMITS_OWNER_LONG_POLLS;
    }
    for (const struct long_poll *other = polls->first; other != NULL; other = other->next) {
        of_caller += other->for_peer && node_id_equal(&other->request->caller.node_id,
                                                      &poll->request->caller.node_id)
                         ? 1
                         : 0;
    }
    return of_caller >= LIMITS_LONG_POLLS_OF_PEER ||
           atomic_load(&polls->for_peers) > LIMITS_PEER_LONG_POLLS;
}

void long_polls_add(struct long_polls *polls, struct long_poll *poll)
{
    count(polls, poll, 1); /* before it looks: what is stored from now on wakes it */
    if (is_too_many(polls, poll)) {
        request_reply_error(poll->request, WIRE_CAPACITY_EXCEEDED,
                            "Too many long-polls are open here; keep one.");
        forget(polls, poll);
        return;
    }
    bool over = poll->deadline_ms <= clock_monotonic_ms(polls->parts->clock);
    if (try_poll(polls->parts, poll, over)) {
        forget(polls, poll);
        return;
    }
    poll->next = polls->first;
    polls->first = poll;
}

static void serve(struct long_polls *polls, bool stored, int64_t now_ms)
{
    for (struct long_poll **at = &polls->first; *at != NULL;) {
        struct long_poll *poll = *at;
        bool over = poll->deadline_ms <= now_ms;
        if ((stored || over) && try_poll(polls->parts, poll, over)) {
            *at = poll->next;
            forget(polls, poll);
        } else {
            at = &poll->next;
        }
    }
}

void long_polls_serve(struct long_polls *polls, bool stored)
{
    serve(polls, stored, clock_monotonic_ms(polls->parts->clock));
}

void long_polls_finish(struct long_polls *polls)
{
    serve(polls, false, INT64_MAX);
}
