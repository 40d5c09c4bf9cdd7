#include "core/readers.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/lock.h"
#include "core/thread.h"
#include "support/test_support.h"

enum { PATIENCE_MS = 10000, PAYERS = 3, JOBS = 4, MOST_RUNS = 64 };

/* One thread works, and begins when all that is posted waits; time goes by only while it works. */
static struct stage {
    struct lock *lock;
    bool open;
    bool posted;
    bool late;
    _Atomic int64_t now_ms;
    char runs[MOST_RUNS + 1];
    size_t count;
} stage;

struct step {
    struct reader_job job; /* first: the one pointer becomes the other */
    char name;
    int slices;
    int64_t takes_ms; /* each */
};

static int64_t stage_ms(void *context)
{
    (void)context;
    return stage.now_ms;
}

static const struct clock stage_clock = {.monotonic_ms = stage_ms, .wall_ms = stage_ms};

static bool wait_for_all(struct reader_job *job)
{
    (void)job;
    lock_take(stage.lock);
    while (!stage.open && !stage.late) {
        stage.late = !lock_wait(stage.lock, PATIENCE_MS) || stage.late;
    }
    lock_release(stage.lock);
    return true;
}

static bool note(struct reader_job *job)
{
    struct step *step = (struct step *)job;
    assert_true(stage.count < MOST_RUNS);
    stage.runs[stage.count++] = step->name;
    stage.now_ms += step->takes_ms;
    return --step->slices == 0;
}

static const char *play(struct step *steps, size_t count)
{
    static struct step first = {.job = {.run = wait_for_all, .payer = 63}};
    const struct readers_options options = {.name = "reader", .threads = 1, .clock = &stage_clock};
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

static void readers__let_who_asks_for_little_go_first(void **state)
{
    struct step steps[] = {
        {.job = {.payer = 1}, .name = 'L', .slices = 1, .takes_ms = 70},
        {.job = {.payer = 1}, .name = 'L', .slices = 2, .takes_ms = 70},
        {.job = {.payer = 2}, .name = 'M', .slices = 1, .takes_ms = 20},
        {.job = {.payer = 2}, .name = 'M', .slices = 1, .takes_ms = 20},
        {.job = {.payer = 3}, .name = 'a', .slices = 1, .takes_ms = 1},
        {.job = {.payer = 3}, .name = 'b', .slices = 1, .takes_ms = 1},
        {.job = {.payer = 3}, .name = 'c', .slices = 1, .takes_ms = 1},
    };
    (void)state;
    assert_string_equal(play(steps, sizeof steps / sizeof *steps), "LMabcMLL");
}

/* A turn that is shared, too: 1 and 1025 have one. */
static void readers__let_what_goes_first_go_first(void **state)
{
    struct step steps[] = {
        {.job = {.payer = 1}, .name = 'a', .slices = 1},
        {.job = {.payer = 2}, .name = 'A', .slices = 1},
        {.job = {.payer = 1025}, .name = 'b', .slices = 1},
        {.job = {.payer = 1025, .goes_first = true}, .name = 't', .slices = 2, .takes_ms = 70},
        {.job = {.payer = 3, .goes_first = true}, .name = 'u', .slices = 1},
    };
    (void)state;
    assert_string_equal(play(steps, sizeof steps / sizeof *steps), "tutAab");
}

static bool work_long(struct reader_job *job)
{
    (void)job;
    for (int64_t begun_ms = thread_worked_ms(); thread_worked_ms() < begun_ms + 60;) {
    }
    return true;
}

static bool use_time(struct reader_job *job)
{
    lock_take(stage.lock);
    stage.now_ms += 1000;
    stage.count = 1;
    lock_wake_all(stage.lock);
    lock_release(stage.lock);
    return job != NULL;
}

/* Keeps its thread until all is posted, so that none begins before it was compared with the rest.
 */
static bool wait_for_posts(struct reader_job *job)
{
    (void)job;
    lock_take(stage.lock);
    stage.count++;
    lock_wake_all(stage.lock);
    while (!stage.posted && !stage.late) {
        stage.late = !lock_wait(stage.lock, PATIENCE_MS) || stage.late;
    }
    lock_release(stage.lock);
    return true;
}

static void wait_for_count(size_t count)
{
    lock_take(stage.lock);
    while (stage.count < count) {
        (void)lock_wait(stage.lock, -1);
    }
    lock_release(stage.lock);
}

static bool open_stage(struct reader_job *job)
{
    lock_take(stage.lock);
    stage.open = true;
    lock_wake_all(stage.lock);
    lock_release(stage.lock);
    return job != NULL;
}

/* Payers 1 and 2 had a step that doesn't pause; their next ones end when payer 3 was served, who
 * comes last, having had more than they. */
static void readers__leave_a_thread_to_those_whose_steps_are_short(void **state)
{
    struct reader_job first = {.run = use_time, .payer = 3};
    struct reader_job holders[] = {{.run = wait_for_posts, .payer = 4},
                                   {.run = wait_for_posts, .payer = 5}};
    struct reader_job jobs[] = {
        {.run = work_long, .payer = 1},    {.run = wait_for_all, .payer = 1},
        {.run = work_long, .payer = 2},    {.run = wait_for_all, .payer = 2},
        {.run = wait_for_all, .payer = 1}, {.run = wait_for_all, .payer = 2},
        {.run = open_stage, .payer = 3},
    };
    const struct readers_options options = {.name = "reader", .threads = 2, .clock = &stage_clock};
    struct readers *readers = NULL;
    (void)state;
    stage = (struct stage){.lock = lock_create()};
    assert_int_equal(readers_start(&options, &readers), RESULT_OK);
    readers_post(readers, &first);
    wait_for_count(1);
    readers_post(readers, &holders[0]);
    readers_post(readers, &holders[1]);
    wait_for_count(3);
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        readers_post(readers, &jobs[i]);
    }
    lock_take(stage.lock);
    stage.posted = true;
    lock_wake_all(stage.lock);
    lock_release(stage.lock);
    readers_stop(&readers);
    assert_false(stage.late);
    lock_destroy(&stage.lock);
}

