#include "server/doctor_node.h"

#include <string.h>

#include "protocol/json_build.h"
#include "support/test_support.h"

/* The state of the first finding of that name, "" when there is none. */
static const char *state_of(const struct doctor_findings *findings, const char *check)
{
    size_t index;
    json_t *finding;
    json_array_foreach(findings->checks, index, finding)
    {
        if (strcmp(json_string_value(json_object_get(finding, "check")), check) == 0) {
            return json_string_value(json_object_get(finding, "state"));
        }
    }
    return "";
}

struct scene {
    int uptime_seconds;
    int called_seconds_ago; /* negative: never */
    bool bob_is_online;
    const char *host;
    const char *result;
    int skew_seconds; /* 0: none worth to be told */
};

/* As the command line gets it from the node. */
static json_t *as_it_comes(json_t *json)
{
    struct buffer text;
    json_t *read = NULL;
    buffer_init(&text);
    assert_int_equal(canonical_write(json, &text), RESULT_OK);
    assert_int_equal(
        canonical_parse(text.data, text.length_bytes, CANONICAL_MOST_NESTING, &read, NULL),
        RESULT_OK);
    buffer_deinit(&text);
    json_decref(json);
    return read;
}

static void examine(const struct scene *scene, struct doctor_findings *findings)
{
    json_t *called =
        scene->called_seconds_ago < 0 ? json_null() : json_integer(scene->called_seconds_ago);
    json_t *skew = scene->skew_seconds == 0 ? json_null() : json_integer(scene->skew_seconds);
    json_t *endpoints = scene->host == NULL
                            ? json_array()
                            : json_build_pack("[{s:s,s:i}]", "host", scene->host, "port", 7080);
    json_t *node = as_it_comes(json_build_pack(
        "{s:s,s:i,s:o,s:o,s:o}", "version", "1", "uptime_seconds", scene->uptime_seconds,
        "called_seconds_ago", called, "clock_skew_seconds", skew, "endpoints", endpoints));
    json_t *members = json_build_pack("{s:[{s:s,s:s,s:s}]}", "members", "node_id", "bob",
                                      "short_id", "b", "display_name", "Bob");
    json_t *peers =
        json_build_pack("{s:[{s:s,s:b,s:[{s:s,s:i,s:s,s:s}]}]}", "peers", "node_id", "bob",
                        "online", (int)scene->bob_is_online, "addresses", "host", "10.0.0.2",
                        "port", 7080, "source", "manifest", "result", scene->result);
    doctor_findings_init(findings);
    doctor_node_examine(node, members, peers, findings);
    json_decref(node);
    json_decref(members);
    json_decref(peers);
}

static const struct scene in_order = {.uptime_seconds = 1000,
                                      .called_seconds_ago = 20,
                                      .bob_is_online = true,
                                      .host = "10.0.0.1",
                                      .result = "ok"};

static void expect(const struct scene *scene, const char *check, const char *state, bool wrong)
{
    struct doctor_findings findings;
    examine(scene, &findings);
    assert_string_equal(state_of(&findings, check), state);
    assert_int_equal(findings.wrong, wrong);
    doctor_findings_deinit(&findings);
}

static void doctor_node_examine__finds_nothing_where_nothing_is(void **state)
{
    (void)state;
    static const char *const checks[] = {"node", "addresses", "neighbour", "callers"};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        expect(&in_order, checks[i], "well", false);
    }
    expect(&in_order, "clock", "", false);
}

static void doctor_node_examine__knows_a_firewall_by_nobody_calling(void **state)
{
    (void)state;
    struct scene scene = in_order;
    scene.called_seconds_ago = -1;
    expect(&scene, "callers", "wrong", true);
    scene.called_seconds_ago = 301;
    expect(&scene, "callers", "wrong", true);
    scene.called_seconds_ago = 300;
    expect(&scene, "callers", "well", false);
    scene.called_seconds_ago = -1;
    scene.uptime_seconds = 299; /* too early to say */
    expect(&scene, "callers", "notice", false);
    scene.uptime_seconds = 1000;
    scene.bob_is_online = false; /* nobody is there who could */
    expect(&scene, "callers", "notice", true);
}

static void doctor_node_examine__says_that_nobody_can_be_reached(void **state)
{
    (void)state;
    struct scene scene = in_order;
    scene.bob_is_online = false;
    scene.result = "timeout";
    expect(&scene, "neighbour", "notice", true);
    expect(&scene, "neighbours", "wrong", true);
    scene.uptime_seconds = 10; /* it is still trying */
    expect(&scene, "neighbours", "notice", false);
}

static void doctor_node_examine__finds_a_node_for_this_machine_alone(void **state)
{
    (void)state;
    struct scene scene = in_order;
    scene.host = "127.0.0.1";
    expect(&scene, "addresses", "wrong", true);
    scene.host = "::1";
    expect(&scene, "addresses", "wrong", true);
    scene.host = "fe80::1";
    expect(&scene, "addresses", "well", false);
}

/* That nobody is reached then, and nobody calls, is no second thing that is wrong. */
static void doctor_node_examine__says_of_no_network_that_alone(void **state)
{
    (void)state;
    struct scene scene = in_order;
    scene.host = NULL;
    scene.bob_is_online = false;
    expect(&scene, "addresses", "wrong", true);
    expect(&scene, "neighbours", "", true);
    expect(&scene, "callers", "", true);
}

static void doctor_node_examine__finds_a_wrong_clock(void **state)
{
    (void)state;
    struct scene scene = in_order;
    scene.skew_seconds = -300;
    expect(&scene, "clock", "wrong", true);
    scene.skew_seconds = 300;
    expect(&scene, "clock", "wrong", true);
}

static void doctor_node_examine__takes_answers_of_any_shape(void **state)
{
    (void)state;
    static const char *const shapes[] = {
        "{}", "{\"endpoints\":5,\"peers\":5,\"members\":5,\"called_seconds_ago\":\"x\"}",
        "{\"endpoints\":[5,{}],\"peers\":[5,{}],\"members\":[5,{}],\"clock_skew_seconds\":null}",
        "{\"peers\":[{\"node_id\":5,\"addresses\":[5,{\"result\":5}]}],\"members\":[{}]}"};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct doctor_findings findings;
        json_t *json = json_loads(shapes[i], 0, NULL);
        doctor_findings_init(&findings);
        doctor_node_examine(json, json, json, &findings);
        assert_string_equal(state_of(&findings, "addresses"), "wrong");
        doctor_findings_deinit(&findings);
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doctor_node_examine__finds_nothing_where_nothing_is),
        cmocka_unit_test(doctor_node_examine__knows_a_firewall_by_nobody_calling),
        cmocka_unit_test(doctor_node_examine__says_that_nobody_can_be_reached),
        cmocka_unit_test(doctor_node_examine__finds_a_node_for_this_machine_alone),
        cmocka_unit_test(doctor_node_examine__says_of_no_network_that_alone),
        cmocka_unit_test(doctor_node_examine__finds_a_wrong_clock),
        cmocka_unit_test(doctor_node_examine__takes_answers_of_any_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
