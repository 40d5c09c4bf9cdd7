#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/item_set.h"
#include "support/test_support.h"

enum { ITEMS = 3000 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static struct item item_number(uint32_t number)
{
    struct item item = {.timestamp = 1 + number / 3};
    uint32_t random = number;
    for (size_t i = 0; i < sizeof item.id; i++) {
        item.id[i] = (uint8_t)next_random(&random);
    }
    return item;
}

static int compare(const void *left, const void *right)
{
    return item_set_compare(left, right);
}

/* Against a sorted array and sums made one by one. */
static void assert_same(struct item_set *set, struct item *items, size_t count, uint32_t *random)
{
    qsort(items, count, sizeof *items, compare);
    assert_int_equal(item_set_count(set), count);
    for (size_t rank = 0; rank < count; rank++) {
        assert_memory_equal(item_set_get(set, rank), &items[rank], sizeof *items);
        assert_int_equal(item_set_find(set, &items[rank]), rank);
    }
    for (int trial = 0; trial < 50; trial++) {
        size_t begin = next_random(random) % (count + 1);
        size_t end = begin + next_random(random) % (count + 1 - begin);
        uint8_t expected[FINGERPRINT_BYTES];
        uint8_t digest[FINGERPRINT_BYTES];
        struct fingerprint sum = {0};
        for (size_t rank = begin; rank < end; rank++) {
            fingerprint_add(&sum, items[rank].id);
        }
        fingerprint_digest(&sum, expected);
        item_set_fingerprint(set, begin, end, digest);
        assert_memory_equal(digest, expected, sizeof digest);
    }
}

static void item_set__is_the_sorted_array_in_any_order_of_change(void **state)
{
    uint32_t random = 11;
    (void)state;
    for (int order = 0; order < 3; order++) {
        struct item_set *set = item_set_create();
        struct item *items = memory_allocate(ITEMS, sizeof *items);
        size_t count = 0;
        for (uint32_t i = 0; i < ITEMS; i++) {
            uint32_t number = order == 0 ? i : order == 1 ? ITEMS - i : i * 1237 % ITEMS;
            items[count++] = item_number(number);
            assert_true(item_set_insert(set, &items[count - 1]));
            assert_false(item_set_insert(set, &items[count - 1]));
        }
        assert_same(set, items, count, &random);
        for (size_t i = 0; i < ITEMS / 2; i++) {
            size_t victim = next_random(&random) % count;
            assert_true(item_set_remove(set, &items[victim]));
            assert_false(item_set_remove(set, &items[victim]));
            items[victim] = items[--count];
        }
        assert_same(set, items, count, &random);
        while (count > 0) {
            assert_true(item_set_remove(set, &items[--count]));
        }
        assert_int_equal(item_set_count(set), 0);
        assert_true(item_set_insert(set, &items[0]));
        memory_free(items);
        item_set_destroy(&set);
    }
}

static void item_set_fingerprint__of_nothing_is_the_known_answer(void **state)
{
    static const uint8_t expected[] = {0x7f, 0x9c, 0x9e, 0x31, 0xac, 0x82, 0x56, 0xca,
                                       0x2f, 0x25, 0x85, 0x83, 0xdf, 0x26, 0x2d, 0xbc};
    uint8_t digest[FINGERPRINT_BYTES];
    struct item_set *set = item_set_create();
    struct item bound = {.timestamp = 5};
    (void)state;
    item_set_fingerprint(set, 0, 0, digest);
    assert_memory_equal(digest, expected, sizeof digest);
    assert_int_equal(item_set_find(set, &bound), 0);
    item_set_destroy(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(item_set__is_the_sorted_array_in_any_order_of_change),
        cmocka_unit_test(item_set_fingerprint__of_nothing_is_the_known_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
