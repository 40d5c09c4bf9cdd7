#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "gossip/gossip_state.h"
#include "support/scripted_peers.h"

enum { STAGGER_MS = 300 };

/* Where the peer's manifest says that it is (test_support.c), and another place. */
static const char *const second = "192.168.1.9:7080";

static struct endpoint at(const char *host, uint16_t port)
{
    struct endpoint endpoint = {.port = port};
    (void)snprintf(endpoint.host, sizeof endpoint.host, "%s", host);
    return endpoint;
}

static void hear_of(struct scripted_peers *scripted, uint8_t peer, const char *host, uint16_t port)
{
    char short_id[NODE_ID_SHORT_BYTES];
    const struct endpoint where = at(host, port);
    node_id_format_short(test_id(peer), short_id);
    gossip_peer_heard(scripted->gossip, short_id, &where);
}

static void hear(struct scripted_peers *scripted, const char *host)
{
    hear_of(scripted, 2, host, 7080);
}

/* It is asked there, answers, and wants to be left alone for a second. */
static void let_compare(struct scripted_peers *scripted, const char *where)
{
    struct scripted_request *request = scripted_peers_await(scripted, 2, "/sync/v1/reconcile");
    assert_non_null(strstr(request->url, where));
    scripted_peers_refuse(scripted, request, 429, "{\"retry_after_ms\":1000}");
}

/* How many calls wait there. */
static unsigned count_at(const struct scripted_peers *scripted, const char *host)
{
    unsigned count = 0;
    for (size_t i = 0; i < SCRIPTED_MOST_REQUESTS; i++) {
        const struct scripted_request *request = &scripted->requests[i];
        count += request->waiting && strstr(request->url, host) != NULL ? 1 : 0;
    }
    return count;
}

static void fail_all(struct scripted_peers *scripted)
{
    for (size_t i = 0; i < SCRIPTED_MOST_REQUESTS; i++) {
        if (scripted->requests[i].waiting) {
            scripted_peers_fail(scripted, &scripted->requests[i]);
        }
    }
}

static void gossip_peer_heard__a_peer_that_fails_is_found_where_it_is_heard(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    fail_all(&scripted);
    const int64_t heard_ms = scripted.now_ms;
    hear(&scripted, "192.168.1.9");
    struct scripted_request *probe = scripted_peers_await(&scripted, 2, "192.168.1.9:7080/health");
    assert_true(scripted.now_ms - heard_ms <= GOSSIP_RECALL_MS);
    scripted_peers_refuse(&scripted, probe, 200, "{}");
    let_compare(&scripted, second);
    fail_all(&scripted); /* what else was asked makes no difference */
    let_compare(&scripted, second);
    scripted_peers_close(&scripted);
}

/* What would be compared is read, by other threads, once it is known where. */
static void peer_session__prepares_nothing_for_who_is_nowhere(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    fail_all(&scripted);
    hear(&scripted, "192.168.1.9");
    const struct peer_link *link = peer_links_find(scripted.gossip, test_id(2));
    for (int i = 0; i < 3; i++) {
        scripted_peers_fail(&scripted, scripted_peers_await(&scripted, 2, "192.168.1.9:7080/hea"));
        assert_null(link->calls);
        scripted_peers_fail(&scripted, scripted_peers_await(&scripted, 2, "127.0.0.1"));
        assert_null(link->calls);
    }
    struct scripted_request *probe = scripted_peers_await(&scripted, 2, "192.168.1.9:7080/health");
    scripted_peers_refuse(&scripted, probe, 200, "{}");
    assert_non_null(link->calls);
    let_compare(&scripted, second);
    scripted_peers_close(&scripted);
}

/* Of two places one is our own: each try at the other is one knock there. */
static void peer_session__reaches_who_comes_back_to_the_only_place_left(void **state)
{
    enum { FAILURES = 10, STEP_MS = 1000, MOST_STEPS = 7200 };
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    fail_all(&scripted);
    scripted.gossip->self.listener = at("127.0.0.1", 7002);
    hear(&scripted, "10.9.4.1");
    for (int i = 0; i <= FAILURES; i++) {
        fail_all(&scripted);
        for (int step = 0; step < MOST_STEPS && count_at(&scripted, "10.9.4.1") == 0; step++) {
            scripted_peers_run(&scripted, scripted.now_ms + STEP_MS);
        }
        assert_int_equal(count_at(&scripted, "10.9.4.1"), 1);
    }
    let_compare(&scripted, "10.9.4.1");
    let_compare(&scripted, "10.9.4.1");
    scripted_peers_close(&scripted);
}

