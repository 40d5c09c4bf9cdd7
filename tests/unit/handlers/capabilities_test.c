#include <string.h>

#include "core/limits.h"
#include "core/memory.h"
#include "handlers/capability_table.h"
#include "handlers/handlers.h"
#include "handlers/schema.h"
#include "support/test_support.h"

/* A request without a socket: keeps the answer. */
struct recorded {
    struct request base;
    int status;
    char *body;
    const char *capability;
};

static const char *no_query(const struct request *request, const char *name)
{
    (void)request;
    (void)name;
    return NULL;
}

static const char *header(const struct request *request, const char *name)
{
    return strcmp(name, "X-HearthNet-Capability") == 0
               ? ((const struct recorded *)request)->capability
               : NULL;
}

static void record(struct request *request, const struct reply *reply)
{
    struct recorded *recorded = (struct recorded *)request;
    recorded->status = reply->status;
    memory_free(recorded->body);
    recorded->body = memory_duplicate(reply->bytes, reply->length_bytes);
}

static struct recorded request_from(enum caller_level level, const char *capability,
                                    const char *body)
{
    struct recorded recorded = {.base = {.query = no_query,
                                         .header = header,
                                         .reply = record,
                                         .clock = clock_system(),
                                         .caller = {.level = level}},
                                .capability = capability};
    assert_int_equal(canonical_parse(body, strlen(body), 36, &recorded.base.body, NULL), RESULT_OK);
    return recorded;
}

static struct event_log *no_log(void *node)
{
    (void)node;
    return NULL;
}

static void mint(void *node, char text_out[static ULID_TEXT_BYTES])
{
    (void)node;
    (void)test_ulid(1, text_out);
}

static struct node_parts parts = {.chat_enabled = true, .log = no_log, .mint_id = mint};

static void expect(enum caller_level level, const char *capability, const char *body, int status,
                   const char *code)
{
    struct recorded recorded = request_from(level, capability, body);
    bus_call_handle(&recorded.base, &parts);
    if (recorded.status != status || strstr(recorded.body, code) == NULL) {
        fail_msg("%s %s: %d %s", capability, body, recorded.status, recorded.body);
    }
    memory_free(recorded.body);
    json_decref(recorded.base.body);
}

static void bus_call__history_rejects_a_remote_caller(void **state)
{
    (void)state;
    expect(CALLER_MEMBER, "chat.history", "{\"params\":{},\"input\":{}}", 401, "\"unauthorized\"");
    expect(CALLER_MEMBER, "chat.send", "{\"params\":{},\"input\":{\"recipient\":\"x\"}}", 401,
           "\"unauthorized\"");
    /* The owner gets past that gate: here, to the next sentence. */
    expect(CALLER_SELF, "chat.history", "{\"params\":{},\"input\":{}}", 400, "no community yet");
}

static void bus_call__tells_apart_unknown_names_versions_and_inputs(void **state)
{
    (void)state;
    expect(CALLER_SELF, "chat.sing", "{\"input\":{}}", 404, "\"not_found\"");
    expect(CALLER_SELF, NULL, "{\"input\":{}}", 400, "\"bad_request\"");
    expect(CALLER_SELF, NULL, "{\"capability\":\"chat.history\",\"version\":\"1.0\",\"input\":{}}",
           400, "no community yet");
    expect(CALLER_SELF, "chat.history", "{\"version\":\"2.0\",\"input\":{}}", 400,
           "schema_hash_expected");
    expect(CALLER_SELF, "chat.history", "{\"version\":\"1.1\",\"input\":{}}", 400,
           "\"schema_mismatch\"");
    expect(CALLER_SELF, "chat.history", "{\"input\":{\"limit\":\"many\"}}", 400,
           "\"schema_mismatch\"");
    expect(CALLER_SELF, "chat.history", "{\"input\":{\"extra\":1}}", 400, "\"schema_mismatch\"");
    expect(CALLER_SELF, "chat.send", "{\"input\":{\"body\":\"x\"}}", 400, "lacks the member");
    expect(CALLER_SELF, "chat.history", "{\"input\":{},\"extra\":1}", 400, "\"bad_request\"");
}

static void chat_send__is_not_implemented_when_chat_is_switched_off(void **state)
{
    (void)state;
    parts.chat_enabled = false;
    expect(CALLER_SELF, "chat.send", "{\"input\":{\"recipient\":\"x\",\"body\":\"y\"}}", 501,
           "\"not_implemented\"");
    parts.chat_enabled = true;
}

static void schema_validate__names_the_member_that_is_wrong(void **state)
{
    json_t *schema = json_pack("{s:s,s:{s:{s:s,s:{s:s}},s:{s:s,s:i}},s:b}", "type", "object",
                               "properties", "list", "type", "array", "items", "type", "integer",
                               "name", "type", "string", "maxLength", 2, "additionalProperties", 0);
    struct error error = {""};
    json_t *value = json_pack("{s:[i,s]}", "list", 1, "x");
    (void)state;
    assert_true(schema_is_understood(schema));
    assert_int_equal(schema_validate(schema, value, &error), RESULT_INVALID);
    assert_string_equal(error.message, "input.list[1] must be integer.");
    json_decref(value);
    value = json_pack("{s:s}", "name", "äö");
    assert_int_equal(schema_validate(schema, value, &error), RESULT_OK);
    (void)json_object_set_new(value, "name", json_string("äöü"));
    assert_int_equal(schema_validate(schema, value, &error), RESULT_INVALID);
    json_decref(value);
    (void)json_object_set_new(schema, "oneOf", json_array());
    assert_false(schema_is_understood(schema));
    json_decref(schema);
}

