#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "protocol/co_signature.h"
#include "store/event_set.h"
#include "store/log_wait.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, EVE = 3, JANA = 4 };

/* What a log says of itself. */
struct picture {
    int64_t head;
    int64_t clock;
    int64_t last_seq;
    uint64_t event_count;
    uint8_t fingerprint[FINGERPRINT_BYTES];
    size_t members;
    size_t revoked;
    bool jana;
    enum member_level bob;
    struct buffer set; /* the first message of a reconciliation */
};

static struct picture take_picture(struct test_log *test)
{
    struct picture picture = {0};
    const struct log_snapshot *snapshot = log_snapshot_acquire(test->log);
    const struct member *bob = membership_find(snapshot->membership, test_id(BOB));
    picture.head = snapshot->head;
    picture.clock = snapshot->clock;
    picture.last_seq = snapshot->last_seq;
    picture.event_count = snapshot->event_count;
    memcpy(picture.fingerprint, snapshot->fingerprint, FINGERPRINT_BYTES);
    picture.members = snapshot->membership->member_count;
    picture.revoked = snapshot->membership->revoked_count;
    picture.jana = membership_find(snapshot->membership, test_id(JANA)) != NULL;
    picture.bob = bob == NULL ? LEVEL_MEMBER : bob->level;
    log_snapshot_release(test->log, &snapshot);
    assert_int_equal(event_set_initiate(test->log, &picture.set), RESULT_OK);
    return picture;
}

static void assert_same(struct picture *one, struct picture *other)
{
    assert_int_equal(one->head, other->head);
    assert_int_equal(one->clock, other->clock);
    assert_int_equal(one->last_seq, other->last_seq);
    assert_int_equal(one->event_count, other->event_count);
    assert_memory_equal(one->fingerprint, other->fingerprint, FINGERPRINT_BYTES);
    assert_int_equal(one->members, other->members);
    assert_int_equal(one->revoked, other->revoked);
    assert_int_equal(one->jana, other->jana);
    assert_int_equal(one->bob, other->bob);
    assert_int_equal(one->set.length_bytes, other->set.length_bytes);
    assert_memory_equal(one->set.data, other->set.data, one->set.length_bytes);
    buffer_deinit(&one->set);
    buffer_deinit(&other->set);
}

/* From here on the log's file doesn't grow, as on a full disk. */
static void fill_disk(const struct test_log *test, bool full)
{
    struct stat status;
    struct rlimit limit;
    char *path = memory_format("%s/events.sqlite-wal", test->directory);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = full ? (rlim_t)status.st_size : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    memory_free(path);
}

static enum result receive(struct test_log *test, struct verified_event **events, size_t count)
{
    struct verified_event **batch = memory_allocate(count, sizeof(struct verified_event *));
    memcpy(batch, events, count * sizeof(struct verified_event *));
    return log_wait_receive(test->log, batch, count, NULL, &test->accepted, test->refusals);
}

static struct verified_event *message(uint8_t from, unsigned id, int64_t lamport)
{
    struct signing_key author = test_key(from);
    char event_id[ULID_TEXT_BYTES];
    test_ulid(id, event_id);
    return test_event(event_draft_message(event_id, test_id(ALICE), "Hello", NULL), &author,
                      test_id(ALICE), event_id, lamport);
}

static enum result receive_message(struct test_log *test, uint8_t from, unsigned id,
                                   int64_t lamport)
{
    struct verified_event *events[] = {message(from, id, lamport)};
    return receive(test, events, 1);
}

static enum result receive_joining(struct test_log *test, int64_t lamport)
{
    struct signing_key alice = test_key(ALICE);
    struct signing_key jana = test_key(JANA);
    char invited[ULID_TEXT_BYTES];
    char joined[ULID_TEXT_BYTES];
    json_t *manifest = test_manifest(&jana, "Jana", 7004);
    struct verified_event *events[] = {
        test_event(event_draft_invited(&jana.node_id, "Jana", LEVEL_MEMBER, 1900000000), &alice,
                   &alice.node_id, test_ulid(300, invited), lamport),
        test_event(event_draft_joined(invited, manifest), &jana, &alice.node_id,
                   test_ulid(301, joined), lamport + 1)};
    json_decref(manifest);
    return receive(test, events, 2);
}

