/* Who is visited, as what, in which order, and what that costs. */
#include "store/history_conversations.h"
#include "store/log_nodes_private.h"
#include "store/log_unread_private.h"
#include "support/statement_steps.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAVE = 4, STRANGER = 90, ID = 1000, FEW = 2, MANY = 500 };

static const struct event_log_options at_once = {.synchronous = true};

static int64_t begin(struct test_log *test)
{
    test_log_open(test, ALICE, ALICE);
    int64_t lamport = test_log_populate(test, DAVE);
    test_log_reopen_with(test, ALICE, &at_once);
    return lamport;
}

static struct verified_event *message(uint8_t author, const struct node_id *to, unsigned id,
                                      int64_t lamport)
{
    const struct signing_key key = test_key(author);
    char event_id[ULID_TEXT_BYTES];
    char client_id[ULID_TEXT_BYTES];
    return test_event(event_draft_message(test_ulid((unsigned)lamport, client_id), to, "Hi", NULL),
                      &key, test_id(ALICE), test_ulid(id, event_id), lamport);
}

static void receive(struct test_log *test, struct verified_event *event)
{
    struct verified_event *events[] = {event};
    test_log_receive(test, events, 1);
    assert_int_equal(test->refusals[0], EVENT_ACCEPTABLE);
}

struct visited {
    size_t count;
    struct history_conversation list[8]; /* without their texts */
};

static void note(void *context, const struct history_conversation *conversation)
{
    struct visited *visited = context;
    assert_true(visited->count < sizeof visited->list / sizeof *visited->list);
    visited->list[visited->count++] = *conversation;
}

static struct visited visit(struct test_log *test, bool with_members, const struct node_id *peer)
{
    struct visited visited = {.count = 0};
    const struct log_snapshot *snapshot = log_snapshot_acquire(test->log);
    assert_int_equal(history_conversations(test->log, with_members ? snapshot->membership : NULL,
                                           peer, note, &visited),
                     RESULT_OK);
    for (size_t i = 0; i < visited.count; i++) {
        const struct history_conversation *one = &visited.list[i];
        assert_ptr_equal(one->member,
                         with_members ? membership_find(snapshot->membership, &one->peer) : NULL);
        assert_true(i == 0 || node_id_compare(&visited.list[i - 1].peer, &one->peer) < 0);
    }
    log_snapshot_release(test->log, &snapshot);
    return visited;
}

static const struct history_conversation *find(const struct visited *visited, uint8_t who)
{
    for (size_t i = 0; i < visited->count; i++) {
        if (node_id_equal(&visited->list[i].peer, test_id(who))) {
            return &visited->list[i];
        }
    }
    return NULL;
}

/* Whoever of them comes first by their keys. */
static void history_conversations__visits_members_and_conversations_once_and_in_order(void **state)
{
    const uint8_t last = DAVE;
    struct test_log test;
    (void)state;
    int64_t lamport = begin(&test);
    for (uint8_t writer = 0; writer <= last; writer++) {
        if (writer == ALICE) {
            continue;
        }
        if (writer != 0) { /* one more each time */
            receive(&test, message(writer, test_id(ALICE), ID + writer, lamport + writer));
        }
        struct visited all = visit(&test, true, NULL);
        size_t conversations = writer == 0 ? 0 : (size_t)writer - ALICE;
        assert_int_equal(all.count, DAVE - ALICE);
        for (uint8_t who = BOB; who <= last; who++) {
            assert_non_null(find(&all, who)->member);
            assert_int_equal(find(&all, who)->last_message != NULL, who <= writer);
            assert_int_equal(find(&all, who)->unread, who <= writer ? 1 : 0);
        }
        assert_int_equal(visit(&test, false, NULL).count, conversations);
    }
    test_log_close(&test);
}

