/* Open invites: what is promised is kept, as often as promised, and never once more (§17). */
#include "store/log_open_invites.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/lock.h"
#include "support/failing_vfs.h"
#include "support/told.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, GUEST = 20, OTHER = 21, MEMBERS = 3, TRUSTED = 3 };
enum { MANY = 40 };

static const struct event_log_options inline_log = {.synchronous = true};

static int64_t test_now_ms = 1800000000000;

static int64_t now_ms(void *context)
{
    (void)context;
    return test_now_ms;
}

static const struct clock test_clock = {now_ms, now_ms, NULL};
static const struct event_log_options clocked = {.synchronous = true, .clock = &test_clock};

/* Alice founded, Bob is a member, Carol is trusted. */
static void begin(struct test_log *test, uint8_t self, const struct event_log_options *options)
{
    struct told told = {0};
    test_log_open(test, ALICE, self);
    test_log_reopen_with(test, ALICE, options);
    told_community(&told, MEMBERS, TRUSTED);
    told_give_rest(test, &told, 0);
    told_forget(&told);
}

static struct open_invite promise(uint8_t byte, int64_t uses)
{
    struct open_invite open = {
        .level = LEVEL_MEMBER, .expires_at = test_now_ms / 1000 + 3600, .uses = uses};
    memset(open.token, byte, sizeof open.token);
    return open;
}

static void keep(void *context, const struct append_answer *answer)
{
    *(struct append_answer *)context = *answer;
}

static enum result add(struct test_log *test, const struct open_invite *open)
{
    struct append_answer answer = {.result = RESULT_BUSY};
    assert_int_equal(log_open_invites_add(test->log, open, keep, &answer), RESULT_OK);
    return answer.result;
}

static void keep_redeemed(void *context, const struct redeem_answer *answer)
{
    *(struct redeem_answer *)context = *answer;
}

static struct redeem_answer redeem(struct test_log *test, uint8_t byte, uint8_t guest)
{
    struct redeem_answer answer = {.result = RESULT_BUSY};
    uint8_t token[INVITE_TOKEN_BYTES];
    memset(token, byte, sizeof token);
    assert_int_equal(
        log_open_invites_redeem(test->log, token, test_id(guest), "Jana", keep_redeemed, &answer),
        RESULT_OK);
    assert_true((answer.result == RESULT_OK) == (answer.error.message[0] == '\0'));
    return answer;
}

static size_t count_invitations(struct test_log *test)
{
    return told_count(test->log, "community.member.invited", "Jana", NULL);
}

static void log_open_invites__serve_as_often_as_they_may(void **state)
{
    struct test_log test;
    (void)state;
    begin(&test, ALICE, &clocked);
    struct open_invite twice = promise(7, 2);
    assert_int_equal(add(&test, &twice), RESULT_OK);
    struct redeem_answer first = redeem(&test, 7, GUEST);
    assert_int_equal(first.result, RESULT_OK);
    assert_int_equal(first.level, LEVEL_MEMBER);
    assert_int_equal(first.expires_at, twice.expires_at);
    assert_true(ulid_is_valid(first.invite_event_id));
    assert_string_equal(redeem(&test, 7, GUEST).invite_event_id, first.invite_event_id);
    assert_int_equal(redeem(&test, 7, OTHER).result, RESULT_OK);
    assert_int_equal(redeem(&test, 7, OTHER + 1).result, RESULT_NOT_FOUND);
    test_log_reopen_with(&test, ALICE, &clocked);
    assert_int_equal(redeem(&test, 7, OTHER + 1).result, RESULT_NOT_FOUND);
    assert_string_equal(redeem(&test, 7, GUEST).invite_event_id, first.invite_event_id);
    assert_int_equal(count_invitations(&test), 2);
    told_assert_whole(&test);
    test_log_close(&test);
}

