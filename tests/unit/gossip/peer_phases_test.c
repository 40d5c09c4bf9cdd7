#include "gossip/peer_phases.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test_support.h"

/* A life: what happens one after the other, and where that leads. */
struct reach_life {
    enum peer_reach_event events[6];
    int count;
    enum peer_reach end;
};

static void peer_phases_reach__follows_what_happens(void **state)
{
    static const struct reach_life lives[] = {
        {{REACH_HEARD}, 1, REACH_HERE}, /* it called before we did */
        {{REACH_ANSWERED, REACH_SILENT}, 2, REACH_QUIET},
        {{REACH_ANSWERED, REACH_SILENT, REACH_HEARD}, 3, REACH_HERE},
        {{REACH_ANSWERED, REACH_FAILED}, 2, REACH_LOST},
        {{REACH_ANSWERED, REACH_FAILED, REACH_HEARD}, 3, REACH_NEAR},
        {{REACH_FAILED, REACH_REFUSED}, 2, REACH_NEAR},
        {{REACH_FAILED, REACH_REFUSED, REACH_FAILED}, 3, REACH_LOST},
        {{REACH_FAILED, REACH_FAILED, REACH_CALLS_ONLY}, 3, REACH_CALLS},
        {{REACH_FAILED, REACH_CALLS_ONLY, REACH_FAILED}, 3, REACH_CALLS_LOST},
        {{REACH_FAILED, REACH_CALLS_ONLY, REACH_FAILED, REACH_SILENT}, 4, REACH_LOST},
        {{REACH_FAILED, REACH_CALLS_ONLY, REACH_SILENT}, 3, REACH_NEAR},
        {{REACH_FAILED, REACH_CALLS_ONLY, REACH_ANSWERED}, 3, REACH_HERE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        enum peer_reach reach = REACH_NEW;
        for (int k = 0; k < lives[i].count; k++) {
            peer_phases_reach(&reach, lives[i].events[k]);
        }
        assert_int_equal(reach, lives[i].end);
    }
}

/* Wherever it was. */
static void peer_phases_reach__believes_an_answer_and_a_goodbye(void **state)
{
    (void)state;
    for (int from = 0; from < REACHES; from++) {
        enum peer_reach answered = (enum peer_reach)from;
        enum peer_reach failed = (enum peer_reach)from;
        enum peer_reach left = (enum peer_reach)from;
        peer_phases_reach(&answered, REACH_ANSWERED);
        assert_true(peer_phases_works(answered) && peer_phases_is_online(answered));
        peer_phases_reach(&failed, REACH_FAILED);
        assert_false(peer_phases_works(failed) || peer_phases_is_known(failed));
        peer_phases_reach(&left, REACH_LEFT);
        assert_false(peer_phases_is_online(left) || peer_phases_is_known(left));
        peer_phases_reach(&left, REACH_HEARD); /* it is back */
        assert_true(peer_phases_is_known(left));
    }
}

static void peer_phases_exchange__keeps_in_mind_what_was_missed_until_it_is_over(void **state)
{
    enum peer_exchange exchange = EXCHANGE_NONE;
    (void)state;
    peer_phases_exchange(&exchange, EXCHANGE_MISSES); /* the next brings it anyway */
    assert_false(peer_phases_again(exchange));
    peer_phases_exchange(&exchange, EXCHANGE_BEGINS);
    peer_phases_exchange(&exchange, EXCHANGE_PAUSES);
    assert_true(peer_phases_pauses(exchange));
    peer_phases_exchange(&exchange, EXCHANGE_MISSES);
    peer_phases_exchange(&exchange, EXCHANGE_BEGINS);
    assert_true(peer_phases_exchanges(exchange) && peer_phases_again(exchange));
    peer_phases_exchange(&exchange, EXCHANGE_PAUSES);
    assert_true(peer_phases_pauses(exchange) && peer_phases_again(exchange));
    peer_phases_exchange(&exchange, EXCHANGE_BEGINS);
    peer_phases_exchange(&exchange, EXCHANGE_ENDS);
    assert_int_equal(exchange, EXCHANGE_NONE);
    peer_phases_exchange(&exchange, EXCHANGE_BEGINS_BY_CURSOR);
    assert_true(peer_phases_is_by_cursor(exchange) && !peer_phases_again(exchange));
    peer_phases_exchange(&exchange, EXCHANGE_MISSES);
    assert_true(peer_phases_is_by_cursor(exchange) && peer_phases_again(exchange));
}

/* Of who left nothing goes on but what is under way. */
static void peer_phases_exchange__is_late_once_the_peer_left(void **state)
{
    (void)state;
    for (int from = 0; from < EXCHANGES; from++) {
        enum peer_exchange exchange = (enum peer_exchange)from;
        bool was_under_way = peer_phases_exchanges(exchange);
        peer_phases_exchange(&exchange, EXCHANGE_LEFT);
        assert_int_equal(exchange, was_under_way ? EXCHANGE_LATE : EXCHANGE_NONE);
        assert_int_equal(peer_phases_exchanges(exchange), was_under_way);
    }
    enum peer_push push = PUSH_UNDER_WAY;
    peer_phases_push(&push, PUSH_LEFT);
    assert_int_equal(push, PUSH_LATE);
    peer_phases_push(&push, PUSH_ENDS);
    assert_int_equal(push, PUSH_NONE);
}

#ifndef NDEBUG

enum { BEGIN_TWICE, END_NOTHING, PAUSE_CURSOR, PUSH_TWICE, POLL_TWICE, ILLEGAL };

static void do_what_cannot_be(int what)
{
    enum peer_exchange exchange = what == END_NOTHING    ? EXCHANGE_NONE
                                  : what == PAUSE_CURSOR ? EXCHANGE_CURSOR
                                                         : EXCHANGE_STEP;
    enum peer_push push = PUSH_UNDER_WAY;
    enum peer_poll poll = POLL_UNDER_WAY;
    if (what == PUSH_TWICE) {
        peer_phases_push(&push, PUSH_BEGINS);
    } else if (what == POLL_TWICE) {
        peer_phases_poll(&poll, POLL_BEGINS);
    } else {
        peer_phases_exchange(&exchange, what == BEGIN_TWICE   ? EXCHANGE_BEGINS
                                        : what == END_NOTHING ? EXCHANGE_ENDS
                                                              : EXCHANGE_PAUSES);
    }
}

static void peer_phases__end_a_debug_build_where_there_is_no_way(void **state)
{
    (void)state;
    for (int what = 0; what < ILLEGAL; what++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            const struct rlimit none = {0, 0};
            (void)setrlimit(RLIMIT_CORE, &none);
            (void)signal(SIGABRT, SIG_DFL); /* cmocka has it */
            (void)close(STDERR_FILENO);
            do_what_cannot_be(what);
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
        cmocka_unit_test(peer_phases_reach__follows_what_happens),
        cmocka_unit_test(peer_phases_reach__believes_an_answer_and_a_goodbye),
        cmocka_unit_test(peer_phases_exchange__keeps_in_mind_what_was_missed_until_it_is_over),
        cmocka_unit_test(peer_phases_exchange__is_late_once_the_peer_left),
#ifndef NDEBUG
        cmocka_unit_test(peer_phases__end_a_debug_build_where_there_is_no_way),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
