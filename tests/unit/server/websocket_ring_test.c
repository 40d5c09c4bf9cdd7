#include <string.h>

#include "core/limits.h"
#include "core/memory.h"
#include "server/websocket_ring.h"
#include "support/test_support.h"

static struct websocket_ring ring; /* large */

static void publish(enum websocket_frame_kind kind, int64_t seq)
{
    websocket_ring_publish(&ring, websocket_frame_create(kind, seq, "{}", 2, NULL));
}

static void websocket_ring__publishes_what_is_in_no_log_behind_what_was_published(void **state)
{
    (void)state;
    websocket_ring_init(&ring, 7);
    publish(FRAME_PEER, 0);
    assert_int_equal(websocket_ring_get(&ring, 1)->seq, 7);
    publish(FRAME_MESSAGE, 9);
    publish(FRAME_PEER, 0);
    assert_int_equal(websocket_ring_get(&ring, 3)->seq, 9);
    publish(FRAME_MEMBER, 10);
    publish(FRAME_PEER, 0);
    assert_int_equal(websocket_ring_get(&ring, 5)->seq, 10);
    publish(FRAME_PEER, 12); /* behind events that have no frame */
    publish(FRAME_PEER, 11);
    assert_int_equal(websocket_ring_get(&ring, 7)->seq, 12);
    assert_null(websocket_ring_get(&ring, 8));
    websocket_ring_deinit(&ring);
}

static void websocket_ring__remembers_from_where_it_is_complete(void **state)
{
    (void)state;
    websocket_ring_init(&ring, 0);
    for (int64_t seq = 1; seq <= WEBSOCKET_RING_MOST_FRAMES; seq++) {
        publish(FRAME_MESSAGE, seq);
    }
    assert_int_equal(ring.complete_after, 0);
    publish(FRAME_MESSAGE, WEBSOCKET_RING_MOST_FRAMES + 1);
    assert_int_equal(ring.complete_after, 1); /* the first is gone: it is to be read from the log */
    assert_null(websocket_ring_get(&ring, 1));
    websocket_ring_reset(&ring, 5000);
    assert_int_equal(ring.complete_after, 5000);
    assert_int_equal(ring.bytes, 0);
    websocket_ring_deinit(&ring);
}

static void websocket_ring__holds_a_mebibyte_at_most(void **state)
{
    char *large = memory_allocate(200000, 1);
    (void)state;
    memset(large, 'x', 199999);
    websocket_ring_init(&ring, 0);
    for (int64_t seq = 1; seq <= 20; seq++) {
        websocket_ring_publish(&ring,
                               websocket_frame_create(FRAME_MESSAGE, seq, large, 199999, NULL));
        assert_true(ring.bytes <= LIMITS_WEBSOCKET_LIVE_BYTES);
    }
    assert_int_equal(ring.next - ring.first, 5);
    for (int64_t seq = 21; seq <= 30; seq++) { /* what it opened to is as long */
        websocket_ring_publish(&ring,
                               websocket_frame_create(FRAME_MESSAGE, seq, large, 199999, large));
        assert_true(ring.bytes <= LIMITS_WEBSOCKET_LIVE_BYTES);
    }
    assert_int_equal(ring.next - ring.first, 2);
    websocket_ring_reset(&ring, 30);
    assert_int_equal(ring.bytes, 0);
    websocket_ring_deinit(&ring);
    memory_free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(websocket_ring__publishes_what_is_in_no_log_behind_what_was_published),
        cmocka_unit_test(websocket_ring__remembers_from_where_it_is_complete),
        cmocka_unit_test(websocket_ring__holds_a_mebibyte_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
