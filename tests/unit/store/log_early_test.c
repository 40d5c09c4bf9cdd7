/* What was sealed before its turn is sent only if the writer would have sealed it the same way. */
#include "store/log_early_private.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "store/log_keys.h"
#include "store/log_nodes_private.h"
#include "store/log_offers_private.h"
#include "store/log_own_private.h"
#include "store/log_terms_private.h"
#include "store/log_wait.h"
#include "store/log_writer_private.h"
#include "support/neighbours.h"

enum { ALICE = 1, BOB = 2, WRITERS = 4, EACH = 25 };

/* A message that waits for its turn. */
struct turn {
    struct writer_job job;
    struct event_draft draft;
    struct log_early_message *early;
    struct append_answer answer;
    enum result committed;
    bool fails; /* the disk, after it */
    bool taken;
};

static void run_turn(struct writer_job *job, struct event_log *log)
{
    struct turn *turn = (struct turn *)job;
    bool was_sealed = turn->early != NULL && turn->early->is_sealed;
    turn->answer.result = log_own_append_early(log, &turn->draft, turn->early, &turn->answer);
    turn->taken = was_sealed && !turn->early->is_sealed;
    if (turn->fails) {
        database_fail(&log->database, "as the test wants it");
    }
}

static bool is_ahead(const struct writer_job *job, struct event_log *log)
{
    return log_early_is_ahead(log, ((const struct turn *)job)->early);
}

static void end_turn(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct turn *turn = (struct turn *)job;
    turn->committed = commit;
    log_early_destroy(log, &turn->early);
}

static struct turn prepare(struct neighbours *street, const char *text)
{
    struct turn turn = {.job = {.is_ahead = is_ahead, .run = run_turn, .done = end_turn},
                        .draft = event_draft_message(text, test_id(BOB), text, NULL)};
    turn.early = log_early_seal(street->logs[ALICE].log, &turn.draft);
    return turn;
}

static void prepare_each(struct neighbours *street, struct turn *turns, size_t count)
{
    static const char *const texts[] = {"one", "two", "three", "four"};
    for (size_t i = 0; i < count; i++) {
        turns[i] = prepare(street, texts[i]);
    }
}

/* True: what was sealed early was sent. */
static bool take(struct neighbours *street, struct turn *turn)
{
    assert_int_equal(log_writer_submit(street->logs[ALICE].log, &turn->job), RESULT_OK);
    assert_int_equal(turn->answer.result, RESULT_OK);
    assert_true(turn->fails || turn->answer.e2e);
    assert_int_equal(turn->committed, turn->fails ? RESULT_IO : RESULT_OK);
    return turn->taken;
}

/* Handed over in this order, in one commit. */
struct turns {
    struct writer_job job;
    struct writer_job *jobs[3];
};

static void run_turns(struct writer_job *job, struct event_log *log)
{
    log_writer_run(log, ((struct turns *)job)->jobs, 3);
}

static void end_turns(struct writer_job *job, struct event_log *log, enum result commit)
{
    for (size_t i = 0; i < 3; i++) {
        struct writer_job *one = ((struct turns *)job)->jobs[i];
        one->done(one, log, commit);
    }
}

static void run_together(struct neighbours *street, struct turn *one, struct turn *two,
                         struct turn *three)
{
    struct turns turns = {.job = {.run = run_turns, .done = end_turns},
                          .jobs = {&one->job, &two->job, &three->job}};
    assert_int_equal(log_writer_submit(street->logs[ALICE].log, &turns.job), RESULT_OK);
}

/* A test's street: Alice has written to Bob twice, with an offer, and when he was due none any
 * more. */
static int begin(void **state)
{
    static struct neighbours begun;
    struct neighbours *street = &begun;
    *state = street;
    neighbours_begin(street, 3);
    neighbours_exchange(street);
    (void)neighbours_send(street, ALICE, BOB, "first");
    (void)neighbours_send(street, ALICE, BOB, "second");
    neighbours_exchange(street);
    return 0;
}

