#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "gossip/event_batch.h"
#include "gossip/gossip_state.h"
#include "gossip/page_size.h"
#include "protocol/hex.h"
#include "protocol/reconcile.h"
#include "store/event_reader.h"
#include "support/scripted_peers.h"

enum { ALICE = 1, BOB = 2, JANA = 3, EVE = 4, MANY = 2500, TEN_MINUTES_MS = 600000 };

static const char reconcile[] = "/sync/v1/reconcile";
static const char fetch[] = "/sync/v1/fetch";
static const char events[] = "/sync/v1/events";
static const char taken_one[] =
    "{\"accepted\":1,\"new_head\":1,\"rejected\":0,\"rejected_reasons\":[]}";
static const char taken_none[] =
    "{\"accepted\":0,\"new_head\":1,\"rejected\":0,\"rejected_reasons\":[]}";

/* Answers every request of that peer that compares, as `answer` does, until nothing of it is asked
 * any more at that moment; how often it was asked. */
static unsigned compare_on(struct scripted_peers *scripted, uint8_t peer,
                           void (*answer)(struct scripted_peers *, struct scripted_request *))
{
    unsigned count = 0;
    struct scripted_request *request = scripted_peers_await(scripted, peer, reconcile);
    while (request != NULL && count < 1000) {
        count++;
        answer(scripted, request);
        scripted_peers_run(scripted, scripted->now_ms + 200); /* calls are spread */
        request = scripted_peers_find(scripted, peer, reconcile);
    }
    return count;
}

static void differ_for_ever(struct scripted_peers *scripted, struct scripted_request *request)
{
    static uint8_t other;
    uint8_t message[5 + FINGERPRINT_BYTES] = {0x61, 0, 0, 1, ++other};
    scripted_peers_answer(scripted, request, message, 4 + FINGERPRINT_BYTES);
}

static void peer_session__ends_comparisons_that_bring_nothing(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 2);
    assert_in_range(compare_on(&scripted, BOB, differ_for_ever), 2, 20);
    /* The other one is compared with meanwhile, and the first again, but as one that failed. */
    assert_non_null(scripted_peers_find(&scripted, JANA, reconcile));
    assert_in_range(compare_on(&scripted, BOB, differ_for_ever), 2, 20);
    scripted_peers_close(&scripted);
}

/* How often it is compared with and sent all that we have, if it always lacks it and says so. */
static unsigned count_rounds(const char *taken)
{
    struct scripted_peers scripted;
    unsigned rounds = 0;
    scripted_peers_open(&scripted, 1);
    struct scripted_request *request = scripted_peers_await(&scripted, BOB, reconcile);
    while (request != NULL && rounds < 1000) {
        rounds++;
        scripted_peers_lack(&scripted, request);
        scripted_peers_answer(&scripted, scripted_peers_await(&scripted, BOB, events), taken,
                              strlen(taken));
        scripted_peers_run(&scripted, scripted.now_ms + 200);
        request = scripted_peers_find(&scripted, BOB, reconcile);
    }
    scripted_peers_close(&scripted);
    return rounds;
}

static void peer_session__ends_when_what_it_sends_is_not_taken(void **state)
{
    (void)state;
    assert_int_equal(count_rounds(taken_none), 1);
    assert_in_range(count_rounds(taken_one), 1, 20); /* and lacks it again */
}

/* Hashes of events that nobody has. */
static uint8_t *make_up(size_t count, uint8_t mark)
{
    uint8_t *hashes = memory_allocate(count, BLAKE3_HASH_BYTES);
    for (size_t i = 0; i < count; i++) {
        uint8_t *hash = hashes + i * BLAKE3_HASH_BYTES;
        hash[0] = (uint8_t)(i >> 8U);
        hash[1] = (uint8_t)i;
        hash[2] = mark;
    }
    return hashes;
}

static size_t asked_for(const struct scripted_request *request)
{
    return scripted_peers_count(request, "\"") / 2 - 1 -
           scripted_peers_count(request, "\"most_bytes\"");
}

