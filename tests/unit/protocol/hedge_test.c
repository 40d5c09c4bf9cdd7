/* What is drawn depends on the generator, the key of the start, the purpose and the context. */
#include "protocol/hedge.h"

#include <sodium.h>
#include <string.h>

#include "support/test_support.h"

/* A generator that repeats itself, as in a virtual machine that was copied. */
static uint8_t repeated;

static const char *name_it(void)
{
    return "repeating";
}

static uint32_t one_number(void)
{
    return repeated;
}

static void same_bytes(void *const bytes, const size_t length)
{
    memset(bytes, repeated, length);
}

static struct randombytes_implementation repeating = {
    .implementation_name = name_it, .random = one_number, .buf = same_bytes};

static bool is_same(const struct hedge *one, const char *purpose, const char *text,
                    const struct hedge *other, const char *other_purpose, const char *other_text)
{
    uint8_t drawn[HEDGE_BYTES];
    uint8_t other_drawn[HEDGE_BYTES];
    const struct hkdf_part part = {text, strlen(text)};
    const struct hkdf_part other_part = {other_text, strlen(other_text)};
    hedge_draw(one, purpose, &part, 1, drawn);
    hedge_draw(other, other_purpose, &other_part, 1, other_drawn);
    return memcmp(drawn, other_drawn, sizeof drawn) == 0;
}

static void hedge_draw__depends_on_everything(void **state)
{
    struct hedge hedge = {{1}};
    struct hedge other = {{2}};
    (void)state;
    repeated = 7;
    assert_true(is_same(&hedge, "key", "text", &hedge, "key", "text"));
    assert_false(is_same(&hedge, "key", "text", &other, "key", "text"));
    assert_false(is_same(&hedge, "key", "text", &hedge, "reply", "text"));
    assert_false(is_same(&hedge, "key", "text", &hedge, "key", "test"));
    assert_false(is_same(&hedge, "keyt", "ext", &hedge, "key", "text"));
    uint8_t before[HEDGE_BYTES];
    uint8_t after[HEDGE_BYTES];
    hedge_draw(&hedge, "key", NULL, 0, before);
    repeated = 8;
    hedge_draw(&hedge, "key", NULL, 0, after);
    assert_memory_not_equal(before, after, sizeof before);
}

static void hedge_draw__tells_parts_apart(void **state)
{
    const struct hedge hedge = {{1}};
    const struct hkdf_part one[] = {{"ab", 2}, {"c", 1}};
    const struct hkdf_part other[] = {{"a", 1}, {"bc", 2}};
    uint8_t drawn[HEDGE_BYTES];
    uint8_t other_drawn[HEDGE_BYTES];
    (void)state;
    hedge_draw(&hedge, "key", one, 2, drawn);
    hedge_draw(&hedge, "key", other, 2, other_drawn);
    assert_memory_not_equal(drawn, other_drawn, sizeof drawn);
}

static void hedge_renew__goes_on_from_the_key_before(void **state)
{
    struct hedge hedge = {{1}};
    struct hedge same = {{1}};
    struct hedge other = {{2}};
    (void)state;
    hedge_renew(&hedge);
    hedge_renew(&same);
    hedge_renew(&other);
    assert_memory_equal(hedge.key, same.key, HEDGE_BYTES);
    assert_memory_not_equal(hedge.key, other.key, HEDGE_BYTES);
    repeated++;
    struct hedge later = {{1}};
    hedge_renew(&later);
    assert_memory_not_equal(hedge.key, later.key, HEDGE_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hedge_draw__depends_on_everything),
        cmocka_unit_test(hedge_draw__tells_parts_apart),
        cmocka_unit_test(hedge_renew__goes_on_from_the_key_before),
    };
    if (randombytes_set_implementation(&repeating) != 0 || signing_start() != RESULT_OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
