#include "core/lock.h"

#include "core/thread.h"
#include "support/test_support.h"

enum { WORKERS = 4, TOKENS = 4000, PATIENCE_MS = 10000 };

/* Tokens that are taken one by one, by those who wait without a limit and those who hardly do. */
static struct {
    struct lock *lock;
    struct lock *told;
    size_t tokens;
    size_t taken;
    bool closed;
} hall;

static void take_tokens(int64_t timeout_ms)
{
    lock_take(hall.lock);
    while (hall.tokens > 0 || !hall.closed) {
        if (hall.tokens == 0) {
            (void)lock_wait(hall.lock, timeout_ms);
            continue;
        }
        hall.tokens--;
        lock_release(hall.lock);
        lock_take(hall.told);
        hall.taken++;
        lock_release_and_wake_one(hall.told);
        lock_take(hall.lock);
    }
    lock_release(hall.lock);
}

static void wait_long(void *context)
{
    (void)context;
    take_tokens(-1);
}

static void wait_briefly(void *context)
{
    (void)context;
    take_tokens(0);
}

static void put_token(void)
{
    lock_take(hall.lock);
    hall.tokens++;
    lock_release_and_wake_one(hall.lock);
}

static bool await_taken(size_t count)
{
    lock_take(hall.told);
    while (hall.taken < count && lock_wait(hall.told, PATIENCE_MS)) {
    }
    bool were = hall.taken >= count;
    lock_release(hall.told);
    return were;
}

static void hand_out(void (*body)(void *context), void (*other)(void *context))
{
    struct thread *threads[WORKERS];
    hall.lock = lock_create();
    hall.told = lock_create();
    hall.taken = 0;
    hall.closed = false;
    for (size_t i = 0; i < WORKERS; i++) {
        assert_int_equal(thread_start("worker", i % 2 == 0 ? body : other, NULL, &threads[i]),
                         RESULT_OK);
    }
    for (size_t i = 1; i <= TOKENS; i++) {
        put_token();
        assert_true(i % 8 != 0 || await_taken(i));
    }
    assert_true(await_taken(TOKENS));
    lock_take(hall.lock);
    hall.closed = true;
    lock_wake_all(hall.lock);
    lock_release(hall.lock);
    for (size_t i = 0; i < WORKERS; i++) {
        thread_join(&threads[i]);
    }
    lock_destroy(&hall.lock);
    lock_destroy(&hall.told);
}

static void lock_release_and_wake_one__loses_nobody(void **state)
{
    (void)state;
    hand_out(wait_long, wait_long);
}

/* Who goes by itself is woken by nobody any more. */
static void lock_release_and_wake_one__meets_those_whose_time_is_over(void **state)
{
    (void)state;
    hand_out(wait_briefly, wait_briefly);
}

static void lock_wait__ends_in_time_and_leaves_nothing_behind(void **state)
{
    struct lock *lock = lock_create();
    (void)state;
    lock_take(lock);
    assert_false(lock_wait(lock, 0));
    assert_false(lock_wait(lock, 1));
    lock_wake_all(lock);
    lock_release_and_wake_one(lock);
    lock_destroy(&lock);
    assert_null(lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_release_and_wake_one__loses_nobody),
        cmocka_unit_test(lock_release_and_wake_one__meets_those_whose_time_is_over),
        cmocka_unit_test(lock_wait__ends_in_time_and_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