static void peer_session__lets_one_peer_at_a_time_bring_much(void **state)
{
    struct scripted_peers scripted;
    uint8_t *hashes = make_up(MANY, 1);
    uint8_t *others = make_up(5, 2);
    (void)state;
    scripted_peers_open(&scripted, 3);
    for (int peer = BOB; peer <= EVE; peer++) {
        scripted_peers_claim(&scripted, scripted_peers_await(&scripted, (uint8_t)peer, reconcile),
                             peer == EVE ? others : hashes, peer == EVE ? 5 : MANY);
    }
    /* Bob's turn; Jana's much is for later; the little that Eve has is no trouble. */
    assert_non_null(scripted_peers_await(&scripted, BOB, fetch));
    scripted_peers_run(&scripted, scripted.now_ms + 1000);
    assert_null(scripted_peers_find(&scripted, JANA, fetch));
    assert_non_null(scripted_peers_find(&scripted, EVE, fetch));
    for (int i = 0; i < 3; i++) { /* she is asked again, and each time it is not her turn */
        scripted_peers_claim(&scripted, scripted_peers_await(&scripted, JANA, reconcile), hashes,
                             MANY);
        scripted_peers_run(&scripted, scripted.now_ms + 1000);
        assert_null(scripted_peers_find(&scripted, JANA, fetch));
    }
    /* Bob breaks off: now it is hers. */
    scripted_peers_fail(&scripted, scripted_peers_find(&scripted, BOB, fetch));
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, JANA, reconcile), hashes, MANY);
    assert_non_null(scripted_peers_await(&scripted, JANA, fetch));
    memory_free(hashes);
    memory_free(others);
    scripted_peers_close(&scripted);
}

/* Of two who have the same one is asked; of the other only what that one lacks, and the rest when
 * it breaks off. */
static void peer_session__asks_nobody_for_what_is_on_its_way(void **state)
{
    struct scripted_peers scripted;
    uint8_t *hashes = make_up(6, 1);
    (void)state;
    scripted_peers_open(&scripted, 2);
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, reconcile), hashes, 4);
    const struct scripted_request *request = scripted_peers_await(&scripted, BOB, fetch);
    assert_int_equal(asked_for(request), 4);
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, JANA, reconcile), hashes, 6);
    request = scripted_peers_await(&scripted, JANA, fetch);
    assert_int_equal(asked_for(request), 2);
    assert_int_equal(scripted_peers_count(request, "000501"), 1);
    scripted_peers_fail(&scripted, scripted_peers_find(&scripted, JANA, fetch));
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, JANA, reconcile), hashes, 4);
    for (int i = 0; i < 3; i++) { /* it is compared with again and again, and not asked */
        assert_null(scripted_peers_find(&scripted, JANA, fetch));
        scripted_peers_claim(&scripted, scripted_peers_await(&scripted, JANA, reconcile), hashes,
                             4);
    }
    scripted_peers_fail(&scripted, scripted_peers_find(&scripted, BOB, fetch));
    const int64_t failed_ms = scripted.now_ms;
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, JANA, reconcile), hashes, 4);
    request = scripted_peers_await(&scripted, JANA, fetch);
    assert_int_equal(asked_for(request), 4);
    assert_in_range(scripted.now_ms - failed_ms, 0, GOSSIP_CATCH_UP_MS + 1000);
    memory_free(hashes);
    scripted_peers_close(&scripted);
}

/* Who knows no "most_bytes" is asked without. */
static void peer_session__asks_plainly_who_refuses_more(void **state)
{
    struct scripted_peers scripted;
    uint8_t *hashes = make_up(3, 1);
    (void)state;
    scripted_peers_open(&scripted, 1);
    for (size_t i = 0; i < 2; i++) {
        scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, reconcile), hashes, 3);
        struct scripted_request *request = scripted_peers_await(&scripted, BOB, fetch);
        assert_int_equal(asked_for(request), 3);
        assert_int_equal(scripted_peers_count(request, "\"most_bytes\":8192}"), i == 0 ? 1 : 0);
        scripted_peers_refuse(&scripted, request, 400, "{}");
    }
    memory_free(hashes);
    scripted_peers_close(&scripted);
}

/* A page that takes `took_ms` on its way and has nothing in it but so many bytes. */
static void pad(struct scripted_peers *scripted, struct scripted_request *request, size_t bytes,
                int64_t took_ms)
{
    static const char nothing[] = "{\"events\":[],\"missing\":[]}";
    struct buffer text;
    buffer_init(&text);
    buffer_append_text(&text, nothing);
    while (text.length_bytes < bytes) {
        buffer_append_byte(&text, ' ');
    }
    request->took_ms = took_ms;
    scripted_peers_answer(scripted, request, text.data, text.length_bytes);
    buffer_deinit(&text);
}

