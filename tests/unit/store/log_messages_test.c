/* Two messages of one author with one client_id and the same recipient are one message: the first
 * in replay order is shown (§5), whatever comes first and whatever is set aside. */
#include <string.h>

#include "core/memory.h"
#include "store/history.h"
#include "store/search.h"
#include "support/told.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAVE = 4, MEMBERS = 4, TRUSTED = 4 };
enum { FIRST = 101, SECOND = 102, RECEIPT = 120, REVOCATION = 130, UNDONE = 131 };

static const struct event_log_options silent = {.synchronous = true};

/* As Bob's: a community of four, Dave trusted. */
static size_t begin(struct test_log *test, struct told *told)
{
    test_log_open(test, ALICE, BOB);
    test_log_reopen_with(test, ALICE, &silent);
    told_community(told, MEMBERS, TRUSTED);
    told_give_rest(test, told, 0);
    return told->count;
}

static void end(struct test_log *test, struct told *told)
{
    told_assert_whole(test);
    told_forget(told);
    test_log_close(test);
}

static bool shows(struct test_log *test, const char *text)
{
    char *history = test_log_history(test);
    bool found = strstr(history, text) != NULL;
    memory_free(history);
    return found;
}

struct seen {
    size_t count;
    char event_id[ULID_TEXT_BYTES]; /* the last one's */
    char delivered_at[WALL_CLOCK_TEXT_BYTES];
    char read_at[WALL_CLOCK_TEXT_BYTES];
};

static void see(void *context, const struct history_message *message)
{
    struct seen *seen = context;
    seen->count++;
    memcpy(seen->event_id, message->event_id, ULID_TEXT_BYTES);
    (void)memset(seen->delivered_at, 0, sizeof seen->delivered_at);
    (void)memset(seen->read_at, 0, sizeof seen->read_at);
    if (message->delivered_at != NULL) {
        memcpy(seen->delivered_at, message->delivered_at, WALL_CLOCK_TEXT_BYTES);
    }
    if (message->read_at != NULL) {
        memcpy(seen->read_at, message->read_at, WALL_CLOCK_TEXT_BYTES);
    }
}

static void see_found(void *context, const struct history_message *message,
                      const struct search_found *found)
{
    (void)found;
    see(context, message);
}

static bool is_over_at_once(void *context)
{
    (void)context;
    return true;
}

static int64_t unread_of(struct test_log *test, uint8_t peer)
{
    int64_t unread = -1;
    assert_int_equal(history_count_unread(test->log, test_id(peer), &unread), RESULT_OK);
    return unread;
}

static size_t count_found(struct test_log *test, const char *text)
{
    struct seen seen = {0};
    bool more = false;
    const struct search_query query = {.text = text, .limit = 100};
    assert_int_equal(test_search(test->log, &query, see_found, &seen, &more), RESULT_OK);
    return seen.count;
}

/* With that peer there is one message, this one; everything that tells of messages says so. */
static struct seen assert_only(struct test_log *test, uint8_t peer, unsigned shown,
                               int64_t expected_unread)
{
    const struct history_query query = {.peer = test_id(peer), .limit = 10};
    struct seen seen = {0};
    struct seen last = {0};
    char event_id[ULID_TEXT_BYTES];
    char body[32];
    bool more = false;
    (void)test_ulid(shown, event_id);
    (void)snprintf(body, sizeof body, "\"body %u\"", shown);
    assert_int_equal(history_page(test->log, &query, see, &seen, &more), RESULT_OK);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.event_id, event_id);
    assert_int_equal(history_last_message(test->log, test_id(peer), see, &last), RESULT_OK);
    assert_int_equal(last.count, 1);
    assert_string_equal(last.event_id, event_id);
    assert_int_equal(unread_of(test, peer), expected_unread);
    assert_int_equal(count_found(test, body), 1);
    assert_int_equal(count_found(test, "body"), 1);
    return seen;
}

static void log_messages__the_first_in_replay_order_is_shown_in_any_order_of_arrival(void **state)
{
    (void)state;
    for (int backwards = 0; backwards < 2; backwards++) {
        struct test_log test;
        struct told told = {0};
        size_t from = begin(&test, &told);
        (void)told_message(&told, CAROL, BOB, "once", backwards ? SECOND : FIRST,
                           backwards ? 42 : 40);
        (void)told_message(&told, CAROL, BOB, "once", backwards ? FIRST : SECOND,
                           backwards ? 40 : 42);
        told_give(&test, &told, from, 1);
        (void)assert_only(&test, CAROL, backwards ? SECOND : FIRST, 1);
        told_give(&test, &told, from + 1, 1);
        (void)assert_only(&test, CAROL, FIRST, 1);
        end(&test, &told);
    }
}

