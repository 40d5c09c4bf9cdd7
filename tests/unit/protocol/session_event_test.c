#include "protocol/session_event.h"

#include <string.h>

#include "support/test_support.h"

enum { ALICE = 1, BOB };

static const struct receiving_key reply = {.key = {9}};

static struct verified_event *event_of(enum event_type type, json_t *data)
{
    struct signing_key alice = test_key(ALICE);
    struct event_draft draft = {.type = type, .data = data};
    char id[ULID_TEXT_BYTES];
    return test_event(draft, &alice, test_id(ALICE), test_ulid(1, id), 2);
}

static json_t *broken_data(size_t count)
{
    uint8_t hashes[SESSION_EVENT_MOST_HASHES + 1][BLAKE3_HASH_BYTES] = {{0}};
    for (size_t i = 0; i < count; i++) {
        hashes[i][BLAKE3_HASH_BYTES - 1] = (uint8_t)(i + 1);
    }
    return event_draft_broken(test_id(BOB), hashes[0], count, &reply).data;
}

static void session_event_broken__names_what_was_drafted(void **state)
{
    static const size_t counts[] = {1, 2, SESSION_EVENT_MOST_HASHES};
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct session_broken broken;
        struct verified_event *event = event_of(EVENT_SESSION_BROKEN, broken_data(counts[i]));
        assert_true(session_event_broken(event_verified_get(event), &broken));
        assert_true(node_id_equal(&broken.peer, test_id(BOB)));
        assert_memory_equal(&broken.reply, &reply, sizeof reply);
        assert_int_equal(broken.count, counts[i]);
        for (size_t at = 0; at < broken.count; at++) {
            uint8_t hash[BLAKE3_HASH_BYTES];
            uint8_t expected[BLAKE3_HASH_BYTES] = {[BLAKE3_HASH_BYTES - 1] = (uint8_t)(at + 1)};
            session_event_hash(&broken, at, hash);
            assert_memory_equal(hash, expected, sizeof hash);
        }
        event_verified_destroy(&event);
    }
}

static void session_event_broken__ignores_what_is_malformed(void **state)
{
    (void)state;
    for (int change = 0; change < 9; change++) {
        struct session_broken broken;
        json_t *data = broken_data(change == 0   ? 0
                                   : change == 1 ? SESSION_EVENT_MOST_HASHES + 1
                                                 : 3);
        json_t *events = json_object_get(data, "events");
        switch (change) {
        case 2:
            (void)json_object_del(data, "events");
            break;
        case 3:
            (void)json_object_set_new(data, "events", json_object());
            break;
        case 4:
            (void)json_array_set_new(events, 1, json_integer(1));
            break;
        case 5:
            (void)json_array_set_new(events, 2, json_string("f0556ba4"));
            break;
        case 6:
            (void)json_array_set_new(
                events, 0,
                json_string("F0556BA4477BE316211B265E0202960FF2ACE43DA778D25C2CE7A0D3EDC06AE6"));
            break;
        case 7:
            (void)json_object_set_new(data, "peer", json_string("ed25519:"));
            break;
        case 8:
            (void)json_object_del(data, "peer");
            break;
        }
        struct verified_event *event = event_of(EVENT_SESSION_BROKEN, data);
        if (session_event_broken(event_verified_get(event), &broken)) {
            fail_msg("change %d is taken", change);
        }
        event_verified_destroy(&event);
    }
}

static void session_event__is_read_by_its_type(void **state)
{
    struct session_established established;
    struct session_broken broken;
    struct verified_event *one = event_of(EVENT_SESSION_BROKEN, broken_data(1));
    struct verified_event *other =
        event_of(EVENT_SESSION_ESTABLISHED, event_draft_established(test_id(BOB), &reply).data);
    (void)state;
    assert_false(session_event_established(event_verified_get(one), &established));
    assert_false(session_event_broken(event_verified_get(other), &broken));
    assert_true(session_event_established(event_verified_get(other), &established));
    assert_true(node_id_equal(&established.peer, test_id(BOB)));
    event_verified_destroy(&one);
    event_verified_destroy(&other);
    one = event_of(EVENT_SESSION_ESTABLISHED, broken_data(1));
    assert_false(session_event_broken(event_verified_get(one), &broken));
    event_verified_destroy(&one);
    /* More members are a newer version's. */
    json_t *data = broken_data(1);
    (void)json_object_set_new(data, "later", json_array());
    one = event_of(EVENT_SESSION_BROKEN, data);
    assert_true(session_event_broken(event_verified_get(one), &broken));
    event_verified_destroy(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_event_broken__names_what_was_drafted),
        cmocka_unit_test(session_event_broken__ignores_what_is_malformed),
        cmocka_unit_test(session_event__is_read_by_its_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
