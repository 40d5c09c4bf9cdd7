/* What is remembered of how a peer is written to is forgotten when what it follows from goes. */
#include "store/log_terms_private.h"

#include "store/log_events_private.h"
#include "store/log_nodes_private.h"
#include "store/log_offers_private.h"
#include "store/log_receiving_keys_private.h"
#include "store/log_sealings_private.h"
#include "support/neighbours.h"
#include "support/terms.h"

enum { ALICE = 1, BOB = 2 };

static int64_t number_of_bob(struct neighbours *street)
{
    return log_nodes_number(street->logs[ALICE].log, test_id(BOB));
}

static void assert_known(struct neighbours *street, uint32_t number)
{
    struct log_terms terms;
    assert_true(log_terms_find(street->logs[ALICE].log, number_of_bob(street), &terms));
    assert_false(terms.needs_reply);
    assert_int_equal(terms.number, number);
}

static void assert_unknown(struct neighbours *street)
{
    struct log_terms terms;
    assert_false(log_terms_find(street->logs[ALICE].log, number_of_bob(street), &terms));
    assert_int_equal(terms_find_wrong(street->logs[ALICE].log), 0);
}

/* Alice has written to Bob twice: with an offer, and when he was due none any more. */
static void begin(struct neighbours *street)
{
    neighbours_begin_known(street, 2);
    (void)neighbours_send(street, ALICE, BOB, "first");
    (void)neighbours_send(street, ALICE, BOB, "second");
    neighbours_exchange(street);
    assert_known(street, 3);
}

/* Of Alice's messages, which are so many, all have been read by Bob. */
static void end(struct neighbours *street, int count)
{
    (void)neighbours_send(street, ALICE, BOB, "last");
    neighbours_exchange(street);
    assert_int_equal(neighbours_count(street, BOB, "last", MESSAGE_OPENED), 1);
    assert_int_equal(
        neighbours_ask_database(street, ALICE,
                                "SELECT count(DISTINCT number) FROM sealings WHERE author=1"),
        count);
    neighbours_end_whole(street);
}

/* Bob's and Alice's messages, until each of them has used the other's newest offer. */
static void talk(struct neighbours *street)
{
    (void)neighbours_send(street, BOB, ALICE, "to the first offer");
    neighbours_exchange(street);
    (void)neighbours_send(street, ALICE, BOB, "with the second");
    neighbours_exchange(street);
    (void)neighbours_send(street, BOB, ALICE, "to the second");
    neighbours_exchange(street);
}

/* The event that was just added to that log. */
static struct event *read_last(struct neighbours *street, int who)
{
    struct event *event = log_events_read(street->logs[who].log, street->logs[who].appended.seq);
    assert_non_null(event);
    return event;
}

/* Its number is free again. */
static void log_terms__are_forgotten_when_a_message_goes(void **state)
{
    struct neighbours street;
    (void)state;
    begin(&street);
    struct event_log *log = street.logs[ALICE].log;
    struct event *event = read_last(&street, ALICE);
    log_sealings_leave(log, event, street.logs[ALICE].appended.seq);
    assert_unknown(&street);
    (void)log_sealings_enter(log, event, street.logs[ALICE].appended.seq);
    event_destroy(&event);
    end(&street, 3);
}

/* Bob's is sealed to; without Alice's he is due another one. */
static void log_terms__are_forgotten_when_an_offer_goes(void **state)
{
    struct neighbours street;
    struct event *offers[2];
    (void)state;
    begin(&street);
    (void)neighbours_send(&street, BOB, ALICE, "with Bob's offer");
    offers[0] = read_last(&street, BOB);
    neighbours_exchange(&street);
    (void)neighbours_send(&street, ALICE, BOB, "with Alice's");
    offers[1] = read_last(&street, ALICE);
    for (uint32_t i = 0; i < 2; i++) {
        (void)neighbours_send(&street, ALICE, BOB, "so that it is known");
        assert_known(&street, 5 + i);
        log_offers_leave(street.logs[ALICE].log, offers[i]);
        assert_unknown(&street);
        log_offers_enter(street.logs[ALICE].log, offers[i]);
        event_destroy(&offers[i]);
    }
    end(&street, 6);
}

/* An offer without its secret is none. */
static void log_terms__are_forgotten_when_a_secret_is_dropped(void **state)
{
    struct neighbours street;
    struct log_offer offer;
    (void)state;
    begin(&street);
    struct event_log *log = street.logs[ALICE].log;
    assert_true(log_offers_current(log, log->self, number_of_bob(&street), &offer));
    assert_false(offer.to_everybody);
    log_receiving_keys_drop(log, &offer.key);
    assert_unknown(&street);
    end(&street, 3);
}

static void log_terms__are_forgotten_when_secrets_are_swept(void **state)
{
    struct neighbours street;
    (void)state;
    begin(&street);
    struct event_log *log = street.logs[ALICE].log;
    talk(&street);
    (void)neighbours_send(&street, ALICE, BOB, "with the third");
    (void)neighbours_send(&street, ALICE, BOB, "so that it is known");
    assert_known(&street, 6);
    assert_true(log_receiving_keys_sweep(log));
    assert_unknown(&street);
    (void)neighbours_send(&street, ALICE, BOB, "so that it is known again");
    assert_false(log_receiving_keys_sweep(log)); /* nothing goes */
    assert_known(&street, 7);
    end(&street, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_terms__are_forgotten_when_a_message_goes),
        cmocka_unit_test(log_terms__are_forgotten_when_an_offer_goes),
        cmocka_unit_test(log_terms__are_forgotten_when_a_secret_is_dropped),
        cmocka_unit_test(log_terms__are_forgotten_when_secrets_are_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