static void peer_session__sizes_its_pages_by_what_the_link_shows(void **state)
{
    enum { BYTES = 1024 }; /* of an event */
    struct scripted_peers scripted;
    uint8_t *hashes = make_up(MANY, 1);
    (void)state;
    scripted_peers_open(&scripted, 1);
    struct scripted_request *request = scripted_peers_await(&scripted, BOB, reconcile);
    assert_in_range(request->most_answer_bytes, 1, RECONCILE_MOST_MESSAGE_BYTES);
    assert_in_range(request->body.length_bytes, 1, RECONCILE_MOST_MESSAGE_BYTES);
    scripted_peers_claim(&scripted, request, hashes, MANY);
    request = scripted_peers_await(&scripted, BOB, fetch);
    assert_in_range(request->most_answer_bytes, EVENT_BATCH_MOST_BYTES,
                    EVENT_BATCH_MOST_BYTES + 1048576);
    assert_int_equal(asked_for(request), PAGE_SIZE_FIRST_BYTES / BYTES);
    struct gossip_progress progress = gossip_progress(scripted.gossip);
    assert_int_equal(progress.to_come, MANY);
    assert_int_equal(progress.seconds_left, -1);
    assert_true(node_id_equal(&progress.peer, test_id(BOB)));
    /* 16 KiB a second: five would be 80 KiB, and it grows step by step. */
    pad(&scripted, request, PAGE_SIZE_FIRST_BYTES, 500);
    request = scripted_peers_await(&scripted, BOB, fetch);
    assert_int_equal(asked_for(request), PAGE_SIZE_FIRST_BYTES / BYTES * PAGE_SIZE_GROWTH);
    progress = gossip_progress(scripted.gossip);
    assert_int_equal(progress.to_come, MANY - PAGE_SIZE_FIRST_BYTES / BYTES);
    assert_int_equal(progress.bytes_a_second, 16384);
    assert_int_equal(progress.seconds_left, progress.to_come * BYTES / 16384);
    /* It takes no time at all: soon pages are as large as they may be. */
    for (size_t i = 0; i < 2; i++) {
        pad(&scripted, request, asked_for(request) * BYTES, 1);
        request = scripted_peers_await(&scripted, BOB, fetch);
    }
    assert_int_equal(asked_for(request), EVENT_BATCH_MOST_EVENTS);
    /* It breaks off, again and again. */
    for (size_t i = 0; i < 4; i++) {
        scripted_peers_fail(&scripted, request);
        request = scripted_peers_await(&scripted, BOB, reconcile);
        scripted_peers_claim(&scripted, request, hashes, MANY);
        request = scripted_peers_await(&scripted, BOB, fetch);
    }
    assert_int_equal(asked_for(request), PAGE_SIZE_MOST_BYTES / 16 / BYTES);
    memory_free(hashes);
    scripted_peers_close(&scripted);
}

/* A message of Jana's to Bob: its text with its signature as it was made or with another, and its
 * hash. */
static char *write_message(unsigned number, bool spoil, uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    static const char name[] = "\"signature\":\"ed25519:";
    char *text = scripted_peers_message(BOB, number, hash_out);
    char *digit = strstr(text, name) + strlen(name);
    if (spoil) {
        *digit = *digit == 'B' ? 'C' : 'B';
    }
    return text;
}

/* Compares with a peer that has this one event alone; true when it is asked for. */
static bool offer(struct scripted_peers *scripted, uint8_t peer, const uint8_t *hash)
{
    scripted_peers_claim(scripted, scripted_peers_await(scripted, peer, reconcile), hash, 1);
    scripted_peers_run(scripted, scripted->now_ms + 200);
    return scripted_peers_find(scripted, peer, fetch) != NULL;
}

static void peer_session__holds_a_spoilt_signature_against_who_sent_it(void **state)
{
    struct scripted_peers scripted;
    uint8_t hash[BLAKE3_HASH_BYTES];
    char *spoilt = write_message(500, true, hash);
    char *genuine = write_message(500, false, hash);
    const char *texts[] = {spoilt};
    (void)state;
    scripted_peers_open(&scripted, 3);
    assert_true(offer(&scripted, BOB, hash));
    scripted_peers_deliver(&scripted, scripted_peers_find(&scripted, BOB, fetch), texts, 1);
    const int64_t spoilt_ms = scripted.now_ms;
    assert_false(event_reader_holds(scripted.log.log, hash));
    /* Bob is not asked for it for ten minutes, and then again. */
    while (scripted.now_ms < spoilt_ms + TEN_MINUTES_MS - 70000) {
        assert_false(offer(&scripted, BOB, hash));
    }
    /* Eve is asked at once, as if nothing had been. */
    assert_true(offer(&scripted, EVE, hash));
    scripted_peers_fail(&scripted, scripted_peers_find(&scripted, EVE, fetch));
    while (scripted.now_ms < spoilt_ms + TEN_MINUTES_MS) {
        scripted_peers_run(&scripted, scripted.now_ms + 10000);
    }
    assert_true(offer(&scripted, BOB, hash));
    texts[0] = genuine;
    scripted_peers_deliver(&scripted, scripted_peers_find(&scripted, BOB, fetch), texts, 1);
    assert_non_null(scripted_peers_await(&scripted, JANA, reconcile));
    assert_true(event_reader_holds(scripted.log.log, hash));
    memory_free(spoilt);
    memory_free(genuine);
    scripted_peers_close(&scripted);
}