static void history_conversations__visits_who_is_asked_for_whatever_is_known(void **state)
{
    struct test_log test;
    (void)state;
    int64_t lamport = begin(&test);
    receive(&test, message(BOB, test_id(ALICE), ID, lamport));
    struct visited bob = visit(&test, true, test_id(BOB));
    struct visited dave = visit(&test, true, test_id(DAVE));
    struct visited stranger = visit(&test, true, test_id(STRANGER));
    assert_int_equal(bob.count, 1);
    assert_non_null(find(&bob, BOB)->last_message);
    assert_int_equal(dave.count, 1);
    assert_null(find(&dave, DAVE)->last_message);
    assert_non_null(find(&dave, DAVE)->member);
    assert_int_equal(stranger.count, 1);
    assert_null(find(&stranger, STRANGER)->member);
    test_log_close(&test);
}

static void offer(struct test_log *test, uint8_t owner, int64_t peer)
{
    database_run(&test->log->database,
                 "INSERT INTO offers(owner,peer,lamport,event_id,hash,public,reset)"
                 " VALUES(?1,?2,1,'',x'',x'',0)",
                 "ii", log_nodes_number(test->log, test_id(owner)), peer);
}

/* Wherever their number is found: the last message has it in one of two places, or none does. */
static void history_conversations__says_who_can_be_sealed_to(void **state)
{
    (void)state;
    for (int last = 0; last < 4; last++) { /* there is none, ours, theirs, none any more */
        for (int offered = 0; offered < 2; offered++) {
            struct test_log test;
            int64_t lamport = begin(&test);
            if (last == 1) {
                receive(&test, message(ALICE, test_id(BOB), ID, lamport));
            } else if (last != 0) {
                receive(&test, message(BOB, test_id(ALICE), ID, lamport));
            }
            if (last == 3) {
                log_unread_clear(test.log, 1);
            }
            offer(&test, CAROL, log_nodes_number(test.log, test_id(ALICE)));
            offer(&test, BOB, log_nodes_number(test.log, test_id(offered == 1 ? ALICE : DAVE)));
            struct visited all = visit(&test, true, NULL);
            assert_int_equal(find(&all, BOB)->last_message != NULL, last == 1 || last == 2);
            assert_int_equal(find(&all, BOB)->is_sealed, offered == 1);
            assert_int_equal(visit(&test, true, test_id(BOB)).list[0].is_sealed, offered == 1);
            assert_true(find(&all, CAROL)->is_sealed);
            assert_false(find(&all, DAVE)->is_sealed);
            test_log_close(&test);
        }
    }
}

static void count_conversation(void *context, const struct history_conversation *conversation)
{
    (void)conversation;
    ++*(int *)context;
}

/* Beside messages that Bob wrote to as many that nobody knows. */
static int64_t count_steps_of_list(unsigned invented)
{
    struct test_log test;
    int listed = 0;
    int64_t lamport = begin(&test);
    receive(&test, message(BOB, test_id(ALICE), ID, lamport));
    receive(&test, message(CAROL, test_id(DAVE), ID + 1, lamport + 1));
    for (unsigned i = 1; i <= invented; i++) {
        const struct node_id nobody = {{UINT8_MAX, (uint8_t)i, (uint8_t)(i >> 8)}};
        receive(&test, message(BOB, &nobody, ID + 1 + i, lamport + 1 + i));
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(test.log);
    (void)statement_steps_take(&test);
    assert_int_equal(
        history_conversations(test.log, snapshot->membership, NULL, count_conversation, &listed),
        RESULT_OK);
    assert_int_equal(listed, DAVE - ALICE); /* Bob, Carol and Dave */
    int64_t steps = statement_steps_take(&test);
    log_snapshot_release(test.log, &snapshot);
    test_log_close(&test);
    return steps;
}

static void history_conversations__does_not_look_at_whom_others_invent(void **state)
{
    (void)state;
    assert_int_equal(count_steps_of_list(MANY), count_steps_of_list(FEW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_conversations__visits_members_and_conversations_once_and_in_order),
        cmocka_unit_test(history_conversations__visits_who_is_asked_for_whatever_is_known),
        cmocka_unit_test(history_conversations__says_who_can_be_sealed_to),
        cmocka_unit_test(history_conversations__does_not_look_at_whom_others_invent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
