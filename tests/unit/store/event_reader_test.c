#include "store/event_reader.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, JANA = 3, MESSAGES = 11, PAGE = 3 };

static struct verified_event *message(uint8_t to, unsigned id, int64_t lamport)
{
    struct signing_key bob = test_key(BOB);
    char event_id[ULID_TEXT_BYTES];
    test_ulid(id, event_id);
    return test_event(event_draft_message(event_id, test_id(to), "Hello", NULL), &bob,
                      test_id(ALICE), event_id, lamport);
}

struct page {
    int64_t seqs[MESSAGES];
    size_t count;
};

static bool note(void *context, int64_t seq, int64_t lamport, const char *text, size_t length_bytes)
{
    struct page *page = context;
    (void)lamport;
    (void)text;
    (void)length_bytes;
    page->seqs[page->count++] = seq;
    return true;
}

static void event_reader_concerning__goes_as_far_as_the_last_that_it_gave(void **state)
{
    struct test_log test;
    struct page all = {.count = 0};
    int64_t through = 0;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, JANA);
    for (unsigned i = 0; i < MESSAGES; i++) { /* to Jana, and some that are none of her business */
        struct verified_event *events[] = {message(JANA, 100 + i, lamport),
                                           message(ALICE, 200 + i, lamport + 1)};
        lamport += 2;
        test_log_receive(&test, events, 2);
    }
    while (all.count < MESSAGES) {
        struct page page = {.count = 0};
        const int64_t after = through;
        assert_int_equal(
            event_reader_concerning(test.log, test_id(JANA), after, PAGE, note, &page, &through),
            RESULT_OK);
        assert_in_range(page.count, 1, PAGE);
        for (size_t i = 0; i < page.count; i++) {
            assert_true(page.seqs[i] > (i == 0 ? after : page.seqs[i - 1]));
            all.seqs[all.count++] = page.seqs[i];
        }
        if (page.count == PAGE) {
            assert_int_equal(through, page.seqs[PAGE - 1]);
        }
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(test.log);
    assert_int_equal(through, snapshot->last_seq); /* the rest is looked at */
    log_snapshot_release(test.log, &snapshot);
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_reader_concerning__goes_as_far_as_the_last_that_it_gave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
