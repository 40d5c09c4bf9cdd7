#include <string.h>

#include "core/memory.h"
#include "store/event_reader.h"
#include "support/failing_vfs.h"
#include "support/scripted_peers.h"

enum { ALICE = 1, BOB = 2, JANA = 3 };

static const char reconcile[] = "/sync/v1/reconcile";
static const char fetch[] = "/sync/v1/fetch";

/* Bob has that one event more, and brings it. */
static void exchange(struct scripted_peers *scripted, const uint8_t *hash, const char *text)
{
    scripted_peers_claim(scripted, scripted_peers_await(scripted, BOB, reconcile), hash, 1);
    scripted_peers_deliver(scripted, scripted_peers_await(scripted, BOB, fetch), &text, 1);
    scripted_peers_run(scripted, scripted->now_ms + 200);
}

/* What the disk did not take is still to come. */
static void peer_receiving_store__who_lost_something_has_not_caught_up(void **state)
{
    struct scripted_peers scripted;
    uint8_t hash[BLAKE3_HASH_BYTES];
    char *text = scripted_peers_message(ALICE, 500, hash);
    (void)state;
    failing_vfs_watch(test_place());
    scripted_peers_open(&scripted, 2);
    assert_int_equal(log_caught_up_await(scripted.log.log), RESULT_OK);
    failing_vfs_arm(FAILING_VFS_FULL_ONCE, 1);
    exchange(&scripted, hash, text);
    assert_true(failing_vfs_failures() > 0);
    failing_vfs_heal();
    assert_null(scripted_peers_find(&scripted, BOB, reconcile)); /* it is not fetched on and on */
    assert_false(event_reader_holds(scripted.log.log, hash));
    assert_true(log_caught_up_is_awaited(scripted.log.log));
    exchange(&scripted, hash, text);
    assert_true(event_reader_holds(scripted.log.log, hash));
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, reconcile), hash, 0);
    assert_false(log_caught_up_is_awaited(scripted.log.log));
    memory_free(text);
    scripted_peers_close(&scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_receiving_store__who_lost_something_has_not_caught_up),
    };
    failing_vfs_install(); /* before a log is opened */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
