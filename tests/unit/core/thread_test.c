#include "core/thread.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test_support.h"

static bool may_read_elsewhere;

static void look(void *context)
{
    (void)context;
    may_read_elsewhere = thread_may(THREAD_READS_LOG);
}

static void thread_forbid__counts_for_its_own_thread(void **state)
{
    struct thread *thread = NULL;
    (void)state;
    assert_true(thread_may(THREAD_SLOW_WORK));
    thread_forbid(THREAD_READS_LOG);
    assert_false(thread_may(THREAD_READS_LOG));
    assert_false(thread_may(THREAD_SLOW_WORK));
    assert_true(thread_may(THREAD_SIGNS | THREAD_PARSES));
    thread_expect(THREAD_SIGNS | THREAD_PARSES);
    assert_int_equal(thread_start("other", look, NULL, &thread), RESULT_OK);
    thread_join(&thread);
    assert_true(may_read_elsewhere);
}

static void thread_expect__ends_the_program_where_it_is_forbidden(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        thread_forbid(THREAD_SIGNS);
        thread_expect(THREAD_SIGNS);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thread_forbid__counts_for_its_own_thread),
        cmocka_unit_test(thread_expect__ends_the_program_where_it_is_forbidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
