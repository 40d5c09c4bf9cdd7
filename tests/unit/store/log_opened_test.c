/* What the owner's programs get beside an event: live what is read later, and nobody else's. */
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/offer.h"
#include "protocol/payload.h"
#include "store/event_reader.h"
#include "support/neighbours.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, MOST = 64 };

/* What was told of each event, by its arrival number. */
struct told_events {
    char *opened[MOST];
    char event_id[MOST][ULID_TEXT_BYTES];
    uint8_t hash[MOST][BLAKE3_HASH_BYTES];
    int64_t last;
};

static void note_live(void *context, const struct committed_event *events, size_t count)
{
    struct told_events *told = context;
    for (size_t i = 0; i < count; i++) {
        const struct event *event = event_verified_get(events[i].event);
        told->last = events[i].seq;
        assert_true(told->last < MOST);
        told->opened[told->last] =
            events[i].opened == NULL ? NULL : memory_duplicate_string(events[i].opened);
        memcpy(told->event_id[told->last], event->event_id, ULID_TEXT_BYTES);
        memcpy(told->hash[told->last], event->hash, BLAKE3_HASH_BYTES);
    }
}

static bool note_read(void *context, int64_t seq, const char *text, size_t length_bytes,
                      const char *opened)
{
    struct told_events *told = context;
    assert_true(seq < MOST);
    assert_int_equal(strlen(text), length_bytes);
    told->opened[seq] = opened == NULL ? NULL : memory_duplicate_string(opened);
    return true;
}

static void forget(struct told_events *told)
{
    for (int i = 0; i < MOST; i++) {
        memory_free(told->opened[i]);
    }
}

static void begin(struct neighbours *street, struct told_events *told)
{
    neighbours_begin(street, 3);
    neighbours_exchange(street);
    memset(told, 0, (CAROL + 1) * sizeof *told);
    for (int i = ALICE; i <= CAROL; i++) {
        street->logs[i].watch = note_live;
        street->logs[i].watching = &told[i];
    }
}

/* Live and later it is the same. */
static void end(struct neighbours *street, struct told_events *told)
{
    for (int who = ALICE; who <= CAROL; who++) {
        struct told_events read = {.last = 0};
        int64_t through = 0;
        assert_int_equal(
            event_reader_concerning_us(street->logs[who].log, 0, MOST, note_read, &read, &through),
            RESULT_OK);
        for (int i = 0; i < MOST; i++) {
            assert_int_equal(read.opened[i] == NULL, told[who].opened[i] == NULL);
            if (read.opened[i] != NULL) {
                assert_string_equal(read.opened[i], told[who].opened[i]);
            }
        }
        forget(&read);
        forget(&told[who]);
    }
    neighbours_end(street);
}

/* How often it was told. */
static int count(const struct told_events *told, const char *opened)
{
    int found = 0;
    for (int i = 0; i < MOST; i++) {
        found += told->opened[i] != NULL && strcmp(told->opened[i], opened) == 0 ? 1 : 0;
    }
    return found;
}

static int count_all(const struct told_events *told)
{
    int found = 0;
    for (int i = 0; i < MOST; i++) {
        found += told->opened[i] != NULL ? 1 : 0;
    }
    return found;
}

static void log_opened__tells_both_and_nobody_else(void **state)
{
    static const char text[] = "{\"body\":\"under the mat\",\"kind\":\"text\"}";
    struct neighbours street;
    struct told_events told[CAROL + 1];
    (void)state;
    begin(&street, told);
    (void)neighbours_send(&street, ALICE, BOB, "under the mat");
    neighbours_exchange(&street);
    assert_int_equal(count(&told[ALICE], text), 1);
    assert_int_equal(count(&told[BOB], text), 1);
    assert_int_equal(count_all(&told[ALICE]), 1); /* receipts open to nothing */
    assert_int_equal(count_all(&told[CAROL]), 0);
    end(&street, told);
}

static void log_opened__tells_nothing_once_the_key_is_gone(void **state)
{
    struct neighbours street;
    struct told_events told[CAROL + 1];
    (void)state;
    begin(&street, told);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    neighbours_exchange(&street);
    neighbours_change_database(&street, BOB, "UPDATE keyring SET key=NULL,gone='deleted'");
    forget(&told[BOB]);
    memset(&told[BOB], 0, sizeof told[BOB]);
    end(&street, told);
}

