/* What others may send: nothing that is not theirs opens, whatever it says of itself. */
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/co_signature.h"
#include "protocol/payload.h"
#include "support/neighbours.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, FIRST_LAMPORT = 40 };

/* A message of Carol's to Bob, as she likes it. */
struct crafted {
    const char *client_id;
    const char *text;
    struct receiving_key to;
    uint8_t key;        /* of which byte the content key is made */
    uint32_t seq;       /* 0: 1 */
    uint8_t author;     /* who the envelope says wrote it; 0: Carol */
    const char *member; /* to be set in the header to `value`, which is consumed; NULL: none */
    json_t *value;
};

static json_t *seal(const struct crafted *crafted)
{
    uint8_t ephemeral[HPKE_KEY_BYTES];
    struct envelope_sealing sealing = {
        .to = crafted->to, .seq = crafted->seq == 0 ? 1 : crafted->seq, .ephemeral = ephemeral};
    const struct envelope_place place = {
        .author = test_id(crafted->author == 0 ? CAROL : crafted->author),
        .recipient = test_id(BOB),
        .community_id = test_id(ALICE),
        .client_id = crafted->client_id};
    struct buffer payload;
    buffer_init(&payload);
    if (crafted->text[0] == '{') {
        buffer_append_text(&payload, crafted->text);
    } else {
        assert_int_equal(payload_write_text(crafted->text, NULL, NULL, &payload), RESULT_OK);
    }
    signing_random(ephemeral, sizeof ephemeral);
    memset(sealing.key.key, crafted->key, sizeof sealing.key.key);
    json_t *envelope = envelope_seal(&place, &sealing, payload.data, payload.length_bytes);
    assert_non_null(envelope);
    if (crafted->member != NULL) {
        (void)json_object_set_new(json_object_get(envelope, "header"), crafted->member,
                                  crafted->value);
    }
    buffer_deinit(&payload);
    return envelope;
}

static struct verified_event *event_of(const char *client_id, json_t *envelope, unsigned id)
{
    char event_id[ULID_TEXT_BYTES];
    struct signing_key carol = test_key(CAROL);
    return test_event(event_draft_sealed(client_id, test_id(BOB), envelope), &carol, test_id(ALICE),
                      test_ulid(id, event_id), FIRST_LAMPORT + (int64_t)id);
}

static struct verified_event *craft(const struct crafted *crafted, unsigned id)
{
    return event_of(crafted->client_id, seal(crafted), id);
}

static void give(struct neighbours *street, struct verified_event *event)
{
    test_log_receive(&street->logs[BOB], &event, 1);
    assert_int_equal(street->logs[BOB].refusals[0], EVENT_ACCEPTABLE);
}

static int count_delivered(struct neighbours *street)
{
    return neighbours_count_events(street, BOB, "chat.message.delivered", NULL);
}

static void log_opening__only_what_is_its_authors_opens(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    const struct receiving_key to = neighbours_prekey(&street, BOB);
    const struct crafted good = {.client_id = "a", .text = "good", .to = to, .key = 1};
    const struct crafted stolen = {
        .client_id = "b", .text = "of Alice", .to = to, .key = 2, .author = ALICE};
    const struct crafted wrong_commit = {
        .client_id = "c",
        .text = "wrong commit",
        .to = to,
        .key = 3,
        .member = "commit",
        .value = json_string("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")};
    const struct crafted flipped = {.client_id = "d",
                                    .text = "another header",
                                    .to = to,
                                    .key = 4,
                                    .member = "more",
                                    .value = json_true()};
    const struct crafted other = {.client_id = "e", .text = "other id", .to = to, .key = 5};
    struct verified_event *other_id = event_of("f", seal(&other), 104);
    give(&street, craft(&stolen, 101));
    give(&street, craft(&wrong_commit, 102));
    give(&street, craft(&flipped, 103));
    give(&street, other_id);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_UNREADABLE), 4);
    assert_int_equal(count_delivered(&street), 0);
    give(&street, craft(&good, 105));
    assert_int_equal(neighbours_count(&street, BOB, "good", MESSAGE_OPENED), 1);
    assert_int_equal(count_delivered(&street), 1);
    neighbours_verify(&street, BOB);
    neighbours_change_database(&street, BOB, "DELETE FROM receiving_keys");
    neighbours_verify(&street, BOB); /* what is final stays so */
    neighbours_end(&street);
}

