#include "gossip/known_peers.h"

#include <stdio.h>

#include "support/test_support.h"

enum { MEMBERS = 40, PORT = 7000, SEEN = 1000, STRANGER = 200, WORKED = 1500 };

static void remember(struct event_log *log, uint8_t who)
{
    const struct peer_record record = {
        .node_id = *test_id(who), .cursor = who, .last_seen = SEEN + who};
    struct peer_address addresses[2] = {{.source = "manifest", .last_success = WORKED},
                                        {.source = "hint", .last_success = WORKED + 1}};
    for (size_t i = 0; i < 2; i++) {
        addresses[i].endpoint.port = (uint16_t)(PORT + who);
        (void)snprintf(addresses[i].endpoint.host, sizeof addresses[i].endpoint.host, "10.0.0.%zu",
                       i);
    }
    assert_int_equal(log_peers_save(log, &record, 1), RESULT_OK);
    assert_int_equal(log_peers_save_addresses(log, test_id(who), addresses, 2), RESULT_OK);
}

/* In several goes, whoever else the log remembers. */
static void known_peers_read__finds_what_is_remembered_of_each(void **state)
{
    struct test_log test;
    struct known_peers known = {0};
    unsigned goes = 1;
    (void)state;
    test_log_open(&test, 1, 1);
    (void)test_log_populate(&test, MEMBERS);
    for (unsigned number = 2; number <= MEMBERS; number++) {
        const uint8_t who = (uint8_t)number;
        remember(test.log, who);
        if (who != 3) {
            known_peers_add(&known, test_id(who));
        }
    }
    known_peers_add(&known, test_id(STRANGER));
    /* The writer takes it up in order. */
    (void)test_log_append(&test, event_draft_message("c", test_id(2), "Hi", NULL));
    while (!known_peers_read(&known, test.log)) {
        goes++;
    }
    assert_in_range(goes, 2, MEMBERS);
    assert_null(known_peers_find(&known, test_id(3)));
    for (unsigned number = 4; number <= MEMBERS; number++) {
        const uint8_t who = (uint8_t)number;
        const struct known_peer *peer = known_peers_find(&known, test_id(who));
        assert_non_null(peer);
        assert_int_equal(peer->record.cursor, who);
        assert_int_equal(peer->record.last_seen, SEEN + who);
        assert_int_equal(peer->address_count, 2);
        assert_int_equal(peer->addresses[1].endpoint.port, PORT + who);
    }
    const struct known_peer *stranger = known_peers_find(&known, test_id(STRANGER));
    assert_non_null(stranger);
    assert_int_equal(stranger->record.last_seen, 0);
    assert_int_equal(stranger->address_count, 0);
    known_peers_deinit(&known);
    test_log_close(&test);
}

static void known_peers_read__of_nobody_is_done(void **state)
{
    struct test_log test;
    struct known_peers known = {0};
    (void)state;
    test_log_open(&test, 1, 1);
    assert_true(known_peers_read(&known, test.log));
    assert_null(known_peers_find(&known, test_id(2)));
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_peers_read__finds_what_is_remembered_of_each),
        cmocka_unit_test(known_peers_read__of_nobody_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
