#include "gossip/peer_table.h"

#include "support/test_support.h"

enum { MEMBERS = 1000, MOST_IN_A_BUCKET = 20 };

static struct peer_entry members[MEMBERS];

/* Keys that differ in two bytes at the end alone. */
static void fill(struct peer_table *table)
{
    peer_table_init(table, 4711);
    for (size_t i = 0; i < MEMBERS; i++) {
        members[i] = (struct peer_entry){0};
        members[i].node_id.key[NODE_ID_BYTES - 2] = (uint8_t)(i >> 8);
        members[i].node_id.key[NODE_ID_BYTES - 1] = (uint8_t)i;
        peer_table_add(table, &members[i]);
    }
}

static size_t longest_bucket(const struct peer_table *table)
{
    size_t longest = 0;
    for (size_t i = 0; i < table->bucket_count; i++) {
        size_t length = 0;
        for (const struct peer_entry *at = table->buckets[i]; at != NULL; at = at->next) {
            length++;
        }
        longest = length > longest ? length : longest;
    }
    return longest;
}

static void peer_table__finds_each_of_many_at_once(void **state)
{
    struct peer_table table;
    (void)state;
    fill(&table);
    assert_int_equal(table.count, MEMBERS);
    for (size_t i = 0; i < MEMBERS; i++) {
        assert_ptr_equal(peer_table_find(&table, &members[i].node_id), &members[i]);
    }
    assert_in_range(longest_bucket(&table), 1, MOST_IN_A_BUCKET);
    peer_table_deinit(&table);
}

static void peer_table__finds_none_that_was_removed(void **state)
{
    struct peer_table table;
    (void)state;
    fill(&table);
    for (size_t i = 0; i < MEMBERS; i += 2) {
        peer_table_remove(&table, &members[i]);
    }
    assert_int_equal(table.count, MEMBERS / 2);
    for (size_t i = 0; i < MEMBERS; i++) {
        struct peer_entry *expected = i % 2 == 0 ? NULL : &members[i];
        assert_ptr_equal(peer_table_find(&table, &members[i].node_id), expected);
    }
    peer_table_add(&table, &members[0]);
    assert_ptr_equal(peer_table_find(&table, &members[0].node_id), &members[0]);
    peer_table_deinit(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_table__finds_each_of_many_at_once),
        cmocka_unit_test(peer_table__finds_none_that_was_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
