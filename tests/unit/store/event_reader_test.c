#include <stdio.h>
#include <string.h>

#include "store/event_reader.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, JANA = 3, MESSAGES = 11, PAGE = 3 };

static struct verified_event *message(uint8_t to, unsigned id, int64_t lamport)
{
    struct signing_key bob = test_key(BOB);
    char event_id[ULID_TEXT_BYTES];
    test_ulid(id, event_id);
    return test_event(event_draft_message(event_id, test_id(to), "Hello", NULL), &bob,
                      test_id(ALICE), event_id, lamport);
}

struct page {
    int64_t seqs[MESSAGES];
    size_t count;
};

static bool note(void *context, int64_t seq, int64_t lamport, const char *text, size_t length_bytes)
{
    struct page *page = context;
    (void)lamport;
    (void)text;
    (void)length_bytes;
    page->seqs[page->count++] = seq;
    return true;
}

static void event_reader_concerning__goes_as_far_as_the_last_that_it_gave(void **state)
{
    struct test_log test;
    struct page all = {.count = 0};
    int64_t through = 0;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, JANA);
    for (unsigned i = 0; i < MESSAGES; i++) { /* to Jana, and some that are none of her business */
        struct verified_event *events[] = {message(JANA, 100 + i, lamport),
                                           message(ALICE, 200 + i, lamport + 1)};
        lamport += 2;
        test_log_receive(&test, events, 2);
    }
    while (all.count < MESSAGES) {
        struct page page = {.count = 0};
        const int64_t after = through;
        assert_int_equal(
            event_reader_concerning(test.log, test_id(JANA), after, PAGE, note, &page, &through),
            RESULT_OK);
        assert_in_range(page.count, 1, PAGE);
        for (size_t i = 0; i < page.count; i++) {
            assert_true(page.seqs[i] > (i == 0 ? after : page.seqs[i - 1]));
            all.seqs[all.count++] = page.seqs[i];
        }
        if (page.count == PAGE) {
            assert_int_equal(through, page.seqs[PAGE - 1]);
        }
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(test.log);
    assert_int_equal(through, snapshot->last_seq); /* the rest is looked at */
    log_snapshot_release(test.log, &snapshot);
    test_log_close(&test);
}

struct lamports {
    int64_t list[32];
    size_t count;
};

static void event_reader_holds_each__says_of_each_what_is_so_of_it_alone(void **state)
{
    enum { ASKED = 35, EVERY = 2 };
    struct test_log test;
    uint8_t hashes[ASKED][BLAKE3_HASH_BYTES];
    bool holds[ASKED];
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, JANA);
    for (unsigned i = 0; i < ASKED; i++) {
        struct verified_event *event = message(JANA, 300 + i, lamport + i);
        memcpy(hashes[i], event_verified_get(event)->hash, sizeof hashes[i]);
        if (i % EVERY == 0) {
            test_log_receive(&test, &event, 1);
        } else {
            event_verified_destroy(&event);
        }
    }
    event_reader_holds_each(test.log, (const uint8_t(*)[BLAKE3_HASH_BYTES])hashes, ASKED, holds);
    for (unsigned i = 0; i < ASKED; i++) {
        assert_int_equal(holds[i], i % EVERY == 0);
        assert_int_equal(event_reader_holds(test.log, hashes[i]), holds[i]);
    }
    test_log_close(&test);
}

struct takes {
    int64_t lamports[64];
    size_t count;
};

/* Every third finds no room. */
static bool take_some(void *context, int64_t seq, int64_t lamport, const char *text,
                      size_t length_bytes)
{
    struct takes *takes = context;
    (void)seq;
    assert_int_equal(strlen(text), length_bytes);
    takes->lamports[takes->count++] = lamport;
    return lamport % 3 != 0;
}

static void event_reader_by_hash__gives_what_is_there_in_the_order_asked_for(void **state)
{
    enum { MOST = 37, EVERY = 5 };
    const size_t counts[] = {0, 1, 15, 16, 17, 32, MOST};
    struct test_log test;
    uint8_t hashes[MOST][BLAKE3_HASH_BYTES];
    bool taken[MOST];
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t first = test_log_populate(&test, JANA);
    for (unsigned i = 0; i < MOST; i++) { /* the last is the oldest */
        struct verified_event *event = message(JANA, 300 + i, first + MOST - i);
        memcpy(hashes[i], event_verified_get(event)->hash, sizeof hashes[i]);
        if (i % EVERY == 2) {
            event_verified_destroy(&event);
        } else {
            test_log_receive(&test, &event, 1);
        }
    }
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct takes takes = {.count = 0};
        size_t place = 0;
        memset(taken, 1, sizeof taken);
        assert_int_equal(event_reader_by_hash(test.log, (const uint8_t(*)[BLAKE3_HASH_BYTES])hashes,
                                              counts[c], take_some, &takes, taken),
                         RESULT_OK);
        for (unsigned i = 0; i < counts[c]; i++) {
            int64_t lamport = first + MOST - i;
            bool is_there = i % EVERY != 2;
            assert_int_equal(taken[i], is_there && lamport % 3 != 0);
            if (is_there) {
                assert_int_equal(takes.lamports[place++], lamport);
            }
        }
        assert_int_equal(takes.count, place);
    }
    test_log_close(&test);
}

