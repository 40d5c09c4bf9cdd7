#include "protocol/offer.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/event_scan.h"
#include "protocol/hex.h"
#include "protocol/hpke.h"
#include "support/shuffle.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB, CAROL };

/* A key from one repeated byte, and what it offers. */
static struct receiving_key receiving_key_of(uint8_t byte)
{
    uint8_t secret[HPKE_KEY_BYTES];
    struct receiving_key key = {{0}};
    memset(secret, byte, sizeof secret);
    hpke_public_key(secret, key.key);
    return key;
}

/* The event that ALICE makes of it, and what it offers, as each way of reading it says. */
static bool offers(enum event_type type, json_t *data, struct offer *offer_out)
{
    struct signing_key alice = test_key(ALICE);
    struct event_draft draft = {.type = type, .data = data};
    struct offer scanned;
    struct event *event = NULL;
    char id[ULID_TEXT_BYTES];
    size_t length = 0;
    size_t taken = 0;
    struct verified_event *verified =
        test_event(draft, &alice, test_id(ALICE), test_ulid(7, id), 70);
    const char *text = event_verified_text(verified, &length);
    assert_true(event_scan_one(text, length, test_id(ALICE), &event, &taken));
    memset(offer_out, 0, sizeof *offer_out);
    memset(&scanned, 0, sizeof scanned);
    bool offers = offer_of(event_verified_get(verified), offer_out);
    assert_int_equal(offers, offer_of(event, &scanned));
    assert_memory_equal(&scanned.key, &offer_out->key, sizeof scanned.key);
    assert_memory_equal(&scanned.peer, &offer_out->peer, sizeof scanned.peer);
    assert_int_equal(scanned.is_reset, offer_out->is_reset);
    if (offers) {
        assert_true(node_id_equal(&offer_out->owner, test_id(ALICE)));
        assert_int_equal(offer_out->lamport, 70);
        assert_string_equal(offer_out->event_id, id);
        assert_memory_equal(offer_out->hash, event_verified_get(verified)->hash, BLAKE3_HASH_BYTES);
    } else {
        assert_int_equal(offer_out->lamport, 0);
    }
    event_destroy(&event);
    event_verified_destroy(&verified);
    return offers;
}

/* Of ALICE, as she would publish it; to be changed. */
static json_t *prekey_data(bool reset)
{
    struct signing_key alice = test_key(ALICE);
    struct receiving_key prekey = receiving_key_of(9);
    return event_draft_prekeys(&prekey, &alice, reset).data;
}

static void offer_of__reads_a_prekey(void **state)
{
    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        struct receiving_key key = receiving_key_of(9);
        struct offer offer;
        assert_true(offers(EVENT_PREKEYS_PUBLISHED, prekey_data(reset), &offer));
        assert_true(offer.to_everybody);
        assert_int_equal(offer.is_reset, reset);
        assert_memory_equal(offer.key.key, key.key, HPKE_KEY_BYTES);
    }
}

/* The signature of another key over the prekey, or of ALICE over its text. */
static json_t *sign_otherwise(uint8_t signer, bool as_text)
{
    struct signing_key key = test_key(signer);
    struct receiving_key prekey = receiving_key_of(9);
    char text[RECEIVING_KEY_TEXT_BYTES];
    char signature_text[SIGNATURE_TEXT_BYTES];
    struct signature signature;
    receiving_key_format(&prekey, text);
    if (as_text) {
        signing_sign(&key, text, strlen(text), &signature);
    } else {
        signing_sign(&key, prekey.key, sizeof prekey.key, &signature);
    }
    signing_format_signature(&signature, signature_text);
    return json_string(signature_text);
}

/* A text of a receiving key, with ALICE's signature over it: of low order, or not canonical. */
static json_t *sign_key(const char *hex)
{
    struct signing_key alice = test_key(ALICE);
    struct receiving_key key;
    char text[RECEIVING_KEY_TEXT_BYTES];
    char signature_text[SIGNATURE_TEXT_BYTES];
    struct signature signature;
    assert_true(hex_parse(hex, key.key, sizeof key.key));
    receiving_key_format(&key, text);
    signing_sign(&alice, key.key, sizeof key.key, &signature);
    signing_format_signature(&signature, signature_text);
    return json_pack("{s:s,s:s}", "pubkey", text, "signature", signature_text);
}

