#include "server/long_polls.h"

#include <string.h>

#include "core/buffer.h"
#include "core/limits.h"
#include "core/memory.h"
#include "protocol/event_kind.h"
#include "protocol/json_build.h"
#include "store/event_reader.h"

enum { MOST_EVENTS = 200, MOST_BYTES = 4194304 }; /* what does not fit, the next poll brings */

/* What an answer brings: events as they are stored, which is canonical, so that none is parsed. */
struct found {
    struct buffer messages;
    int64_t newest; /* seq */
};

/* To the owner with what it opened to, else NULL. */
static bool add_opened(void *context, int64_t seq, const char *text, size_t length_bytes,
                       const char *opened)
{
    struct found *found = context;
    struct buffer *messages = &found->messages;
    buffer_append_text(messages, messages->length_bytes == 0 ? "{\"data\":" : ",{\"data\":");
    buffer_append(messages, text, length_bytes);
    if (opened != NULL) {
        buffer_append_text(messages, ",\"opened\":");
        buffer_append_text(messages, opened);
    }
    buffer_append_format(messages, ",\"seq\":%lld}", (long long)seq);
    found->newest = seq;
    return messages->length_bytes < MOST_BYTES;
}

/* Another member gets events as they were signed, and nothing else (§24.14). */
static bool add_signed(void *context, int64_t seq, int64_t lamport, const char *text,
                       size_t length_bytes)
{
    (void)lamport;
    return add_opened(context, seq, text, length_bytes, NULL);
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

static void read_messages(struct event_log *log, struct long_poll *poll, struct found *found)
{
    int64_t through = 0;
    enum result result = poll->for_peer
                             ? event_reader_concerning(log, &poll->whose, poll->last_seq,
                                                       MOST_EVENTS, add_signed, found, &through)
                             : event_reader_concerning_us(log, poll->last_seq, MOST_EVENTS,
                                                          add_opened, found, &through);
    if (result == RESULT_OK) {
        poll->last_seq = through > poll->last_seq ? through : poll->last_seq;
    }
}

static void reply(struct request *request, const struct found *found, const char *life)
{
    struct buffer answer;
    buffer_init(&answer);
    buffer_append_format(&answer, "{\"last_seq\":%lld,\"log\":\"%s\",\"messages\":[",
                         (long long)found->newest, life);
    buffer_append(&answer, found->messages.data, found->messages.length_bytes);
    buffer_append_text(&answer, "]}");
    request_reply_canonical(request, answer.data, answer.length_bytes);
    buffer_deinit(&answer);
}

static void reply_empty(const struct long_poll *poll, const char *life, bool gap)
{
    json_t *answer =
        json_build_pack("{s:b,s:I,s:s*}", "timeout", 1, "last_seq", (json_int_t)poll->last_seq,
                        "log", life[0] == '\0' ? NULL : life);
    if (gap) {
        (void)json_object_set_new(answer, "gap", json_true());
    }
    request_reply_json(poll->request, 200, answer);
}

/* Who was a member when it began to wait may be revoked by now. */
static bool is_revoked(struct event_log *log, const struct long_poll *poll)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    bool revoked = poll->for_peer && membership_find(snapshot->membership, &poll->whose) == NULL;
    log_snapshot_release(log, &snapshot);
    return revoked;
}

/* True when the poll was answered. */
static bool try_poll(struct long_poll *poll, bool over)
{
    const struct node_parts *parts = poll->polls->parts;
    struct event_log *log = parts->log(parts->node);
    if (log != NULL && is_revoked(log, poll)) {
        request_reply_error(poll->request, WIRE_REVOKED, "This device was revoked.");
        return true;
    }
    struct found found = {.newest = 0};
    char life[ULID_TEXT_BYTES] = "";
    buffer_init(&found.messages);
    if (log == NULL && poll->last_seq < 0) {
        poll->last_seq = 0; /* all that a log will have is new */
    }
    bool gap = log != NULL && follow(log, poll, life);
    if (log != NULL && !gap) {
        read_messages(log, poll, &found);
    }
    bool is_some = found.messages.length_bytes > 0;
    if (is_some) {
        reply(poll->request, &found, life);
    } else if (over || gap) { /* what was missed is to be read elsewhere, and at once */
        reply_empty(poll, life, gap);
    }
    buffer_deinit(&found.messages);
    return is_some || over || gap;
}

void long_polls_init(struct long_polls *polls, const struct node_parts *parts)
{
    *polls = (struct long_polls){.parts = parts, .lock = lock_create()};
}

void long_polls_deinit(struct long_polls *polls)
{
    lock_destroy(&polls->lock);
}

