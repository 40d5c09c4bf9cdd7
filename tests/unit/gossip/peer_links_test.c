#include "store/event_reader.h"
#include "support/failing_vfs.h"
#include "support/scripted_peers.h"

enum { BOB = 2, CALLS_EVERY_MS = 10000, WHILE_MS = 3900000, WRITES_OF_A_COMMIT = 8 };

static void note(void *context, const struct peer_record *record)
{
    int64_t *last_seen = context;
    *last_seen = node_id_equal(&record->node_id, test_id(BOB)) ? record->last_seen : *last_seen;
}

/* Bob calls, nothing else happens, and each commit wears out an SD card. */
static void peer_links_save__an_idle_node_writes_seldom(void **state)
{
    struct scripted_peers scripted;
    int64_t last_seen = 0;
    (void)state;
    failing_vfs_install();
    failing_vfs_watch("/tmp");
    scripted_peers_open(&scripted, 1);
    gossip_peer_called(scripted.gossip, test_id(BOB), NULL);
    scripted_peers_run(&scripted, scripted.now_ms + CALLS_EVERY_MS);
    assert_int_equal(event_reader_peers(scripted.log.log, note, &last_seen), RESULT_OK);
    assert_true(last_seen > 0); /* the first time is kept soon */
    failing_vfs_arm(FAILING_VFS_FULL, 0);
    for (int64_t end_ms = scripted.now_ms + WHILE_MS; scripted.now_ms < end_ms;) {
        gossip_peer_called(scripted.gossip, test_id(BOB), NULL);
        scripted_peers_run(&scripted, scripted.now_ms + CALLS_EVERY_MS);
    }
    assert_in_range(failing_vfs_count(), 1, 7 * WRITES_OF_A_COMMIT);
    int64_t before = last_seen;
    gossip_stop(scripted.gossip);
    assert_int_equal(event_reader_peers(scripted.log.log, note, &last_seen), RESULT_OK);
    assert_true(last_seen >= before + WHILE_MS / 1000 - 1);
    scripted_peers_close(&scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_links_save__an_idle_node_writes_seldom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
