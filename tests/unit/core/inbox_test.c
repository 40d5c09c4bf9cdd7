#include <string.h>

#include "core/inbox.h"
#include "core/thread.h"
#include "support/test_support.h"

enum { PRODUCERS = 4, ITEMS = 2000 };

static void inbox_post__refuses_at_capacity_and_after_closing(void **state)
{
    int item = 0;
    void *taken[4];
    struct inbox *inbox = inbox_create(2, NULL, NULL);
    (void)state;
    assert_int_equal(inbox_post(inbox, &item), RESULT_OK);
    assert_int_equal(inbox_post(inbox, &item), RESULT_OK);
    assert_int_equal(inbox_post(inbox, &item), RESULT_FULL);
    assert_int_equal(inbox_take(inbox, taken, 4, 0), 2);
    assert_int_equal(inbox_take(inbox, taken, 4, 0), 0);
    assert_int_equal(inbox_post(inbox, &item), RESULT_OK);
    inbox_close(inbox);
    assert_int_equal(inbox_post(inbox, &item), RESULT_UNSUPPORTED);
    assert_int_equal(inbox_take(inbox, taken, 4, -1), 1); /* what is inside can still be taken */
    assert_int_equal(inbox_take(inbox, taken, 4, -1), 0);
    inbox_destroy(&inbox);
}

struct producer {
    struct inbox *inbox;
    int numbers[ITEMS];
};

static void produce(void *context)
{
    struct producer *producer = context;
    for (int i = 0; i < ITEMS; i++) {
        producer->numbers[i] = i;
        while (inbox_post(producer->inbox, &producer->numbers[i]) == RESULT_FULL) {
        }
    }
}

static void inbox__hands_over_everything_in_each_producers_order(void **state)
{
    static struct producer producers[PRODUCERS];
    struct thread *threads[PRODUCERS];
    int next[PRODUCERS] = {0};
    void *taken[32];
    struct inbox *inbox = inbox_create(16, NULL, NULL);
    (void)state;
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i].inbox = inbox;
        assert_int_equal(thread_start("producer", produce, &producers[i], &threads[i]), RESULT_OK);
    }
    for (int total = 0; total < PRODUCERS * ITEMS;) {
        size_t count = inbox_take(inbox, taken, 32, -1);
        for (size_t i = 0; i < count; i++, total++) {
            int who = 0;
            while ((int *)taken[i] < producers[who].numbers ||
                   (int *)taken[i] >= producers[who].numbers + ITEMS) {
                who++;
            }
            assert_int_equal(*(int *)taken[i], next[who]++);
        }
    }
    for (int i = 0; i < PRODUCERS; i++) {
        thread_join(&threads[i]);
    }
    inbox_destroy(&inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inbox_post__refuses_at_capacity_and_after_closing),
        cmocka_unit_test(inbox__hands_over_everything_in_each_producers_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