/* All of Alice's messages have reached Bob, and their numbers are 1 to `count`. */
static void end(struct neighbours *street, int count)
{
    neighbours_exchange(street);
    assert_int_equal(neighbours_ask_database(street, BOB,
                                             "SELECT count(*) FROM messages"
                                             " WHERE author<>1 AND sealed=1"),
                     0);
    assert_int_equal(
        neighbours_ask_database(street, ALICE, "SELECT max(number) FROM sealings WHERE author=1"),
        count);
    assert_int_equal(
        neighbours_ask_database(street, ALICE,
                                "SELECT count(DISTINCT number) FROM sealings WHERE author=1"),
        count);
    assert_int_equal(
        neighbours_ask_database(street, ALICE,
                                "SELECT count(DISTINCT commitment) FROM sealings WHERE author=1"),
        count);
    neighbours_verify(street, ALICE);
    neighbours_verify(street, BOB);
    neighbours_end(street);
}

static void assert_read(struct neighbours *street, const char *text)
{
    neighbours_exchange(street);
    assert_int_equal(neighbours_count(street, ALICE, text, MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count(street, BOB, text, MESSAGE_OPENED), 1);
    assert_int_equal(neighbours_count_delivered(street, ALICE, text), 1);
}

static void log_early__is_sent_when_the_guess_was_right(void **state)
{
    struct neighbours *street = *state;
    struct turn turns[3];
    prepare_each(street, turns, 3);
    assert_true(take(street, &turns[0]) && take(street, &turns[1]) && take(street, &turns[2]));
    assert_read(street, "one");
    assert_read(street, "two");
    assert_read(street, "three");
    end(street, 5);
}

static void log_early__numbers_follow_the_turns(void **state)
{
    struct neighbours *street = *state;
    struct turn one = prepare(street, "one");
    struct turn two = prepare(street, "two");
    assert_false(take(street, &two) || take(street, &one));
    struct turn three = prepare(street, "three");
    assert_true(take(street, &three));
    assert_read(street, "one");
    assert_read(street, "two");
    end(street, 5);
}

/* The threads that seal them hand them over as they end. */
static void log_early__each_has_its_turn_in_a_commit(void **state)
{
    struct neighbours *street = *state;
    struct turn turns[3];
    prepare_each(street, turns, 3);
    run_together(street, &turns[2], &turns[1], &turns[0]);
    assert_true(turns[0].taken && turns[1].taken && turns[2].taken);
    end(street, 5);
}

/* Where one is still being sealed, one other takes its turn, and not each that of another. */
static void log_early__one_is_sealed_again_for_one_that_lacks(void **state)
{
    struct neighbours *street = *state;
    struct turn turns[4];
    prepare_each(street, turns, 4);
    run_together(street, &turns[1], &turns[2], &turns[3]);
    assert_true(turns[1].taken && turns[2].taken && !turns[3].taken);
    assert_false(take(street, &turns[0]));
    struct turn five = prepare(street, "five");
    assert_true(take(street, &five));
    end(street, 7);
}

/* A turn with an offer of ours is the writer's. */
static void log_early__offers_no_keys(void **state)
{
    struct neighbours *street = *state;
    struct turn known = prepare(street, "known");
    (void)neighbours_send(street, BOB, ALICE, "answer");
    neighbours_exchange(street);
    int before = neighbours_count_events(street, ALICE, "\"ciphertext\"", "\"reply\"");
    struct turn unknown = prepare(street, "unknown");
    assert_true(known.early->is_sealed && !unknown.early->is_sealed);
    assert_false(take(street, &known) || take(street, &unknown));
    assert_int_equal(neighbours_count_events(street, ALICE, "\"ciphertext\"", "\"reply\""),
                     before + 1);
    struct turn again = prepare(street, "again");
    assert_true(take(street, &again));
    end(street, 5);
}

static void rotated(void *context, const struct append_answer *answer)
{
    (void)context;
    assert_int_equal(answer->result, RESULT_OK);
}

static void log_early__what_changes_before_the_turn_counts(void **state)
{
    struct neighbours *street = *state;
    struct turn old = prepare(street, "to an offer that ended");
    assert_int_equal(log_keys_rotate(street->logs[BOB].log, rotated, NULL), RESULT_OK);
    neighbours_exchange(street);
    assert_true(old.early->is_sealed && !old.early->terms.needs_reply);
    assert_false(take(street, &old));
    assert_read(street, "to an offer that ended");

    (void)neighbours_send(street, ALICE, BOB, "between");
    old = prepare(street, "to an older offer");
    (void)neighbours_send(street, BOB, ALICE, "answer");
    neighbours_exchange(street);
    assert_true(old.early->is_sealed);
    assert_false(take(street, &old));
    assert_read(street, "to an older offer");

    (void)neighbours_send(street, ALICE, BOB, "between");
    struct turn without = prepare(street, "without an offer");
    assert_int_equal(log_keys_rotate(street->logs[ALICE].log, rotated, NULL), RESULT_OK);
    assert_true(without.early->is_sealed && !without.early->terms.needs_reply);
    int before = neighbours_count_events(street, ALICE, "\"ciphertext\"", "\"reply\"");
    assert_false(take(street, &without));
    assert_int_equal(neighbours_count_events(street, ALICE, "\"ciphertext\"", "\"reply\""),
                     before + 1);
    assert_read(street, "without an offer");
    end(street, 7);
}

/* What was sealed to our offer, too, if nothing else comes with it. */
static void log_early__knows_that_an_offer_was_used(void **state)
{
    struct neighbours *street = *state;
    struct log_offer offer;
    struct log_terms terms;
    struct event_log *log = street->logs[ALICE].log;
    int64_t bob = log_nodes_number(log, test_id(BOB));
    assert_true(log_offers_current(log, log->self, bob, &offer) && !offer.to_everybody);
    assert_true(log_terms_find(log, bob, &terms) && !terms.needs_reply);
    log_receiving_keys_note_use(log, &offer.key, bob, 1);
    assert_false(log_terms_find(log, bob, &terms));
    struct turn unknown = prepare(street, "unknown");
    assert_false(unknown.early->is_sealed || take(street, &unknown));
    end(street, 3);
}

/* What a transaction that failed made known is not known. */
static void log_early__forgets_what_was_rolled_back(void **state)
{
    struct neighbours *street = *state;
    (void)log_open("/dev/null", LOG_ERROR, NULL);
    struct turn lost = prepare(street, "lost");
    struct turn behind = prepare(street, "behind");
    lost.fails = true;
    assert_true(take(street, &lost));
    struct turn unknown = prepare(street, "unknown");
    assert_false(unknown.early->is_sealed);
    assert_false(take(street, &behind)); /* its number is the one that was lost */
    assert_false(take(street, &unknown));
    struct turn known = prepare(street, "known");
    assert_true(take(street, &known));
    assert_int_equal(neighbours_count(street, ALICE, "lost", MESSAGE_OPENED), 0);
    assert_read(street, "behind");
    end(street, 5);
}

/* Nor does what is refused; those behind it are sealed again. */
static void log_early__a_repeat_takes_no_number(void **state)
{
    struct neighbours *street = *state;
    struct turn once = prepare(street, "once");
    assert_true(take(street, &once));
    struct turn repeated = prepare(street, "once");
    struct turn behind = prepare(street, "behind");
    assert_false(take(street, &repeated));
    assert_true(repeated.answer.repeated);
    struct turn next = prepare(street, "next");
    assert_false(take(street, &behind));
    assert_true(take(street, &next));
    end(street, 5);
}

/* One that the writer never ran, too. */
static void log_early__counts_only_those_that_wait(void **state)
{
    struct neighbours *street = *state;
    struct event_log *log = street->logs[ALICE].log;
    struct turn none = prepare(street, "none");
    assert_int_equal(none.early->terms.number, 3);
    log_early_destroy(log, &none.early);
    assert_null(none.early);
    event_draft_deinit(&none.draft);
    struct turn one = prepare(street, "one");
    assert_int_equal(one.early->terms.number, 3);
    assert_true(take(street, &one));
    end(street, 3);
}

static void log_early__seals_nothing_twice_alike(void **state)
{
    static const char *const members[] = {"commit", "keys"};
    struct neighbours *street = *state;
    struct event_log *log = street->logs[ALICE].log;
    struct event_draft draft = event_draft_message("c", test_id(BOB), "same", NULL);
    struct log_early_message *one = log_early_seal(log, &draft);
    log_early_forget_all(log);
    struct log_terms terms;
    assert_true(log_terms_find(log, one->terms.peer, &terms));
    const struct log_terms before = {.peer = terms.peer,
                                     .to = terms.to,
                                     .number = terms.number - 1,
                                     .needs_reply = terms.needs_reply};
    log_early_go_on(log, test_id(BOB), &before, one); /* so that the number is the same */
    struct log_early_message *other = log_early_seal(log, &draft);
    assert_int_equal(one->terms.number, other->terms.number);
    const json_t *bodies[] = {json_object_get(one->draft.data, "body"),
                              json_object_get(other->draft.data, "body")};
    assert_true(json_is_object(bodies[0]) && json_is_object(bodies[1]));
    assert_string_not_equal(json_string_value(json_object_get(bodies[0], "ciphertext")),
                            json_string_value(json_object_get(bodies[1], "ciphertext")));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *header = json_object_get(bodies[0], "header");
        const json_t *header_of_other = json_object_get(bodies[1], "header");
        assert_string_not_equal(json_string_value(json_object_get(header, members[i])),
                                json_string_value(json_object_get(header_of_other, members[i])));
    }
    assert_memory_not_equal(one->secrets.key.key, other->secrets.key.key, ENVELOPE_KEY_BYTES);
    log_early_destroy(log, &one);
    log_early_destroy(log, &other);
    event_draft_deinit(&draft);
    end(street, 2);
}

