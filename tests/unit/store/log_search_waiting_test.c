/* What waits for the index: how much, for how long, and what becomes of it where the disk fails. */
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "store/log_search_private.h"
#include "support/changes.h"
#include "support/failing_vfs.h"

enum { ALICE = 1, BOB = 2 };

static const struct log_search *search_of(const struct neighbours *street)
{
    return &street->logs[ALICE].log->state.search;
}

static void send_some(struct neighbours *street, int count)
{
    char text[32];
    for (int i = 0; i < count; i++) {
        (void)snprintf(text, sizeof text, "walnut %d", i);
        (void)neighbours_send(street, ALICE, BOB, text);
    }
}

static void count_one(void *context, const struct history_message *message,
                      const struct search_found *found)
{
    (void)message, (void)found;
    ++*(int *)context;
}

static int count_found(struct neighbours *street)
{
    int count = 0;
    bool more = false;
    const struct search_query query = {.text = "walnut", .limit = HISTORY_MOST_LIMIT};
    assert_int_equal(test_search(street->logs[ALICE].log, &query, count_one, &count, &more),
                     RESULT_OK);
    assert_false(more);
    return count;
}

/* As many as the log says are not in the index, and are found with all others. */
static void assert_waiting(struct neighbours *street, int64_t waiting, int all)
{
    assert_int_equal(search_of(street)->waiting, waiting);
    assert_int_equal(
        neighbours_ask_database(street, ALICE, "SELECT count(*) FROM messages WHERE place<=0"),
        waiting);
    assert_int_equal(count_found(street), all);
}

/* Long texts are no more for a search to look at, nor for one commit to take. */
static void log_search__lets_no_more_text_wait_than_it_says(void **state)
{
    enum { MESSAGES = 12, AT_ONCE = 4 };
    struct neighbours street;
    bool has_waited = false;
    char *text = memory_format("walnut %*d", LOG_SEARCH_MOST_WAITING_BYTES / AT_ONCE, 1);
    (void)state;
    neighbours_begin_known(&street, 2);
    for (int i = 0; i < MESSAGES; i++) {
        (void)neighbours_send(&street, ALICE, BOB, text);
        has_waited = has_waited || search_of(&street)->waiting > 0;
        assert_waiting(&street, search_of(&street)->waiting, i + 1);
        assert_true(search_of(&street)->waiting < AT_ONCE);
    }
    assert_true(has_waited);
    neighbours_end_whole(&street);
    memory_free(text);
}

/* Of characters that are several bytes, and of what was said before an edit. */
static void log_search__counts_no_less_text_after_a_start(void **state)
{
    struct neighbours street;
    char text[1024] = "walnut ";
    (void)state;
    neighbours_begin_known(&street, 2);
    for (int i = 0; i < 100; i++) {
        (void)strcat(text, "🌰");
    }
    struct append_answer sent = changes_send(&street, ALICE, BOB, text, "");
    neighbours_reopen(&street, ALICE);
    assert_int_equal(search_of(&street)->waiting_bytes, strlen(text));
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_EDIT, sent.event_id, "walnut").result,
                     RESULT_OK);
    neighbours_reopen(&street, ALICE);
    assert_int_equal(search_of(&street)->waiting_bytes, strlen(text) + strlen("walnut"));
    assert_waiting(&street, 1, 1);
    neighbours_end_whole(&street);
}

/* A batch is a commit: who writes now and then writes no more of them for the index. */
static void log_search__leaves_a_few_waiting_however_long(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 2);
    for (int i = 1; i <= 3; i++) {
        send_some(&street, 1);
        neighbours_pass(&street, ALICE, 60000);
        assert_waiting(&street, i, i);
    }
    neighbours_pass(&street, ALICE, 86400000);
    assert_waiting(&street, 3, 3);
    neighbours_end_whole(&street);
}

/* Many come in without a further message, in one batch, and nothing is due then. */
static void log_search__takes_in_many_when_there_is_time(void **state)
{
    enum { MANY = LOG_SEARCH_MOST_WAITING / 4 + 1 };
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 2);
    neighbours_pass(&street, ALICE, 30000);
    send_some(&street, MANY);
    assert_waiting(&street, MANY, MANY);
    neighbours_pass(&street, ALICE, 1000);
    assert_waiting(&street, MANY, MANY);
    neighbours_pass(&street, ALICE, 30000);
    assert_waiting(&street, 0, MANY);
    send_some(&street, 1);
    assert_waiting(&street, 1, MANY + 1);
    neighbours_end_whole(&street);
}

/* The n-th call to the disk fails while a batch comes in. False: there is no n-th. */
static bool try_batch(struct neighbours *street, enum failing_vfs_kind kind, int64_t n, int *all)
{
    street->logs[ALICE].log->swept_ms = street->now_ms; /* it has just looked */
    send_some(street, 2);
    *all += 2;
    assert_waiting(street, 2, *all);
    failing_vfs_arm(kind, n);
    neighbours_pass(street, ALICE, 30000);
    bool failed = failing_vfs_failures() > 0;
    failing_vfs_heal();
    assert_true(search_of(street)->waiting == 0 || failed);
    assert_waiting(street, search_of(street)->waiting, *all);
    neighbours_pass(street, ALICE, 30000);
    assert_waiting(street, 0, *all);
    return failed;
}

static void fail_batches(enum failing_vfs_kind kind)
{
    struct neighbours street;
    int all = 0;
    int64_t n = 1;
    (void)log_open("/dev/null", LOG_ERROR, NULL);
    neighbours_begin_known(&street, 2);
    failing_vfs_watch(street.logs[ALICE].directory);
    neighbours_reopen(&street, ALICE);
    street.logs[ALICE].log->search_may_wait = 4;
    while (try_batch(&street, kind, n, &all)) {
        n++;
    }
    assert_true(n > (kind == FAILING_VFS_ONCE ? 3 : 1)); /* a batch is one write */
    neighbours_end_whole(&street);
}

static void log_search__loses_none_when_a_batch_fails(void **state)
{
    (void)state;
    fail_batches(FAILING_VFS_ONCE);
    fail_batches(FAILING_VFS_FULL_ONCE);
}

/* A row that grew would find its page full, and leave it half empty. */
static void log_search__splits_no_page_for_a_place(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 2);
    send_some(&street, 6 * LOG_SEARCH_MOST_WAITING);
    assert_true(search_of(&street)->waiting < LOG_SEARCH_MOST_WAITING);
    assert_in_range(
        neighbours_ask_database(
            &street, ALICE, "SELECT 100*sum(unused)/sum(pgsize) FROM dbstat WHERE name='messages'"),
        0, 5);
    neighbours_end_whole(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_search__lets_no_more_text_wait_than_it_says),
        cmocka_unit_test(log_search__counts_no_less_text_after_a_start),
        cmocka_unit_test(log_search__leaves_a_few_waiting_however_long),
        cmocka_unit_test(log_search__takes_in_many_when_there_is_time),
        cmocka_unit_test(log_search__loses_none_when_a_batch_fails),
        cmocka_unit_test(log_search__splits_no_page_for_a_place),
    };
    failing_vfs_install(); /* before a log is opened */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
