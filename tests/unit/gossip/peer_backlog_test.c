#include <string.h>

#include "gossip/page_size.h"
#include "support/scripted_peers.h"

enum { BOB = 2, MESSAGES = 30, MESSAGE_BYTES = 400, SOON_MS = 300, PUSH_MS = 4000 };

static const char reconcile[] = "/sync/v1/reconcile";
static const char events[] = "/sync/v1/events";
static const char taken[] =
    "{\"accepted\":0,\"new_head\":1,\"rejected\":0,\"rejected_reasons\":[]}";

/* They are pushed as they are written, by a wire that turns out to be thin, and Bob says that he
 * took them. */
static void write_backlog(struct scripted_peers *scripted)
{
    char body[MESSAGE_BYTES + 1];
    memset(body, 'x', MESSAGE_BYTES);
    body[MESSAGE_BYTES] = '\0';
    for (int i = 0; i < MESSAGES; i++) {
        char id[ULID_TEXT_BYTES];
        (void)test_log_append(&scripted->log, event_draft_message(test_ulid((unsigned)i, id),
                                                                  test_id(BOB), body, NULL));
    }
    for (struct scripted_request *push = scripted_peers_await(scripted, BOB, events); push != NULL;
         push = scripted_peers_find(scripted, BOB, events)) {
        push->took_ms = PUSH_MS;
        scripted_peers_answer(scripted, push, taken, sizeof taken - 1);
        scripted_peers_run(scripted, scripted->now_ms + 200);
    }
}

/* Bob is compared with and lacks everything: how long it takes until he is sent something. */
static int64_t send_after(struct scripted_peers *scripted)
{
    struct scripted_request *request = scripted_peers_await(scripted, BOB, reconcile);
    const int64_t lacks_ms = scripted->now_ms;
    scripted_peers_lack(scripted, request);
    for (request = scripted_peers_find(scripted, BOB, events); request == NULL;
         request = scripted_peers_find(scripted, BOB, events)) {
        scripted_peers_run(scripted, scripted->now_ms + 100);
        struct scripted_request *again = scripted_peers_find(scripted, BOB, reconcile);
        if (again != NULL) {
            scripted_peers_lack(scripted, again);
        }
        assert_in_range(scripted->now_ms - lacks_ms, 0, 120000);
    }
    return scripted->now_ms - lacks_ms;
}

/* It would come twice where he fetches it too, and that is less harm than to wait. */
static void peer_backlog__sends_little_at_once_even_to_who_fetches(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    gossip_peer_called(scripted.gossip, test_id(BOB), NULL);
    gossip_peer_fetches(scripted.gossip, test_id(BOB));
    assert_in_range(send_after(&scripted), 0, SOON_MS);
    const struct scripted_request *request = scripted_peers_find(&scripted, BOB, events);
    assert_in_range(request->body.length_bytes, 1, PAGE_SIZE_FIRST_BYTES);
    scripted_peers_close(&scripted);
}

/* Whether Bob calls us, and fetches; when he is sent a backlog. */
static void peer_backlog__leaves_much_to_who_can_fetch_it(void **state)
{
    enum { SILENT, FETCHES, CALLS, BOTH, CASES };
    static const int64_t least_ms[CASES] = {4000, 9000, 11000, 33000};
    static const int64_t most_ms[CASES] = {7000, 16000, 19000, 42000};
    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct scripted_peers scripted;
        scripted_peers_open(&scripted, 1);
        write_backlog(&scripted);
        if (i == FETCHES || i == BOTH) {
            gossip_peer_fetches(scripted.gossip, test_id(BOB));
        }
        if (i == CALLS || i == BOTH) { /* once, and is believed to go on for 35 s */
            gossip_peer_called(scripted.gossip, test_id(BOB), NULL);
        }
        int64_t after_ms = send_after(&scripted);
        assert_in_range(after_ms, least_ms[i], most_ms[i]);
        scripted_peers_close(&scripted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_backlog__sends_little_at_once_even_to_who_fetches),
        cmocka_unit_test(peer_backlog__leaves_much_to_who_can_fetch_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