static void peer_session__keeps_what_came_of_a_page_that_broke_off(void **state)
{
    enum { COUNT = 3 };
    struct scripted_peers scripted;
    struct buffer page;
    uint8_t hashes[COUNT][BLAKE3_HASH_BYTES];
    char *texts[COUNT];
    (void)state;
    scripted_peers_open(&scripted, 2);
    buffer_init(&page);
    buffer_append_text(&page, "{\"events\":[");
    for (unsigned i = 0; i < COUNT; i++) {
        texts[i] = write_message(500 + i, false, hashes[i]);
        buffer_append_format(&page, "%s%s", i == 0 ? "" : ",", texts[i]);
    }
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, reconcile), hashes, COUNT);
    struct scripted_request *request = scripted_peers_await(&scripted, BOB, fetch);
    assert_int_equal(asked_for(request), COUNT);
    scripted_peers_break_off(&scripted, request, page.data, page.length_bytes - 1);
    request = scripted_peers_await(&scripted, BOB, reconcile);
    assert_true(event_reader_holds(scripted.log.log, hashes[0]));
    assert_true(event_reader_holds(scripted.log.log, hashes[1]));
    scripted_peers_claim(&scripted, request, hashes[2], 1);
    request = scripted_peers_await(&scripted, BOB, fetch);
    scripted_peers_deliver(&scripted, request, (const char *const *)&texts[2], 1);
    scripted_peers_run(&scripted, scripted.now_ms + 200);
    assert_true(event_reader_holds(scripted.log.log, hashes[2]));
    for (unsigned i = 0; i < COUNT; i++) {
        memory_free(texts[i]);
    }
    buffer_deinit(&page);
    scripted_peers_close(&scripted);
}

/* A peer has more than a page; the first page is `took_ms` on its way. Whether it is stored while
 * the next is. */
static bool stores_first_page(int64_t took_ms)
{
    enum { COUNT = 100 };
    struct scripted_peers scripted;
    uint8_t hashes[COUNT][BLAKE3_HASH_BYTES];
    char *texts[COUNT];
    const char *asked[COUNT];
    size_t asked_count = 0;
    size_t held = 0;
    scripted_peers_open(&scripted, 2);
    for (unsigned i = 0; i < COUNT; i++) {
        texts[i] = write_message(500 + i, false, hashes[i]);
    }
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, reconcile), hashes, COUNT);
    struct scripted_request *request = scripted_peers_await(&scripted, BOB, fetch);
    for (unsigned i = 0; i < COUNT; i++) {
        char hex[2 * BLAKE3_HASH_BYTES + 1];
        hex_format(hashes[i], BLAKE3_HASH_BYTES, hex);
        if (scripted_peers_count(request, hex) > 0) {
            asked[asked_count++] = texts[i];
        }
    }
    assert_in_range(asked_count, 1, COUNT - 1);
    scripted_peers_run(&scripted, scripted.now_ms + took_ms);
    scripted_peers_deliver(&scripted, request, asked, asked_count);
    assert_non_null(scripted_peers_await(&scripted, BOB, fetch));
    for (unsigned i = 0; i < COUNT; i++) {
        held += event_reader_holds(scripted.log.log, hashes[i]) ? 1 : 0;
        memory_free(texts[i]);
    }
    assert_true(held == 0 || held == asked_count);
    scripted_peers_close(&scripted);
    return held > 0;
}

static void peer_session__stores_what_comes_slowly_as_it_comes(void **state)
{
    (void)state;
    assert_true(stores_first_page(5000));
    assert_false(stores_first_page(0)); /* that waits for more, to be written as one */
}

/* However many comparisons that takes, one session. */
static void peer_session__goes_on_while_a_peer_brings_something(void **state)
{
    enum { ROUNDS = 40, ROUND_MS = 200 };
    struct scripted_peers scripted;
    uint8_t hash[BLAKE3_HASH_BYTES];
    (void)state;
    scripted_peers_open(&scripted, 2);
    (void)scripted_peers_await(&scripted, BOB, reconcile);
    const int64_t begun_ms = scripted.now_ms;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char *text = write_message(500 + i, false, hash);
        const char *texts[] = {text};
        assert_true(offer(&scripted, BOB, hash));
        scripted_peers_deliver(&scripted, scripted_peers_find(&scripted, BOB, fetch), texts, 1);
        memory_free(text);
    }
    assert_in_range(scripted.now_ms - begun_ms, 1, 2 * ROUNDS * ROUND_MS);
    scripted_peers_close(&scripted);
}

