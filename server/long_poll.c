#include "server/long_poll.h"

#include "core/memory.h"
#include "protocol/canonical.h"
#include "store/event_reader.h"

enum { MOST_EVENTS = 200 };

static bool add_message(void *context, int64_t seq, int64_t lamport, const char *text,
                        size_t length_bytes)
{
    json_t *messages = context;
    json_t *event = NULL;
    (void)lamport;
    if (canonical_parse(text, length_bytes, CANONICAL_MOST_NESTING, &event, NULL) == RESULT_OK) {
        (void)json_array_append_new(messages,
                                    json_pack("{s:I,s:o}", "seq", (json_int_t)seq, "data", event));
    }
    return true;
}

/* True when the poll was answered. */
static bool try_poll(const struct services *services, const struct long_poll *poll, bool over)
{
    struct event_log *log = services->log(services->node);
    json_t *messages = json_array();
    if (log != NULL) {
        (void)event_reader_own_after_seq(log, poll->last_seq, MOST_EVENTS, add_message, messages);
    }
    size_t count = json_array_size(messages);
    if (count > 0) {
        json_t *newest = json_object_get(json_array_get(messages, count - 1), "seq");
        exchange_reply_json(poll->exchange, 200,
                            json_pack("{s:O,s:O}", "messages", messages, "last_seq", newest));
    } else if (over) {
        exchange_reply_json(
            poll->exchange, 200,
            json_pack("{s:b,s:I}", "timeout", 1, "last_seq", (json_int_t)poll->last_seq));
    }
    json_decref(messages);
    return count > 0 || over;
}

void long_polls_add(struct long_polls *polls, struct long_poll *poll)
{
    if (try_poll(polls->services, poll, false)) {
        memory_free(poll);
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
        if ((stored || over) && try_poll(polls->services, poll, over)) {
            *at = poll->next;
            memory_free(poll);
        } else {
            at = &poll->next;
        }
    }
}

void long_polls_serve(struct long_polls *polls, bool stored)
{
    serve(polls, stored, clock_monotonic_ms(polls->services->clock));
}

void long_polls_finish(struct long_polls *polls)
{
    serve(polls, false, INT64_MAX);
}
