#include "server/subscriber_phases.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test_support.h"

/* What happens one after the other, and where that leads. */
struct life {
    enum subscriber_feed_event events[7];
    int count;
    enum subscriber_feed end;
};

static void subscriber_phases_feed__follows_what_happens(void **state)
{
    static const struct life lives[] = {
        {{FEED_GREETED, FEED_LEVEL}, 2, FEED_LIVE},
        {{FEED_GREETED, FEED_ASKS, FEED_COMES, FEED_SENT, FEED_LEVEL}, 5, FEED_LIVE},
        {{FEED_GREETED, FEED_ASKS, FEED_COMES, FEED_SENT, FEED_ASKS}, 5, FEED_READING},
        {{FEED_GREETED, FEED_ASKS, FEED_FAILS}, 3, FEED_BROKEN},
        {{FEED_GREETED, FEED_LEVEL, FEED_PASSED}, 3, FEED_OVERTAKEN},
        {{FEED_GREETED, FEED_LEVEL, FEED_RESET}, 3, FEED_BEHIND},
        {{FEED_GREETED, FEED_ASKS, FEED_RESET, FEED_COMES, FEED_RESET}, 5, FEED_READ},
        {{FEED_RESET}, 1, FEED_NEW},
        {{FEED_GREETED, FEED_LEVEL, FEED_PASSED, FEED_RESET}, 4, FEED_OVERTAKEN}, /* for good */
    };
    (void)state;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        enum subscriber_feed feed = FEED_NEW;
        for (int k = 0; k < lives[i].count; k++) {
            subscriber_phases_feed(&feed, lives[i].events[k]);
        }
        assert_int_equal(feed, lives[i].end);
    }
    enum subscriber_ending ending = ENDING_NONE;
    subscriber_phases_end(&ending, ENDING_CLOSES);
    subscriber_phases_end(&ending, ENDING_SHUTS);
    assert_int_equal(ending, ENDING_SHUT);
}

#ifndef NDEBUG

/* Nothing is read twice, or sent before the greeting; nothing is closed twice. */
static void subscriber_phases__end_a_debug_build_where_there_is_no_way(void **state)
{
    static const struct {
        enum subscriber_feed phase;
        enum subscriber_feed_event event;
    } illegal[] = {
        {FEED_NEW, FEED_LEVEL},
        {FEED_READING, FEED_ASKS},
        {FEED_LIVE, FEED_COMES},
        {FEED_BROKEN, FEED_LEVEL},
    };
    size_t count = sizeof illegal / sizeof *illegal;
    (void)state;
    for (size_t i = 0; i <= count; i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            const struct rlimit none = {0, 0};
            enum subscriber_feed feed = illegal[i % count].phase;
            enum subscriber_ending ending = ENDING_SHUT;
            (void)setrlimit(RLIMIT_CORE, &none);
            (void)signal(SIGABRT, SIG_DFL); /* cmocka has it */
            (void)close(STDERR_FILENO);
            if (i < count) {
                subscriber_phases_feed(&feed, illegal[i].event);
            } else {
                subscriber_phases_end(&ending, ENDING_SHUTS);
            }
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subscriber_phases_feed__follows_what_happens),
#ifndef NDEBUG
        cmocka_unit_test(subscriber_phases__end_a_debug_build_where_there_is_no_way),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
