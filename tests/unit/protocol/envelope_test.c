#include "protocol/envelope.h"

#include <string.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/hex.h"
#include "support/test_support.h"

/* The known answer of §24, and what is needed to make it. */
struct scene {
    json_t *vectors;
    struct node_id author;
    struct node_id recipient;
    struct node_id community;
    struct envelope_place place;
    uint8_t secret[HPKE_KEY_BYTES];
    uint8_t ephemeral[HPKE_KEY_BYTES];
    struct receiving_key reply;
    struct envelope_sealing sealing;
    json_t *body; /* of the event; to be changed at will */
    const char *payload;
    size_t secrets_asked;
};

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void read_id(const char *text, struct node_id *id_out)
{
    assert_int_equal(node_id_parse(text, id_out), RESULT_OK);
}

static void set(struct scene *scene)
{
    *scene = (struct scene){.vectors = test_vectors("e2e.json")};
    const json_t *vectors = scene->vectors;
    const json_t *bob = json_object_get(vectors, "bob_receiving_key");
    const json_t *event = json_object_get(vectors, "event");
    const json_t *data = json_object_get(event, "data");
    scene->body = json_deep_copy(json_object_get(data, "body"));
    scene->payload = text_of(vectors, "payload_canonical");
    read_id(text_of(event, "author"), &scene->author);
    read_id(text_of(data, "recipient"), &scene->recipient);
    read_id(text_of(event, "community_id"), &scene->community);
    scene->place = (struct envelope_place){&scene->author, &scene->recipient, &scene->community,
                                           text_of(data, "client_id")};
    assert_true(hex_parse(text_of(bob, "secret"), scene->secret, sizeof scene->secret));
    assert_true(
        hex_parse(text_of(vectors, "ephemeral_secret"), scene->ephemeral, sizeof scene->ephemeral));
    assert_true(
        hex_parse(text_of(vectors, "content_key"), scene->sealing.key.key, ENVELOPE_KEY_BYTES));
    assert_int_equal(receiving_key_parse(text_of(bob, "public"), &scene->sealing.to), RESULT_OK);
    assert_int_equal(receiving_key_parse(text_of(json_object_get(scene->body, "header"), "reply"),
                                         &scene->reply),
                     RESULT_OK);
    scene->sealing.seq = (uint32_t)json_integer_value(json_object_get(vectors, "seq"));
    scene->sealing.ephemeral = scene->ephemeral;
    scene->sealing.reply = &scene->reply;
}

static void clear(struct scene *scene)
{
    json_decref(scene->body);
    json_decref(scene->vectors);
}

/* Another one with the tag comes first: all that match are tried. */
static bool find_secret(void *context, const uint8_t tag[static RECEIVING_KEY_TAG_BYTES],
                        size_t number, struct hpke_pair *pair_out)
{
    struct scene *scene = context;
    scene->secrets_asked++;
    if (memcmp(tag, scene->sealing.to.key, RECEIVING_KEY_TAG_BYTES) != 0 || number > 1) {
        return false;
    }
    memcpy(pair_out->public, scene->sealing.to.key, HPKE_KEY_BYTES);
    memcpy(pair_out->secret, scene->secret, HPKE_KEY_BYTES);
    pair_out->secret[5] ^= number == 0 ? 1 : 0;
    return true;
}

static bool find_none(void *context, const uint8_t tag[static RECEIVING_KEY_TAG_BYTES],
                      size_t number, struct hpke_pair *pair_out)
{
    (void)context;
    (void)tag;
    (void)number;
    (void)pair_out;
    return false;
}

/* As a reader does it; the payload is compared if it opens. */
static enum envelope_outcome try(struct scene *scene)
{
    struct content_key key;
    struct buffer payload;
    enum envelope_outcome outcome =
        envelope_find_key(scene->body, &scene->place, find_secret, scene, &key);
    buffer_init(&payload);
    if (outcome == ENVELOPE_OPENED) {
        assert_true(envelope_is_key(scene->body, &key));
        outcome = envelope_open(scene->body, &scene->place, &key, &payload);
    }
    if (outcome == ENVELOPE_OPENED) {
        assert_string_equal(buffer_text(&payload), scene->payload);
    } else {
        assert_int_equal(payload.length_bytes, 0);
    }
    buffer_deinit(&payload);
    return outcome;
}

