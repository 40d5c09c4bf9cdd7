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
    enum result result;
    struct event_batch *kept; /* the batch goes there; NULL: nowhere */
};

static void note(void *context, struct event_batch *batch, enum result result)
{
    struct outcome *outcome = context;
    outcome->verified = batch->count;
    outcome->refused = batch->refused_count;
    outcome->unasked = batch->left_out_count;
    outcome->result = result;
    if (outcome->kept != NULL) {
        *outcome->kept = *batch;
        *batch = (struct event_batch){0};
    }
}

static struct account *open_jana(struct account_table *accounts)
{
    struct account_key key = account_key_of_node(test_id(JANA)->key);
    return account_open(accounts, &key);
}

/* Without threads: `note` was called when this returns. */
static struct outcome verify_for(struct account *payer, struct buffer *page,
                                 struct hash_list *asked, struct event_batch *kept)
{
    struct verifier *verifier = NULL;
    struct outcome outcome = {.kept = kept};
    assert_int_equal(verifier_create(0, test_id(ALICE), &verifier), RESULT_OK);
    assert_int_equal(verifier_submit(verifier, payer, page, test_id(ALICE), asked, note, &outcome),
                     RESULT_OK);
    verifier_destroy(&verifier);
    buffer_deinit(page);
    return outcome;
}

static struct outcome verify(struct buffer *page, struct hash_list *asked)
{
    struct account_table *accounts = test_accounts();
    struct account *jana = open_jana(accounts);
    struct outcome outcome = verify_for(jana, page, asked, NULL);
    assert_int_equal(account_charged(jana, ACCOUNT_JSON), 0);
    account_close(&jana);
    account_table_destroy(&accounts);
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
        assert_int_equal(outcome.result, RESULT_OK);
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
        for (size_t i = 0; heavy && i < LIMITS_JSON_OF_ONE / 50; i++) {
            buffer_append(&page, value, sizeof value - 1);
        }
        buffer_append_text(&page, "]}");
        assert_int_equal(verify(&page, &asked).result, heavy ? RESULT_INVALID : RESULT_OK);
    }
}

/* Whoever has the events: who sent them pays until they are gone, and of how many that is no more
 * is read. */
static void verifier_submit__has_events_paid_for_while_they_are_there(void **state)
{
    enum { WAITING = 64 };
    struct account_table *accounts = test_accounts();
    struct account *jana = open_jana(accounts);
    struct event_batch kept[WAITING] = {0};
    struct hash_list asked = {0};
    struct outcome outcome = {0};
    size_t count = 0;
    (void)state;
    for (; count < WAITING && outcome.result == RESULT_OK; count++) {
        uint8_t hash[BLAKE3_HASH_BYTES];
        struct buffer page;
        buffer_init(&page);
        buffer_append_text(&page, "{\"events\":[");
        append_message(&page, 1, false, hash);
        buffer_append_text(&page, "],\"more\":[0");
        for (size_t i = 0; i < LIMITS_JSON_OF_ONE / WAITING / 25; i++) {
            buffer_append_text(&page, ",1");
        }
        buffer_append_text(&page, "]}");
        hash_list_add(&asked, hash);
        outcome = verify_for(jana, &page, &asked, &kept[count]);
        hash_list_clear(&asked);
    }
    assert_int_equal(outcome.result, RESULT_BUSY);
    assert_in_range(count, WAITING / 4, WAITING - 1);
    assert_int_equal(kept[0].count, 1);
    for (size_t i = 0; i < count; i++) {
        event_batch_deinit(&kept[i]);
    }
    assert_int_equal(account_charged(jana, ACCOUNT_JSON), 0);
    account_close(&jana);
    account_table_destroy(&accounts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifier_submit__looks_at_nothing_that_was_not_asked_for),
        cmocka_unit_test(verifier_submit__reads_nothing_that_would_take_too_much),
        cmocka_unit_test(verifier_submit__has_events_paid_for_while_they_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
