#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/reconcile.h"
#include "support/test_support.h"

/* The timestamp that a vector's rule gives to item `i`. */
static int64_t timestamp_by(const char *rule, int64_t i)
{
    long long number = 0;
    if (sscanf(rule, "3*i+%lld", &number) == 1) { // NOLINT(cert-err34-c)
        return 3 * i + number;
    }
    if (strcmp(rule, "i+1") == 0) {
        return i + 1;
    }
    if (strcmp(rule, "2^53-100+i") == 0) {
        return (1LL << 53) - 100 + i;
    }
    if (strcmp(rule, "2^53-1") == 0) {
        return (1LL << 53) - 1;
    }
    assert_int_equal(sscanf(rule, "%lld", &number), 1); // NOLINT(cert-err34-c)
    return strstr(rule, "+i") != NULL ? number + i : number;
}

static void add_items(struct item_set *set, const json_t *groups)
{
    size_t index;
    json_t *group;
    json_array_foreach(groups, index, group)
    {
        const char *tag = json_string_value(json_object_get(group, "tag"));
        const char *rule = json_string_value(json_object_get(group, "timestamp"));
        for (int64_t i = 0; i < json_integer_value(json_object_get(group, "count")); i++) {
            char name[64];
            struct item item = {.timestamp = timestamp_by(rule, i)};
            int length = snprintf(name, sizeof name, "%s:%lld", tag, (long long)i);
            (void)crypto_hash_sha256(item.id, (const unsigned char *)name,
                                     (unsigned long long)length);
            assert_true(item_set_insert(set, &item));
        }
    }
}

static struct item_set *set_of(const json_t *vector, const char *side)
{
    struct item_set *set = item_set_create();
    const json_t *sets = json_object_get(vector, "sets");
    add_items(set, json_object_get(sets, "common"));
    add_items(set, json_object_get(sets, side));
    return set;
}

static void assert_message(const struct buffer *message, const json_t *expected)
{
    char *hex = memory_allocate(2 * message->length_bytes + 1, 1);
    (void)sodium_bin2hex(hex, 2 * message->length_bytes + 1, (const uint8_t *)message->data,
                         message->length_bytes);
    assert_string_equal(hex, json_string_value(expected));
    memory_free(hex);
}

struct learned {
    size_t ours;
    size_t theirs;
    const json_t *have;
    const json_t *need;
    bool strange; /* an id that the vector does not name */
};

static bool is_named(const json_t *list, const char *hex)
{
    size_t index;
    json_t *id;
    json_array_foreach(list, index, id)
    {
        if (strcmp(json_string_value(id), hex) == 0) {
            return true;
        }
    }
    return false;
}

static void learn(void *context, bool ours, const uint8_t id[static ITEM_ID_BYTES])
{
    struct learned *learned = context;
    char hex[2 * ITEM_ID_BYTES + 1];
    (void)sodium_bin2hex(hex, sizeof hex, id, ITEM_ID_BYTES);
    learned->strange = learned->strange || !is_named(ours ? learned->have : learned->need, hex);
    learned->ours += ours ? 1 : 0;
    learned->theirs += ours ? 0 : 1;
}

static void play(const json_t *vector)
{
    struct item_set *initiator = set_of(vector, "initiator");
    struct item_set *responder = set_of(vector, "responder");
    const json_t *messages = json_object_get(vector, "messages");
    size_t limit = (size_t)json_integer_value(json_object_get(vector, "limit"));
    struct learned learned = {.have = json_object_get(vector, "have"),
                              .need = json_object_get(vector, "need")};
    struct buffer message;
    struct buffer answer;
    size_t said = 0;
    buffer_init(&message);
    buffer_init(&answer);
    reconcile_initiate(initiator, limit, &message);
    while (message.length_bytes > 0) {
        assert_message(&message, json_array_get(messages, said++));
        buffer_clear(&answer);
        assert_int_equal(
            reconcile_respond(responder, message.data, message.length_bytes, limit, &answer, NULL),
            RESULT_OK);
        assert_message(&answer, json_array_get(messages, said++));
        buffer_clear(&message);
        assert_int_equal(reconcile_continue(initiator, answer.data, answer.length_bytes, limit,
                                            learn, &learned, &message, NULL),
                         RESULT_OK);
    }
    assert_int_equal(said, json_array_size(messages));
    assert_int_equal(learned.ours, json_array_size(learned.have));
    assert_int_equal(learned.theirs, json_array_size(learned.need));
    assert_false(learned.strange);
    buffer_deinit(&message);
    buffer_deinit(&answer);
    item_set_destroy(&initiator);
    item_set_destroy(&responder);
}

