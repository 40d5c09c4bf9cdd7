/* What this node has read, said to others or kept to itself. */
#include "store/history.h"
#include "support/told.h"

enum { ALICE = 1, BOB = 2, MEMBERS = 2, FIRST = 101, SECOND = 102, OTHER = 103 };

static const struct event_log_options silent = {.synchronous = true};

/* As Alice's: Bob wrote twice. */
static void begin(struct test_log *test)
{
    struct told told = {0};
    test_log_open(test, ALICE, ALICE);
    test_log_reopen_with(test, ALICE, &silent);
    told_community(&told, MEMBERS, MEMBERS + 1);
    (void)told_message(&told, BOB, ALICE, "1", FIRST, 40);
    (void)told_message(&told, BOB, ALICE, "2", SECOND, 41);
    (void)told_message(&told, ALICE, BOB, "3", OTHER, 42);
    told_give_rest(test, &told, 0);
    told_forget(&told);
}

static void keep(void *context, const struct append_answer *answer)
{
    *(struct append_answer *)context = *answer;
}

static enum result mark(struct test_log *test, unsigned message, bool silently)
{
    char event_id[ULID_TEXT_BYTES];
    struct append_answer answer = {.result = RESULT_BUSY};
    assert_int_equal(log_mark_read_up_to(test->log, test_id(BOB), test_ulid(message, event_id),
                                         silently, keep, &answer),
                     RESULT_OK);
    return answer.result;
}

static int64_t count_unread(struct test_log *test)
{
    int64_t unread = -1;
    assert_int_equal(history_count_unread(test->log, test_id(BOB), &unread), RESULT_OK);
    return unread;
}

static void log_mark_read__never_goes_back(void **state)
{
    (void)state;
    for (int silently = 0; silently < 2; silently++) {
        struct test_log test;
        begin(&test);
        assert_int_equal(count_unread(&test), 2);
        assert_int_equal(mark(&test, FIRST, silently), RESULT_OK);
        assert_int_equal(count_unread(&test), 1);
        assert_int_equal(mark(&test, SECOND, silently), RESULT_OK);
        assert_int_equal(mark(&test, FIRST, silently), RESULT_OK);
        assert_int_equal(count_unread(&test), 0);
        assert_int_equal(told_count(test.log, "\"chat.message.read\"", NULL, NULL),
                         silently ? 0 : 2);
        test_log_close(&test);
    }
}

static void log_mark_read__is_for_what_others_wrote(void **state)
{
    (void)state;
    for (int silently = 0; silently < 2; silently++) {
        struct test_log test;
        begin(&test);
        assert_int_equal(mark(&test, OTHER, silently), RESULT_NOT_FOUND);
        assert_int_equal(count_unread(&test), 2);
        test_log_close(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_mark_read__never_goes_back),
        cmocka_unit_test(log_mark_read__is_for_what_others_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
