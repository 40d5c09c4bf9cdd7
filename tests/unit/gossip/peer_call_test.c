#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "gossip/peer_call_private.h"
#include "store/event_reader.h"
#include "support/scripted_peers.h"

enum { ALICE = 1, BOB = 2, JANA = 3, MOST_LOG_BYTES = 4096, MOST_ACKNOWLEDGEMENT_BYTES = 262144 };

/* What the program's log has about a peer that was late with the second half of a page. */
static void peer_call__blames_nobody_for_a_link_that_stalls(void **state)
{
    static const char half[] = "{\"events\":[";
    static const uint8_t hash[BLAKE3_HASH_BYTES] = {1};
    struct scripted_peers scripted;
    struct error error = {""};
    char text[MOST_LOG_BYTES] = "";
    char *directory = test_directory();
    char *path = memory_format("%s/log", directory);
    (void)state;
    assert_int_equal(log_open(path, LOG_WARNING, &error), RESULT_OK);
    scripted_peers_open(&scripted, 1);
    for (size_t i = 0; i < 2; i++) {
        scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"), hash,
                             1);
        scripted_peers_stall(&scripted, scripted_peers_await(&scripted, BOB, "/fetch"), half,
                             sizeof half - 1);
    }
    scripted_peers_close(&scripted);
    log_close();
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    (void)fread(text, 1, sizeof text - 1, file);
    assert_int_equal(fclose(file), 0);
    const char *stalled = strstr(text, "\"peer.stalled\"");
    assert_non_null(stalled);
    assert_null(strstr(stalled + 1, "\"peer.stalled\"")); /* once in ten minutes */
    assert_null(strstr(text, "misbehaves"));
    memory_free(path);
    test_remove_directory(&directory);
}

enum { REQUESTS = 3 };

struct asked {
    unsigned answers;
    enum result result;
    long status;
};

static void note(void *owner, enum result result, struct http_answer *answer)
{
    struct asked *asked = owner;
    asked->answers++;
    asked->result = result;
    asked->status = answer->status;
}

/* Asks Bob for something. */
static void ask(const struct scripted_peers *scripted, const char *path, struct asked *asked,
                enum urgency urgency)
{
    const struct peer_request request = {
        .method = "POST", .path = path, .urgency = urgency, .answered = note, .owner = asked};
    peer_call_send(peer_links_find(scripted->gossip, test_id(BOB)), &request);
}

/* None waits for another, whatever its urgency; what is asked last may be answered first. */
static void peer_call__asks_several_things_of_a_peer_at_once(void **state)
{
    static const char *const paths[REQUESTS] = {"/chunk", "/page", "/news"};
    static const enum urgency urgencies[REQUESTS] = {URGENCY_KNOWN, URGENCY_KNOWN, URGENCY_OWNER};
    struct asked asked[REQUESTS] = {0};
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    (void)scripted_peers_await(&scripted, BOB, "/reconcile"); /* nor for a session */
    for (size_t i = 0; i < REQUESTS; i++) {
        char *path = memory_duplicate_string(paths[i]);
        ask(&scripted, path, &asked[i], urgencies[i]);
        memory_free(path); /* it is copied */
    }
    for (size_t i = REQUESTS; i-- > 0;) {
        struct scripted_request *request = scripted_peers_find(&scripted, BOB, paths[i]);
        assert_non_null(request);
        if (i == 1) {
            scripted_peers_fail(&scripted, request);
        } else {
            scripted_peers_refuse(&scripted, request, 500 + (long)i, "{}");
        }
        for (size_t k = 0; k < REQUESTS; k++) {
            assert_int_equal(asked[k].answers, k < i ? 0 : 1);
        }
    }
    assert_int_equal(asked[0].status, 500);
    assert_int_equal(asked[1].result, RESULT_UNREACHABLE);
    assert_int_equal(asked[2].status, 502);
    ask(&scripted, "/never", &asked[0], URGENCY_KNOWN); /* goes with everything else */
    scripted_peers_close(&scripted);
}

