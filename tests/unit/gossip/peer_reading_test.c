#include "gossip/peer_reading_private.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "protocol/co_signature.h"
#include "protocol/event_data.h"
#include "support/scripted_peers.h"

enum { ALICE = 1, BOB = 2, JANA = 3, FIRST_LAMPORT = 100, COUNT = 120 };

/* What the last page was; a lane's callback has nothing of its own. */
static struct {
    int pages;
    size_t events;
    size_t passed;
} read_so_far;

static void note_page(struct peer_lane *lane, struct peer_page *page)
{
    (void)lane;
    assert_int_equal(page->result, RESULT_OK);
    read_so_far.pages++;
    read_so_far.events += page->count;
    read_so_far.passed = page->passed;
}

static void receive(struct scripted_peers *scripted, struct event_draft draft, uint8_t author,
                    unsigned id, int64_t lamport, uint8_t *hash_out)
{
    const struct signing_key key = test_key(author);
    char event_id[ULID_TEXT_BYTES];
    struct verified_event *event =
        test_event(draft, &key, test_id(ALICE), test_ulid(id, event_id), lamport);
    memcpy(hash_out, event_verified_get(event)->hash, BLAKE3_HASH_BYTES);
    test_log_receive(&scripted->log, &event, 1);
    assert_int_equal(scripted->log.refusals[0], EVENT_ACCEPTABLE);
}

/* Two of Jana's and one of Bob's, again and again; then hers are kept aside. */
static void write_events(struct scripted_peers *scripted, uint8_t (*hashes)[BLAKE3_HASH_BYTES])
{
    const struct signing_key alice = test_key(ALICE);
    uint8_t of_revocation[BLAKE3_HASH_BYTES];
    for (unsigned i = 0; i < COUNT; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "text %u", i);
        uint8_t author = i % 3 == 2 ? BOB : JANA;
        receive(scripted, event_draft_message(text, test_id(ALICE), text, NULL), author, 1000 + i,
                FIRST_LAMPORT + (int64_t)i, hashes[i]);
    }
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers,
        co_signature_make(&alice, event_data_revocation_statement("r", "other", test_id(JANA))));
    receive(scripted, event_draft_revoked("r", test_id(JANA), "other", signers), ALICE, 999,
            FIRST_LAMPORT - 1, of_revocation);
    json_decref(signers);
    assert_int_equal(test_log_verify(&scripted->log, ALICE), COUNT / 3 * 2);
}

/* A page that is full ends behind the last that is in it, whatever lies before that and is not in
 * the set any more: nothing is left out, and each page brings it further. */
static void peer_reading_of_hashes__passes_over_what_is_kept_aside(void **state)
{
    struct scripted_peers scripted;
    uint8_t(*hashes)[BLAKE3_HASH_BYTES] = memory_allocate(COUNT, sizeof *hashes);
    size_t next = 0;
    (void)state;
    scripted_peers_open(&scripted, 2);
    write_events(&scripted, hashes);
    struct peer_lane *lane = &peer_links_find(scripted.gossip, test_id(BOB))->push;
    memset(&read_so_far, 0, sizeof read_so_far);
    while (next < COUNT) {
        peer_reading_of_hashes(lane, (const uint8_t(*)[BLAKE3_HASH_BYTES])(hashes + next),
                               COUNT - next, 0, note_page);
        (void)gossip_step(scripted.gossip);
        assert_in_range(read_so_far.passed, 1, COUNT - next);
        next += read_so_far.passed;
    }
    lane->busy = false;
    assert_int_equal(read_so_far.events, COUNT / 3);
    assert_in_range(read_so_far.pages, 3, COUNT / 3);
    memory_free(hashes);
    scripted_peers_close(&scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_reading_of_hashes__passes_over_what_is_kept_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
