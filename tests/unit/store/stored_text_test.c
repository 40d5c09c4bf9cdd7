#include "store/stored_text_private.h"

#include <string.h>

#include "core/memory.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2 };

static char *event_of(uint8_t community, const char *middle)
{
    char author[NODE_ID_TEXT_BYTES];
    char id[NODE_ID_TEXT_BYTES];
    node_id_format(test_id(BOB), author);
    node_id_format(test_id(community), id);
    return memory_format("{\"author\":\"%s\",%s\"community_id\":\"%s\",\"data\":{\"body\":\"hi\"}}",
                         author, middle, id);
}

/* How long the row's text is; what comes back is checked. */
static size_t keep(const char *text)
{
    struct buffer kept;
    struct buffer space;
    buffer_init(&kept);
    buffer_init(&space);
    stored_text_shorten(text, strlen(text), test_id(ALICE), &kept);
    size_t length = kept.length_bytes;
    const char *whole = stored_text_whole(buffer_text(&kept), &length, test_id(ALICE), &space);
    assert_int_equal(length, strlen(text));
    assert_memory_equal(whole, text, length);
    size_t kept_bytes = kept.length_bytes;
    buffer_deinit(&kept);
    buffer_deinit(&space);
    return kept_bytes;
}

static void stored_text_shorten__leaves_out_the_community_and_nothing_else(void **state)
{
    const size_t member = strlen("\"community_id\":\"\",") + NODE_ID_TEXT_BYTES - 1;
    char *usual = event_of(ALICE, "");
    char *signed_by_many = event_of(ALICE, "\"co_signatures\":[],");
    char *foreign = event_of(BOB, "");
    (void)state;
    assert_int_equal(keep(usual), strlen(usual) - member);
    assert_int_equal(keep(signed_by_many), strlen(signed_by_many));
    assert_int_equal(keep(foreign), strlen(foreign));
    memory_free(usual);
    memory_free(signed_by_many);
    memory_free(foreign);
}

static void stored_text_whole__takes_what_is_cut_short_as_it_is(void **state)
{
    char *usual = event_of(ALICE, "");
    struct buffer kept;
    struct buffer space;
    (void)state;
    buffer_init(&kept);
    buffer_init(&space);
    stored_text_shorten(usual, strlen(usual), test_id(ALICE), &kept);
    const size_t at_data = (size_t)(strstr(buffer_text(&kept), "\"data\":") - buffer_text(&kept));
    for (size_t length = 0; length < at_data + strlen("\"data\":"); length++) {
        size_t after = length;
        char *piece = memory_format("%.*s", (int)length, buffer_text(&kept));
        assert_ptr_equal(stored_text_whole(piece, &after, test_id(ALICE), &space), piece);
        assert_int_equal(after, length);
        memory_free(piece);
    }
    buffer_deinit(&kept);
    buffer_deinit(&space);
    memory_free(usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_text_shorten__leaves_out_the_community_and_nothing_else),
        cmocka_unit_test(stored_text_whole__takes_what_is_cut_short_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
