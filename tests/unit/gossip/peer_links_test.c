#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_numbers.h"
#include "gossip/known_peers.h"
#include "store/event_reader.h"
#include "support/failing_vfs.h"
#include "support/scripted_peers.h"

enum {
    BOB = 2,
    SOON_MS = 6000,
    CALLS_EVERY_MS = 10000,
    WHILE_MS = 3900000,
    WRITES_OF_A_COMMIT = 8
};

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
    failing_vfs_watch(test_place());
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

/* The more call, the more seldom: all of them are in no more pages an hour than a few. */
static void peer_links_save__many_who_are_there_are_written_seldom(void **state)
{
    enum { MANY = 250, TWO_HOURS_MS = 7200000, SAVES = 8, MINUTE_MS = 60000 };
    struct scripted_peers scripted;
    (void)state;
    failing_vfs_watch(test_place());
    scripted_peers_open(&scripted, MANY);
    failing_vfs_arm(FAILING_VFS_FULL, 0);
    for (int64_t end_ms = scripted.now_ms + TWO_HOURS_MS; scripted.now_ms < end_ms;) {
        for (int who = BOB; who < BOB + MANY; who++) {
            gossip_peer_called(scripted.gossip, test_id((uint8_t)who), NULL);
        }
        scripted_peers_run(&scripted, scripted.now_ms + MINUTE_MS);
    }
    assert_in_range(failing_vfs_count(), 1, SAVES * (WRITES_OF_A_COMMIT + 2));
    scripted_peers_close(&scripted);
}

static size_t count_addresses(const struct scripted_peers *scripted)
{
    struct known_peers known = {0};
    known_peers_add(&known, test_id(BOB));
    while (!known_peers_read(&known, scripted->log.log)) {
    }
    size_t count = known_peers_find(&known, test_id(BOB))->address_count;
    known_peers_deinit(&known);
    return count;
}

static void let_compare(struct scripted_peers *scripted)
{
    scripted_peers_claim(scripted, scripted_peers_await(scripted, BOB, "/reconcile"), "", 0);
}

static void peer_links_save__keeps_soon_where_somebody_was_reached(void **state)
{
    const struct endpoint other = {.host = "192.168.1.9", .port = 7080};
    struct scripted_peers scripted;
    char short_id[NODE_ID_SHORT_BYTES];
    (void)state;
    node_id_format_short(test_id(BOB), short_id);
    scripted_peers_open(&scripted, 1);
    let_compare(&scripted);
    scripted_peers_run(&scripted, scripted.now_ms + SOON_MS);
    assert_int_equal(count_addresses(&scripted), 1);
    gossip_peer_heard(scripted.gossip, short_id, &other); /* he moves there */
    scripted_peers_refuse(&scripted, scripted_peers_await(&scripted, BOB, "192.168.1.9"), 200, "");
    scripted_peers_fail(&scripted, scripted_peers_await(&scripted, BOB, "/health"));
    let_compare(&scripted);
    scripted_peers_run(&scripted, scripted.now_ms + SOON_MS);
    assert_int_equal(count_addresses(&scripted), 2);
    scripted_peers_close(&scripted);
}

/* Whatever became of the call that follows. */
static void peer_links_save__keeps_soon_where_a_search_found_somebody(void **state)
{
    const struct endpoint other = {.host = "192.168.1.9", .port = 7080};
    struct scripted_peers scripted;
    char short_id[NODE_ID_SHORT_BYTES];
    (void)state;
    node_id_format_short(test_id(BOB), short_id);
    scripted_peers_open(&scripted, 1);
    scripted_peers_fail(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"));
    gossip_peer_heard(scripted.gossip, short_id, &other);
    scripted_peers_refuse(&scripted, scripted_peers_await(&scripted, BOB, "192.168.1.9"), 200, "");
    scripted_peers_fail(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"));
    scripted_peers_run(&scripted, scripted.now_ms + SOON_MS);
    assert_int_equal(count_addresses(&scripted), 1);
    scripted_peers_close(&scripted);
}

/* Nothing wakes the node but its own questions to Bob. */
static void peer_links_save__wakes_nobody_when_nothing_changed(void **state)
{
    struct scripted_peers scripted;
    int wakes = 0;
    (void)state;
    scripted_peers_open(&scripted, 1);
    let_compare(&scripted);
    for (int64_t end_ms = scripted.now_ms + WHILE_MS; scripted.now_ms < end_ms; wakes++) {
        struct scripted_request *asked = scripted_peers_find(&scripted, BOB, "/reconcile");
        if (asked != NULL) {
            scripted_peers_claim(&scripted, asked, "", 0);
        }
        scripted_peers_run(&scripted, scripted.wake_at_ms > scripted.now_ms ? scripted.wake_at_ms
                                                                            : scripted.now_ms + 1);
    }
    assert_in_range(wakes, 1, 2 * WHILE_MS / GOSSIP_ASK_MS);
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
        cmocka_unit_test(peer_links_save__many_who_are_there_are_written_seldom),
        cmocka_unit_test(peer_links_save__keeps_soon_where_somebody_was_reached),
        cmocka_unit_test(peer_links_save__keeps_soon_where_a_search_found_somebody),
        cmocka_unit_test(peer_links_save__wakes_nobody_when_nothing_changed),
        cmocka_unit_test(peer_links_tell_presence__does_not_fill_the_log),
    };
    failing_vfs_install(); /* before a log is opened */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
