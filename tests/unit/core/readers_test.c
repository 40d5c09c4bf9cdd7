#include "core/readers.h"

#include <stdio.h>
#include <string.h>

#include "core/lock.h"
#include "core/thread.h"
#include "support/test_support.h"

enum { PAYERS = 3, JOBS = 4, MOST_RUNS = 64 };

/* One thread works, and begins when all that is posted waits. */
static struct stage {
    struct lock *lock;
    bool open;
    char runs[MOST_RUNS + 1];
    size_t count;
} stage;

struct step {
    struct reader_job job; /* first: the one pointer becomes the other */
    char name;
    int slices;
};

static bool wait_for_all(struct reader_job *job)
{
    (void)job;
    lock_take(stage.lock);
    while (!stage.open) {
        (void)lock_wait(stage.lock, -1);
    }
    lock_release(stage.lock);
    return true;
}

static bool note(struct reader_job *job)
{
    struct step *step = (struct step *)job;
    assert_true(stage.count < MOST_RUNS);
    stage.runs[stage.count++] = step->name;
    return --step->slices == 0;
}

static const char *play(struct step *steps, size_t count)
{
    static struct step first = {.job = {.run = wait_for_all, .payer = 63}};
    const struct readers_options options = {.name = "reader", .threads = 1};
    struct readers *readers = NULL;
    stage = (struct stage){.lock = lock_create()};
    assert_int_equal(readers_start(&options, &readers), RESULT_OK);
    readers_post(readers, &first.job);
    for (size_t i = 0; i < count; i++) {
        steps[i].job.run = note;
        readers_post(readers, &steps[i].job);
    }
    lock_take(stage.lock);
    stage.open = true;
    lock_wake_all(stage.lock);
    lock_release(stage.lock);
    readers_stop(&readers); /* which runs what is left */
    assert_null(readers);
    lock_destroy(&stage.lock);
    return stage.runs;
}

static void readers__give_payers_turns_and_keep_each_ones_order(void **state)
{
    struct step steps[] = {
        {.job = {.payer = 1}, .name = 'a', .slices = 1},
        {.job = {.payer = 1}, .name = 'b', .slices = 1},
        {.job = {.payer = 1}, .name = 'c', .slices = 1},
        {.job = {.payer = 2}, .name = 'A', .slices = 1},
        {.job = {.payer = 2}, .name = 'B', .slices = 1},
        {.job = {.payer = 7}, .name = 'x', .slices = 1},
    };
    (void)state;
    assert_string_equal(play(steps, sizeof steps / sizeof *steps), "aAxbBc");
}

static void readers__let_what_takes_long_wait_for_everybody_else(void **state)
{
    struct step steps[] = {
        {.job = {.payer = 1}, .name = 'L', .slices = 4},
        {.job = {.payer = 1}, .name = 's', .slices = 1}, /* the same payer's: when that is done */
        {.job = {.payer = 2}, .name = 'a', .slices = 1},
        {.job = {.payer = 2}, .name = 'b', .slices = 1},
    };
    (void)state;
    assert_string_equal(play(steps, sizeof steps / sizeof *steps), "LaLbLLs");
}

static bool count_down(struct reader_job *job)
{
    struct step *step = (struct step *)job;
    return --step->slices == 0;
}

static void readers__run_each_job_to_its_end_on_several_threads(void **state)
{
    static struct step steps[PAYERS * 100 * JOBS];
    const struct readers_options options = {.name = "reader", .threads = 4, .niceness = 5};
    struct readers *readers = NULL;
    (void)state;
    assert_int_equal(readers_start(&options, &readers), RESULT_OK);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        steps[i] = (struct step){.job = {.run = count_down, .payer = (uint32_t)i},
                                 .slices = 1 + (int)(i % 3)};
        readers_post(readers, &steps[i].job);
    }
    readers_stop(&readers);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_int_equal(steps[i].slices, 0);
    }
}

static bool use_up(struct reader_job *job)
{
    while (!readers_is_over(job)) {
    }
    return --((struct step *)job)->slices == 0;
}

static void readers_is_over__ends_each_slice(void **state)
{
    const struct readers_options options = {.name = "reader", .threads = 1};
    struct readers *readers = NULL;
    struct step step = {.job = {.run = use_up}, .slices = 3};
    (void)state;
    assert_int_equal(readers_start(&options, &readers), RESULT_OK);
    readers_post(readers, &step.job);
    readers_stop(&readers);
    assert_int_equal(step.slices, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers__give_payers_turns_and_keep_each_ones_order),
        cmocka_unit_test(readers__let_what_takes_long_wait_for_everybody_else),
        cmocka_unit_test(readers__run_each_job_to_its_end_on_several_threads),
        cmocka_unit_test(readers_is_over__ends_each_slice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
