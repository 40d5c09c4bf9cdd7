#include "support/test_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/lock.h"
#include "core/memory.h"
#include "handlers/message_json.h"
#include "store/history.h"
#include "store/log_wait.h"
#include "store/maintenance.h"

static const uint64_t least_room_bytes = UINT64_C(1) << 30;

json_t *test_vectors(const char *name)
{
    char path[512];
    json_error_t error;
    (void)snprintf(path, sizeof path, "%s/%s", HEARTHCHAT_VECTORS, name);
    json_t *vectors = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (vectors == NULL) {
        fail_msg("%s: %s", path, error.text);
    }
    return vectors;
}

struct signing_key test_key(uint8_t byte)
{
    static _Thread_local struct signing_key keys[UINT8_MAX + 1];
    static _Thread_local bool made[UINT8_MAX + 1];
    if (!made[byte]) {
        uint8_t seed[SIGNING_SEED_BYTES];
        memset(seed, byte, sizeof seed);
        assert_int_equal(signing_start(), RESULT_OK);
        signing_key_init(&keys[byte], seed);
        made[byte] = true;
    }
    return keys[byte];
}

const struct node_id *test_id(uint8_t byte)
{
    static struct node_id ids[256];
    ids[byte] = test_key(byte).node_id;
    return &ids[byte];
}

struct verified_event *test_event(struct event_draft draft, const struct signing_key *key,
                                  const struct node_id *community_id, const char *event_id,
                                  int64_t lamport)
{
    struct verified_event *event = NULL;
    struct error error = {""};
    if (event_sign(&draft, key, community_id, event_id, lamport, 1800000000 + lamport, &event,
                   &error) != RESULT_OK) {
        fail_msg("%s", error.message);
    }
    return event;
}

char *test_event_text(struct event_draft draft)
{
    char id[ULID_TEXT_BYTES];
    const struct signing_key key = test_key(2);
    struct verified_event *event = test_event(draft, &key, test_id(1), test_ulid(8, id), 41);
    size_t length = 0;
    char *text = memory_duplicate_string(event_verified_text(event, &length));
    event_verified_destroy(&event);
    return text;
}

const char *test_ulid(unsigned number, char text_out[static ULID_TEXT_BYTES])
{
    (void)snprintf(text_out, ULID_TEXT_BYTES, "01HXR%021u", number);
    return text_out;
}

json_t *test_manifest(const struct signing_key *key, const char *name, uint16_t port)
{
    struct endpoints endpoints = {.count = 1, .list = {{.host = "127.0.0.1", .port = port}}};
    json_t *capabilities = json_array();
    struct node_manifest_content content = {.display_name = name,
                                            .profile = "hearth",
                                            .endpoints = &endpoints,
                                            .capabilities = capabilities};
    json_t *manifest = node_manifest_make(&content, key, 1800000000);
    json_decref(capabilities);
    return manifest;
}

const char *test_place(void)
{
    struct statvfs room;
    bool is_there = access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &room) == 0;
    return is_there && room.f_bavail >= least_room_bytes / room.f_frsize ? "/dev/shm" : "/tmp";
}

char *test_directory(void)
{
    char *path = memory_format("%s/" TEST_DIRECTORY "XXXXXX", test_place());
    assert_non_null(mkdtemp(path));
    return path;
}

void test_remove_directory(char **path)
{
    char *command = memory_format("rm -rf -- '%s'", *path);
    assert_int_equal(system(command), 0); // NOLINT(concurrency-mt-unsafe,cert-env33-c)
    memory_free(command);
    memory_free(*path);
    *path = NULL;
}

static void on_commit(void *context, const struct committed_event *events, size_t count)
{
    struct test_log *test = context;
    lock_take(test->lock);
    for (size_t i = 0; i < count; i++) {
        test->committed++;
        test->concerning += events[i].concerns_us ? 1 : 0;
    }
    lock_release(test->lock);
    if (test->watch != NULL) {
        test->watch(test->watching, events, count);
    }
}

static void open_log(struct test_log *test, uint8_t founder,
                     const struct event_log_options *changes)
{
    struct signing_key founder_key = test_key(founder);
    struct error error = {""};
    struct event_log_options options = *changes;
    options.directory = test->directory;
    options.community_id = founder_key.node_id;
    options.key = &test->key;
    options.clock = changes->clock == NULL ? clock_system() : changes->clock;
    options.on_commit = on_commit;
    options.context = test;
    if (event_log_open(&options, &test->log, &error) != RESULT_OK) {
        fail_msg("%s", error.message);
    }
}

static const struct event_log_options usual = {.answers_messages = true};