/* Where nobody says a word it is asked once at another address; a long-poll is not. */
static void peer_call__asks_once_more_elsewhere(void **state)
{
    const struct endpoint second = {.host = "192.168.1.9", .port = 7080};
    struct asked asked = {0};
    struct asked polled = {0};
    struct scripted_peers scripted;
    char short_id[NODE_ID_SHORT_BYTES];
    (void)state;
    scripted_peers_open(&scripted, 1);
    struct scripted_request *first = scripted_peers_await(&scripted, BOB, "/reconcile");
    scripted_peers_refuse(&scripted, first, 429, "{\"retry_after_ms\":30000}"); /* it is there */
    scripted_peers_run(&scripted, scripted.now_ms);
    node_id_format_short(test_id(BOB), short_id);
    gossip_peer_heard(scripted.gossip, short_id, &second);
    scripted_peers_fail(&scripted, scripted_peers_await(&scripted, BOB, "1.9:7080/health"));
    scripted_peers_fail(&scripted, scripted_peers_await(&scripted, BOB, "/health"));
    ask(&scripted, "/page", &asked, URGENCY_KNOWN);
    const struct peer_request poll = {.method = "GET",
                                      .path = "/poll",
                                      .once = true,
                                      .urgency = URGENCY_POLL,
                                      .answered = note,
                                      .owner = &polled};
    peer_call_send(peer_links_find(scripted.gossip, test_id(BOB)), &poll);
    scripted_peers_fail(&scripted, scripted_peers_await(&scripted, BOB, "/poll"));
    assert_int_equal(polled.answers, 1);
    assert_null(scripted_peers_find(&scripted, BOB, "/health"));
    scripted_peers_fail(&scripted, scripted_peers_await(&scripted, BOB, "/page"));
    assert_int_equal(asked.answers, 0);
    scripted_peers_refuse(&scripted, scripted_peers_await(&scripted, BOB, "1.9:7080/health"), 200,
                          "{}");
    struct scripted_request *again = scripted_peers_await(&scripted, BOB, "/page");
    assert_non_null(strstr(again->url, second.host));
    scripted_peers_fail(&scripted, again);
    assert_int_equal(asked.answers, 1);
    assert_int_equal(asked.result, RESULT_UNREACHABLE);
    scripted_peers_close(&scripted);
}

/* A message of Jana's as what a peer may add to its acknowledgement; its hash. */
static char *acknowledge_with_event(uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    char *text = scripted_peers_message(ALICE, 500, hash_out);
    char *answer = memory_format("{\"accepted\":1,\"events\":[%s],\"new_head\":1,\"rejected\":0,"
                                 "\"rejected_reasons\":[]}",
                                 text);
    memory_free(text);
    return answer;
}