static enum result promote(struct test_log *test, uint8_t who)
{
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers,
        co_signature_make(&test->key, event_data_level_statement(LEVEL_TRUSTED, test_id(who))));
    enum result result =
        test_log_append(test, event_draft_level(true, test_id(who), LEVEL_TRUSTED, signers))
            ->result;
    json_decref(signers);
    return result;
}

static enum result shut_out(struct test_log *test, uint8_t who)
{
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers,
        co_signature_make(&test->key, event_data_revocation_statement("r", "other", test_id(who))));
    enum result result =
        test_log_append(test, event_draft_revoked("r", test_id(who), "other", signers))->result;
    json_decref(signers);
    return result;
}

static enum result send_to_bob(struct test_log *test, const char *client_id)
{
    return test_log_append(test, event_draft_message(client_id, test_id(BOB), "Hi", NULL))->result;
}

/* Everything that moves something in memory. */
static void try_all(struct test_log *test, int64_t lamport, enum result expected)
{
    assert_int_equal(send_to_bob(test, "own"), expected);
    assert_int_equal(receive_message(test, BOB, 200, lamport + 100), expected);
    assert_int_equal(receive_message(test, EVE, 201, lamport + 200), expected);
    assert_int_equal(receive_joining(test, lamport + 300), expected);
    assert_int_equal(promote(test, BOB), expected);
    assert_int_equal(shut_out(test, EVE), expected);
}

static void log_writer__has_in_memory_what_the_disk_has_after_a_failed_commit(void **state)
{
    struct test_log test;
    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN); // NOLINT(cert-err33-c)
    test_log_open(&test, ALICE, ALICE);
    const int64_t lamport = test_log_populate(&test, EVE);
    assert_int_equal(send_to_bob(&test, "first"), RESULT_OK);
    struct picture before = take_picture(&test);
    const int64_t clock = before.clock;
    const int64_t last_seq = before.last_seq;
    const uint64_t event_count = before.event_count;

    fill_disk(&test, true);
    try_all(&test, lamport, RESULT_IO);
    fill_disk(&test, false);
    struct picture after = take_picture(&test);
    assert_same(&before, &after);

    /* The next commit goes on from what the disk has, and so does what is told of it. */
    assert_int_equal(send_to_bob(&test, "next"), RESULT_OK);
    assert_int_equal(test.appended.lamport, clock + 1);
    assert_int_equal(test.appended.seq, last_seq + 1);
    struct picture next = take_picture(&test);
    assert_int_equal(next.event_count, event_count + 1);
    assert_int_equal(next.members, 3);
    assert_int_equal(next.revoked, 0);
    assert_false(next.jana);
    assert_int_equal(next.bob, LEVEL_MEMBER);
    test_log_reopen(&test, ALICE);
    struct picture reopened = take_picture(&test);
    assert_same(&next, &reopened);

    /* Nothing of what failed is taken for done. */
    assert_int_equal(receive_message(&test, JANA, 202, lamport + 400), RESULT_OK);
    assert_int_equal(test.refusals[0], EVENT_UNKNOWN_AUTHOR);
    try_all(&test, lamport, RESULT_OK);
    struct picture all = take_picture(&test);
    assert_true(all.jana);
    assert_int_equal(all.bob, LEVEL_TRUSTED);
    assert_int_equal(all.revoked, 1);
    test_log_reopen(&test, ALICE);
    reopened = take_picture(&test);
    assert_same(&all, &reopened);
    test_log_close(&test);
}

static int64_t journal_bytes(const struct test_log *test)
{
    struct stat status;
    char *path = memory_format("%s/events.sqlite-wal", test->directory);
    assert_int_equal(stat(path, &status), 0);
    memory_free(path);
    return status.st_size;
}

