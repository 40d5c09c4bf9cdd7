#include "gossip/event_batch.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/co_signature.h"
#include "protocol/event_scan.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, CO_SIGNERS = 200 };

/* Every signature that is verified comes by here (tests/CMakeLists.txt). */
int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long length, const unsigned char *key);
int __real_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long length, const unsigned char *key);

static size_t verified_count;

int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long length, const unsigned char *key)
{
    verified_count++;
    return __real_crypto_sign_verify_detached(signature, message, length, key);
}

/* Bob is shut out by Alice and so many others; the event's own JSON. */
static json_t *make_revocation(void)
{
    json_t *co_signers = json_array();
    json_t *json = NULL;
    struct signing_key alice = test_key(ALICE);
    size_t length = 0;
    char id[ULID_TEXT_BYTES];
    for (int i = 0; i < CO_SIGNERS; i++) {
        struct signing_key key = test_key((uint8_t)(i == 0 ? ALICE : BOB + i));
        (void)json_array_append_new(
            co_signers,
            co_signature_make(&key, event_data_revocation_statement("c", "other", test_id(BOB))));
    }
    struct verified_event *event =
        test_event(event_draft_revoked("c", test_id(BOB), "other", co_signers), &alice,
                   test_id(ALICE), test_ulid(900, id), 100);
    const char *text = event_verified_text(event, &length);
    assert_int_equal(canonical_parse(text, length, CANONICAL_MOST_NESTING, &json, NULL), RESULT_OK);
    event_verified_destroy(&event);
    json_decref(co_signers);
    return json;
}

static void set_signature(json_t *json)
{
    struct signing_key alice = test_key(ALICE);
    assert_int_equal(signing_sign_object(&alice, json), RESULT_OK);
}

static void spoil(json_t *object)
{
    char text[SIGNATURE_TEXT_BYTES];
    struct signature signature;
    assert_int_equal(signing_parse_signature(
                         json_string_value(json_object_get(object, "signature")), &signature),
                     RESULT_OK);
    signature.bytes[0] ^= 1U;
    signing_format_signature(&signature, text);
    (void)json_object_set_new(object, "signature", json_string(text));
}

/* As a peer's post is read, with its JSON; and as a page that was fetched, with its text. NULL: it
 * was taken, else why not; how many signatures that took. */
static const char *judge_post(struct test_log *log, json_t *json, size_t *verified_out)
{
    struct event_batch batch;
    static char reason[32];
    json_t *array = json_array();
    (void)json_array_append(array, json);
    verified_count = 0;
    event_batch_read(log->log, array, test_id(ALICE), &batch);
    *verified_out = verified_count;
    assert_int_equal(batch.count + batch.refused_count + batch.left_out_count, 1);
    (void)snprintf(reason, sizeof reason, "%s",
                   batch.refused_count == 0 ? "" : event_refusal_name(batch.refused[0].refusal));
    const char *answer = batch.count == 1 ? NULL : reason;
    event_batch_deinit(&batch);
    json_decref(array);
    return answer;
}

static const char *judge_page(const json_t *json, size_t *verified_out)
{
    static char reason[32];
    struct event_batch batch;
    struct event *event = NULL;
    struct buffer text;
    size_t count = 0;
    buffer_init(&text);
    buffer_append_text(&text, "{\"events\":[");
    assert_int_equal(canonical_write(json, &text), RESULT_OK);
    buffer_append_text(&text, "]}");
    verified_count = 0;
    assert_true(
        event_scan_page(&(struct foreign_text){buffer_text(&text), text.length_bytes, NULL, 0},
                        test_id(ALICE), NULL, 1, &event, &count));
    struct hash_list asked = {0};
    hash_list_add(&asked, event->hash);
    event_batch_verify(&asked, &event, 1, &batch);
    *verified_out = verified_count;
    (void)snprintf(reason, sizeof reason, "%s",
                   batch.refused_count == 0 ? "" : event_refusal_name(batch.refused[0].refusal));
    const char *answer = batch.count == 1 ? NULL : reason;
    event_batch_deinit(&batch);
    hash_list_clear(&asked);
    buffer_deinit(&text);
    return answer;
}

/* §6: whoever makes up an event makes nobody verify what it holds. */
static void event_batch__verifies_co_signatures_after_the_events_own(void **state)
{
    struct test_log log;
    size_t verified = 0;
    (void)state;
    test_log_open(&log, ALICE, ALICE);
    json_t *json = make_revocation();
    assert_null(judge_post(&log, json, &verified));
    assert_int_equal(verified, 1 + CO_SIGNERS);
    assert_null(judge_page(json, &verified));
    assert_int_equal(verified, 1 + CO_SIGNERS);
    /* Its own does not hold: nobody looks at the others. */
    spoil(json);
    assert_string_equal(judge_post(&log, json, &verified), "invalid_signature");
    assert_int_equal(verified, 1);
    assert_string_equal(judge_page(json, &verified), "invalid_signature");
    assert_int_equal(verified, 1);
    /* Nor does the author's among the others, though its own does: that is the event's fault. */
    spoil(json_array_get(json_object_get(json_object_get(json, "data"), "co_signers"), 0));
    set_signature(json);
    assert_string_equal(judge_post(&log, json, &verified), "bad_event");
    assert_string_equal(judge_page(json, &verified), "bad_event");
    json_decref(json);
    test_log_close(&log);
}

static void event_batch__verifies_nothing_of_what_is_held(void **state)
{
    struct test_log log;
    struct event_batch batch;
    size_t verified = 0;
    json_t *array = json_array();
    (void)state;
    test_log_open(&log, ALICE, ALICE);
    (void)test_log_populate(&log, BOB);
    json_t *json = make_revocation();
    (void)json_array_append(array, json);
    event_batch_read(log.log, array, test_id(ALICE), &batch);
    test_log_receive(&log, batch.events, batch.count);
    batch.count = 0;
    event_batch_deinit(&batch);
    assert_int_equal(log.accepted, 1);
    assert_string_equal(judge_post(&log, json, &verified), "");
    assert_int_equal(verified, 0);
    json_decref(array);
    json_decref(json);
    test_log_close(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_batch__verifies_co_signatures_after_the_events_own),
        cmocka_unit_test(event_batch__verifies_nothing_of_what_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
