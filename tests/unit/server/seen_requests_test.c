#include "server/seen_requests.h"

#include <stdio.h>

#include "core/limits.h"
#include "protocol/ulid.h"
#include "support/test_support.h"

static enum result add(struct seen_requests *seen, uint8_t node, int number, int64_t now_ms)
{
    char id[ULID_TEXT_BYTES];
    (void)snprintf(id, sizeof id, "01%024d", number);
    return seen_requests_add(seen, test_id(node), id, now_ms);
}

static void seen_requests__take_an_id_once_of_each_caller_in_its_time(void **state)
{
    struct seen_requests *seen = seen_requests_create();
    (void)state;
    assert_int_equal(add(seen, 1, 1, 0), RESULT_OK);
    assert_int_equal(add(seen, 1, 1, 1), RESULT_EXISTS);
    assert_int_equal(add(seen, 2, 1, 1), RESULT_OK);
    assert_int_equal(add(seen, 1, 2, 1), RESULT_OK);
    assert_int_equal(add(seen, 1, 1, LIMITS_REQUEST_ID_MS), RESULT_EXISTS);
    assert_int_equal(add(seen, 1, 1, LIMITS_REQUEST_ID_MS + 1), RESULT_OK);
    seen_requests_destroy(&seen);
}

static void seen_requests__refuse_rather_than_forget(void **state)
{
    struct seen_requests *seen = seen_requests_create();
    (void)state;
    for (int i = 0; i < LIMITS_REQUEST_IDS_OF_CALLER; i++) {
        assert_int_equal(add(seen, 1, i, 0), RESULT_OK);
    }
    assert_int_equal(add(seen, 1, -1, 0), RESULT_FULL);
    assert_int_equal(add(seen, 1, 0, 0), RESULT_EXISTS);
    assert_int_equal(add(seen, 2, 0, 0), RESULT_OK); /* the others have their room */
    for (int i = 1; i < LIMITS_REQUEST_IDS - LIMITS_REQUEST_IDS_OF_CALLER; i++) {
        assert_int_equal(add(seen, (uint8_t)(2 + i / LIMITS_REQUEST_IDS_OF_CALLER), i, 0),
                         RESULT_OK);
    }
    assert_int_equal(add(seen, 100, 0, 0), RESULT_FULL);
    assert_int_equal(add(seen, 100, 0, LIMITS_REQUEST_ID_MS + 1), RESULT_OK);
    seen_requests_destroy(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seen_requests__take_an_id_once_of_each_caller_in_its_time),
        cmocka_unit_test(seen_requests__refuse_rather_than_forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
