#include <string.h>

#include "core/limits.h"
#include "core/memory.h"
#include "gossip/gossip_state.h"
#include "gossip/page_size.h"
#include "protocol/hex.h"
#include "support/scripted_peers.h"

enum { ALICE = 1, BOB = 2, JANA = 3, EVE = 4, COUNT = 200, SOON_MS = GOSSIP_CATCH_UP_MS + 1000 };

static const char reconcile[] = "/sync/v1/reconcile";
static const char fetch[] = "/sync/v1/fetch";

/* Messages of Jana's, more than a page of them. */
struct backlog {
    struct scripted_peers scripted;
    uint8_t hashes[COUNT][BLAKE3_HASH_BYTES];
    char *texts[COUNT];
};

static void open_backlog(struct backlog *backlog, uint8_t peers)
{
    struct signing_key jana = test_key(JANA);
    scripted_peers_open(&backlog->scripted, peers);
    for (unsigned i = 0; i < COUNT; i++) {
        char id[ULID_TEXT_BYTES];
        size_t length = 0;
        struct verified_event *event =
            test_event(event_draft_message("c", test_id(BOB), "Hi", NULL), &jana, test_id(ALICE),
                       test_ulid(500 + i, id), 50);
        const char *text = event_verified_text(event, &length);
        backlog->texts[i] = memory_allocate(length + 1, 1);
        memcpy(backlog->texts[i], text, length);
        memcpy(backlog->hashes[i], event_verified_get(event)->hash, BLAKE3_HASH_BYTES);
        event_verified_destroy(&event);
    }
}

static void close_backlog(struct backlog *backlog)
{
    for (unsigned i = 0; i < COUNT; i++) {
        memory_free(backlog->texts[i]);
    }
    scripted_peers_close(&backlog->scripted);
}

/* Hands out so many of the events that the peer was asked for. */
static void deliver(struct backlog *backlog, uint8_t peer, size_t most)
{
    const char *asked[COUNT];
    size_t count = 0;
    struct scripted_request *request = scripted_peers_await(&backlog->scripted, peer, fetch);
    for (size_t i = 0; i < COUNT && count < most; i++) {
        char hex[2 * BLAKE3_HASH_BYTES + 1];
        hex_format(backlog->hashes[i], BLAKE3_HASH_BYTES, hex);
        if (scripted_peers_count(request, hex) > 0) {
            asked[count++] = backlog->texts[i];
        }
    }
    scripted_peers_deliver(&backlog->scripted, request, asked, count);
}

/* Whoever of them is compared with says that it has it all. */
static void offer_all(struct backlog *backlog, const uint8_t *peers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct scripted_request *request =
            scripted_peers_find(&backlog->scripted, peers[i], reconcile);
        if (request != NULL) {
            scripted_peers_claim(&backlog->scripted, request, backlog->hashes, COUNT);
        }
    }
}

/* The peer whose turn it is first, of those who all offer everything meanwhile; 0: none within that
 * time. */
static uint8_t await_turn(struct backlog *backlog, const uint8_t *peers, size_t count,
                          int64_t within_ms)
{
    struct scripted_peers *scripted = &backlog->scripted;
    for (int64_t until_ms = scripted->now_ms + within_ms; scripted->now_ms < until_ms;) {
        for (size_t i = 0; i < count; i++) {
            if (scripted_peers_find(scripted, peers[i], fetch) != NULL) {
                return peers[i];
            }
        }
        offer_all(backlog, peers, count);
        scripted_peers_run(scripted, scripted->now_ms + 100);
    }
    return 0;
}

static void begin_with_bob(struct backlog *backlog)
{
    const uint8_t bob[] = {BOB};
    (void)scripted_peers_await(&backlog->scripted, BOB, reconcile);
    assert_int_equal(await_turn(backlog, bob, 1, SOON_MS), BOB);
}

static void peer_turn__goes_on_from_who_brings_nothing(void **state)
{
    static struct backlog backlog;
    static const uint8_t jana[] = {JANA};
    static const uint8_t both[] = {BOB, JANA};
    (void)state;
    open_backlog(&backlog, 2);
    begin_with_bob(&backlog);
    assert_int_equal(await_turn(&backlog, jana, 1, LIMITS_FETCH_MS - SOON_MS), 0);
    assert_int_equal(await_turn(&backlog, jana, 1, INT64_C(2) * SOON_MS), JANA);
    /* She brings it, page by page, while he would like to go on. */
    deliver(&backlog, BOB, 0);
    for (int i = 0; i < 2; i++) {
        deliver(&backlog, JANA, COUNT);
        assert_int_equal(await_turn(&backlog, both, 2, INT64_C(2) * SOON_MS), JANA);
        assert_null(scripted_peers_find(&backlog.scripted, BOB, fetch));
    }
    close_backlog(&backlog);
}

/* At §10's least pace a first page takes 30 s. */
static void peer_turn__stays_with_a_thin_wire_that_brings_whole_events(void **state)
{
    enum { PAGE_MS = 30000 };
    static struct backlog backlog;
    static const uint8_t jana[] = {JANA};
    (void)state;
    open_backlog(&backlog, 2);
    begin_with_bob(&backlog);
    for (int64_t ms = 0; ms < LIMITS_TURN_MS - 2 * PAGE_MS; ms += PAGE_MS) {
        assert_int_equal(await_turn(&backlog, jana, 1, PAGE_MS), 0);
        deliver(&backlog, BOB, 1);
    }
    close_backlog(&backlog);
}