static void peer_addresses__one_that_hangs_does_not_hold_up_the_next(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    fail_all(&scripted);
    hear(&scripted, "192.168.1.9");
    (void)scripted_peers_await(&scripted, 2, "192.168.1.9:7080/health");
    const int64_t first_ms = scripted.now_ms;
    struct scripted_request *next = scripted_peers_await(&scripted, 2, "127.0.0.1");
    assert_non_null(strstr(next->url, "/health"));
    assert_in_range(next->most_answer_bytes, 1, 65536); /* that it answers is all */
    assert_true(scripted.now_ms - first_ms <= 500);
    scripted_peers_refuse(&scripted, next, 404, "{}"); /* whatever it says, it has the key */
    let_compare(&scripted, "127.0.0.1");
    scripted_peers_close(&scripted);
}

static void gossip_peer_heard__calls_follow_a_peer_that_moved_away(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    let_compare(&scripted, "127.0.0.1");
    hear(&scripted, "192.168.1.9");
    scripted_peers_refuse(&scripted, scripted_peers_await(&scripted, 2, "192.168.1.9:7080/health"),
                          200, "{}");
    scripted_peers_fail(&scripted, scripted_peers_await(&scripted, 2, "/health"));
    let_compare(&scripted, second);
    scripted_peers_close(&scripted);
}

static void gossip_peer_heard__calls_stay_where_the_peer_answers(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    let_compare(&scripted, "127.0.0.1");
    hear(&scripted, "192.168.1.9");
    struct scripted_request *lie = scripted_peers_await(&scripted, 2, "192.168.1.9:7080/health");
    scripted_peers_refuse(&scripted, lie, 200, "{}");
    scripted_peers_refuse(&scripted, scripted_peers_await(&scripted, 2, "127.0.0.1"), 200, "{}");
    let_compare(&scripted, "127.0.0.1");
    scripted_peers_close(&scripted);
}

/* A push waits for where he is, when the answer to an older call tells it. */
static void peer_addresses_reach__who_waits_is_told_whoever_finds_it(void **state)
{
    struct scripted_peers scripted;
    char id[ULID_TEXT_BYTES];
    (void)state;
    scripted_peers_open(&scripted, 1);
    struct scripted_request *older = scripted_peers_await(&scripted, 2, "/sync/v1/reconcile");
    hear(&scripted, "192.168.1.9");
    gossip_network_changed(scripted.gossip);
    (void)test_log_append(&scripted.log,
                          event_draft_message(test_ulid(1, id), test_id(2), "hello", NULL));
    struct scripted_request *probe = scripted_peers_await(&scripted, 2, "192.168.1.9:7080/health");
    assert_null(scripted_peers_find(&scripted, 2, "/sync/v1/events"));
    scripted_peers_refuse(&scripted, older, 500, "{}");
    scripted_peers_fail(&scripted, probe);
    probe = scripted_peers_await(&scripted, 2, "/health");
    scripted_peers_refuse(&scripted, probe, 200, "{}");
    const struct scripted_request *push = scripted_peers_await(&scripted, 2, "/sync/v1/events");
    assert_non_null(strstr(push->url, "127.0.0.1"));
    scripted_peers_close(&scripted);
}

static unsigned count_of(const struct scripted_peers *scripted, uint8_t peer)
{
    unsigned count = 0;
    for (size_t i = 0; i < SCRIPTED_MOST_REQUESTS; i++) {
        count += scripted->requests[i].waiting && scripted->requests[i].peer == peer ? 1 : 0;
    }
    return count;
}

/* So many peers are looked for that probes wait; but not for whom the owner writes to. */
static void peer_addresses_reach__what_the_owner_wrote_hurries_a_search(void **state)
{
    enum { PEERS = 3 * LIMITS_OUTWARD_TRIES };
    struct scripted_peers scripted;
    char host[32];
    uint8_t peer = 2;
    (void)state;
    scripted_peers_open(&scripted, PEERS);
    for (unsigned i = 2; i < 2 + PEERS; i++) {
        (void)snprintf(host, sizeof host, "192.168.1.%u", i);
        hear_of(&scripted, (uint8_t)i, host, 7080);
    }
    scripted_peers_run(&scripted, scripted.now_ms + 1);
    fail_all(&scripted);
    scripted_peers_run(&scripted, scripted.now_ms + INT64_C(2) * STAGGER_MS);
    while (count_of(&scripted, peer) == 0) {
        peer++;
    }
    assert_non_null(scripted_peers_find(&scripted, peer, "/health"));
    assert_int_equal(count_of(&scripted, peer), 1);
    (void)test_log_append(&scripted.log, event_draft_message("c", test_id(peer), "Hi", NULL));
    scripted_peers_run(&scripted, scripted.now_ms + 10);
    assert_int_equal(count_of(&scripted, peer), 2);
    scripted_peers_close(&scripted);
}