/* The secrets are the writer's then, and nowhere else. */
static void log_early__keeps_no_secrets_that_were_taken(void **state)
{
    static const struct log_secrets nothing = {.has_key = false};
    struct neighbours *street = *state;
    struct log_secrets secrets;
    struct event_log *log = street->logs[ALICE].log;
    struct turn one = prepare(street, "one");
    const struct log_terms terms = one.early->terms;
    assert_true(log_early_take(log, one.early, &terms, &one.draft, &secrets));
    assert_true(secrets.has_key);
    assert_false(one.early->is_sealed);
    assert_memory_equal(&one.early->secrets, &nothing, sizeof nothing);
    log_secrets_wipe(&secrets);
    log_early_destroy(log, &one.early);
    event_draft_deinit(&one.draft);
    neighbours_end(street);
}

static void log_early__leaves_the_rest_to_the_writer(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin(&street, 3);
    struct event_log *log = street.logs[ALICE].log;
    struct event_draft draft = event_draft_message("c", test_id(BOB), "text", NULL);
    assert_null(log_early_seal(log, &draft)); /* Bob offers nothing yet */
    neighbours_exchange(&street);
    assert_null(log_early_seal(log, &draft)); /* and was never written to */
    (void)neighbours_send(&street, ALICE, BOB, "first");
    memcpy(draft.reply_to, street.logs[ALICE].appended.event_id, ULID_TEXT_BYTES);
    assert_null(log_early_seal(log, &draft)); /* what it answers is in the log */
    event_draft_deinit(&draft);
    draft = event_draft_delivered(street.logs[ALICE].appended.event_id, 1);
    assert_null(log_early_seal(log, &draft));
    event_draft_deinit(&draft);
    end(&street, 1);
}