/* At one lamport the smaller event_id comes first. */
static void log_messages__with_one_lamport_the_event_id_decides(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    size_t from = begin(&test, &told);
    (void)told_message(&told, CAROL, BOB, "once", SECOND, 40);
    (void)told_message(&told, CAROL, BOB, "once", FIRST, 40);
    told_give_rest(&test, &told, from);
    (void)assert_only(&test, CAROL, FIRST, 1);
    end(&test, &told);
}

/* Three; the shown one goes with each revocation, the next in replay order appears, and all come
 * back when Dave could not revoke after all. */
static void log_messages__the_next_is_shown_while_the_first_is_aside(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    size_t from = begin(&test, &told);
    (void)told_message(&told, BOB, CAROL, "mine", 99, 39);
    for (unsigned i = 0; i < 3; i++) { /* from the last on */
        (void)told_message(&told, CAROL, BOB, "once", FIRST + 2 - i, 44 - 2 * (int64_t)i);
    }
    told_give_rest(&test, &told, from);
    (void)told_message(&told, CAROL, BOB, "once", 95, 30);
    told_give(&test, &told, told.count - 1, 1);
    assert_true(shows(&test, "\"body 95\""));
    assert_false(shows(&test, "\"body 101\""));
    from = told.count;
    (void)told_revocation(&told, DAVE, CAROL, REVOCATION, 29);
    told_give(&test, &told, from, 1);
    assert_false(shows(&test, "\"body 95\""));
    assert_false(shows(&test, "\"body 101\""));
    assert_int_equal(unread_of(&test, CAROL), 0);
    assert_int_equal(count_found(&test, "body"), 1); /* Bob's own */
    told_assert_whole(&test);
    from = told.count;
    (void)told_revocation(&told, ALICE, DAVE, UNDONE, 28);
    told_give(&test, &told, from, 1);
    assert_true(shows(&test, "\"body 95\""));
    assert_int_equal(unread_of(&test, CAROL), 1);
    assert_int_equal(count_found(&test, "body"), 2);
    end(&test, &told);
}

/* The shown one has a twin of a smaller hash with another client_id: it gives way, and the one
 * behind it appears, twice over. */
static void log_messages__the_next_is_shown_when_a_twin_hides_the_first(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < 8; shift++) {
        struct test_log test;
        struct told told = {0};
        size_t from = begin(&test, &told);
        const struct event *first = told_message(&told, CAROL, BOB, "once", FIRST, 40);
        (void)told_message(&told, CAROL, BOB, "once", SECOND, 42);
        (void)told_message(&told, CAROL, BOB, "once", SECOND + 1, 44);
        told_give_rest(&test, &told, from);
        (void)assert_only(&test, CAROL, FIRST, 1);
        const struct event *twin =
            told_message(&told, CAROL, BOB, "another", FIRST, 50 + (int64_t)shift);
        told_give(&test, &told, told.count - 1, 1);
        if (memcmp(twin->hash, first->hash, BLAKE3_HASH_BYTES) < 0) {
            assert_true(shows(&test, "\"body 102\"")); /* the twin says "body 101", later */
            assert_int_equal(unread_of(&test, CAROL), 2);
        } else {
            (void)assert_only(&test, CAROL, FIRST, 1);
        }
        assert_false(shows(&test, "\"body 103\""));
        end(&test, &told);
    }
}

static void log_messages__one_that_is_not_shown_leaves_no_trace_when_it_goes(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    size_t from = begin(&test, &told);
    (void)told_message(&told, CAROL, BOB, "once", FIRST, 40);
    (void)told_message(&told, CAROL, BOB, "once", SECOND, 42);
    told_give_rest(&test, &told, from);
    (void)told_revocation(&told, DAVE, CAROL, REVOCATION, 41); /* the second alone goes */
    told_give(&test, &told, told.count - 1, 1);
    (void)assert_only(&test, CAROL, FIRST, 1);
    told_assert_whole(&test);
    (void)told_revocation(&told, DAVE, CAROL, REVOCATION + 1, 35); /* now the first, too */
    told_give(&test, &told, told.count - 1, 1);
    assert_int_equal(unread_of(&test, CAROL), 0);
    assert_false(shows(&test, "body"));
    told_assert_whole(&test);
    (void)told_revocation(&told, ALICE, DAVE, UNDONE, 28);
    told_give(&test, &told, told.count - 1, 1);
    (void)assert_only(&test, CAROL, FIRST, 1);
    end(&test, &told);
}

