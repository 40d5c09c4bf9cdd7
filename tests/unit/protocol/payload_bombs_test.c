/* What members may put into an envelope takes no more memory than so much. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/payload.h"
#include "support/test_support.h"

/* `count` times what lies between the two. */
static char *repeat(const char *head, const char *part, size_t count, const char *tail)
{
    struct buffer text;
    buffer_init(&text);
    buffer_append_text(&text, head);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(&text, part);
    }
    buffer_append_text(&text, tail);
    return buffer_take(&text);
}

/* What jansson has at a time, and had at most. */
static size_t held_bytes;
static size_t most_bytes;

static void *count_allocate(size_t size_bytes)
{
    void *memory = malloc(size_bytes);
    held_bytes += malloc_usable_size(memory);
    most_bytes = held_bytes > most_bytes ? held_bytes : most_bytes;
    return memory;
}

static void count_free(void *memory)
{
    held_bytes -= malloc_usable_size(memory);
    free(memory);
}

/* Nothing of that length becomes more than a hundred times as much. */
static void payload_bombs__stay_small(void **state)
{
    static const struct {
        const char *head;
        const char *part;
        const char *tail;
    } bombs[] = {
        {"", "[", ""},
        {"", "{\"\":", ""},
        {"[0", ",0", "]"},
        {"[{}", ",{}", "]"},
        {"[[]", ",[]", "]"},
        {"[\"\"", ",\"\"", "]"},
        {"[1e9", ",1e9", "]"},
        {"\"", "\\u0001", "\""},
        {"{\"kind\":\"keys\",\"keys\":[{}", ",{}", "]}"},
    };
    (void)state;
    json_set_alloc_funcs(count_allocate, count_free);
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        struct payload payload;
        size_t room = ENVELOPE_MOST_PAYLOAD_BYTES - strlen(bombs[i].head) - strlen(bombs[i].tail);
        char *text =
            repeat(bombs[i].head, bombs[i].part, room / strlen(bombs[i].part), bombs[i].tail);
        most_bytes = 0;
        assert_int_equal(payload_read(text, strlen(text), &payload), ENVELOPE_UNREADABLE);
        if (most_bytes > (size_t)100 * ENVELOPE_MOST_PAYLOAD_BYTES) {
            fail_msg("bomb %zu takes %zu bytes", i, most_bytes);
        }
        assert_int_equal(held_bytes, 0);
        memory_free(text);
    }
    json_set_alloc_funcs(malloc, free);
}

/* Many different names, of a member each. */
static void payload_bombs__of_names_stay_small(void **state)
{
    struct payload payload;
    struct buffer text;
    (void)state;
    buffer_init(&text);
    buffer_append_text(&text, "{\"kind\":\"later\"");
    for (unsigned i = 0; text.length_bytes < ENVELOPE_MOST_PAYLOAD_BYTES - 20; i++) {
        buffer_append_format(&text, ",\"%x\":0", i);
    }
    buffer_append_text(&text, "}");
    most_bytes = 0;
    json_set_alloc_funcs(count_allocate, count_free);
    assert_int_equal(payload_read(buffer_text(&text), text.length_bytes, &payload),
                     ENVELOPE_UNSUPPORTED);
    json_set_alloc_funcs(malloc, free);
    assert_in_range(most_bytes, 1, (size_t)100 * ENVELOPE_MOST_PAYLOAD_BYTES);
    buffer_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payload_bombs__stay_small),
        cmocka_unit_test(payload_bombs__of_names_stay_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
