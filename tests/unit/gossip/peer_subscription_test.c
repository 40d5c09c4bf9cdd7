#include <string.h>

#include "core/limits.h"
#include "core/memory.h"
#include "gossip/event_batch.h"
#include "gossip/gossip_state.h"
#include "store/event_reader.h"
#include "support/scripted_peers.h"

enum { ALICE = 1, BOB = 2, JANA = 3 };

static const char reconcile[] = "/sync/v1/reconcile";
static const char subscribe[] = "/pubsub/v1/subscribe";
static const char from_now_on[] = "last_seq=9007199254740991&";

/* Nobody calls us, and Bob answers: we wait at him. */
static struct scripted_request *await_poll(struct scripted_peers *scripted)
{
    for (int i = 0; i < 20; i++) {
        struct scripted_request *poll = scripted_peers_find(scripted, BOB, subscribe);
        if (poll != NULL) {
            return poll;
        }
        scripted_peers_run(scripted, scripted->now_ms + 5000);
        struct scripted_request *compare = scripted_peers_find(scripted, BOB, reconcile);
        if (compare != NULL) {
            scripted_peers_claim(scripted, compare, "", 0);
        }
    }
    fail_msg("there is no subscription");
    return NULL;
}

/* An event of Jana's: its text, and its hash. */
static char *write_event(struct event_draft draft, unsigned number,
                         uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    struct signing_key jana = test_key(JANA);
    char id[ULID_TEXT_BYTES];
    size_t length = 0;
    struct verified_event *event =
        test_event(draft, &jana, test_id(ALICE), test_ulid(number, id), 50);
    const char *text = event_verified_text(event, &length);
    char *copy = memory_allocate(length + 1, 1);
    memcpy(copy, text, length);
    memcpy(hash_out, event_verified_get(event)->hash, BLAKE3_HASH_BYTES);
    event_verified_destroy(&event);
    return copy;
}

/* Bob's answer: the event, so many times. */
static void bring(struct scripted_peers *scripted, const char *text, size_t times, int seq)
{
    struct buffer answer;
    buffer_init(&answer);
    buffer_append_text(&answer, "{\"messages\":[");
    for (size_t i = 0; i < times; i++) {
        buffer_append_format(&answer, "%s{\"data\":%s,\"seq\":%d}", i == 0 ? "" : ",", text, seq);
    }
    buffer_append_format(&answer, "],\"last_seq\":%d}", seq);
    scripted_peers_answer(scripted, await_poll(scripted), answer.data, answer.length_bytes);
    buffer_deinit(&answer);
    scripted_peers_run(scripted, scripted->now_ms + 100);
}

static void peer_subscription__takes_what_is_of_its_topic(void **state)
{
    struct scripted_peers scripted;
    uint8_t message_hash[BLAKE3_HASH_BYTES];
    uint8_t invitation_hash[BLAKE3_HASH_BYTES];
    char *message =
        write_event(event_draft_message("c", test_id(ALICE), "Hi", NULL), 500, message_hash);
    char *invitation = write_event(
        event_draft_invited(test_id(9), "Nine", LEVEL_MEMBER, 1900000000), 501, invitation_hash);
    (void)state;
    scripted_peers_open(&scripted, 2);
    assert_non_null(strstr(await_poll(&scripted)->url, from_now_on));
    assert_in_range(await_poll(&scripted)->most_answer_bytes, EVENT_BATCH_MOST_BYTES,
                    2 * EVENT_BATCH_MOST_BYTES);
    bring(&scripted, invitation, 1, 7);
    assert_false(event_reader_holds(scripted.log.log, invitation_hash));
    assert_non_null(strstr(await_poll(&scripted)->url, "last_seq=7&"));
    bring(&scripted, message, 1, 8);
    assert_true(event_reader_holds(scripted.log.log, message_hash));
    memory_free(message);
    memory_free(invitation);
    scripted_peers_close(&scripted);
}

/* More than an answer may hold would be as much the next time. */
static void peer_subscription__begins_anew_where_there_is_too_much(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 2);
    bring(&scripted, "{}", 0, 7);
    struct scripted_request *poll = await_poll(&scripted);
    assert_non_null(strstr(poll->url, "last_seq=7&"));
    scripted_peers_overflow(&scripted, poll);
    assert_non_null(strstr(await_poll(&scripted)->url, from_now_on));
    scripted_peers_close(&scripted);
}

/* How long it takes until Bob is waited at again. */
static int64_t measure_rest(struct scripted_peers *scripted)
{
    const int64_t since_ms = scripted->now_ms;
    (void)await_poll(scripted);
    return scripted->now_ms - since_ms;
}

/* The same message again and again: verified and held. */
static void peer_subscription__rests_from_who_brings_what_is_held(void **state)
{
    struct scripted_peers scripted;
    uint8_t hash[BLAKE3_HASH_BYTES];
    char *message = write_event(event_draft_message("c", test_id(ALICE), "Hi", NULL), 500, hash);
    (void)state;
    scripted_peers_open(&scripted, 2);
    bring(&scripted, message, 1, 7);
    bring(&scripted, message, LIMITS_POLLED_IN_VAIN - 1, 8);
    bring(&scripted, message, 1, 9);
    assert_in_range(measure_rest(&scripted), 0, 1000); /* it was under way by then */
    bring(&scripted, message, 1, 10);
    assert_in_range(measure_rest(&scripted), GOSSIP_BACK_OFF_MOST_MS / 2,
                    2 * GOSSIP_BACK_OFF_MOST_MS);
    bring(&scripted, message, 1, 11);
    assert_in_range(measure_rest(&scripted), 0, 1000);
    memory_free(message);
    scripted_peers_close(&scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_subscription__takes_what_is_of_its_topic),
        cmocka_unit_test(peer_subscription__begins_anew_where_there_is_too_much),
        cmocka_unit_test(peer_subscription__rests_from_who_brings_what_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