/* With the lock taken. */
static bool is_too_many(const struct long_polls *polls, const struct long_poll *poll)
{
    size_t of_kind = 0;
    size_t of_caller = 0;
    for (const struct long_poll *other = polls->first; other != NULL; other = other->next) {
        of_kind += other->for_peer == poll->for_peer ? 1 : 0;
        of_caller += node_id_equal(&other->whose, &poll->whose) ? 1 : 0;
    }
    return poll->for_peer
               ? of_kind >= LIMITS_PEER_LONG_POLLS || of_caller >= LIMITS_LONG_POLLS_OF_PEER
               : of_kind >= LIMITS_OWNER_LONG_POLLS;
}

static void take_out(struct long_poll *poll)
{
    struct long_poll **at = &poll->polls->first;
    while (*at != poll) {
        at = &(*at)->next;
    }
    *at = poll->next;
}

/* What is stored, or expires, while it looks has it look again. */
static void look(struct request *request, void *context)
{
    struct long_poll *poll = context;
    struct lock *lock = poll->polls->lock;
    lock_take(lock);
    bool over = poll->over;
    poll->again = false;
    lock_release(lock);
    bool answered = try_poll(poll, over);
    lock_take(lock);
    bool again = !answered && poll->again;
    poll->looks = again;
    if (answered) {
        take_out(poll);
    }
    lock_release(lock);
    if (answered) {
        memory_free(poll);
    } else if (again) {
        request->go_on(request, look, poll);
    }
}

void long_polls_add(struct long_polls *polls, struct long_poll *poll)
{
    struct request *request = poll->request;
    poll->polls = polls;
    poll->looks = true;
    lock_take(polls->lock);
    poll->over = polls->ended || poll->deadline_ms <= clock_monotonic_ms(polls->parts->clock);
    bool too_many = is_too_many(polls, poll);
    if (!too_many) { /* before it looks: what is stored from now on has it look again */
        poll->next = polls->first;
        polls->first = poll;
    }
    lock_release(polls->lock);
    if (too_many) {
        memory_free(poll);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "Too many long-polls are open here; keep one.");
    } else {
        look(request, poll);
    }
}

/* With the lock taken: notes that it is to look, in the list of those for whom that is new. */
static void wake(struct long_poll *poll, struct long_poll **woken)
{
    poll->again = true;
    if (!poll->looks) {
        poll->looks = true;
        poll->next_woken = *woken;
        *woken = poll;
    }
}

static void have_look(struct long_poll *woken)
{
    while (woken != NULL) {
        struct long_poll *poll = woken;
        woken = poll->next_woken;
        poll->request->go_on(poll->request, look, poll);
    }
}

static bool concerns(const struct long_poll *poll, const struct committed_event *event)
{
    if (!poll->for_peer) {
        return event->concerns_us;
    }
    /* Who is shut out is told so. */
    return event_kind_get(event_verified_get(event->event)->type)->drives_membership ||
           event->parties.several ||
           (event->parties.known && (node_id_equal(&poll->whose, &event->parties.author) ||
                                     node_id_equal(&poll->whose, &event->parties.recipient)));
}

void long_polls_stored(struct long_polls *polls, const struct committed_event *events, size_t count)
{
    struct long_poll *woken = NULL;
    lock_take(polls->lock);
    for (struct long_poll *poll = polls->first; poll != NULL; poll = poll->next) {
        bool concerned = false;
        for (size_t i = 0; i < count && !concerned; i++) {
            concerned = concerns(poll, &events[i]);
        }
        if (concerned) {
            wake(poll, &woken);
        }
    }
    lock_release(polls->lock);
    have_look(woken);
}

void long_polls_wake_all(struct long_polls *polls)
{
    struct long_poll *woken = NULL;
    lock_take(polls->lock);
    for (struct long_poll *poll = polls->first; poll != NULL; poll = poll->next) {
        wake(poll, &woken);
    }
    lock_release(polls->lock);
    have_look(woken);
}

bool long_polls_expire(struct long_polls *polls, int64_t now_ms)
{
    struct long_poll *woken = NULL;
    bool others = false;
    lock_take(polls->lock);
    for (struct long_poll *poll = polls->first; poll != NULL; poll = poll->next) {
        if (poll->over || poll->deadline_ms > now_ms) {
            others = true;
        } else {
            poll->over = true;
            wake(poll, &woken);
        }
    }
    lock_release(polls->lock);
    have_look(woken);
    return others;
}

void long_polls_finish(struct long_polls *polls)
{
    lock_take(polls->lock);
    polls->ended = true;
    lock_release(polls->lock);
    (void)long_polls_expire(polls, INT64_MAX);
}
