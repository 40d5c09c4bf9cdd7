/* Own messages are looked for by their commitment only once somebody else may have written them. */
#include "store/log_sealings_private.h"

#include <stdio.h>

#include "store/log_events_private.h"
#include "support/neighbours.h"
#include "support/told.h"

enum { ALICE = 1, BOB = 2, EARLY = -1, LATE = 50 };

/* The last message of Alice's once more, as a copy of her device may have sent it. */
static void give_again(struct neighbours *street, int64_t lamports_later)
{
    struct told told = {.count = 0};
    struct event_log *log = street->logs[ALICE].log;
    struct event *event = log_events_read(log, street->logs[ALICE].appended.seq);
    assert_non_null(event);
    json_t *envelope = json_deep_copy(event->data.message.envelope);
    (void)told_add(&told, ALICE, event_draft_sealed("another", test_id(BOB), envelope), 900,
                   event->lamport + lamports_later);
    told_give(&street->logs[ALICE], &told, 0, 1);
    told_forget(&told);
    event_destroy(&event);
}

static int64_t count(struct neighbours *street, const char *where)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", where);
    return neighbours_ask_database(street, ALICE, sql);
}

static void begin(struct neighbours *street)
{
    neighbours_begin(street, 2);
    neighbours_exchange(street);
    (void)neighbours_send(street, ALICE, BOB, "first");
    (void)neighbours_send(street, ALICE, BOB, "one");
    assert_int_equal(count(street, "sealings WHERE indexed=1"), 0);
}

static void play(int64_t lamports_later, enum message_e2e shown)
{
    struct neighbours street;
    begin(&street);
    give_again(&street, lamports_later);
    assert_int_equal(count(&street, "sealings"), 3);
    assert_int_equal(count(&street, "messages"), 2);
    assert_int_equal(neighbours_count(&street, ALICE, shown == MESSAGE_OPENED ? "one" : "", shown),
                     1);
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

static void log_sealings__of_ours_from_elsewhere_the_first_counts(void **state)
{
    (void)state;
    play(LATE, MESSAGE_OPENED);
    play(EARLY, MESSAGE_WAITING);
}

static void log_sealings__are_indexed_from_then_on(void **state)
{
    struct neighbours street;
    (void)state;
    begin(&street);
    give_again(&street, LATE);
    assert_int_equal(count(&street, "sealings WHERE indexed=1"), 3);
    (void)neighbours_send(&street, ALICE, BOB, "two");
    neighbours_reopen(&street, ALICE);
    (void)neighbours_send(&street, ALICE, BOB, "three");
    assert_int_equal(count(&street, "sealings WHERE indexed=1"), 5);
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

static void log_sealings__of_others_always_are(void **state)
{
    struct neighbours street;
    (void)state;
    begin(&street);
    neighbours_exchange(&street);
    (void)neighbours_send(&street, BOB, ALICE, "answer");
    neighbours_exchange(&street);
    assert_int_equal(count(&street, "sealings WHERE indexed=1"), 1);
    assert_int_equal(count(&street, "sealings WHERE indexed=1 AND author<>1"), 1);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_sealings__of_ours_from_elsewhere_the_first_counts),
        cmocka_unit_test(log_sealings__are_indexed_from_then_on),
        cmocka_unit_test(log_sealings__of_others_always_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