static void log_opening__what_is_newer_is_unsupported(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    const struct receiving_key to = neighbours_prekey(&street, BOB);
    const struct crafted version = {.client_id = "a",
                                    .text = "v 2",
                                    .to = to,
                                    .key = 1,
                                    .member = "v",
                                    .value = json_integer(2)};
    const struct crafted kind = {
        .client_id = "b", .text = "{\"kind\":\"hologram\"}", .to = to, .key = 2};
    const struct crafted reaction = {
        .client_id = "c",
        .text = "{\"emoji\":\"+\",\"kind\":\"reaction\",\"to\":\"00000000000000000000000000000000"
                "00000000000000000000000000000000\"}",
        .to = to,
        .key = 3};
    const struct crafted no_kind = {.client_id = "d", .text = "{}", .to = to, .key = 4};
    give(&street, craft(&version, 101));
    give(&street, craft(&kind, 102));
    give(&street, craft(&reaction, 103));
    give(&street, craft(&no_kind, 104));
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_UNSUPPORTED), 2);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_UNREADABLE), 1);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_OPENED), 0);
    assert_int_equal(count_delivered(&street), 0);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* What is there is what an older version would have left: it has the keys, and answered nothing. */
static void log_opening__what_was_unsupported_is_tried_again(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    const struct event_log_options silent = {
        .synchronous = true, .keeps_keys = true, .clock = &street.clock};
    const struct crafted text = {
        .client_id = "a", .text = "later", .to = neighbours_prekey(&street, BOB), .key = 1};
    test_log_reopen_with(&street.logs[BOB], ALICE, &silent);
    give(&street, craft(&text, 101));
    char *sql = memory_format("UPDATE messages SET sealed=%d,body='';"
                              "UPDATE meta SET value='0' WHERE key='payloads'",
                              MESSAGE_UNSUPPORTED);
    neighbours_change_database(&street, BOB, sql);
    memory_free(sql);
    assert_int_equal(neighbours_count(&street, BOB, "later", MESSAGE_OPENED), 1);
    assert_int_equal(count_delivered(&street), 1);
    neighbours_reopen(&street, BOB);
    assert_int_equal(count_delivered(&street), 1);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* Two events with one commitment are one message: the first in replay order, however they come. */
static void log_opening__shows_one_commitment_once(void **state)
{
    (void)state;
    for (int order = 0; order < 6; order++) {
        static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        static const char *const texts[] = {"first", "second", "third"};
        struct neighbours street;
        neighbours_begin_known(&street, 3);
        const struct receiving_key to = neighbours_prekey(&street, BOB);
        int first = 3;
        int delivered = 0; /* said of each that was the message when it came */
        for (int i = 0; i < 3; i++) {
            int which = orders[order][i];
            delivered += which < first ? 1 : 0;
            first = which < first ? which : first;
            const struct crafted crafted = {
                .client_id = texts[which], .text = texts[which], .to = to, .key = 1};
            give(&street, craft(&crafted, 101U + (unsigned)which));
        }
        assert_int_equal(neighbours_count(&street, BOB, "first", MESSAGE_OPENED), 1);
        assert_int_equal(neighbours_count(&street, BOB, "second", MESSAGE_OPENED), 0);
        assert_int_equal(neighbours_count(&street, BOB, "third", MESSAGE_OPENED), 0);
        assert_int_equal(count_delivered(&street), delivered);
        neighbours_verify(&street, BOB);
        neighbours_end(&street);
    }
}

/* In one batch, whatever its order. */
static void log_opening__answers_the_first_of_a_batch(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    const struct receiving_key to = neighbours_prekey(&street, BOB);
    const struct crafted first = {.client_id = "a", .text = "first", .to = to, .key = 1};
    const struct crafted again = {.client_id = "b", .text = "again", .to = to, .key = 1};
    const struct crafted later = {.client_id = "c", .text = "later", .to = to, .key = 1};
    struct verified_event *batch[] = {craft(&again, 102), craft(&later, 103), craft(&first, 101)};
    test_log_receive(&street.logs[BOB], batch, 3);
    assert_int_equal(neighbours_count(&street, BOB, "first", MESSAGE_OPENED), 1);
    assert_int_equal(count_delivered(&street), 1);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* What was to be answered is another one again by then. */
static void log_opening__answers_one_commitment_once(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    const struct receiving_key to = neighbours_prekey(&street, BOB);
    const struct crafted first = {.client_id = "a", .text = "first", .to = to, .key = 1};
    const struct crafted again = {.client_id = "b", .text = "again", .to = to, .key = 1};
    assert_int_equal(log_caught_up_await(street.logs[BOB].log), RESULT_OK);
    give(&street, craft(&again, 102));
    give(&street, craft(&first, 101));
    assert_int_equal(count_delivered(&street), 0);
    assert_int_equal(log_caught_up_tell(street.logs[BOB].log), RESULT_OK);
    assert_int_equal(count_delivered(&street), 1);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* What Carol wrote after she was shut out goes, with what it said of what it is. */
static void log_opening__what_goes_leaves_nothing(void **state)
{
    struct neighbours street;
    struct signing_key alice = test_key(ALICE);
    char event_id[ULID_TEXT_BYTES];
    (void)state;
    neighbours_begin_known(&street, 3);
    const struct receiving_key to = neighbours_prekey(&street, BOB);
    const struct crafted first = {.client_id = "a", .text = "first", .to = to, .key = 1};
    const struct crafted again = {.client_id = "b", .text = "again", .to = to, .key = 1, .seq = 2};
    const struct crafted late = {.client_id = "c", .text = "late", .to = to, .key = 2, .seq = 3};
    give(&street, craft(&late, 105));
    give(&street, craft(&again, 103));
    give(&street, craft(&first, 101));
    assert_int_equal(neighbours_count(&street, BOB, "late", MESSAGE_OPENED), 1);
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers,
        co_signature_make(&alice, event_data_revocation_statement("r", "other", test_id(CAROL))));
    give(&street, test_event(event_draft_revoked("r", test_id(CAROL), "other", signers), &alice,
                             test_id(ALICE), test_ulid(102, event_id), FIRST_LAMPORT + 102));
    json_decref(signers);
    assert_int_equal(neighbours_count(&street, BOB, "first", MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count(&street, BOB, "late", MESSAGE_OPENED), 0);
    assert_int_equal(neighbours_ask_database(&street, BOB, "SELECT count(*) FROM sealings"), 1);
    assert_int_equal(neighbours_ask_database(&street, BOB, "SELECT number FROM sealed_runs"), 1);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* Carol's word to Bob what the key of a message is. */
static void give_key(struct neighbours *street, const uint8_t *hash, const uint8_t *key,
                     unsigned id)
{
    static uint8_t fresh = 200;
    char client_id[16];
    struct buffer text;
    struct payload_key given;
    buffer_init(&text);
    memcpy(given.event, hash, sizeof given.event);
    memcpy(given.key.key, key, sizeof given.key.key);
    payload_write_keys(&given, 1, &text);
    (void)snprintf(client_id, sizeof client_id, "keys-%u", id);
    const struct crafted crafted = {.client_id = client_id,
                                    .text = buffer_text(&text),
                                    .to = neighbours_prekey(street, BOB),
                                    .key = fresh++};
    give(street, craft(&crafted, id));
    buffer_deinit(&text);
}

static void log_opening__a_key_that_fits_opens_and_no_other(void **state)
{
    struct neighbours street;
    uint8_t key[ENVELOPE_KEY_BYTES];
    const struct receiving_key nobodys = {{9}};
    (void)state;
    neighbours_begin_known(&street, 3);
    memset(key, 1, sizeof key);
    const struct crafted crafted = {.client_id = "a", .text = "late", .to = nobodys, .key = 1};
    struct verified_event *event = craft(&crafted, 101);
    uint8_t hash[BLAKE3_HASH_BYTES];
    memcpy(hash, event_verified_get(event)->hash, sizeof hash);
    give_key(&street, hash, key, 90); /* of what is not here: ignored */
    give(&street, event);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 1);
    neighbours_verify(&street, BOB); /* nor is it taken when views are derived */
    key[0]++;
    give_key(&street, hash, key, 111);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 1);
    assert_int_equal(count_delivered(&street), 0);
    key[0]--;
    give_key(&street, hash, key, 112);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 0);
    assert_int_equal(neighbours_count(&street, BOB, "late", MESSAGE_OPENED), 1);
    assert_int_equal(count_delivered(&street), 1);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* Not even who has it. */
static void log_opening__nobody_else_gives_the_key_of_a_message(void **state)
{
    struct neighbours street;
    uint8_t key[ENVELOPE_KEY_BYTES];
    uint8_t hash[BLAKE3_HASH_BYTES];
    (void)state;
    neighbours_begin_known(&street, 3);
    neighbours_change_database(&street, BOB, "DELETE FROM receiving_keys");
    (void)neighbours_send(&street, ALICE, BOB, "between us");
    neighbours_give(&street, ALICE, BOB);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 1);
    assert_true(neighbours_ask_bytes(&street, ALICE, "SELECT key FROM keyring", key, sizeof key));
    assert_true(
        neighbours_ask_bytes(&street, ALICE, "SELECT hash FROM keyring", hash, sizeof hash));
    give_key(&street, hash, key, 111);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 1);
    assert_int_equal(neighbours_ask_database(&street, BOB, "SELECT count(*) FROM keyring"), 1);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* As many records as a header holds: none is tried but by its tag. */
static void log_opening__a_header_full_of_records_waits(void **state)
{
    enum { RECORDS = 90, RECORD_BYTES = 92, TEXT_BYTES = (RECORDS * RECORD_BYTES * 4 + 2) / 3 };
    struct neighbours street;
    char *records = memory_allocate(TEXT_BYTES + 1, 1);
    (void)state;
    neighbours_begin_known(&street, 3);
    memset(records, 'A', TEXT_BYTES);
    const struct crafted full = {.client_id = "a",
                                 .text = "full",
                                 .to = neighbours_prekey(&street, BOB),
                                 .key = 1,
                                 .member = "keys",
                                 .value = json_string(records)};
    give(&street, craft(&full, 101));
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), 1);
    assert_int_equal(count_delivered(&street), 0);
    neighbours_verify(&street, BOB);
    memory_free(records);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_opening__only_what_is_its_authors_opens),
        cmocka_unit_test(log_opening__what_is_newer_is_unsupported),
        cmocka_unit_test(log_opening__what_was_unsupported_is_tried_again),
        cmocka_unit_test(log_opening__shows_one_commitment_once),
        cmocka_unit_test(log_opening__answers_the_first_of_a_batch),
        cmocka_unit_test(log_opening__answers_one_commitment_once),
        cmocka_unit_test(log_opening__what_goes_leaves_nothing),
        cmocka_unit_test(log_opening__a_key_that_fits_opens_and_no_other),
        cmocka_unit_test(log_opening__nobody_else_gives_the_key_of_a_message),
        cmocka_unit_test(log_opening__a_header_full_of_records_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
