#include "gossip/outward_calls.h"

#include <string.h>

#include "core/limits.h"
#include "core/memory.h"

/* Of LIMITS_OUTWARD_CONNECTIONS. */
static const size_t shares[URGENCIES] = {
    [URGENCY_OWNER] = 6,
    [URGENCY_PUSH] = 10,
    [URGENCY_KNOWN] = 16,
    [URGENCY_POLL] = 8,
    [URGENCY_TRY] = LIMITS_OUTWARD_TRIES,
};

struct outward_call {
    struct outward_calls *calls;
    enum urgency urgency;
    struct http_call call;
    char *url; /* while it waits */
    int64_t begun_ms;
    atomic_bool cut;
    http_client_done *done;
    void *context;
    struct outward_call *next;
};

struct queue {
    size_t places;
    size_t under_way_count;
    struct outward_call *under_way;
    struct outward_call *first; /* of those that wait */
    struct outward_call **end;
};

struct outward_calls {
    const struct clock *clock;
    struct queue queues[URGENCIES];
    outward_calls_begin *begin;
    void *context;
    bool beginning;
    bool stopped;
};

struct outward_calls *outward_calls_create(const struct clock *clock, size_t places,
                                           outward_calls_begin *begin, void *context)
{
    struct outward_calls *calls = memory_allocate(1, sizeof *calls);
    calls->clock = clock;
    calls->begin = begin;
    calls->context = context;
    for (size_t i = 0; i < URGENCIES; i++) {
        size_t share = places * shares[i] / LIMITS_OUTWARD_CONNECTIONS;
        calls->queues[i].places = share == 0 ? 1 : share;
        calls->queues[i].end = &calls->queues[i].first;
    }
    return calls;
}

static void forget(struct outward_call *call)
{
    memory_free(call->url);
    memory_free(call);
}

static void forget_all(struct outward_call *list)
{
    while (list != NULL) {
        struct outward_call *next = list->next;
        forget(list);
        list = next;
    }
}

void outward_calls_destroy(struct outward_calls **calls)
{
    for (size_t i = 0; *calls != NULL && i < URGENCIES; i++) {
        forget_all((*calls)->queues[i].under_way);
        forget_all((*calls)->queues[i].first);
    }
    memory_free(*calls);
    *calls = NULL;
}

static void begin_what_may(struct outward_calls *calls);

static void ended(void *context, enum result result, struct http_answer *answer)
{
    struct outward_call *call = context;
    struct outward_calls *calls = call->calls;
    struct queue *queue = &calls->queues[call->urgency];
    struct outward_call **at = &queue->under_way;
    while (*at != call) {
        at = &(*at)->next;
    }
    *at = call->next;
    queue->under_way_count--;
    bool was_cut = result == RESULT_UNREACHABLE && atomic_load(&call->cut);
    call->done(call->context, was_cut ? RESULT_TIMEOUT : result, answer);
    forget(call);
    begin_what_may(calls);
}

static void begin(struct outward_calls *calls, struct queue *queue, struct outward_call *call)
{
    call->next = queue->under_way;
    queue->under_way = call;
    queue->under_way_count++;
    call->begun_ms = clock_monotonic_ms(calls->clock);
    call->call.cancelled = &call->cut;
    calls->begin(calls->context, &call->call, ended, call);
}

/* The most urgent queue with a call that may begin; NULL: none. */
static struct queue *find_ready(struct outward_calls *calls)
{
    for (size_t i = 0; i < URGENCIES; i++) {
        struct queue *queue = &calls->queues[i];
        if (queue->first != NULL && queue->under_way_count < queue->places) {
            return queue;
        }
    }
    return NULL;
}

/* A call that ends as it begins, and what follows from that, finds its turn in the loop. */
static void begin_what_may(struct outward_calls *calls)
{
    if (calls->beginning || calls->stopped) {
        return;
    }
    calls->beginning = true;
    for (struct queue *queue = find_ready(calls); queue != NULL; queue = find_ready(calls)) {
        struct outward_call *call = queue->first;
        queue->first = call->next;
        queue->end = queue->first == NULL ? &queue->first : queue->end;
        begin(calls, queue, call);
    }
    calls->beginning = false;
}

static void append(struct queue *queue, struct outward_call *call)
{
    *queue->end = call;
    queue->end = &call->next;
}

void outward_calls_send(struct outward_calls *calls, enum urgency urgency,
                        const struct http_call *call, http_client_done *done, void *context)
{
    struct queue *queue = &calls->queues[urgency];
    struct outward_call *added = memory_allocate(1, sizeof *added);
    added->calls = calls;
    added->urgency = urgency;
    added->call = *call;
    added->url = memory_duplicate_string(call->url);
    added->call.url = added->url;
    added->done = done;
    added->context = context;
    append(queue, added);
    begin_what_may(calls);
}

/* Taken out of a queue where it waits; NULL: it is none of those. */
static struct outward_call *take_waiting(struct queue *queue, const void *context)
{
    struct outward_call **at = &queue->first;
    while (*at != NULL && (*at)->context != context) {
        at = &(*at)->next;
    }
    struct outward_call *call = *at;
    if (call != NULL) {
        *at = call->next;
        queue->end = *at == NULL ? at : queue->end;
        call->next = NULL;
    }
    return call;
}

void outward_calls_hurry(struct outward_calls *calls, const void *context, enum urgency urgency)
{
    for (size_t i = (size_t)urgency + 1; i < URGENCIES; i++) {
        struct outward_call *call = take_waiting(&calls->queues[i], context);
        if (call != NULL) {
            call->urgency = urgency;
            append(&calls->queues[urgency], call);
        }
    }
    begin_what_may(calls);
}

static void cut_who_is_slow(const struct queue *queue, int64_t now_ms)
{
    for (struct outward_call *at = queue->under_way; at != NULL; at = at->next) {
        if (now_ms - at->begun_ms >= LIMITS_OUTWARD_CALL_MS) {
            atomic_store(&at->cut, true);
        }
    }
}

void outward_calls_step(struct outward_calls *calls)
{
    int64_t now_ms = clock_monotonic_ms(calls->clock);
    for (size_t i = 0; i < URGENCIES; i++) {
        if (i != URGENCY_POLL && calls->queues[i].first != NULL) {
            cut_who_is_slow(&calls->queues[i], now_ms);
        }
    }
    begin_what_may(calls);
}

void outward_calls_stop(struct outward_calls *calls)
{
    calls->stopped = true;
}
