#include "gossip/outward_calls.h"

#include "core/limits.h"
#include "core/memory.h"
#include "support/test_support.h"

enum { CALLS = 200, MANY = 200000 };

struct call {
    http_client_done *done; /* NULL: not under way */
    void *context;
    const atomic_bool *cut;
    bool ended;
    enum result result;
};

/* A transport whose calls last until the test ends them. */
struct fixture {
    struct clock clock;
    int64_t now_ms;
    bool fails; /* … or end as they begin */
    struct outward_calls *calls;
    struct call list[CALLS];
    size_t begun;
    size_t ended;
};

static int64_t now_ms(void *context)
{
    return ((const struct fixture *)context)->now_ms;
}

static void begin(void *context, const struct http_call *http, http_client_done *done,
                  void *done_context)
{
    struct fixture *fixture = context;
    struct http_answer nothing = {0};
    if (fixture->fails) {
        fixture->begun++;
        done(done_context, RESULT_UNREACHABLE, &nothing);
        return;
    }
    assert_string_equal(http->url, "https://somewhere/");
    struct call *call = &fixture->list[fixture->begun++];
    *call = (struct call){.done = done, .context = done_context, .cut = http->cancelled};
}

static void open_places(struct fixture *fixture, size_t places)
{
    *fixture = (struct fixture){0};
    fixture->clock = (struct clock){now_ms, now_ms, fixture};
    fixture->calls = outward_calls_create(&fixture->clock, places, begin, fixture);
}

static void count_end(void *context, enum result result, struct http_answer *answer)
{
    struct fixture *fixture = context;
    (void)answer;
    fixture->ended++;
    fixture->list[CALLS - 1].result = result;
}

static void send(struct fixture *fixture, enum urgency urgency, size_t count)
{
    char url[] = "https://somewhere/";
    const struct http_call call = {.url = url, .method = "GET"};
    for (size_t i = 0; i < count; i++) {
        outward_calls_send(fixture->calls, urgency, &call, count_end, fixture);
    }
    url[0] = '\0';
}

/* The call that began as that one ends. */
static enum result end(struct fixture *fixture, size_t index, enum result result)
{
    struct http_answer nothing = {0};
    fixture->list[index].done(fixture->list[index].context, result, &nothing);
    return fixture->list[CALLS - 1].result;
}

static void outward_calls__begin_as_there_is_room(void **state)
{
    static struct fixture fixture;
    (void)state;
    open_places(&fixture, LIMITS_OUTWARD_CONNECTIONS);
    send(&fixture, URGENCY_TRY, LIMITS_OUTWARD_TRIES + 2);
    assert_int_equal(fixture.begun, LIMITS_OUTWARD_TRIES);
    /* Those places are not the others', nor the others' theirs. */
    send(&fixture, URGENCY_KNOWN, 1);
    send(&fixture, URGENCY_OWNER, 1);
    assert_int_equal(fixture.begun, LIMITS_OUTWARD_TRIES + 2);
    assert_int_equal(end(&fixture, 0, RESULT_OK), RESULT_OK);
    assert_int_equal(fixture.begun, LIMITS_OUTWARD_TRIES + 3);
    (void)end(&fixture, LIMITS_OUTWARD_TRIES, RESULT_OK);
    assert_int_equal(fixture.begun, LIMITS_OUTWARD_TRIES + 3);
    for (int urgency = 0; urgency < URGENCIES; urgency++) {
        send(&fixture, (enum urgency)urgency, LIMITS_OUTWARD_CONNECTIONS / 2);
    }
    assert_int_equal(fixture.begun - fixture.ended, LIMITS_OUTWARD_CONNECTIONS);
    outward_calls_destroy(&fixture.calls);
}

static void outward_calls__leave_a_place_to_each_urgency_however_few_there_are(void **state)
{
    static struct fixture fixture;
    (void)state;
    open_places(&fixture, 1);
    for (int urgency = 0; urgency < URGENCIES; urgency++) {
        send(&fixture, (enum urgency)urgency, 2);
    }
    assert_int_equal(fixture.begun, URGENCIES);
    outward_calls_destroy(&fixture.calls);
}