static void log_open_invites__know_a_token_by_every_bit_of_it(void **state)
{
    struct test_log test;
    (void)state;
    begin(&test, ALICE, &clocked);
    struct open_invite open = promise(7, 9);
    assert_int_equal(redeem(&test, 7, GUEST).result, RESULT_NOT_FOUND);
    assert_int_equal(add(&test, &open), RESULT_OK);
    for (size_t bit = 0; bit < sizeof open.token * 8; bit++) {
        struct redeem_answer answer = {.result = RESULT_BUSY};
        uint8_t token[INVITE_TOKEN_BYTES];
        memcpy(token, open.token, sizeof token);
        token[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(log_open_invites_redeem(test.log, token, test_id(GUEST), "Jana",
                                                 keep_redeemed, &answer),
                         RESULT_OK);
        assert_int_equal(answer.result, RESULT_NOT_FOUND);
    }
    assert_int_equal(count_invitations(&test), 0);
    test_log_close(&test);
}

static void log_open_invites__end(void **state)
{
    struct test_log test;
    (void)state;
    begin(&test, ALICE, &clocked);
    struct open_invite open = promise(7, 2);
    assert_int_equal(add(&test, &open), RESULT_OK);
    test_now_ms = open.expires_at * 1000 - 1;
    assert_int_equal(redeem(&test, 7, GUEST).result, RESULT_OK);
    test_now_ms++;
    assert_int_equal(redeem(&test, 7, OTHER).result, RESULT_EXPIRED);
    assert_int_equal(redeem(&test, 7, GUEST).result, RESULT_EXPIRED); /* so has its invitation */
    assert_int_equal(redeem(&test, 8, GUEST).result, RESULT_NOT_FOUND);
    assert_int_equal(count_invitations(&test), 1);
    test_log_close(&test);
}

static void log_open_invites__let_a_member_come_back_and_count_nothing(void **state)
{
    struct test_log test;
    (void)state;
    begin(&test, ALICE, &clocked);
    struct open_invite open = promise(7, 1);
    assert_int_equal(add(&test, &open), RESULT_OK);
    assert_int_equal(redeem(&test, 7, BOB).result, RESULT_OK);
    assert_string_equal(redeem(&test, 7, BOB).invite_event_id, "");
    assert_int_equal(redeem(&test, 8, BOB).result, RESULT_NOT_FOUND);
    assert_int_equal(redeem(&test, 7, GUEST).result, RESULT_OK);
    assert_int_equal(redeem(&test, 7, BOB).result, RESULT_OK);
    assert_int_equal(count_invitations(&test), 1);
    test_log_close(&test);
}

static void log_open_invites__are_good_for_no_more_than_their_maker(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    begin(&test, BOB, &clocked);
    struct open_invite trusted = promise(7, 1);
    trusted.level = LEVEL_TRUSTED;
    assert_int_equal(add(&test, &trusted), RESULT_UNAUTHORIZED);
    assert_int_equal(redeem(&test, 7, GUEST).result, RESULT_NOT_FOUND);
    struct open_invite open = promise(8, 2);
    assert_int_equal(add(&test, &open), RESULT_OK);
    assert_int_equal(redeem(&test, 8, GUEST).result, RESULT_OK);
    (void)told_revocation(&told, ALICE, BOB, 90, 90);
    told_give_rest(&test, &told, 0);
    told_forget(&told);
    assert_int_equal(redeem(&test, 8, OTHER).result, RESULT_UNAUTHORIZED);
    assert_int_equal(count_invitations(&test), 1);
    test_log_close(&test);
}

/* "Ask another member" would help with none of it. */
static void log_open_invites__say_what_else_is_wrong(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    begin(&test, ALICE, &clocked);
    struct open_invite open = promise(7, 9);
    assert_int_equal(add(&test, &open), RESULT_OK);
    (void)told_revocation(&told, ALICE, BOB, 90, 90);
    told_give_rest(&test, &told, 0);
    told_forget(&told);
    struct redeem_answer revoked = redeem(&test, 7, BOB);
    assert_int_equal(revoked.result, RESULT_UNAUTHORIZED);
    assert_non_null(strstr(revoked.error.message, "revoked"));
    failing_vfs_watch(test.directory);
    test_log_reopen_with(&test, ALICE, &clocked);
    failing_vfs_arm(FAILING_VFS_FULL, 1);
    struct redeem_answer full = redeem(&test, 7, GUEST);
    failing_vfs_heal();
    assert_int_equal(full.result, RESULT_IO);
    assert_null(strstr(full.error.message, "ask another member"));
    assert_int_equal(count_invitations(&test), 0);
    test_log_close(&test);
}

static void log_open_invites__of_the_newest_are_kept(void **state)
{
    struct test_log test;
    (void)state;
    begin(&test, ALICE, &clocked);
    struct open_invite open = promise(0, 3);
    assert_int_equal(add(&test, &open), RESULT_OK);
    assert_int_equal(redeem(&test, 0, GUEST).result, RESULT_OK);
    for (int i = 1; i <= LOG_OPEN_INVITES_MOST; i++) {
        open.token[0] = (uint8_t)i;
        open.token[1] = 9;
        assert_int_equal(add(&test, &open), RESULT_OK);
        assert_int_equal(redeem(&test, 0, OTHER).result,
                         i < LOG_OPEN_INVITES_MOST ? RESULT_OK : RESULT_NOT_FOUND);
    }
    assert_int_equal(redeem(&test, 0, GUEST).result, RESULT_NOT_FOUND);
    test_log_close(&test);
}

/* How many of the answers were what. */
struct counted {
    struct lock *lock;
    int answered;
    int let_in;
    int refused;
};

static void count_redeemed(void *context, const struct redeem_answer *answer)
{
    struct counted *counted = context;
    lock_take(counted->lock);
    counted->answered++;
    counted->let_in += answer->result == RESULT_OK;
    counted->refused += answer->result == RESULT_NOT_FOUND;
    lock_wake_all(counted->lock);
    lock_release(counted->lock);
}

static void log_open_invites__let_in_one_of_many_at_once(void **state)
{
    static const struct event_log_options threaded = {.synchronous = false};
    struct test_log test;
    struct counted counted = {.lock = lock_create()};
    (void)state;
    begin(&test, ALICE, &inline_log);
    struct open_invite open = promise(7, 1);
    open.expires_at = INT32_MAX;
    assert_int_equal(add(&test, &open), RESULT_OK);
    test_log_reopen_with(&test, ALICE, &threaded);
    for (int i = 0; i < MANY; i++) {
        const struct node_id *guest = test_id((uint8_t)(GUEST + i));
        assert_int_equal(
            log_open_invites_redeem(test.log, open.token, guest, "Jana", count_redeemed, &counted),
            RESULT_OK);
    }
    lock_take(counted.lock);
    while (counted.answered < MANY) {
        (void)lock_wait(counted.lock, -1);
    }
    lock_release(counted.lock);
    assert_int_equal(counted.let_in, 1);
    assert_int_equal(counted.refused, MANY - 1);
    assert_int_equal(count_invitations(&test), 1);
    told_assert_whole(&test);
    lock_destroy(&counted.lock);
    test_log_close(&test);
}

static void log_open_invites__count_what_a_kill_leaves(void **state)
{
    struct test_log test;
    (void)state;
    begin(&test, ALICE, &clocked);
    struct open_invite open = promise(7, 1);
    assert_int_equal(add(&test, &open), RESULT_OK);
    struct redeem_answer first = redeem(&test, 7, GUEST);
    char *left = test_directory();
    told_copy_database(test.directory, left);
    char *stopped = test.directory;
    event_log_close(&test.log);
    test.directory = left;
    test_log_reopen_with(&test, ALICE, &clocked);
    assert_string_equal(redeem(&test, 7, GUEST).invite_event_id, first.invite_event_id);
    assert_int_equal(redeem(&test, 7, OTHER).result, RESULT_NOT_FOUND);
    assert_int_equal(count_invitations(&test), 1);
    test_remove_directory(&stopped);
    test_log_close(&test);
}

/* Whichever call to the disk fails: either there are both, the invitation and its count, or
 * neither, and then the guest comes again. */
static void log_open_invites__count_nothing_that_is_not_committed(void **state)
{
    bool failed = true;
    int refused = 0;
    (void)state;
    for (int64_t nth = 1; failed; nth++) {
        struct test_log test;
        begin(&test, ALICE, &clocked);
        struct open_invite open = promise(7, 1);
        assert_int_equal(add(&test, &open), RESULT_OK);
        failing_vfs_watch(test.directory);
        test_log_reopen_with(&test, ALICE, &clocked);
        failing_vfs_arm(FAILING_VFS_ONCE, nth);
        struct redeem_answer first = redeem(&test, 7, GUEST);
        failed = failing_vfs_failures() > 0;
        failing_vfs_heal();
        refused += first.result == RESULT_IO;
        assert_true(first.result == RESULT_OK || (failed && first.result == RESULT_IO));
        test_log_reopen_with(&test, ALICE, &clocked);
        struct redeem_answer again = redeem(&test, 7, GUEST);
        assert_int_equal(again.result, RESULT_OK);
        assert_true(first.result != RESULT_OK ||
                    strcmp(first.invite_event_id, again.invite_event_id) == 0);
        assert_int_equal(redeem(&test, 7, OTHER).result, RESULT_NOT_FOUND);
        assert_int_equal(count_invitations(&test), 1);
        test_log_close(&test);
    }
    assert_true(refused > 0);
}

static void log_open_invites__of_a_backup_serve_nobody_new(void **state)
{
    static const struct event_log_options of_a_node = {
        .synchronous = true, .has_a_life = true, .clock = &test_clock};
    struct test_log test;
    (void)state;
    begin(&test, ALICE, &of_a_node);
    struct open_invite open = promise(7, 2);
    assert_int_equal(add(&test, &open), RESULT_OK);
    struct redeem_answer first = redeem(&test, 7, GUEST);
    test_log_reopen_with(&test, ALICE, &of_a_node);
    char *restored = test_directory();
    told_copy_database(test.directory, restored);
    assert_int_equal(redeem(&test, 7, OTHER).result, RESULT_OK);
    char *original = test.directory;
    event_log_close(&test.log);
    test.directory = restored;
    test_log_reopen_with(&test, ALICE, &of_a_node);
    assert_int_equal(redeem(&test, 7, OTHER + 1).result, RESULT_NOT_FOUND);
    assert_string_equal(redeem(&test, 7, GUEST).invite_event_id, first.invite_event_id);
    test_remove_directory(&original);
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_open_invites__serve_as_often_as_they_may),
        cmocka_unit_test(log_open_invites__know_a_token_by_every_bit_of_it),
        cmocka_unit_test(log_open_invites__end),
        cmocka_unit_test(log_open_invites__let_a_member_come_back_and_count_nothing),
        cmocka_unit_test(log_open_invites__are_good_for_no_more_than_their_maker),
        cmocka_unit_test(log_open_invites__say_what_else_is_wrong),
        cmocka_unit_test(log_open_invites__of_the_newest_are_kept),
        cmocka_unit_test(log_open_invites__let_in_one_of_many_at_once),
        cmocka_unit_test(log_open_invites__count_what_a_kill_leaves),
        cmocka_unit_test(log_open_invites__of_a_backup_serve_nobody_new),
        cmocka_unit_test(log_open_invites__count_nothing_that_is_not_committed),
    };
    failing_vfs_install(); /* before a log is opened */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
