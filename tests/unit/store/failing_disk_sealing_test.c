/* The n-th call to the disk fails while a message is sealed: what was acknowledged is readable at
 * both ends, what was not is nowhere. */
#include <stdio.h>

#include "core/log.h"
#include "store/log_wait.h"
#include "support/failing_vfs.h"
#include "support/neighbours.h"

enum { ALICE = 1, BOB = 2, FEWEST_CALLS = 3, MOST_CALLS = 400 };

static enum result send(struct neighbours *street, const char *text)
{
    struct append_answer answer = {0};
    struct event_draft draft = event_draft_message(text, test_id(BOB), text, NULL);
    (void)log_wait_append(street->logs[ALICE].log, &draft, &answer);
    return answer.result;
}

/* False: there is no n-th call. */
static bool try_one(struct neighbours *street, enum failing_vfs_kind kind, int n, const char *text)
{
    failing_vfs_arm(kind, n);
    enum result result = send(street, text);
    bool failed = failing_vfs_failures() > 0;
    failing_vfs_heal();
    assert_true(result == RESULT_OK || result == RESULT_IO);
    if (result == RESULT_OK) {
        assert_int_equal(neighbours_count(street, ALICE, text, MESSAGE_OPENED), 1);
    } else {
        /* A commit that failed may have reached the disk: then it is whole. */
        assert_int_equal(send(street, text), RESULT_OK);
    }
    neighbours_reopen(street, ALICE);
    assert_int_equal(neighbours_count(street, ALICE, text, MESSAGE_OPENED), 1);
    return failed;
}

static void play(enum failing_vfs_kind kind)
{
    struct neighbours street;
    char text[32];
    int n = 1;
    bool more = true;
    (void)log_open("/dev/null", LOG_ERROR, NULL);
    failing_vfs_install();
    neighbours_begin(&street, 2);
    neighbours_exchange(&street);
    failing_vfs_watch(street.logs[ALICE].directory);
    neighbours_reopen(&street, ALICE);
    for (; more; n++) {
        assert_in_range(n, 1, MOST_CALLS);
        (void)snprintf(text, sizeof text, "message %d", n);
        more = try_one(&street, kind, n, text);
        if (n % 4 == 0) { /* so that keys turn */
            neighbours_exchange(&street);
            (void)neighbours_send(&street, BOB, ALICE, "answer");
            neighbours_exchange(&street);
        }
    }
    assert_in_range(n, FEWEST_CALLS, MOST_CALLS);
    neighbours_exchange(&street);
    for (int i = 1; i < n; i++) {
        (void)snprintf(text, sizeof text, "message %d", i);
        assert_int_equal(neighbours_count(&street, BOB, text, MESSAGE_OPENED), 1);
    }
    assert_int_equal(neighbours_count(&street, ALICE, "answer", MESSAGE_OPENED), (n - 1) / 4);
    neighbours_verify(&street, ALICE);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

static void failing_disk_sealing__one_call_fails(void **state)
{
    (void)state;
    play(FAILING_VFS_ONCE);
}

static void failing_disk_sealing__the_disk_is_full_for_one_write(void **state)
{
    (void)state;
    play(FAILING_VFS_FULL_ONCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_disk_sealing__one_call_fails),
        cmocka_unit_test(failing_disk_sealing__the_disk_is_full_for_one_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
