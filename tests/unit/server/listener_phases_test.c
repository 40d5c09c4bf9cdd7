#include "server/listener_phases.h"

#include "support/test_support.h"

static void listener_phases__lead_each_request_to_its_answer(void **state)
{
    static const struct {
        enum listener_event events[6];
        size_t count;
        enum listener_phase end;
    } lives[] = {
        {{LISTENER_ANSWERS}, 1, LISTENER_RECEIVED}, /* refused by a loop */
        {{LISTENER_BEGINS, LISTENER_ANSWERS, LISTENER_RETURNS}, 3, LISTENER_ANSWERED},
        {{LISTENER_BEGINS, LISTENER_RETURNS, LISTENER_ANSWERS}, 3, LISTENER_ANSWERED},
        {{LISTENER_BEGINS, LISTENER_RETURNS}, 2, LISTENER_WAITING},
        {{LISTENER_BEGINS, LISTENER_GOES_ON, LISTENER_RETURNS}, 3, LISTENER_WORKING},
        {{LISTENER_BEGINS, LISTENER_RETURNS, LISTENER_GOES_ON, LISTENER_ANSWERS, LISTENER_RETURNS},
         5,
         LISTENER_ANSWERED},
        {{LISTENER_ANSWERS, LISTENER_BEGINS, LISTENER_ANSWERS, LISTENER_RETURNS},
         4,
         LISTENER_ANSWERED}, /* refused by a loop, and signed by a reader */
    };
    (void)state;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        enum listener_phase phase = LISTENER_RECEIVED;
        for (size_t k = 0; k < lives[i].count; k++) {
            listener_phases_follow(&phase, lives[i].events[k]);
        }
        assert_int_equal(phase, lives[i].end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listener_phases__lead_each_request_to_its_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