/* One event in half a minute keeps nobody from catching up. */
static void peer_turn__is_shared_by_who_brings_little_for_long(void **state)
{
    enum { PAGE_MS = 30000 };
    static struct backlog backlog;
    static const uint8_t jana[] = {JANA};
    uint8_t turn = 0;
    int64_t begun_ms;
    (void)state;
    open_backlog(&backlog, 2);
    begin_with_bob(&backlog);
    begun_ms = backlog.scripted.now_ms;
    while (turn == 0) {
        turn = await_turn(&backlog, jana, 1, PAGE_MS);
        deliver(&backlog, BOB, 1);
        assert_in_range(backlog.scripted.now_ms - begun_ms, 0, LIMITS_TURN_MS + 2 * PAGE_MS);
    }
    assert_int_equal(turn, JANA);
    close_backlog(&backlog);
}

/* Who wasted a turn is behind who did not, however long it waits. */
static void peer_turn__comes_last_to_who_wasted_it(void **state)
{
    static struct backlog backlog;
    static const uint8_t bob[] = {BOB};
    static const uint8_t jana[] = {JANA};
    static const uint8_t bob_and_eve[] = {BOB, EVE};
    (void)state;
    open_backlog(&backlog, 3);
    begin_with_bob(&backlog);
    assert_int_equal(await_turn(&backlog, jana, 1, LIMITS_FETCH_MS + SOON_MS), JANA);
    deliver(&backlog, BOB, 0);
    assert_int_equal(await_turn(&backlog, bob, 1, LIMITS_FETCH_MS / 2), 0);
    assert_int_equal(await_turn(&backlog, bob_and_eve, 2, LIMITS_FETCH_MS + SOON_MS), EVE);
    close_backlog(&backlog);
}

/* What a peer was asked for and keeps to itself is asked of another. */
static void peer_turn__leaves_nothing_to_who_keeps_it_to_itself(void **state)
{
    struct scripted_peers *scripted;
    static struct backlog backlog;
    const size_t few = 4;
    (void)state;
    open_backlog(&backlog, 2);
    scripted = &backlog.scripted;
    scripted_peers_claim(scripted, scripted_peers_await(scripted, BOB, reconcile), backlog.hashes,
                         few);
    (void)scripted_peers_await(scripted, BOB, fetch);
    const int64_t asked_ms = scripted->now_ms;
    while (scripted_peers_find(scripted, JANA, fetch) == NULL) {
        struct scripted_request *request = scripted_peers_find(scripted, JANA, reconcile);
        if (request != NULL) {
            scripted_peers_claim(scripted, request, backlog.hashes, few);
        }
        scripted_peers_run(scripted, scripted->now_ms + 100);
        assert_in_range(scripted->now_ms - asked_ms, 0, LIMITS_FETCH_MS + SOON_MS);
    }
    assert_in_range(scripted->now_ms - asked_ms, LIMITS_FETCH_MS, LIMITS_FETCH_MS + SOON_MS);
    assert_non_null(scripted_peers_find(scripted, BOB, fetch));
    close_backlog(&backlog);
}

/* A restored log answers when nothing is left to be fetched: whether it still waits for that after
 * so long, with a peer that alone brings something each so often; 0: never. */
static bool waits_after(int64_t after_ms, int64_t every_ms)
{
    static struct backlog backlog;
    struct scripted_peers *scripted = &backlog.scripted;
    open_backlog(&backlog, 2);
    assert_int_equal(log_caught_up_await(scripted->log.log), RESULT_OK);
    begin_with_bob(&backlog);
    for (int64_t end_ms = scripted->now_ms + after_ms; scripted->now_ms < end_ms;) {
        scripted_peers_run(scripted, scripted->now_ms + (every_ms == 0 ? after_ms : every_ms));
        if (every_ms != 0) {
            deliver(&backlog, BOB, 1);
        }
    }
    bool waits = log_caught_up_is_awaited(scripted->log.log);
    close_backlog(&backlog);
    return waits;
}

static void peer_turn__keeps_a_log_waiting_while_something_comes(void **state)
{
    enum { AFTER_MS = 3 * LIMITS_FETCH_MS, EVERY_MS = 30000 };
    (void)state;
    assert_true(waits_after(AFTER_MS, EVERY_MS));
    assert_false(waits_after(AFTER_MS, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_turn__goes_on_from_who_brings_nothing),
        cmocka_unit_test(peer_turn__stays_with_a_thin_wire_that_brings_whole_events),
        cmocka_unit_test(peer_turn__is_shared_by_who_brings_little_for_long),
        cmocka_unit_test(peer_turn__comes_last_to_who_wasted_it),
        cmocka_unit_test(peer_turn__leaves_nothing_to_who_keeps_it_to_itself),
        cmocka_unit_test(peer_turn__keeps_a_log_waiting_while_something_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