/* Nothing new was said of where Bob is. */
static void peer_links_follow_members__leaves_alone_whom_an_event_does_not_tell_of(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    let_compare(&scripted, "127.0.0.1");
    hear(&scripted, "192.168.1.9");
    scripted_peers_refuse(&scripted, scripted_peers_await(&scripted, 2, "192.168.1.9:7080/health"),
                          200, "{}");
    scripted_peers_fail(&scripted, scripted_peers_await(&scripted, 2, "/health"));
    let_compare(&scripted, second); /* not where his manifest says */
    (void)test_log_append(
        &scripted.log, event_draft_invited(test_id(9), "Nine", LEVEL_MEMBER, INT64_C(1900000000)));
    scripted_peers_run(&scripted, scripted.now_ms);
    assert_null(scripted_peers_find(&scripted, 2, "/health"));
    scripted_peers_close(&scripted);
}

/* What is done at each wake-up does not grow with the members: who is not searched for is not
 * looked at. */
static void peer_addresses_step__looks_at_those_that_are_searched_for_alone(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 20);
    assert_null(scripted.gossip->addresses); /* each has one address, and is called there */
    let_compare(&scripted, "127.0.0.1");
    hear(&scripted, "192.168.1.9");
    struct scripted_request *probe = scripted_peers_await(&scripted, 2, "192.168.1.9:7080/health");
    assert_ptr_equal(scripted.gossip->addresses,
                     peer_links_find(scripted.gossip, test_id(2))->addresses);
    scripted_peers_refuse(&scripted, probe, 200, "{}");
    scripted_peers_refuse(&scripted, scripted_peers_await(&scripted, 2, "/health"), 200, "{}");
    scripted_peers_run(&scripted, scripted.now_ms);
    assert_null(scripted.gossip->addresses);
    scripted_peers_close(&scripted);
}

static void gossip_peer_heard__ten_thousand_lies_cost_few_tries(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    fail_all(&scripted);
    unsigned asked = scripted.asked;
    for (int second_of = 0; second_of < 10; second_of++) {
        for (int i = 0; i < 1000; i++) {
            char host[32];
            (void)snprintf(host, sizeof host, "10.%d.%d.%d", second_of, i / 250, i % 250 + 1);
            hear(&scripted, host);
        }
        scripted_peers_run(&scripted, scripted.now_ms + 1000);
        fail_all(&scripted);
    }
    /* Four a round of searching, the manifest's, and the calls; not one a lie. */
    assert_true(scripted.asked - asked < 200);
    scripted_peers_close(&scripted);
}

static void gossip_peer_heard__no_stranger_is_flooded_whoever_is_said_to_be_there(void **state)
{
    enum { PEERS = 3, SECONDS = 10 };
    struct scripted_peers scripted;
    unsigned knocks = 0;
    (void)state;
    scripted_peers_open(&scripted, PEERS);
    fail_all(&scripted);
    for (int ms = 0; ms < SECONDS * 1000; ms += 100) {
        for (unsigned peer = 2; peer < 2 + PEERS; peer++) {
            hear_of(&scripted, (uint8_t)peer, "10.9.4.1", (uint16_t)(1000 + ms + (int)peer));
        }
        scripted_peers_run(&scripted, scripted.now_ms + 100);
        knocks += count_at(&scripted, "10.9.4.1");
        fail_all(&scripted);
    }
    assert_in_range(knocks, 1, LIMITS_KNOCKS + (SECONDS * 1000 / LIMITS_KNOCK_EVERY_MS));
    hear(&scripted, "192.168.1.9"); /* another door */
    (void)scripted_peers_await(&scripted, 2, "192.168.1.9:7080/health");
    scripted_peers_close(&scripted);
}

static void gossip_peer_heard__a_house_full_of_members_is_met_at_once(void **state)
{
    enum { PEERS = 2 * LIMITS_KNOCKS };
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, PEERS);
    fail_all(&scripted);
    const int64_t heard_ms = scripted.now_ms;
    for (unsigned peer = 2; peer < 2 + PEERS; peer++) {
        hear_of(&scripted, (uint8_t)peer, "10.9.4.1", (uint16_t)(7000 + peer));
        scripted_peers_refuse(&scripted, scripted_peers_await(&scripted, (uint8_t)peer, "10.9.4.1"),
                              200, "{}");
    }
    assert_true(scripted.now_ms - heard_ms < LIMITS_KNOCK_EVERY_MS);
    scripted_peers_close(&scripted);
}

