#include "support/told.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/co_signature.h"
#include "store/event_reader.h"
#include "store/maintenance.h"
#include "support/shuffle.h"

enum { FOUNDER = 1, MOST_BATCH = 64 };

const struct event *told_add(struct told *told, uint8_t author, struct event_draft draft,
                             unsigned id, int64_t lamport)
{
    char event_id[ULID_TEXT_BYTES];
    const struct signing_key key = test_key(author);
    assert_true(told->count < TOLD_MOST_EVENTS);
    told->events[told->count++] =
        test_event(draft, &key, test_id(FOUNDER), test_ulid(id, event_id), lamport);
    return event_verified_get(told->events[told->count - 1]);
}

const struct event *told_message(struct told *told, uint8_t author, uint8_t recipient,
                                 const char *client_id, unsigned id, int64_t lamport)
{
    char body[32];
    (void)snprintf(body, sizeof body, "body %u", id);
    return told_add(told, author, event_draft_message(client_id, test_id(recipient), body, NULL),
                    id, lamport);
}

const struct event *told_receipt(struct told *told, uint8_t author, bool is_read, unsigned target,
                                 unsigned id, int64_t lamport)
{
    char target_id[ULID_TEXT_BYTES];
    (void)test_ulid(target, target_id);
    return told_add(told, author,
                    is_read ? event_draft_read(target_id, 1700000000 + id)
                            : event_draft_delivered(target_id, 1700000000 + id),
                    id, lamport);
}

const struct event *told_invitation(struct told *told, uint8_t author, uint8_t invitee,
                                    enum member_level level, unsigned id, int64_t lamport)
{
    return told_add(told, author,
                    event_draft_invited(test_id(invitee), "Neighbour", level, 1900000000), id,
                    lamport);
}

const struct event *told_joining(struct told *told, uint8_t author, unsigned invited, unsigned id,
                                 int64_t lamport)
{
    char invite[ULID_TEXT_BYTES];
    const struct signing_key key = test_key(author);
    json_t *manifest = test_manifest(&key, "", (uint16_t)(7000 + author));
    const struct event *event = told_add(
        told, author, event_draft_joined(test_ulid(invited, invite), manifest), id, lamport);
    json_decref(manifest);
    return event;
}

const struct event *told_revocation(struct told *told, uint8_t author, uint8_t target, unsigned id,
                                    int64_t lamport)
{
    const struct signing_key key = test_key(author);
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers,
        co_signature_make(&key, event_data_revocation_statement("r", "other", test_id(target))));
    const struct event *event = told_add(
        told, author, event_draft_revoked("r", test_id(target), "other", signers), id, lamport);
    json_decref(signers);
    return event;
}

void told_community(struct told *told, uint8_t members, uint8_t trusted)
{
    struct policy policy = policy_default();
    unsigned id = 1;
    policy.min_signatures_to_revoke = policy.min_signatures_to_demote = 1;
    (void)told_add(told, FOUNDER, event_draft_created("Street", test_id(FOUNDER), &policy), id, id);
    for (uint8_t i = 2; i <= members; i++) {
        id += 2;
        (void)told_invitation(told, FOUNDER, i, i >= trusted ? LEVEL_TRUSTED : LEVEL_MEMBER, id - 1,
                              id - 1);
        (void)told_joining(told, i, id - 1, id, id);
    }
}

void told_offer(struct test_log *test, const struct told *told, size_t from, size_t count)
{
    struct verified_event *batch[MOST_BATCH];
    assert_in_range(count, 1, MOST_BATCH);
    for (size_t i = 0; i < count; i++) {
        batch[i] = shuffle_copy_event(told->events[from + i]);
    }
    test_log_receive(test, batch, count);
}

void told_give(struct test_log *test, const struct told *told, size_t from, size_t count)
{
    told_offer(test, told, from, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(test->refusals[i], EVENT_ACCEPTABLE);
    }
}

void told_give_rest(struct test_log *test, const struct told *told, size_t from)
{
    while (from < told->count) {
        size_t count = told->count - from < MOST_BATCH ? told->count - from : MOST_BATCH;
        told_give(test, told, from, count);
        from += count;
    }
}

void told_forget(struct told *told)
{
    for (size_t i = 0; i < told->count; i++) {
        event_verified_destroy(&told->events[i]);
    }
    told->count = 0;
}

struct counting {
    const char *texts[3];
    size_t count;
};

static bool count_event(void *context, int64_t seq, int64_t lamport, const char *text,
                        size_t length_bytes)
{
    struct counting *counting = context;
    bool all = true;
    (void)seq;
    (void)lamport;
    (void)length_bytes;
    for (size_t i = 0; i < 3; i++) {
        all = all && (counting->texts[i] == NULL || strstr(text, counting->texts[i]) != NULL);
    }
    counting->count += all ? 1 : 0;
    return true;
}

size_t told_count(struct event_log *log, const char *one, const char *two, const char *three)
{
    struct counting counting = {.texts = {one, two, three}};
    assert_int_equal(event_reader_after_seq(log, 0, SIZE_MAX / 2, count_event, &counting),
                     RESULT_OK);
    return counting.count;
}

void told_assert_whole(const struct test_log *test)
{
    struct maintenance_report report;
    struct error error = {""};
    if (maintenance_verify(test->directory, test_id(FOUNDER), &test->key, clock_system(), &report,
                           &error) != RESULT_OK) {
        fail_msg("%s", error.message);
    }
    assert_string_equal(report.differing, "");
    assert_int_equal(report.damaged, 0);
    assert_int_equal(report.wrong_keys, 0);
    assert_true(report.database_is_sound);
}

static void copy_file(const char *from_directory, const char *to_directory, const char *name)
{
    char *command = memory_format("rm -f -- '%s/%s' && if test -e '%s/%s'; then"
                                  " cp -- '%s/%s' '%s/%s'; fi",
                                  to_directory, name, from_directory, name, from_directory, name,
                                  to_directory, name);
    assert_int_equal(system(command), 0); // NOLINT(concurrency-mt-unsafe,cert-env33-c)
    memory_free(command);
}

void told_copy_database(const char *from_directory, const char *to_directory)
{
    copy_file(from_directory, to_directory, "events.sqlite-shm"); /* an old one would be believed */
    copy_file(from_directory, to_directory, "events.sqlite");
    copy_file(from_directory, to_directory, "events.sqlite-wal");
}

static int64_t look(void *context)
{
    const int64_t a_while_ms = 1000;
    return atomic_fetch_add((atomic_llong *)context, a_while_ms) + a_while_ms;
}

static int64_t wall_ms(void *context)
{
    (void)context;
    return clock_wall_ms(clock_system());
}

const struct clock *told_slow_clock(void)
{
    static atomic_llong now_ms;
    static const struct clock slow = {wall_ms, look, &now_ms};
    return &slow;
}
