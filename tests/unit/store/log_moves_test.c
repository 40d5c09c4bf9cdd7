#include <stdio.h>

#include "protocol/co_signature.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, JANA = 3, EVENTS = 3000, BATCH = 50, WAIT_ROUNDS = 20000 };

static struct verified_event *message(uint8_t from, unsigned number, int64_t lamport)
{
    struct signing_key key = test_key(from);
    char event_id[ULID_TEXT_BYTES];
    char client_id[16];
    (void)snprintf(client_id, sizeof client_id, "m%u", number);
    return test_event(event_draft_message(client_id, test_id(ALICE), client_id, NULL), &key,
                      test_id(ALICE), test_ulid(1000 + number, event_id), lamport);
}

static struct verified_event *revocation(uint8_t target, unsigned id, int64_t lamport)
{
    struct signing_key alice = test_key(ALICE);
    char client_id[CO_SIGNATURE_CLIENT_ID_BYTES];
    char event_id[ULID_TEXT_BYTES];
    json_t *signers = json_array();
    co_signature_client_id(test_id(target), "other", client_id);
    (void)json_array_append_new(
        signers, co_signature_make(
                     &alice, event_data_revocation_statement(client_id, "other", test_id(target))));
    struct verified_event *event =
        test_event(event_draft_revoked(client_id, test_id(target), "other", signers), &alice,
                   test_id(ALICE), test_ulid(id, event_id), lamport);
    json_decref(signers);
    return event;
}

static uint64_t count_events(struct test_log *test)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(test->log);
    uint64_t count = snapshot->event_count;
    log_snapshot_release(test->log, &snapshot);
    return count;
}

static int64_t fill(struct test_log *test)
{
    test_log_open(test, ALICE, ALICE);
    int64_t lamport = test_log_populate(test, JANA);
    for (unsigned i = 0; i < EVENTS; i += BATCH) {
        struct verified_event *events[BATCH];
        for (unsigned j = 0; j < BATCH; j++) {
            events[j] = message(BOB, i + j, lamport + 10 + i + j);
        }
        test_log_receive(test, events, BATCH);
        assert_int_equal(test->accepted, BATCH);
    }
    return lamport;
}

/* Each round a job of the writer's, so that its slices come in between; never by the clock. */
static void send_until(struct test_log *test, uint64_t events)
{
    char client_id[32];
    unsigned sent = 0;
    while (count_events(test) > events + sent && sent < WAIT_ROUNDS) {
        (void)snprintf(client_id, sizeof client_id, "sent-%u", sent++);
        assert_int_equal(
            test_log_append(test, event_draft_message(client_id, test_id(JANA), "on", NULL))
                ->result,
            RESULT_OK);
    }
    assert_int_equal(count_events(test), events + sent);
}

static void log_moves__sends_go_on_while_much_is_set_aside(void **state)
{
    struct test_log test;
    (void)state;
    int64_t lamport = fill(&test);
    uint64_t before = count_events(&test);
    struct verified_event *late = revocation(BOB, 70, lamport + 5);
    test_log_receive(&test, &late, 1);
    assert_int_equal(test.accepted, 1);
    assert_true(count_events(&test) > before + 1 - EVENTS); /* it takes more than one slice */
    send_until(&test, before + 1 - EVENTS);
    assert_int_equal(test_log_verify(&test, ALICE), EVENTS);
    test_log_close(&test);
}

static void log_moves__go_on_after_the_log_was_closed_in_the_middle(void **state)
{
    struct test_log test;
    (void)state;
    int64_t lamport = fill(&test);
    uint64_t before = count_events(&test);
    struct verified_event *late = revocation(BOB, 70, lamport + 5);
    test_log_receive(&test, &late, 1);
    unsigned openings = 0;
    do {
        test_log_reopen(&test, ALICE);
        openings++;
        /* What was not moved is still shown, and what was is not: the views are those of the set.
         */
        assert_int_equal(
            test_log_append(&test, event_draft_message("one", test_id(JANA), "on", NULL))->result,
            RESULT_OK);
    } while (count_events(&test) > before + 2 - EVENTS && openings < WAIT_ROUNDS);
    assert_int_equal(count_events(&test), before + 2 - EVENTS);
    assert_int_equal(test_log_verify(&test, ALICE), EVENTS);
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_moves__sends_go_on_while_much_is_set_aside),
        cmocka_unit_test(log_moves__go_on_after_the_log_was_closed_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