static void envelope_seal__makes_what_others_make(void **state)
{
    struct scene scene;
    struct buffer made;
    struct buffer expected;
    (void)state;
    set(&scene);
    buffer_init(&made);
    buffer_init(&expected);
    json_t *body =
        envelope_seal(&scene.place, &scene.sealing, scene.payload, strlen(scene.payload));
    assert_int_equal(canonical_write(body, &made), RESULT_OK);
    assert_int_equal(canonical_write(scene.body, &expected), RESULT_OK);
    assert_string_equal(buffer_text(&made), buffer_text(&expected));
    assert_int_equal(try(&scene), ENVELOPE_OPENED);
    memset(scene.sealing.to.key, 0, HPKE_KEY_BYTES);
    assert_null(envelope_seal(&scene.place, &scene.sealing, "{}", 2));
    json_decref(body);
    buffer_deinit(&made);
    buffer_deinit(&expected);
    clear(&scene);
}

/* What is sealed to the place of one message opens in no other's. */
static void envelope_open__is_bound_to_its_place(void **state)
{
    (void)state;
    for (int part = 0; part < 4; part++) {
        struct scene scene;
        set(&scene);
        struct node_id *const ids[] = {&scene.author, &scene.recipient, &scene.community};
        if (part < 3) {
            *ids[part] = *test_id(7);
        } else {
            scene.place.client_id = "another";
        }
        assert_int_equal(try(&scene), ENVELOPE_UNREADABLE);
        clear(&scene);
    }
}

/* Another digit at that place of a text. */
static json_t *change(const json_t *text, size_t at)
{
    char *changed = memory_duplicate_string(json_string_value(text));
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    json_t *json = json_string(changed);
    memory_free(changed);
    return json;
}