/* Where something waits, nobody else comes. */
static void log_early__knows_few_peers(void **state)
{
    struct neighbours *street = *state;
    struct turn waiting = prepare(street, "waiting");
    struct event_log *log = street->logs[ALICE].log;
    const struct log_terms terms = {.peer = 99, .number = 7};
    for (uint8_t i = 1; i <= 3 * LOG_EARLY_PEERS; i++) {
        const struct node_id stranger = {{i}};
        log_early_go_on(log, &stranger, &terms, NULL);
    }
    assert_int_equal(log->early.peers[0].waiting, 1);
    assert_true(node_id_equal(&log->early.peers[0].node_id, test_id(BOB)));
    assert_true(take(street, &waiting));
    const struct node_id gone = {{1}};
    const struct node_id last = {{3 * LOG_EARLY_PEERS}};
    int found = 0;
    for (size_t i = 0; i < LOG_EARLY_PEERS; i++) {
        assert_false(node_id_equal(&log->early.peers[i].node_id, &gone));
        found += node_id_equal(&log->early.peers[i].node_id, &last) ? 1 : 0;
        found += node_id_equal(&log->early.peers[i].node_id, test_id(BOB)) ? 1 : 0;
    }
    assert_int_equal(found, 2);
    end(street, 3);
}

struct writing {
    struct event_log *log;
    struct node_id recipient;
    int number;
    int sealed;
};