static void log_messages__other_recipients_and_authors_are_other_messages(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    size_t from = begin(&test, &told);
    (void)told_message(&told, CAROL, BOB, "once", 101, 40);
    (void)told_message(&told, DAVE, BOB, "once", 102, 41);
    (void)told_message(&told, BOB, CAROL, "once", 103, 42);
    (void)told_message(&told, BOB, DAVE, "once", 104, 43);
    (void)told_message(&told, CAROL, DAVE, "once", 105, 44); /* not ours */
    told_give_rest(&test, &told, from);
    for (unsigned id = 101; id <= 104; id++) {
        char body[32];
        (void)snprintf(body, sizeof body, "\"body %u\"", id);
        assert_true(shows(&test, body));
        assert_int_equal(count_found(&test, body), 1);
    }
    assert_int_equal(count_found(&test, "body"), 4);
    assert_int_equal(unread_of(&test, CAROL), 1);
    assert_int_equal(unread_of(&test, DAVE), 1);
    (void)told_revocation(&told, ALICE, CAROL, REVOCATION, 30);
    told_give(&test, &told, told.count - 1, 1);
    assert_int_equal(count_found(&test, "body"), 3);
    assert_true(shows(&test, "\"body 102\""));
    assert_true(shows(&test, "\"body 103\""));
    end(&test, &told);
}

/* A delivered receipt is that of the event that it names; a read mark covers whatever comes before
 * its target, shown or not. */
static void log_messages__receipts_of_either_are_kept_apart(void **state)
{
    (void)state;
    for (int early = 0; early < 2; early++) { /* receipts before their targets, and after */
        struct test_log test;
        struct told told = {0};
        struct told receipts = {0};
        size_t from = begin(&test, &told);
        (void)told_message(&told, BOB, CAROL, "once", FIRST, 40);
        (void)told_message(&told, BOB, CAROL, "once", SECOND, 42);
        (void)told_receipt(&receipts, CAROL, false, FIRST, RECEIPT + 1, 60);
        (void)told_receipt(&receipts, CAROL, false, SECOND, RECEIPT, 50);
        (void)told_receipt(&receipts, CAROL, true, SECOND, RECEIPT + 2, 61);
        if (early) {
            told_give_rest(&test, &receipts, 0);
            told_give_rest(&test, &told, from);
        } else {
            told_give_rest(&test, &told, from);
            struct seen unanswered = assert_only(&test, CAROL, FIRST, 0);
            assert_string_equal(unanswered.delivered_at, "");
            assert_string_equal(unanswered.read_at, "");
            told_give_rest(&test, &receipts, 0);
        }
        struct seen seen = assert_only(&test, CAROL, FIRST, 0);
        char at[WALL_CLOCK_TEXT_BYTES];
        wall_clock_format(1700000000 + RECEIPT + 1, at);
        assert_string_equal(seen.delivered_at, at);
        wall_clock_format(1700000000 + RECEIPT + 2, at);
        assert_string_equal(seen.read_at, at);
        told_forget(&receipts);
        end(&test, &told);
    }
}

/* Carol's two messages, the second read: nothing waits, whichever of them is shown. */
static void log_messages__a_mark_on_the_hidden_one_reads_the_shown_one(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    size_t from = begin(&test, &told);
    (void)told_message(&told, CAROL, BOB, "once", SECOND, 42);
    (void)told_receipt(&told, BOB, true, SECOND, RECEIPT, 43);
    told_give_rest(&test, &told, from);
    (void)assert_only(&test, CAROL, SECOND, 0);
    (void)told_message(&told, CAROL, BOB, "once", FIRST, 40);
    told_give(&test, &told, told.count - 1, 1);
    struct seen seen = assert_only(&test, CAROL, FIRST, 0);
    assert_true(seen.read_at[0] != '\0');
    end(&test, &told);
}

/* Restored from a backup, this node says the same once more before the neighbours bring the first.
 */
static void log_messages__what_is_sent_again_after_a_restore_is_shown_once(void **state)
{
    struct test_log test;
    struct told told = {0};
    struct told before = {0};
    char first[ULID_TEXT_BYTES];
    (void)state;
    (void)begin(&test, &told);
    struct append_answer again =
        *test_log_append(&test, event_draft_message("once", test_id(CAROL), "body 101", NULL));
    assert_int_equal(again.result, RESULT_OK);
    assert_false(again.repeated);
    (void)told_message(&before, BOB, CAROL, "once", FIRST, again.lamport);
    told_give_rest(&test, &before, 0);
    assert_int_equal(told_count(test.log, "\"client_id\":\"once\"", NULL, NULL), 2);
    (void)assert_only(&test, CAROL, FIRST, 0);
    const struct append_answer *repeat =
        test_log_append(&test, event_draft_message("once", test_id(CAROL), "body 101", NULL));
    assert_int_equal(repeat->result, RESULT_OK);
    assert_true(repeat->repeated);
    assert_string_equal(repeat->event_id, test_ulid(FIRST, first));
    repeat = test_log_append(&test, event_draft_message("once", test_id(CAROL), "other", NULL));
    assert_int_equal(repeat->result, RESULT_EXISTS);
    repeat = test_log_append(&test, event_draft_message("once", test_id(DAVE), "body 101", NULL));
    assert_int_equal(repeat->result, RESULT_EXISTS);
    assert_int_equal(told_count(test.log, "\"client_id\":\"once\"", NULL, NULL), 2);
    told_forget(&before);
    end(&test, &told);
}