void test_log_open(struct test_log *test, uint8_t founder, uint8_t self)
{
    memset(test, 0, sizeof *test);
    test->directory = test_directory();
    test->key = test_key(self);
    test->lock = lock_create();
    open_log(test, founder, &usual);
}

void test_log_reopen(struct test_log *test, uint8_t founder)
{
    test_log_reopen_with(test, founder, &usual);
}

void test_log_reopen_with(struct test_log *test, uint8_t founder,
                          const struct event_log_options *changes)
{
    event_log_close(&test->log);
    open_log(test, founder, changes);
}

void test_log_close(struct test_log *test)
{
    event_log_close(&test->log);
    lock_destroy(&test->lock);
    test_remove_directory(&test->directory);
}

const struct append_answer *test_log_append(struct test_log *test, struct event_draft draft)
{
    (void)log_wait_append(test->log, &draft, &test->appended);
    return &test->appended;
}

void test_log_receive(struct test_log *test, struct verified_event **events, size_t count)
{
    struct verified_event **batch = memory_allocate(count, sizeof(struct verified_event *));
    memcpy(batch, events, count * sizeof(struct verified_event *));
    assert_int_equal(
        log_wait_receive(test->log, batch, count, NULL, &test->accepted, test->refusals),
        RESULT_OK);
}

struct collecting {
    json_t *messages;
    const struct node_id *self;
};

static void collect(void *context, const struct history_message *message)
{
    struct collecting *collecting = context;
    (void)json_array_append_new(collecting->messages, message_json_make(message, collecting->self));
}

char *test_log_history(struct test_log *test)
{
    bool more = false;
    struct history_query query = {.limit = 1000};
    struct collecting collecting = {json_array(), &test->key.node_id};
    struct buffer text;
    buffer_init(&text);
    assert_int_equal(history_page(test->log, &query, collect, &collecting, &more), RESULT_OK);
    assert_int_equal(canonical_write(collecting.messages, &text), RESULT_OK);
    json_decref(collecting.messages);
    return buffer_take(&text);
}

int64_t test_log_verify(struct test_log *test, uint8_t founder)
{
    struct maintenance_report report;
    struct error error = {""};
    assert_int_equal(maintenance_verify(test->directory, test_id(founder), &test->key,
                                        clock_system(), &report, &error),
                     RESULT_OK);
    assert_string_equal(report.differing, "");
    assert_int_equal(report.damaged, 0);
    assert_int_equal(report.wrong_keys, 0);
    assert_true(report.database_is_sound);
    return report.aside;
}

int64_t test_log_populate(struct test_log *test, uint8_t members)
{
    struct signing_key founder = test_key(1);
    struct policy policy = policy_default();
    struct verified_event *events[2 * UINT8_MAX];
    char id[ULID_TEXT_BYTES];
    size_t count = 0;
    int64_t lamport = 1;
    policy.min_signatures_to_revoke = 1;
    policy.min_signatures_to_demote = 1;
    events[count++] = test_event(event_draft_created("Street", &founder.node_id, &policy), &founder,
                                 &founder.node_id, test_ulid(1, id), lamport++);
    for (uint8_t i = 2; i <= members; i++) {
        struct signing_key key = test_key(i);
        json_t *manifest = test_manifest(&key, "", (uint16_t)(7000 + i));
        char invited[ULID_TEXT_BYTES];
        test_ulid(10U * i, invited);
        events[count++] =
            test_event(event_draft_invited(&key.node_id, "Neighbour", LEVEL_MEMBER, 1900000000),
                       &founder, &founder.node_id, invited, lamport++);
        events[count++] = test_event(event_draft_joined(invited, manifest), &key, &founder.node_id,
                                     test_ulid(10U * i + 1, id), lamport++);
        json_decref(manifest);
    }
    test_log_receive(test, events, count);
    assert_int_equal(test->accepted, count);
    return lamport;
}

struct account_table *test_accounts(void)
{
    static const struct account_bounds bounds = {
        .of_one = {LIMITS_BYTES_OF_ONE, LIMITS_JSON_OF_ONE},
        .of_all = {LIMITS_BYTES_OF_ALL, LIMITS_JSON_OF_ALL},
    };
    return account_table_create(&bounds, 1);
}

static bool at_once(void *context)
{
    (void)context;
    return true;
}

enum result test_search(struct event_log *log, const struct search_query *query,
                        search_visit *visit, void *context, bool *more_out)
{
    struct search *search = search_begin(log, query);
    while (!search_go_on(search, at_once, NULL)) {
    }
    return search_end(&search, visit, context, more_out);
}