static void write_some(void *context)
{
    struct writing *writing = context;
    for (int i = 0; i < EACH; i++) {
        char text[32];
        struct append_answer answer = {0};
        (void)snprintf(text, sizeof text, "%d of %d", i, writing->number);
        struct event_draft draft = event_draft_message(text, &writing->recipient, text, NULL);
        (void)log_wait_append(writing->log, &draft, &answer);
        writing->sealed += answer.result == RESULT_OK && answer.e2e ? 1 : 0;
    }
}

static void log_early__many_write_at_once(void **state)
{
    struct neighbours *street = *state;
    struct writing writings[WRITERS];
    struct thread *threads[WRITERS];
    const struct event_log_options options = {
        .answers_messages = true, .keeps_keys = true, .clock = &street->clock};
    test_log_reopen_with(&street->logs[ALICE], ALICE, &options);
    for (int i = 0; i < WRITERS; i++) {
        writings[i] = (struct writing){street->logs[ALICE].log, *test_id(BOB), i, 0};
        assert_int_equal(thread_start("writing", write_some, &writings[i], &threads[i]), RESULT_OK);
    }
    for (int i = 0; i < WRITERS; i++) {
        thread_join(&threads[i]);
        assert_int_equal(writings[i].sealed, EACH);
    }
    neighbours_reopen(street, ALICE);
    neighbours_exchange(street);
    for (int i = 0; i < WRITERS * EACH; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "%d of %d", i % EACH, i / EACH);
        assert_int_equal(neighbours_count(street, BOB, text, MESSAGE_OPENED), 1);
    }
    end(street, 2 + WRITERS * EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(log_early__is_sent_when_the_guess_was_right, begin),
        cmocka_unit_test_setup(log_early__numbers_follow_the_turns, begin),
        cmocka_unit_test_setup(log_early__each_has_its_turn_in_a_commit, begin),
        cmocka_unit_test_setup(log_early__one_is_sealed_again_for_one_that_lacks, begin),
        cmocka_unit_test_setup(log_early__offers_no_keys, begin),
        cmocka_unit_test_setup(log_early__what_changes_before_the_turn_counts, begin),
        cmocka_unit_test_setup(log_early__knows_that_an_offer_was_used, begin),
        cmocka_unit_test_setup(log_early__forgets_what_was_rolled_back, begin),
        cmocka_unit_test_setup(log_early__a_repeat_takes_no_number, begin),
        cmocka_unit_test_setup(log_early__counts_only_those_that_wait, begin),
        cmocka_unit_test_setup(log_early__seals_nothing_twice_alike, begin),
        cmocka_unit_test_setup(log_early__keeps_no_secrets_that_were_taken, begin),
        cmocka_unit_test(log_early__leaves_the_rest_to_the_writer),
        cmocka_unit_test_setup(log_early__knows_few_peers, begin),
        cmocka_unit_test_setup(log_early__many_write_at_once, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