/* A client_id is its author's: what somebody else called a message says nothing of ours. */
static void log_messages__the_client_ids_of_others_are_free(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    size_t from = begin(&test, &told);
    (void)told_message(&told, CAROL, BOB, "once", FIRST, 40);
    told_give_rest(&test, &told, from);
    const struct append_answer *answer =
        test_log_append(&test, event_draft_message("once", test_id(CAROL), "mine", NULL));
    assert_int_equal(answer->result, RESULT_OK);
    assert_false(answer->repeated);
    assert_true(shows(&test, "body 101") && shows(&test, "mine"));
    end(&test, &told);
}

/* A receipt came before its message, and the node was started in between. */
static void log_messages__finds_its_receipts_after_a_start_too(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    size_t from = begin(&test, &told);
    (void)told_receipt(&told, CAROL, true, FIRST, RECEIPT, 41);
    (void)told_message(&told, BOB, CAROL, "once", FIRST, 40);
    told_give(&test, &told, from, 1);
    test_log_reopen_with(&test, ALICE, &silent);
    told_give(&test, &told, from + 1, 1);
    struct seen seen = assert_only(&test, CAROL, FIRST, 0);
    assert_true(seen.read_at[0] != '\0');
    end(&test, &told);
}

/* Two have used one id; when the message of one is gone, the receipt still counts for the other's.
 */
static void log_messages__a_receipt_counts_on_for_who_took_the_id(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    size_t from = begin(&test, &told);
    (void)told_message(&told, CAROL, BOB, "once", FIRST, 40);
    (void)told_message(&told, DAVE, BOB, "once", FIRST, 41);
    (void)told_receipt(&told, BOB, true, FIRST, RECEIPT, 43);
    (void)told_revocation(&told, ALICE, CAROL, REVOCATION, 39);
    told_give(&test, &told, from, 3);
    told_give_rest(&test, &told, from + 3);
    struct seen seen = assert_only(&test, DAVE, FIRST, 0);
    assert_true(seen.read_at[0] != '\0');
    end(&test, &told); /* concerns are compared, too */
}

/* Two authors may use one id at one lamport: a history in pieces has both. */
static void log_messages__come_in_pieces_and_none_is_left_out(void **state)
{
    const struct history_query query = {.limit = 10};
    struct test_log test;
    struct told told = {0};
    struct seen whole = {0};
    struct seen pieces = {0};
    struct history_reading reading;
    bool more = false;
    bool ended = false;
    size_t from = begin(&test, &told);
    (void)state;
    (void)told_message(&told, CAROL, BOB, "one", FIRST, 40);
    (void)told_message(&told, ALICE, BOB, "two", FIRST, 40);
    (void)told_message(&told, CAROL, BOB, "three", SECOND, 40);
    told_give(&test, &told, from, 3);
    assert_int_equal(history_page(test.log, &query, see, &whole, &more), RESULT_OK);
    assert_int_equal(whole.count, 3);
    assert_int_equal(history_begin(test.log, &query, &reading), RESULT_OK);
    while (!ended) {
        assert_int_equal(history_read_on(&reading, see, is_over_at_once, &pieces, &ended),
                         RESULT_OK);
    }
    assert_int_equal(pieces.count, 3);
    end(&test, &told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_messages__the_first_in_replay_order_is_shown_in_any_order_of_arrival),
        cmocka_unit_test(log_messages__with_one_lamport_the_event_id_decides),
        cmocka_unit_test(log_messages__come_in_pieces_and_none_is_left_out),
        cmocka_unit_test(log_messages__the_next_is_shown_while_the_first_is_aside),
        cmocka_unit_test(log_messages__the_next_is_shown_when_a_twin_hides_the_first),
        cmocka_unit_test(log_messages__one_that_is_not_shown_leaves_no_trace_when_it_goes),
        cmocka_unit_test(log_messages__other_recipients_and_authors_are_other_messages),
        cmocka_unit_test(log_messages__receipts_of_either_are_kept_apart),
        cmocka_unit_test(log_messages__a_mark_on_the_hidden_one_reads_the_shown_one),
        cmocka_unit_test(log_messages__what_is_sent_again_after_a_restore_is_shown_once),
        cmocka_unit_test(log_messages__the_client_ids_of_others_are_free),
        cmocka_unit_test(log_messages__finds_its_receipts_after_a_start_too),
        cmocka_unit_test(log_messages__a_receipt_counts_on_for_who_took_the_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