/* Calls that are answered later, each in another way. */
enum { MOST_AT_ONCE = 3, MOST_WAITING = MOST_AT_ONCE + LIMITS_TAB_CALLS_AT_ONCE };

static struct request *waiting[MOST_WAITING + 1];
static size_t waiting_count;

static void wait_call(struct request *request, const struct node_parts *unused, const json_t *input)
{
    (void)unused;
    (void)input;
    waiting[waiting_count++] = request;
}

static void capabilities_call__refuses_more_at_once_than_the_manifest_says(void **state)
{
    static struct capability table[] = {
        {.name = "chat.history", .major = 1, .max_concurrent = 3, .call = wait_call}};
    struct recorded calls[4];
    (void)state;
    capabilities_unload();
    assert_int_equal(capabilities_load(table, 1), RESULT_OK);
    for (size_t way = 0; way < 5; way++) {
        waiting_count = 0;
        for (size_t i = 0; i < 4; i++) {
            calls[i] = request_from(CALLER_SELF, "chat.history", "{\"input\":{}}");
            bus_call_handle(&calls[i].base, &parts);
        }
        assert_int_equal(waiting_count, 3);
        assert_int_equal(calls[3].status, 429);
        assert_non_null(strstr(calls[3].body, "\"capacity_exceeded\""));
        assert_non_null(strstr(calls[3].body, "\"retry_after_ms\""));
        for (size_t i = 0; i < 3; i++) {
            switch (way) {
            case 0:
                request_reply_output(waiting[i], json_object());
                break;
            case 1:
                request_reply_error(waiting[i], WIRE_INTERNAL_ERROR, "x");
                break;
            case 2:
                request_reply_canonical(waiting[i], "{}", 2);
                break;
            case 3:
                request_reply_bytes(waiting[i], "text/plain", "x", 1);
                break;
            default:
                request_reply_http_error(waiting[i], 400, "x");
            }
        }
        for (size_t i = 0; i < 4; i++) {
            memory_free(calls[i].body);
            json_decref(calls[i].base.body);
        }
    }
    assert_int_equal(atomic_load(&table[0].in_flight), 0);
    expect(CALLER_SELF, "chat.history", "{\"input\":{\"limit\":\"many\"}}", 400, "schema_mismatch");
    assert_int_equal(atomic_load(&table[0].in_flight), 0);
    capabilities_unload();
    assert_int_equal(capability_table_load(), RESULT_OK);
}

static void capabilities_call__keeps_places_for_the_tab(void **state)
{
    static struct capability table[] = {
        {.name = "chat.history", .major = 1, .max_concurrent = MOST_AT_ONCE, .call = wait_call}};
    static struct recorded calls[MOST_WAITING + 2];
    enum { COUNT = sizeof calls / sizeof calls[0] };
    (void)state;
    capabilities_unload();
    assert_int_equal(capabilities_load(table, 1), RESULT_OK);
    waiting_count = 0;
    for (size_t i = 0; i < COUNT; i++) {
        calls[i] = request_from(CALLER_SELF, "chat.history", "{\"input\":{}}");
        calls[i].base.caller.is_tab = i > MOST_AT_ONCE;
        bus_call_handle(&calls[i].base, &parts);
        bool refused = i == MOST_AT_ONCE || i + 1 == COUNT;
        assert_int_equal(calls[i].status, refused ? 429 : 0);
    }
    for (size_t i = 0; i < waiting_count; i++) {
        request_reply_output(waiting[i], json_object());
    }
    for (size_t i = 0; i < COUNT; i++) {
        memory_free(calls[i].body);
        json_decref(calls[i].base.body);
    }
    assert_int_equal(atomic_load(&table[0].in_flight), 0);
    capabilities_unload();
    assert_int_equal(capability_table_load(), RESULT_OK);
}

static int load_schemas(void **state)
{
    (void)state;
    return capability_table_load() == RESULT_OK ? 0 : -1;
}

static int unload_schemas(void **state)
{
    (void)state;
    capabilities_unload();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bus_call__history_rejects_a_remote_caller),
        cmocka_unit_test(bus_call__tells_apart_unknown_names_versions_and_inputs),
        cmocka_unit_test(chat_send__is_not_implemented_when_chat_is_switched_off),
        cmocka_unit_test(capabilities_call__keeps_places_for_the_tab),
        cmocka_unit_test(capabilities_call__refuses_more_at_once_than_the_manifest_says),
        cmocka_unit_test(schema_validate__names_the_member_that_is_wrong),
    };
    return cmocka_run_group_tests(tests, load_schemas, unload_schemas);
}