static void offer_of__counts_no_prekey_that_proves_nothing(void **state)
{
    struct offer offer;
    char bob[NODE_ID_TEXT_BYTES];
    (void)state;
    node_id_format(test_id(BOB), bob);
    for (int change = 0; change < 15; change++) {
        json_t *data = prekey_data(true);
        json_t *prekey = json_object_get(data, "signed_prekey");
        switch (change) {
        case 0:
            (void)json_object_set_new(data, "node_id", json_string(bob));
            break;
        case 1:
            (void)json_object_del(data, "node_id");
            break;
        case 2:
            (void)json_object_set_new(prekey, "signature", sign_otherwise(BOB, false));
            break;
        case 3:
            (void)json_object_set_new(prekey, "signature", sign_otherwise(ALICE, true));
            break;
        case 4:
            (void)json_object_set_new(prekey, "signature", json_string("ed25519:"));
            break;
        case 5:
            (void)json_object_del(prekey, "signature");
            break;
        case 6:
            (void)json_object_set_new(prekey, "pubkey", json_integer(1));
            break;
        case 7:
            (void)json_object_del(prekey, "pubkey");
            break;
        case 8:
            (void)json_object_del(data, "signed_prekey");
            break;
        case 9:
            (void)json_object_set_new(data, "signed_prekey", json_array());
            break;
        case 10:
            (void)json_object_set_new(data, "reset", json_string("true"));
            break;
        case 11:
            (void)json_object_set_new(data, "reset", json_null());
            break;
        case 12: /* of low order */
            (void)json_object_set_new(
                data, "signed_prekey",
                sign_key("0000000000000000000000000000000000000000000000000000000000000000"));
            break;
        case 13: /* 9, with the highest bit */
            (void)json_object_set_new(
                data, "signed_prekey",
                sign_key("0900000000000000000000000000000000000000000000000000000000000080"));
            break;
        case 14: /* 2, as 2^255 - 17 */
            (void)json_object_set_new(
                data, "signed_prekey",
                sign_key("efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"));
            break;
        }
        if (offers(EVENT_PREKEYS_PUBLISHED, data, &offer)) {
            fail_msg("change %d counts", change);
        }
    }
}

/* What is there for the shape alone, and what a newer version may add. */
static void offer_of__looks_at_nothing_else_of_a_prekey(void **state)
{
    struct offer offer;
    json_t *data = prekey_data(true);
    (void)state;
    (void)json_object_set_new(data, "identity_pubkey", json_integer(3));
    (void)json_object_set_new(data, "one_time_prekeys", json_string("many"));
    (void)json_object_set_new(data, "later", json_pack("[{}]"));
    (void)json_object_set_new(json_object_get(data, "signed_prekey"), "later", json_true());
    assert_true(offers(EVENT_PREKEYS_PUBLISHED, data, &offer));
    assert_true(offer.is_reset);
    data = prekey_data(true);
    (void)json_object_del(data, "reset");
    (void)json_object_del(data, "identity_pubkey");
    (void)json_object_del(data, "one_time_prekeys");
    assert_true(offers(EVENT_PREKEYS_PUBLISHED, data, &offer));
    assert_false(offer.is_reset);
}

static json_t *sealed_data(const char *header)
{
    char bob[NODE_ID_TEXT_BYTES];
    node_id_format(test_id(BOB), bob);
    json_t *envelope =
        json_pack("{s:b,s:o,s:s}", "e2e", 1, "header", json_loads(header, JSON_DECODE_ANY, NULL),
                  "ciphertext", "AAAAAAAAAAAAAAAAAAAAAA");
    return event_draft_sealed("c", test_id(BOB), envelope).data;
}

#define COMMIT "\"commit\":\"hatchGwKeRWTg-CJQUyJmi-lkhSAtB83YnORV-JEREQ\""
#define REPLY "\"reply\":\"x25519:3NjsrvtgDEkifA0-SR6uabMv1EysasIndjws8uhGDl4\""