static void reconcile__reproduces_every_transcript(void **state)
{
    json_t *vectors = test_vectors("reconcile.json");
    const json_t *cases = json_object_get(vectors, "cases");
    size_t index;
    json_t *vector;
    (void)state;
    assert_true(json_array_size(cases) >= 9);
    json_array_foreach(cases, index, vector)
    {
        play(vector);
    }
    json_decref(vectors);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static struct item random_item(uint32_t *random, uint32_t most_timestamp)
{
    struct item item = {.timestamp = 1 + next_random(random) % most_timestamp};
    for (size_t i = 0; i < sizeof item.id; i++) {
        item.id[i] = (uint8_t)next_random(random);
    }
    return item;
}

struct difference {
    bool ours;
    uint8_t id[ITEM_ID_BYTES];
};

struct applied {
    struct item_set *initiator;
    struct item_set *responder;
    struct difference differences[4096];
    size_t waiting;
    size_t count;
};

static void note(void *context, bool ours, const uint8_t id[static ITEM_ID_BYTES])
{
    struct applied *applied = context;
    assert_true(applied->waiting < sizeof applied->differences / sizeof *applied->differences);
    struct difference *difference = &applied->differences[applied->waiting++];
    difference->ours = ours;
    memcpy(difference->id, id, ITEM_ID_BYTES);
    applied->count++;
}

/* Whoever lacks the item gets it; its timestamp is looked up by brute force. */
static void apply(struct applied *applied, const struct difference *difference)
{
    struct item_set *from = difference->ours ? applied->initiator : applied->responder;
    struct item_set *to = difference->ours ? applied->responder : applied->initiator;
    const uint8_t *id = difference->id;
    for (size_t rank = 0; rank < item_set_count(from); rank++) {
        if (memcmp(item_set_get(from, rank)->id, id, ITEM_ID_BYTES) == 0) {
            struct item item = *item_set_get(from, rank);
            (void)item_set_insert(to, &item);
            return;
        }
    }
    fail_msg("learned of an id that nobody has");
}

/* One session with a limit on both sides; returns how many differences it found. The sets move
 * while it goes on, as they do. */
static size_t converge(struct applied *applied, size_t limit)
{
    struct buffer message;
    struct buffer answer;
    applied->count = 0;
    buffer_init(&message);
    buffer_init(&answer);
    reconcile_initiate(applied->initiator, limit, &message);
    for (int round = 0; message.length_bytes > 0; round++) {
        assert_true(round < 1000);
        assert_true(limit == 0 || message.length_bytes <= limit);
        buffer_clear(&answer);
        assert_int_equal(reconcile_respond(applied->responder, message.data, message.length_bytes,
                                           limit, &answer, NULL),
                         RESULT_OK);
        assert_true(limit == 0 || answer.length_bytes <= limit);
        buffer_clear(&message);
        assert_int_equal(reconcile_continue(applied->initiator, answer.data, answer.length_bytes,
                                            limit, note, applied, &message, NULL),
                         RESULT_OK);
        while (applied->waiting > 0) {
            apply(applied, &applied->differences[--applied->waiting]);
        }
    }
    buffer_deinit(&message);
    buffer_deinit(&answer);
    return applied->count;
}

static void reconcile__finds_every_difference_under_any_limit(void **state)
{
    static const size_t limits[] = {0, 4096, 4100, 5000, 16384};
    uint32_t random = 7;
    (void)state;
    for (size_t trial = 0; trial < 40; trial++) {
        static struct applied applied;
        applied = (struct applied){.initiator = item_set_create(), .responder = item_set_create()};
        uint32_t most_timestamp = trial % 4 == 0 ? 3 : 2000;
        uint32_t share = next_random(&random) % 100;
        for (size_t i = 0; i < 900; i++) {
            struct item item = random_item(&random, most_timestamp);
            uint32_t side = next_random(&random) % 100 < share ? 2 : next_random(&random) % 2;
            if (side != 0) {
                (void)item_set_insert(applied.initiator, &item);
            }
            if (side != 1) {
                (void)item_set_insert(applied.responder, &item);
            }
        }
        size_t limit = limits[trial % (sizeof limits / sizeof limits[0])];
        int sessions = 0;
        while (converge(&applied, limit) > 0) {
            assert_true(++sessions < 5);
        }
        assert_int_equal(item_set_count(applied.initiator), 900);
        assert_int_equal(item_set_count(applied.responder), 900);
        item_set_destroy(&applied.initiator);
        item_set_destroy(&applied.responder);
    }
}

static void assert_refused(const char *hex)
{
    uint8_t bytes[256];
    size_t length = 0;
    struct item_set *set = item_set_create();
    struct buffer answer;
    struct error error = {{0}};
    buffer_init(&answer);
    assert_int_equal(sodium_hex2bin(bytes, sizeof bytes, hex, strlen(hex), NULL, &length, NULL), 0);
    if (reconcile_respond(set, bytes, length, 0, &answer, &error) == RESULT_OK) {
        fail_msg("accepted: %s", hex);
    }
    assert_true(error.message[0] != '\0');
    assert_int_equal(answer.length_bytes, 0);
    buffer_deinit(&answer);
    item_set_destroy(&set);
}

static void reconcile_respond__refuses_what_is_no_message(void **state)
{
    (void)state;
    assert_refused("");
    assert_refused("5f"); /* no version of the protocol */
    assert_refused("70");
    assert_refused("6100");                         /* ends inside a bound */
    assert_refused("610000");                       /* no mode */
    assert_refused("61000003");                     /* no such mode */
    assert_refused("6100000102");                   /* a short fingerprint */
    assert_refused("61000002ffffffffffffff7f");     /* more ids than bytes */
    assert_refused("610000028000");                 /* a varint that is not minimal */
    assert_refused("610500000400");                 /* ends inside the second range */
    assert_refused("61002100");                     /* a prefix of 33 bytes */
    assert_refused("610501400001013000");           /* decreasing: same timestamp, smaller prefix */
    assert_refused("610000000100000000");           /* after infinity */
    assert_refused("6183ffffffffffffffffff7f0000"); /* more than 64 bits */
}

static void reconcile_respond__accepts_equal_bounds_and_two_infinities(void **state)
{
    static const uint8_t message[] = {0x61, 0x05, 0, 0, 0x01, 0, 0, 0, 0, 0, 0, 0, 0};
    struct item_set *set = item_set_create();
    struct buffer answer;
    (void)state;
    buffer_init(&answer);
    assert_int_equal(reconcile_respond(set, message, sizeof message, 0, &answer, NULL), RESULT_OK);
    assert_int_equal(answer.length_bytes, 1);
    buffer_deinit(&answer);
    item_set_destroy(&set);
}

static void reconcile__another_version_is_answered_with_ours(void **state)
{
    static const uint8_t other[] = {0x62, 0x01, 0x02};
    struct item_set *set = item_set_create();
    struct buffer answer;
    (void)state;
    buffer_init(&answer);
    assert_int_equal(reconcile_respond(set, other, sizeof other, 0, &answer, NULL), RESULT_OK);
    assert_int_equal(answer.length_bytes, 1);
    assert_int_equal(answer.data[0], 0x61);
    assert_int_equal(reconcile_continue(set, other, sizeof other, 0, learn, NULL, &answer, NULL),
                     RESULT_UNSUPPORTED);
    buffer_deinit(&answer);
    item_set_destroy(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reconcile__reproduces_every_transcript),
        cmocka_unit_test(reconcile__finds_every_difference_under_any_limit),
        cmocka_unit_test(reconcile_respond__refuses_what_is_no_message),
        cmocka_unit_test(reconcile_respond__accepts_equal_bounds_and_two_infinities),
        cmocka_unit_test(reconcile__another_version_is_answered_with_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