static void envelope_open__takes_nothing_that_was_changed(void **state)
{
    static const struct {
        const char *member; /* of the header; NULL: the ciphertext */
        size_t at;
        enum envelope_outcome outcome;
    } changes[] = {
        {"commit", 0, ENVELOPE_UNREADABLE}, {"commit", 20, ENVELOPE_UNREADABLE},
        {"reply", 20, ENVELOPE_UNREADABLE}, {"keys", 0, ENVELOPE_WAITING},
        {"keys", 12, ENVELOPE_UNREADABLE}, /* seq */
        {"keys", 30, ENVELOPE_UNREADABLE},  {"keys", 100, ENVELOPE_UNREADABLE},
        {NULL, 0, ENVELOPE_UNREADABLE},     {NULL, 200, ENVELOPE_UNREADABLE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct scene scene;
        set(&scene);
        const char *member = changes[i].member;
        json_t *of = member == NULL ? scene.body : json_object_get(scene.body, "header");
        member = member == NULL ? "ciphertext" : member;
        (void)json_object_set_new(of, member, change(json_object_get(of, member), changes[i].at));
        assert_int_equal(try(&scene), changes[i].outcome);
        clear(&scene);
    }
}

/* Garbage in the header is a matter of its reader alone. */
static void envelope_open__says_what_it_does_not_understand(void **state)
{
    static const struct {
        const char *member;
        const char *value;
        enum envelope_outcome outcome;
    } cases[] = {
        {"v", "2", ENVELOPE_UNSUPPORTED},          {"v", "\"1\"", ENVELOPE_UNREADABLE},
        {"v", "null", ENVELOPE_UNREADABLE},        {"commit", "7", ENVELOPE_UNREADABLE},
        {"commit", "\"\"", ENVELOPE_UNREADABLE},   {"keys", "\"\"", ENVELOPE_UNREADABLE},
        {"keys", "\"AAAA\"", ENVELOPE_UNREADABLE}, {"keys", "[]", ENVELOPE_UNREADABLE},
        {"keys", "\"=\"", ENVELOPE_UNREADABLE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        set(&scene);
        (void)json_object_set_new(json_object_get(scene.body, "header"), cases[i].member,
                                  json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
        assert_int_equal(try(&scene), cases[i].outcome);
        assert_int_equal(scene.secrets_asked, 0);
        clear(&scene);
    }
}

static void envelope_find_key__waits_for_a_secret(void **state)
{
    struct scene scene;
    struct content_key key;
    (void)state;
    set(&scene);
    assert_int_equal(envelope_find_key(scene.body, &scene.place, find_none, NULL, &key),
                     ENVELOPE_WAITING);
    key = scene.sealing.key;
    assert_true(envelope_is_key(scene.body, &key));
    key.key[31] ^= 1;
    assert_false(envelope_is_key(scene.body, &key));
    clear(&scene);
}

/* Every length that a payload may have, or has at an edge. */
static void envelope__carries_payloads_of_any_length(void **state)
{
    static const size_t lengths[] = {
        0, 1, 252, 253, 65536, ENVELOPE_MOST_PAYLOAD_BYTES, ENVELOPE_MOST_PAYLOAD_BYTES + 1};
    struct scene scene;
    char *payload = memory_allocate(ENVELOPE_MOST_PAYLOAD_BYTES + 2, 1);
    (void)state;
    set(&scene);
    memset(payload, 'x', ENVELOPE_MOST_PAYLOAD_BYTES + 1);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buffer opened;
        buffer_init(&opened);
        json_t *body = envelope_seal(&scene.place, &scene.sealing, payload, lengths[i]);
        enum envelope_outcome outcome =
            envelope_open(body, &scene.place, &scene.sealing.key, &opened);
        assert_int_equal(outcome, lengths[i] <= ENVELOPE_MOST_PAYLOAD_BYTES ? ENVELOPE_OPENED
                                                                            : ENVELOPE_UNREADABLE);
        assert_int_equal(opened.length_bytes, outcome == ENVELOPE_OPENED ? lengths[i] : 0);
        buffer_deinit(&opened);
        json_decref(body);
    }
    memory_free(payload);
    clear(&scene);
}

static void envelope_read_header__finds_an_offer(void **state)
{
    struct scene scene;
    struct envelope_header header;
    (void)state;
    set(&scene);
    assert_true(envelope_read_header(scene.body, &header));
    assert_true(header.has_reply);
    assert_memory_equal(header.reply.key, scene.reply.key, HPKE_KEY_BYTES);
    assert_int_equal(header.record_count, 1);
    assert_int_equal(header.number, scene.sealing.seq);
    assert_memory_equal(header.tag, scene.sealing.to.key, RECEIVING_KEY_TAG_BYTES);
    (void)json_object_del(json_object_get(scene.body, "header"), "reply");
    assert_true(envelope_read_header(scene.body, &header));
    assert_false(header.has_reply);
    (void)json_object_del(scene.body, "header");
    assert_false(envelope_read_header(scene.body, &header));
    clear(&scene);
}

/* The thread of the known answer has two records; the first is Bob's. */
static void envelope_read_header__counts_records(void **state)
{
    struct scene scene;
    struct envelope_header header;
    uint8_t tag[RECEIVING_KEY_TAG_BYTES];
    (void)state;
    set(&scene);
    const json_t *opening = json_object_get(json_object_get(scene.vectors, "thread"), "opening");
    assert_true(envelope_read_header(json_object_get(opening, "body"), &header));
    assert_int_equal(header.record_count, 2);
    assert_int_equal(header.number, 2);
    assert_memory_equal(header.tag, scene.sealing.to.key, RECEIVING_KEY_TAG_BYTES);
    assert_true(envelope_read_tag(json_object_get(opening, "body"), tag));
    assert_memory_equal(tag, scene.sealing.to.key, RECEIVING_KEY_TAG_BYTES);
    (void)json_object_set_new(json_object_get(scene.body, "header"), "keys",
                              json_string("AAAA;AAAAAAA"));
    assert_false(envelope_read_tag(scene.body, tag));
    (void)json_object_set_new(json_object_get(scene.body, "header"), "keys", json_string("AAAA"));
    assert_false(envelope_read_tag(scene.body, tag));
    assert_true(envelope_read_header(scene.body, &header));
    assert_int_equal(header.record_count, 0);
    assert_int_equal(header.number, 0);
    clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(envelope_seal__makes_what_others_make),
        cmocka_unit_test(envelope_open__is_bound_to_its_place),
        cmocka_unit_test(envelope_open__takes_nothing_that_was_changed),
        cmocka_unit_test(envelope_open__says_what_it_does_not_understand),
        cmocka_unit_test(envelope_find_key__waits_for_a_secret),
        cmocka_unit_test(envelope__carries_payloads_of_any_length),
        cmocka_unit_test(envelope_read_header__finds_an_offer),
        cmocka_unit_test(envelope_read_header__counts_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