static void offer_of__reads_the_reply_of_an_envelope(void **state)
{
    static const struct {
        const char *header;
        bool offers;
    } cases[] = {
        {"{\"v\":1," COMMIT "," REPLY "}", true},
        {"{\"v\":1,\"keys\":7,\"later\":[]," COMMIT "," REPLY "}", true},
        {"{}", false},
        {"{\"v\":1," COMMIT "}", false},
        {"{\"v\":1," REPLY "}", false},
        {"{\"v\":2," COMMIT "," REPLY "}", false},
        {"{\"v\":1," COMMIT ",\"reply\":null}", false},
        {"{\"v\":1," COMMIT ",\"reply\":\"x25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct offer offer;
        if (offers(EVENT_MESSAGE_SENT, sealed_data(cases[i].header), &offer) != cases[i].offers) {
            fail_msg("%s", cases[i].header);
        }
        if (cases[i].offers) {
            assert_false(offer.to_everybody);
            assert_true(node_id_equal(&offer.peer, test_id(BOB)));
            assert_int_equal(offer.key.key[0], 0xdc);
        }
    }
    struct offer offer;
    assert_false(offers(EVENT_MESSAGE_SENT,
                        event_draft_message("c", test_id(BOB), "in clear", NULL).data, &offer));
}

static void offer_of__reads_words_on_a_session(void **state)
{
    static const uint8_t hash[BLAKE3_HASH_BYTES] = {7};
    struct receiving_key reply = receiving_key_of(5);
    struct offer offer;
    json_t *const good[] = {event_draft_established(test_id(BOB), &reply).data,
                            event_draft_broken(test_id(BOB), hash, 1, &reply).data};
    const enum event_type types[] = {EVENT_SESSION_ESTABLISHED, EVENT_SESSION_BROKEN};
    char alice[NODE_ID_TEXT_BYTES];
    (void)state;
    node_id_format(test_id(ALICE), alice);
    for (size_t i = 0; i < 2; i++) {
        json_t *to_herself = json_deep_copy(good[i]);
        json_t *low = json_deep_copy(good[i]);
        json_t *without = json_deep_copy(good[i]);
        (void)json_object_set_new(to_herself, "peer", json_string(alice));
        (void)json_object_set_new(
            low, "reply", json_string("x25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        (void)json_object_del(without, "reply");
        assert_false(offers(types[i], to_herself, &offer));
        assert_false(offers(types[i], low, &offer));
        assert_false(offers(types[i], without, &offer));
        assert_true(offers(types[i], good[i], &offer));
        assert_false(offer.to_everybody);
        assert_true(node_id_equal(&offer.peer, test_id(BOB)));
        assert_memory_equal(offer.key.key, reply.key, HPKE_KEY_BYTES);
    }
    assert_false(offers(EVENT_SESSION_ESTABLISHED, json_object(), &offer));
    assert_false(offers(EVENT_THREAD_CREATED, json_object(), &offer));
}

/* Bob's prekey and Alice's message of the known answer. */
static void offer_of__knows_the_known_answers(void **state)
{
    json_t *vectors = test_vectors("e2e.json");
    const json_t *bob = json_object_get(vectors, "bob_receiving_key");
    uint8_t seed[SIGNING_SEED_BYTES];
    struct signing_key key;
    struct receiving_key prekey;
    struct event *event = NULL;
    struct offer offer;
    json_t *json = NULL;
    (void)state;
    assert_true(
        hex_parse(json_string_value(json_object_get(json_object_get(vectors, "bob"), "seed")), seed,
                  sizeof seed));
    signing_key_init(&key, seed);
    assert_int_equal(
        receiving_key_parse(json_string_value(json_object_get(bob, "public")), &prekey), RESULT_OK);
    struct event_draft draft = event_draft_prekeys(&prekey, &key, false);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(draft.data, "signed_prekey"), "signature")),
                        json_string_value(json_object_get(bob, "prekey_signature")));
    assert_int_equal(json_object_size(draft.data), 5);
    assert_string_equal(json_string_value(json_object_get(draft.data, "identity_pubkey")),
                        "x25519:ARhVM8RZCYG9ry0zsJ0eqJW9qMGHckebUqMGS4ufNBE");
    assert_true(json_is_array(json_object_get(draft.data, "one_time_prekeys")));
    event_draft_deinit(&draft);

    char *text = json_dumps(json_object_get(vectors, "event"), 0);
    assert_int_equal(canonical_parse(text, strlen(text), CANONICAL_MOST_NESTING, &json, NULL),
                     RESULT_OK);
    assert_int_equal(event_parse(json, NULL, &event), EVENT_ACCEPTABLE);
    assert_true(offer_of(event, &offer));
    assert_true(node_id_equal(&offer.peer, &key.node_id));
    assert_int_equal(offer.lamport, 4218);
    event_destroy(&event);
    json_decref(json);
    free(text);
    json_decref(vectors);
}

