#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/memory.h"
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

/* Bob calls, answers, and says that he stops, all the time; a minute later it is told again. */
static void peer_links_tell_presence__does_not_fill_the_log(void **state)
{
    enum { TIMES = 40, MOST_LINES = 24, MOST_LINE_BYTES = 256 };
    struct scripted_peers scripted;
    struct error error = {""};
    char line[MOST_LINE_BYTES];
    char *directory = test_directory();
    char *path = memory_format("%s/log", directory);
    int lines = 0;
    (void)state;
    assert_int_equal(log_open(path, LOG_INFO, &error), RESULT_OK);
    scripted_peers_open(&scripted, 1);
    for (int i = 0; i < TIMES; i++) {
        if (i == TIMES / 2) {
            scripted_peers_run(&scripted, scripted.now_ms + LIMITS_REFUSAL_LINE_MS);
        }
        gossip_peer_called(scripted.gossip, test_id(BOB), NULL);
        scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"), "", 0);
        assert_true(gossip_presence(scripted.gossip, test_id(BOB)).online);
        gossip_peer_left(scripted.gossip, test_id(BOB));
        scripted_peers_run(&scripted, scripted.now_ms + 10);
        assert_false(gossip_presence(scripted.gossip, test_id(BOB)).online);
    }
    scripted_peers_close(&scripted);
    log_close();
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        lines += strstr(line, "\"peer.o") != NULL ? 1 : 0;
    }
    assert_int_equal(fclose(file), 0);
    assert_in_range(lines, MOST_LINES / 2, MOST_LINES);
    memory_free(path);
    test_remove_directory(&directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_links_save__an_idle_node_writes_seldom),
        cmocka_unit_test(peer_links_tell_presence__does_not_fill_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