static void outward_calls__who_is_slow_makes_room_where_others_wait(void **state)
{
    static struct fixture fixture;
    (void)state;
    open_places(&fixture, 1);
    send(&fixture, URGENCY_KNOWN, 1);
    send(&fixture, URGENCY_POLL, 2);
    fixture.now_ms = INT64_C(10) * LIMITS_OUTWARD_CALL_MS;
    outward_calls_step(fixture.calls);
    assert_false(atomic_load(fixture.list[0].cut)); /* nobody waits for its place */
    assert_false(atomic_load(fixture.list[1].cut)); /* that is what it is there for */
    send(&fixture, URGENCY_KNOWN, 2);
    outward_calls_step(fixture.calls);
    assert_true(atomic_load(fixture.list[0].cut));
    assert_int_equal(end(&fixture, 0, RESULT_UNREACHABLE), RESULT_TIMEOUT);
    outward_calls_step(fixture.calls);
    assert_int_equal(fixture.begun, 3);
    assert_false(atomic_load(fixture.list[2].cut)); /* it has its time, too */
    fixture.now_ms += LIMITS_OUTWARD_CALL_MS;
    outward_calls_step(fixture.calls);
    assert_true(atomic_load(fixture.list[2].cut));
    assert_int_equal(end(&fixture, 2, RESULT_OK), RESULT_OK); /* it was as fast as that */
    outward_calls_destroy(&fixture.calls);
}

static void outward_calls__may_end_as_they_begin(void **state)
{
    static struct fixture fixture;
    (void)state;
    open_places(&fixture, 1);
    send(&fixture, URGENCY_TRY, MANY);
    assert_int_equal(fixture.begun, 1);
    fixture.fails = true;
    (void)end(&fixture, 0, RESULT_OK);
    assert_int_equal(fixture.ended, MANY);
    outward_calls_destroy(&fixture.calls);
}

/* What waits may become more urgent; what is under way or unknown is left alone. */
static void outward_calls_hurry__takes_another_place(void **state)
{
    static struct fixture fixture;
    const struct http_call call = {.url = "https://somewhere/", .method = "GET"};
    (void)state;
    open_places(&fixture, 1);
    send(&fixture, URGENCY_TRY, 2);
    outward_calls_send(fixture.calls, URGENCY_TRY, &call, count_end, &fixture.calls); /* lasts */
    assert_int_equal(fixture.begun, 1);
    outward_calls_hurry(fixture.calls, &fixture.calls, URGENCY_POLL);
    assert_int_equal(fixture.begun, 2);
    outward_calls_hurry(fixture.calls, &fixture.calls, URGENCY_POLL);
    outward_calls_hurry(fixture.calls, NULL, URGENCY_POLL);
    send(&fixture, URGENCY_TRY, 1);
    assert_int_equal(fixture.begun, 2);
    (void)end(&fixture, 0, RESULT_OK); /* the order of the others stays */
    (void)end(&fixture, 2, RESULT_OK);
    assert_int_equal(fixture.begun, 4);
    send(&fixture, URGENCY_TRY, 1);
    (void)end(&fixture, 3, RESULT_OK);
    assert_int_equal(fixture.begun, 5);
    outward_calls_destroy(&fixture.calls);
}

static void outward_calls_stop__begins_none_any_more(void **state)
{
    static struct fixture fixture;
    (void)state;
    open_places(&fixture, 1);
    send(&fixture, URGENCY_PUSH, 2);
    outward_calls_stop(fixture.calls);
    (void)end(&fixture, 0, RESULT_OK);
    outward_calls_step(fixture.calls);
    assert_int_equal(fixture.begun, 1);
    assert_int_equal(fixture.ended, 1);
    outward_calls_destroy(&fixture.calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outward_calls__begin_as_there_is_room),
        cmocka_unit_test(outward_calls__leave_a_place_to_each_urgency_however_few_there_are),
        cmocka_unit_test(outward_calls__who_is_slow_makes_room_where_others_wait),
        cmocka_unit_test(outward_calls__may_end_as_they_begin),
        cmocka_unit_test(outward_calls_hurry__takes_another_place),
        cmocka_unit_test(outward_calls_stop__begins_none_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