enum { MOST_OFFERS = 24 };

/* Few lamports, ids and hashes, so that each of them decides at times. */
static struct offer draw_offer(uint64_t *random)
{
    struct offer offer = {.owner = *test_id((uint8_t)(ALICE + shuffle_below(random, 2)))};
    offer.to_everybody = shuffle_below(random, 3) == 0;
    offer.is_reset = offer.to_everybody && shuffle_below(random, 3) == 0;
    if (!offer.to_everybody) {
        offer.peer = *test_id((uint8_t)(BOB + shuffle_below(random, 2)));
    }
    offer.lamport = 1 + shuffle_below(random, 6);
    (void)test_ulid(shuffle_below(random, 3), offer.event_id);
    offer.hash[0] = (uint8_t)shuffle_below(random, 256);
    offer.hash[1] = (uint8_t)shuffle_below(random, 256);
    return offer;
}

static int compare_offers(const void *left, const void *right)
{
    const struct offer *const one = left;
    const struct offer *const other = right;
    if (one->lamport != other->lamport) {
        return one->lamport < other->lamport ? -1 : 1;
    }
    int order = strcmp(one->event_id, other->event_id);
    return order != 0 ? order : memcmp(one->hash, other->hash, sizeof one->hash);
}

/* The law, read forwards: a reset forgets what was offered to one alone. Sorts them. */
static const struct offer *replay_offers(struct offer *offers, size_t count,
                                         const struct node_id *owner, const struct node_id *peer)
{
    const struct offer *prekey = NULL;
    const struct offer *reply = NULL;
    qsort(offers, count, sizeof *offers, compare_offers);
    for (size_t i = 0; i < count; i++) {
        if (!node_id_equal(&offers[i].owner, owner)) {
            continue;
        }
        if (offers[i].to_everybody) {
            prekey = &offers[i];
            reply = offers[i].is_reset ? NULL : reply;
        } else if (node_id_equal(&offers[i].peer, peer)) {
            reply = &offers[i];
        }
    }
    return reply != NULL ? reply : prekey;
}

static void shuffle_offers(struct offer *offers, size_t count, uint64_t *random)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = shuffle_below(random, (unsigned)i);
        struct offer swapped = offers[i - 1];
        offers[i - 1] = offers[other];
        offers[other] = swapped;
    }
}

static void offer_current__is_what_a_replay_finds_in_any_order(void **state)
{
    uint64_t random = 1;
    size_t found = 0;
    size_t by_reset = 0;
    (void)state;
    for (size_t round = 0; round < 2000; round++) {
        struct offer offers[MOST_OFFERS] = {0};
        struct offer sorted[MOST_OFFERS];
        size_t count = shuffle_below(&random, MOST_OFFERS + 1);
        for (size_t i = 0; i < count; i++) {
            offers[i] = draw_offer(&random);
        }
        memcpy(sorted, offers, sizeof sorted);
        const struct offer *expected = replay_offers(sorted, count, test_id(ALICE), test_id(CAROL));
        for (size_t order = 0; order < 3; order++) {
            const struct offer *current =
                offer_current(offers, count, test_id(ALICE), test_id(CAROL));
            assert_int_equal(current == NULL, expected == NULL);
            assert_true(current == NULL || compare_offers(current, expected) == 0);
            shuffle_offers(offers, count, &random);
        }
        found += expected != NULL ? 1 : 0;
        by_reset += expected != NULL && expected->is_reset ? 1 : 0;
    }
    assert_in_range(found, 1500, 1999);
    assert_in_range(by_reset, 100, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offer_of__reads_a_prekey),
        cmocka_unit_test(offer_of__counts_no_prekey_that_proves_nothing),
        cmocka_unit_test(offer_of__looks_at_nothing_else_of_a_prekey),
        cmocka_unit_test(offer_of__reads_the_reply_of_an_envelope),
        cmocka_unit_test(offer_of__reads_words_on_a_session),
        cmocka_unit_test(offer_of__knows_the_known_answers),
        cmocka_unit_test(offer_current__is_what_a_replay_finds_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