static bool note_lamport(void *context, int64_t seq, int64_t lamport, const char *text,
                         size_t length_bytes)
{
    struct lamports *lamports = context;
    (void)seq;
    (void)text;
    (void)length_bytes;
    lamports->list[lamports->count++] = lamport;
    return true;
}

static void event_reader_membership__gives_who_belongs_and_the_last_manifests(void **state)
{
    struct test_log test;
    struct lamports found = {.count = 0};
    struct signing_key bob = test_key(BOB);
    char id[ULID_TEXT_BYTES];
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t next = test_log_populate(&test, JANA); /* lamports 1 to 5 */
    for (unsigned i = 0; i < 6; i++) {
        json_t *manifest = test_manifest(&bob, "Bob", (uint16_t)(8000 + i));
        struct verified_event *events[] = {test_event(event_draft_manifest(manifest), &bob,
                                                      test_id(ALICE), test_ulid(300 + i, id), next),
                                           message(JANA, 400 + i, next + 1)};
        next += 2;
        json_decref(manifest);
        test_log_receive(&test, events, 2);
        assert_int_equal(test.accepted, 2);
    }
    assert_int_equal(event_reader_membership(test.log, 0, note_lamport, &found), RESULT_OK);
    assert_int_equal(found.count, 6);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(found.list[i], i + 1);
    }
    assert_int_equal(found.list[5], next - 2);
    found.count = 0;
    assert_int_equal(event_reader_membership(test.log, 4, note_lamport, &found), RESULT_OK);
    assert_int_equal(found.count, 2);
    test_log_close(&test);
}

struct remembered {
    char text[512];
};

static void note_address(void *context, const struct peer_address *address)
{
    struct remembered *remembered = context;
    size_t length = strlen(remembered->text);
    (void)snprintf(remembered->text + length, sizeof remembered->text - length, "%s:%u %s %lld;",
                   address->endpoint.host, (unsigned)address->endpoint.port, address->source,
                   (long long)address->last_success);
}

static void event_reader_addresses__remembers_where_a_peer_was_reached(void **state)
{
    struct test_log test;
    struct remembered bob = {""};
    struct remembered jana = {""};
    const struct peer_address first[] = {{{"10.0.0.1", 7080}, "manifest", 100}};
    const struct peer_address second[] = {
        {{"fe80::1%eth0", 65535}, "hint", 50}, /* a clock that was set back */
        {{"10.0.0.1", 7080}, "manifest", 200},
        {{"10.0.0.2", 7080}, "manifest", 200},
        {{"10.0.0.0", 7080}, "hand", 200},
    };
    (void)state;
    test_log_open(&test, 1, 1);
    assert_int_equal(log_peers_save_addresses(test.log, test_id(2), first, 1), RESULT_OK);
    assert_int_equal(log_peers_save_addresses(test.log, test_id(3), first, 1), RESULT_OK);
    assert_int_equal(log_peers_save_addresses(test.log, test_id(2), second, 4), RESULT_OK);
    test_log_reopen(&test, 1);
    assert_int_equal(event_reader_addresses(test.log, test_id(2), note_address, &bob), RESULT_OK);
    assert_int_equal(event_reader_addresses(test.log, test_id(3), note_address, &jana), RESULT_OK);
    assert_string_equal(
        bob.text, "10.0.0.0:7080 hand 200;10.0.0.2:7080 manifest 200;10.0.0.1:7080 manifest 200;"
                  "fe80::1%eth0:65535 hint 50;");
    assert_string_equal(jana.text, "10.0.0.1:7080 manifest 100;");
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_reader_membership__gives_who_belongs_and_the_last_manifests),
        cmocka_unit_test(event_reader_concerning__goes_as_far_as_the_last_that_it_gave),
        cmocka_unit_test(event_reader_holds_each__says_of_each_what_is_so_of_it_alone),
        cmocka_unit_test(event_reader_by_hash__gives_what_is_there_in_the_order_asked_for),
        cmocka_unit_test(event_reader_addresses__remembers_where_a_peer_was_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