static void log_writer__leaves_no_long_journal_at_rest(void **state)
{
    enum { MOST_BYTES = 8000000, BODY_BYTES = 60000, DEADLINE_MS = 60000 };
    struct test_log test;
    char changes[4096];
    char body[BODY_BYTES + 1];
    char client_id[16];
    (void)state;
    memset(body, 'x', BODY_BYTES);
    body[BODY_BYTES] = '\0';
    test_log_open(&test, ALICE, ALICE);
    (void)test_log_populate(&test, BOB);
    for (int i = 0; journal_bytes(&test) <= MOST_BYTES; i++) {
        (void)snprintf(client_id, sizeof client_id, "%d", i);
        assert_int_equal(
            test_log_append(&test, event_draft_message(client_id, test_id(BOB), body, NULL))
                ->result,
            RESULT_OK);
    }
    struct pollfd changed = {.fd = inotify_init1(IN_CLOEXEC), .events = POLLIN};
    assert_true(inotify_add_watch(changed.fd, test.directory, IN_MODIFY | IN_DELETE) >= 0);
    while (journal_bytes(&test) > MOST_BYTES) {
        assert_int_equal(poll(&changed, 1, DEADLINE_MS), 1);
        assert_true(read(changed.fd, changes, sizeof changes) > 0);
    }
    (void)close(changed.fd);
    assert_int_equal(send_to_bob(&test, "later"), RESULT_OK);
    test_log_close(&test);
}

static void note_receive(void *context, const struct receive_answer *answer)
{
    *(int *)context += answer->result == RESULT_OK && answer->accepted == 1 ? 1 : -1;
}

static void note_commit(void *context, const struct committed_event *events, size_t count)
{
    (void)events;
    *(size_t *)context = count;
}

static struct verified_event *receipt(const char *message_id, unsigned id)
{
    struct signing_key bob = test_key(BOB);
    char event_id[ULID_TEXT_BYTES];
    return test_event(event_draft_delivered(message_id, 1800000000), &bob, test_id(ALICE),
                      test_ulid(id, event_id), 100 + id);
}

static void receive_receipt(struct test_log *test, const char *message_id, unsigned id,
                            int *received)
{
    struct verified_event **events = memory_allocate(1, sizeof(struct verified_event *));
    events[0] = receipt(message_id, id);
    assert_int_equal(log_receive_events(test->log, events, 1, NULL, note_receive, received),
                     RESULT_OK);
}

static void log_writer__stores_a_receipt_with_what_comes_next(void **state)
{
    static const struct event_log_options patient = {.answers_messages = true,
                                                     .receipts_wait_ms = 600000};
    struct test_log test;
    char sent[ULID_TEXT_BYTES];
    int received = 0;
    size_t committed = 0;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    (void)test_log_populate(&test, BOB);
    assert_int_equal(send_to_bob(&test, "one"), RESULT_OK);
    memcpy(sent, test.appended.event_id, sizeof sent);
    test_log_reopen_with(&test, ALICE, &patient);
    test.watch = note_commit;
    test.watching = &committed;

    receive_receipt(&test, sent, 400, &received);
    assert_int_equal(send_to_bob(&test, "two"), RESULT_OK);
    assert_int_equal(received, 1);
    assert_int_equal(committed, 2);

    /* Somebody waits for a message that comes, and so does none of ours for a receipt. */
    receive_receipt(&test, test.appended.event_id, 401, &received);
    assert_int_equal(receive_message(&test, BOB, 402, 600), RESULT_OK);
    assert_int_equal(received, 2);
    assert_int_equal(committed, 3);
    assert_int_equal(receive_message(&test, BOB, 403, 601), RESULT_OK);
    assert_int_equal(committed, 2);

    /* Nor is it forgotten at the end. */
    assert_int_equal(send_to_bob(&test, "three"), RESULT_OK);
    receive_receipt(&test, test.appended.event_id, 404, &received);
    test_log_reopen(&test, ALICE);
    assert_int_equal(received, 3);
    test_log_close(&test);
}

static void log_writer__stores_a_receipt_that_nothing_follows(void **state)
{
    static const struct event_log_options patient = {.receipts_wait_ms = 1};
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    (void)test_log_populate(&test, BOB);
    assert_int_equal(send_to_bob(&test, "one"), RESULT_OK);
    test_log_reopen_with(&test, ALICE, &patient);
    struct verified_event *events[] = {receipt(test.appended.event_id, 400)};
    assert_int_equal(receive(&test, events, 1), RESULT_OK);
    assert_int_equal(test.accepted, 1);
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_writer__has_in_memory_what_the_disk_has_after_a_failed_commit),
        cmocka_unit_test(log_writer__leaves_no_long_journal_at_rest),
        cmocka_unit_test(log_writer__stores_a_receipt_with_what_comes_next),
        cmocka_unit_test(log_writer__stores_a_receipt_that_nothing_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