/* Events come with an exchange by cursor, which asks for them; a push asks for none. */
static void peer_push__takes_no_events_that_it_did_not_ask_for(void **state)
{
    struct scripted_peers scripted;
    uint8_t hash[BLAKE3_HASH_BYTES];
    char *answer = acknowledge_with_event(hash);
    (void)state;
    scripted_peers_open(&scripted, 2);
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"), "", 0);
    scripted_peers_run(&scripted, scripted.now_ms + 200);
    (void)test_log_append(&scripted.log, event_draft_message("c", test_id(BOB), "Hi", NULL));
    struct scripted_request *push = scripted_peers_await(&scripted, BOB, "/events");
    assert_int_equal(scripted_peers_count(push, "our_head"), 0);
    assert_in_range(push->most_answer_bytes, 1, MOST_ACKNOWLEDGEMENT_BYTES);
    scripted_peers_answer(&scripted, push, answer, strlen(answer));
    scripted_peers_run(&scripted, scripted.now_ms + 200);
    assert_false(event_reader_holds(scripted.log.log, hash));
    scripted_peers_refuse(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"), 404, "{}");
    struct scripted_request *exchange = scripted_peers_await(&scripted, BOB, "/events");
    assert_int_equal(scripted_peers_count(exchange, "our_head"), 1);
    scripted_peers_answer(&scripted, exchange, answer, strlen(answer));
    scripted_peers_run(&scripted, scripted.now_ms + 200);
    assert_true(event_reader_holds(scripted.log.log, hash));
    memory_free(answer);
    scripted_peers_close(&scripted);
}

/* How long it takes to push him things one by one, as they are written. */
static int64_t measure_pushes(bool uncounted)
{
    static const char taken[] =
        "{\"accepted\":1,\"new_head\":1,\"rejected\":0,\"rejected_reasons\":[]}";
    enum { PUSHES = 40 };
    struct scripted_peers scripted;
    scripted_peers_open(&scripted, 1);
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"), "", 0);
    const int64_t since_ms = scripted.now_ms;
    for (unsigned i = 0; i < PUSHES; i++) {
        char id[ULID_TEXT_BYTES];
        (void)test_log_append(&scripted.log,
                              event_draft_message(test_ulid(i, id), test_id(BOB), "Hi", NULL));
        struct scripted_request *push = scripted_peers_await(&scripted, BOB, "/events");
        push->uncounted = uncounted;
        scripted_peers_answer(&scripted, push, taken, sizeof taken - 1);
    }
    int64_t took_ms = scripted.now_ms - since_ms;
    scripted_peers_close(&scripted);
    return took_ms;
}

static void peer_push__is_at_once_where_it_does_not_count(void **state)
{
    (void)state;
    assert_int_equal(measure_pushes(true), 0);
    assert_in_range(measure_pushes(false), 300, 600);
}

/* How long Bob is left alone after he said so. */
static int64_t measure_wait(const char *refusal)
{
    struct scripted_peers scripted;
    scripted_peers_open(&scripted, 1);
    scripted_peers_refuse(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"), 429,
                          refusal);
    const int64_t since_ms = scripted.now_ms;
    (void)scripted_peers_await(&scripted, BOB, "/reconcile");
    int64_t waited_ms = scripted.now_ms - since_ms;
    scripted_peers_close(&scripted);
    return waited_ms;
}

static void peer_call__reads_a_refusal_that_is_one(void **state)
{
    static char endless[MOST_ACKNOWLEDGEMENT_BYTES + 1];
    static const char refusal[] = "{\"retry_after_ms\":20000}";
    (void)state;
    assert_in_range(measure_wait(refusal), 20000, 21000);
    memset(endless, ' ', sizeof endless - 1);
    memcpy(endless, refusal, sizeof refusal - 1);
    assert_in_range(measure_wait(endless), 900, 2000); /* as if it had said nothing */
}

/* That there was no room here for its answer is not the peer's doing. */
static void peer_call__blames_nobody_for_our_own_want_of_room(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"), "", 0);
    scripted_peers_run(&scripted, scripted.now_ms + 200);
    assert_true(gossip_presence(scripted.gossip, test_id(BOB)).online);
    (void)test_log_append(&scripted.log, event_draft_message("c", test_id(BOB), "Hi", NULL));
    for (int i = 0; i < 3; i++) {
        scripted_peers_crowd(&scripted, scripted_peers_await(&scripted, BOB, "/"));
        assert_true(gossip_presence(scripted.gossip, test_id(BOB)).online);
    }
    scripted_peers_close(&scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_call__blames_nobody_for_a_link_that_stalls),
        cmocka_unit_test(peer_call__asks_several_things_of_a_peer_at_once),
        cmocka_unit_test(peer_call__asks_once_more_elsewhere),
        cmocka_unit_test(peer_push__takes_no_events_that_it_did_not_ask_for),
        cmocka_unit_test(peer_push__is_at_once_where_it_does_not_count),
        cmocka_unit_test(peer_call__reads_a_refusal_that_is_one),
        cmocka_unit_test(peer_call__blames_nobody_for_our_own_want_of_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