static void gossip_peer_called__the_caller_is_called_back_there_at_its_port(void **state)
{
    struct scripted_peers scripted;
    const struct endpoint from = at("::ffff:10.1.2.3", 0);
    (void)state;
    scripted_peers_open(&scripted, 1);
    char *url = memory_duplicate_string(scripted_peers_await(&scripted, 2, "/sync/v1/")->url);
    fail_all(&scripted);
    gossip_peer_called(scripted.gossip, test_id(2), &from);
    char *port = strrchr(url, ':');
    *strchr(port, '/') = '\0';
    char *path = memory_format("10.1.2.3%s/health", port);
    (void)scripted_peers_await(&scripted, 2, path);
    memory_free(path);
    memory_free(url);
    scripted_peers_close(&scripted);
}

static void gossip_network_changed__everybody_is_tried_again_at_once(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 3);
    for (int i = 0; i < 12; i++) { /* until a try comes every half a minute */
        for (uint8_t peer = 2; peer <= 4; peer++) {
            scripted_peers_fail(&scripted, scripted_peers_await(&scripted, peer, "/sync/v1/"));
        }
    }
    const int64_t changed_ms = scripted.now_ms;
    gossip_network_changed(scripted.gossip);
    for (uint8_t peer = 2; peer <= 4; peer++) {
        (void)scripted_peers_await(&scripted, peer, "/sync/v1/");
    }
    assert_true(scripted.now_ms - changed_ms <= GOSSIP_START_OVER_MS);
    scripted_peers_close(&scripted);
}

/* Elsewhere the same address is another's door. */
static void gossip_network_changed__what_did_not_open_is_tried_again(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    fail_all(&scripted);
    for (int port = 1000; port < 1000 + 3 * LIMITS_KNOCKS; port++) {
        hear_of(&scripted, 2, "10.9.4.1", (uint16_t)port);
        scripted_peers_run(&scripted, scripted.now_ms + 400);
        fail_all(&scripted);
    }
    scripted_peers_run(&scripted, scripted.now_ms + LIMITS_KNOCK_EVERY_MS);
    unsigned before = count_at(&scripted, "10.9.4.1");
    fail_all(&scripted);
    gossip_network_changed(scripted.gossip);
    scripted_peers_run(&scripted, scripted.now_ms + GOSSIP_START_OVER_MS);
    assert_int_equal(before, 0);
    assert_true(count_at(&scripted, "10.9.4.1") > 0);
    scripted_peers_close(&scripted);
}

static void gossip_network_changed__where_a_peer_is_is_asked_anew(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    let_compare(&scripted, "127.0.0.1");
    hear(&scripted, "192.168.1.9");
    (void)scripted_peers_await(&scripted, 2, "192.168.1.9:7080/health");
    scripted_peers_refuse(&scripted, scripted_peers_await(&scripted, 2, "127.0.0.1"), 200, "{}");
    let_compare(&scripted, "127.0.0.1");
    fail_all(&scripted);
    gossip_network_changed(scripted.gossip);
    (void)scripted_peers_await(&scripted, 2, "127.0.0.1");
    (void)scripted_peers_await(&scripted, 2, "192.168.1.9:7080/health");
    scripted_peers_close(&scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gossip_peer_heard__a_peer_that_fails_is_found_where_it_is_heard),
        cmocka_unit_test(peer_session__prepares_nothing_for_who_is_nowhere),
        cmocka_unit_test(peer_session__reaches_who_comes_back_to_the_only_place_left),
        cmocka_unit_test(peer_addresses__one_that_hangs_does_not_hold_up_the_next),
        cmocka_unit_test(gossip_peer_heard__calls_follow_a_peer_that_moved_away),
        cmocka_unit_test(gossip_peer_heard__calls_stay_where_the_peer_answers),
        cmocka_unit_test(peer_addresses_reach__who_waits_is_told_whoever_finds_it),
        cmocka_unit_test(peer_addresses_reach__what_the_owner_wrote_hurries_a_search),
        cmocka_unit_test(peer_links_follow_members__leaves_alone_whom_an_event_does_not_tell_of),
        cmocka_unit_test(peer_addresses_step__looks_at_those_that_are_searched_for_alone),
        cmocka_unit_test(gossip_peer_heard__ten_thousand_lies_cost_few_tries),
        cmocka_unit_test(gossip_peer_heard__no_stranger_is_flooded_whoever_is_said_to_be_there),
        cmocka_unit_test(gossip_peer_heard__a_house_full_of_members_is_met_at_once),
        cmocka_unit_test(gossip_peer_called__the_caller_is_called_back_there_at_its_port),
        cmocka_unit_test(gossip_network_changed__what_did_not_open_is_tried_again),
        cmocka_unit_test(gossip_network_changed__where_a_peer_is_is_asked_anew),
        cmocka_unit_test(gossip_network_changed__everybody_is_tried_again_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