static void settle(struct scripted_peers *scripted, uint8_t peer)
{
    scripted_peers_claim(scripted, scripted_peers_await(scripted, peer, reconcile), "", 0);
    scripted_peers_run(scripted, scripted->now_ms + 200);
    assert_null(scripted_peers_find(scripted, peer, ""));
}

/* What a push held comes with the next comparison, in seconds, whatever way it was lost. */
static void peer_session__brings_what_a_failed_push_held(void **state)
{
    static const long statuses[] = {0, 429, 500, 503};
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct scripted_peers scripted;
        scripted_peers_open(&scripted, 1);
        settle(&scripted, BOB);
        struct append_answer sent =
            *test_log_append(&scripted.log, event_draft_message("c", test_id(BOB), "Hi", NULL));
        struct scripted_request *push = scripted_peers_await(&scripted, BOB, events);
        assert_int_equal(scripted_peers_count(push, sent.event_id), 1);
        const int64_t lost_ms = scripted.now_ms;
        if (statuses[i] == 0) {
            scripted_peers_fail(&scripted, push);
        } else {
            scripted_peers_refuse(&scripted, push, statuses[i], "{}");
        }
        scripted_peers_lack(&scripted, scripted_peers_await(&scripted, BOB, reconcile));
        push = scripted_peers_await(&scripted, BOB, events);
        assert_int_equal(scripted_peers_count(push, sent.event_id), 1);
        assert_in_range(scripted.now_ms - lost_ms, 1, 5000);
        scripted_peers_close(&scripted);
    }
}

/* A message of Alice's to Bob goes out at once, whatever page of a backlog is under way. */
static void peer_session__pushes_beside_a_page(void **state)
{
    struct scripted_peers scripted;
    uint8_t *hashes = make_up(MANY, 1);
    (void)state;
    scripted_peers_open(&scripted, 1);
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, reconcile), hashes, MANY);
    (void)scripted_peers_await(&scripted, BOB, fetch);
    const int64_t asked_ms = scripted.now_ms;
    struct append_answer sent =
        *test_log_append(&scripted.log, event_draft_message("c", test_id(BOB), "Hi", NULL));
    struct scripted_request *push = scripted_peers_await(&scripted, BOB, events);
    assert_int_equal(scripted_peers_count(push, sent.event_id), 1);
    assert_in_range(scripted.now_ms - asked_ms, 0, 100);
    assert_non_null(scripted_peers_find(&scripted, BOB, fetch));
    /* That it is lost does not end the page. */
    scripted_peers_fail(&scripted, push);
    assert_non_null(scripted_peers_find(&scripted, BOB, fetch));
    memory_free(hashes);
    scripted_peers_close(&scripted);
}

static void peer_session__takes_the_peers_key_and_no_other(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 3);
    for (int peer = BOB; peer <= EVE; peer++) {
        char port[16];
        (void)snprintf(port, sizeof port, ":%d/", 7000 + peer);
        const struct scripted_request *request =
            scripted_peers_await(&scripted, (uint8_t)peer, reconcile);
        assert_non_null(strstr(request->url, port));
        assert_memory_equal(request->url, "https://", 8);
    }
    scripted_peers_close(&scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_session__ends_comparisons_that_bring_nothing),
        cmocka_unit_test(peer_session__ends_when_what_it_sends_is_not_taken),
        cmocka_unit_test(peer_session__lets_one_peer_at_a_time_bring_much),
        cmocka_unit_test(peer_session__asks_nobody_for_what_is_on_its_way),
        cmocka_unit_test(peer_session__asks_plainly_who_refuses_more),
        cmocka_unit_test(peer_session__sizes_its_pages_by_what_the_link_shows),
        cmocka_unit_test(peer_session__holds_a_spoilt_signature_against_who_sent_it),
        cmocka_unit_test(peer_session__keeps_what_came_of_a_page_that_broke_off),
        cmocka_unit_test(peer_session__stores_what_comes_slowly_as_it_comes),
        cmocka_unit_test(peer_session__goes_on_while_a_peer_brings_something),
        cmocka_unit_test(peer_session__brings_what_a_failed_push_held),
        cmocka_unit_test(peer_session__pushes_beside_a_page),
        cmocka_unit_test(peer_session__takes_the_peers_key_and_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
