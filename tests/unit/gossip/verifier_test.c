#include "gossip/verifier.h"

#include <string.h>

#include "core/limits.h"
#include "core/memory.h"
#include "support/test_support.h"

enum { ALICE = 1, JANA = 3 };

struct outcome {
    size_t verified;
    size_t refused;
    size_t unasked;
    bool understood;
};

static void note(void *context, struct event_batch *batch, bool understood)
{
    struct outcome *outcome = context;
    *outcome =
        (struct outcome){batch->count, batch->refused_count, batch->left_out_count, understood};
}

/* Without threads: `note` was called when this returns. */
static struct outcome verify(struct buffer *page, struct hash_list *asked)
{
    struct verifier *verifier = NULL;
    struct outcome outcome = {0};
    assert_int_equal(verifier_create(0, &verifier), RESULT_OK);
    assert_int_equal(verifier_submit(verifier, page, test_id(ALICE), asked, note, &outcome),
                     RESULT_OK);
    verifier_destroy(&verifier);
    return outcome;
}

/* A message of Jana's, with a signature that doesn't hold if it is spoiled; its hash. */
static void append_message(struct buffer *page, unsigned number, bool spoil,
                           uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    static const char name[] = "\"signature\":\"ed25519:";
    struct signing_key jana = test_key(JANA);
    char id[ULID_TEXT_BYTES];
    size_t length = 0;
    struct verified_event *event = test_event(event_draft_message("c", test_id(ALICE), "Hi", NULL),
                                              &jana, test_id(ALICE), test_ulid(number, id), 50);
    const char *text = event_verified_text(event, &length);
    size_t begin = page->length_bytes;
    buffer_append(page, text, length);
    memcpy(hash_out, event_verified_get(event)->hash, BLAKE3_HASH_BYTES);
    char *digit = strstr(page->data + begin, name) + strlen(name);
    if (spoil) {
        *digit = *digit == 'B' ? 'C' : 'B';
    }
    event_verified_destroy(&event);
}

/* Jana's messages 0, 1 and 2, of which 0 and 2 have no true signature and 1 and 2 were asked for;
 * `blank` makes a text that only the parser reads. */
static void verifier_submit__looks_at_nothing_that_was_not_asked_for(void **state)
{
    static const char *const blanks[] = {"", " "};
    (void)state;
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++) {
        struct hash_list asked = {0};
        struct buffer page;
        uint8_t hash[BLAKE3_HASH_BYTES];
        buffer_init(&page);
        buffer_append_format(&page, "{\"events\":%s[", blanks[i]);
        for (unsigned number = 0; number < 3; number++) {
            buffer_append_text(&page, number == 0 ? "" : ",");
            append_message(&page, number, number != 1, hash);
            if (number > 0) {
                hash_list_add(&asked, hash);
            }
        }
        memset(hash, 7, sizeof hash);
        hash_list_add(&asked, hash); /* of which nothing comes */
        buffer_append_text(&page, "]}");
        struct outcome outcome = verify(&page, &asked);
        assert_true(outcome.understood);
        assert_int_equal(outcome.verified, 1);
        assert_int_equal(outcome.refused, 1);
        assert_int_equal(outcome.unasked, 1);
        hash_list_clear(&asked);
    }
}

static void verifier_submit__reads_nothing_that_would_take_too_much(void **state)
{
    static const char value[] = ",{}";
    struct hash_list asked = {0};
    (void)state;
    for (int heavy = 0; heavy < 2; heavy++) {
        struct buffer page;
        buffer_init(&page);
        buffer_append_text(&page, "{\"events\":[],\"more\":[{}");
        for (size_t i = 0; heavy && i < LIMITS_READ_BYTES / 50; i++) {
            buffer_append(&page, value, sizeof value - 1);
        }
        buffer_append_text(&page, "]}");
        assert_int_equal(verify(&page, &asked).understood, !heavy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifier_submit__looks_at_nothing_that_was_not_asked_for),
        cmocka_unit_test(verifier_submit__reads_nothing_that_would_take_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