/* Two that are known to be long, and one that is short and comes last. */
static void readers__leave_a_thread_free_of_what_is_known_to_be_long(void **state)
{
    struct reader_job jobs[] = {
        {.run = wait_for_all, .payer = 1, .is_long = true},
        {.run = wait_for_all, .payer = 2, .is_long = true},
        {.run = open_stage, .payer = 3},
    };
    const struct readers_options options = {.name = "reader", .threads = 2};
    struct readers *readers = NULL;
    (void)state;
    stage = (struct stage){.lock = lock_create()};
    assert_int_equal(readers_start(&options, &readers), RESULT_OK);
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        readers_post(readers, &jobs[i]);
    }
    readers_stop(&readers);
    assert_false(stage.late);
    lock_destroy(&stage.lock);
}

static bool count_down(struct reader_job *job)
{
    struct step *step = (struct step *)job;
    return --step->slices == 0;
}

/* Has time go by until another job ran, which nothing rouses a thread for. */
static bool pass_time(struct reader_job *job)
{
    (void)job;
    lock_take(stage.lock);
    for (int i = 0; !stage.open && !stage.late; i++) {
        (void)lock_wait(stage.lock, 10);
        stage.now_ms += 1000;
        stage.late = i == PATIENCE_MS / 10;
    }
    lock_wake_all(stage.lock);
    lock_release(stage.lock);
    return true;
}

static void readers__let_nobody_be_slow_for_ever(void **state)
{
    struct reader_job jobs[] = {
        {.run = work_long, .payer = 1},
        {.run = pass_time, .payer = 1},
        {.run = work_long, .payer = 2},
        {.run = open_stage, .payer = 2},
    };
    const struct readers_options options = {.name = "reader", .threads = 2, .clock = &stage_clock};
    struct readers *readers = NULL;
    (void)state;
    stage = (struct stage){.lock = lock_create()};
    assert_int_equal(readers_start(&options, &readers), RESULT_OK);
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        readers_post(readers, &jobs[i]);
    }
    lock_take(stage.lock);
    while (!stage.open && !stage.late) {
        (void)lock_wait(stage.lock, -1);
    }
    lock_release(stage.lock);
    readers_stop(&readers);
    assert_false(stage.late);
    lock_destroy(&stage.lock);
}

/* How often threads of that name went to sleep. */
static long count_sleeps(const char *name)
{
    static const char mark[] = "voluntary_ctxt_switches:";
    long count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    const struct dirent *task = NULL;
    while ((task = readdir(tasks)) != NULL) { // NOLINT(concurrency-mt-unsafe): own stream
        char path[300];
        char line[128];
        bool is_named = false;
        (void)snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        FILE *status = fopen(path, "r");
        while (status != NULL && fgets(line, sizeof line, status) != NULL) {
            is_named = is_named || (strncmp(line, "Name:", 5) == 0 && strstr(line, name) != NULL);
            if (is_named && strncmp(line, mark, sizeof mark - 1) == 0) {
                count += strtol(line + sizeof mark - 1, NULL, 10);
            }
        }
        if (status != NULL) {
            (void)fclose(status);
        }
    }
    (void)closedir(tasks);
    return count;
}

static void readers_post__wakes_one_thread_for_one_job(void **state)
{
    enum { POSTS = 1000 };
    struct reader_job job = {.run = open_stage};
    const struct readers_options options = {.name = "sleeper", .threads = 8};
    struct readers *readers = NULL;
    (void)state;
    stage = (struct stage){.lock = lock_create()};
    assert_int_equal(readers_start(&options, &readers), RESULT_OK);
    for (int i = 0; i < POSTS; i++) {
        stage.open = false;
        readers_post(readers, &job);
        lock_take(stage.lock);
        while (!stage.open) {
            (void)lock_wait(stage.lock, -1);
        }
        lock_release(stage.lock);
    }
    long sleeps = count_sleeps("sleeper");
    readers_stop(&readers);
    lock_destroy(&stage.lock);
    assert_in_range(sleeps, 1, 2 * POSTS);
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
        cmocka_unit_test(readers__let_who_asks_for_little_go_first),
        cmocka_unit_test(readers__leave_a_thread_to_those_whose_steps_are_short),
        cmocka_unit_test(readers__leave_a_thread_free_of_what_is_known_to_be_long),
        cmocka_unit_test(readers__let_nobody_be_slow_for_ever),
        cmocka_unit_test(readers__let_what_goes_first_go_first),
        cmocka_unit_test(readers_post__wakes_one_thread_for_one_job),
        cmocka_unit_test(readers__run_each_job_to_its_end_on_several_threads),
        cmocka_unit_test(readers_is_over__ends_each_slice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