static bool find_prekey(void *context, int64_t seq, int64_t lamport, const char *text,
                        size_t length_bytes)
{
    struct receiving_key *key = context;
    json_t *json = NULL;
    struct event *event = NULL;
    struct offer offer;
    (void)seq;
    (void)lamport;
    assert_int_equal(canonical_parse(text, length_bytes, CANONICAL_MOST_NESTING, &json, NULL),
                     RESULT_OK);
    assert_int_equal(event_parse(json, NULL, &event), EVENT_ACCEPTABLE);
    if (offer_of(event, &offer) && node_id_equal(&offer.owner, test_id(ALICE))) {
        *key = offer.key;
    }
    event_destroy(&event);
    json_decref(json);
    return true;
}

/* From Bob to Alice, with a key that his node does not keep. Its arrival number at his. */
static int64_t seal(struct neighbours *street, const struct receiving_key *to, uint32_t number,
                    const struct buffer *payload)
{
    const uint8_t ephemeral[HPKE_KEY_BYTES] = {(uint8_t)number, 7};
    char client_id[16];
    (void)snprintf(client_id, sizeof client_id, "hand %u", number);
    const struct envelope_place place = {.author = test_id(BOB),
                                         .recipient = test_id(ALICE),
                                         .community_id = test_id(ALICE),
                                         .client_id = client_id};
    const struct envelope_sealing sealing = {
        .to = *to, .seq = number, .ephemeral = ephemeral, .key.key = {(uint8_t)number}};
    json_t *envelope = envelope_seal(&place, &sealing, payload->data, payload->length_bytes);
    assert_non_null(envelope);
    const struct append_answer *answer = test_log_append(
        &street->logs[BOB], event_draft_sealed(client_id, test_id(ALICE), envelope));
    assert_int_equal(answer->result, RESULT_OK);
    return answer->seq;
}

/* Which messages keys opened, not the keys; of what else is named, nothing. */
static void log_opened__names_what_keys_opened(void **state)
{
    const uint8_t nobodys[HPKE_KEY_BYTES] = {9};
    struct neighbours street;
    struct told_events told[CAROL + 1];
    struct receiving_key lost = {{0}};
    struct receiving_key prekey = {{0}};
    struct buffer text;
    char expected[96];
    (void)state;
    begin(&street, told);
    buffer_init(&text);
    hpke_public_key(nobodys, lost.key);
    (void)neighbours_send(&street, BOB, ALICE, "read already");
    const int64_t other = street.logs[BOB].appended.seq;
    assert_int_equal(payload_write_text("lost", NULL, NULL, &text), RESULT_OK);
    const int64_t first = seal(&street, &lost, 1, &text);
    const int64_t second = seal(&street, &lost, 2, &text);
    neighbours_exchange(&street);
    assert_int_equal(count_all(&told[ALICE]), 1); /* they wait */
    struct payload_key keys[4] = {
        {.key.key = {1}}, {.key.key = {1}}, {.key.key = {1}}, {.key.key = {3}}};
    memcpy(keys[0].event, told[BOB].hash[first], BLAKE3_HASH_BYTES);
    memcpy(keys[1].event, told[BOB].hash[second],
           BLAKE3_HASH_BYTES); /* which is no key of theirs */
    memcpy(keys[2].event, told[BOB].hash[other], BLAKE3_HASH_BYTES);
    buffer_clear(&text);
    payload_write_keys(keys, 4, &text);
    assert_int_equal(event_reader_after_seq(street.logs[BOB].log, 0, MOST, find_prekey, &prekey),
                     RESULT_OK);
    (void)seal(&street, &prekey, 3, &text);
    neighbours_exchange(&street);
    (void)snprintf(expected, sizeof expected, "{\"events\":[\"%s\"],\"kind\":\"keys\"}",
                   told[BOB].event_id[first]);
    assert_int_equal(count(&told[ALICE], expected), 1);
    assert_int_equal(neighbours_count(&street, ALICE, "lost", MESSAGE_OPENED), 1);
    assert_int_equal(count_all(&told[ALICE]), 2);
    /* What is read later has what was opened since. */
    for (int i = 0; i < MOST; i++) {
        if (memcmp(told[ALICE].hash[i], keys[0].event, BLAKE3_HASH_BYTES) == 0) {
            told[ALICE].opened[i] =
                memory_duplicate_string("{\"body\":\"lost\",\"kind\":\"text\"}");
        }
    }
    buffer_deinit(&text);
    end(&street, told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_opened__tells_both_and_nobody_else),
        cmocka_unit_test(log_opened__tells_nothing_once_the_key_is_gone),
        cmocka_unit_test(log_opened__names_what_keys_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
