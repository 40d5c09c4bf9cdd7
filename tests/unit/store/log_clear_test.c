/* A cleared conversation is gone here: no word of it and no key is left, whatever comes after. */
#include "store/log_clear.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/co_signature.h"
#include "protocol/envelope.h"
#include "store/export.h"
#include "store/history_conversations.h"
#include "store/log_keep_aside_private.h"
#include "store/log_readers_private.h"
#include "support/changes.h"
#include "support/told.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAVE = 4, FIRST_ID = 700 };
enum { MOMENT_MS = 6000, MINUTE_MS = 60000 };

static void note(void *context, enum result result, const struct error *error, int64_t messages)
{
    assert_int_equal(result, RESULT_OK);
    assert_string_equal(error->message, "");
    *(int64_t *)context = messages;
}

static int64_t clear(struct neighbours *street, int who, uint8_t peer)
{
    int64_t messages = -1;
    assert_int_equal(log_clear_conversation(street->logs[who].log, test_id(peer), note, &messages),
                     RESULT_OK);
    return messages;
}

static void count_message(void *context, const struct history_message *message)
{
    (void)message;
    ++*(int *)context;
}

static int count_shown(struct neighbours *street, int who, uint8_t peer)
{
    int count = 0;
    bool more = false;
    const struct history_query query = {.peer = test_id(peer), .limit = HISTORY_MOST_LIMIT};
    assert_int_equal(history_page(street->logs[who].log, &query, count_message, &count, &more),
                     RESULT_OK);
    assert_false(more);
    return count;
}

static struct append_answer send(struct neighbours *street, int from, uint8_t to,
                                 const char *client_id, const char *text)
{
    return *test_log_append(&street->logs[from],
                            event_draft_message(client_id, test_id(to), text, NULL));
}

static int64_t ask(struct neighbours *street, const char *sql)
{
    return neighbours_ask_database(street, ALICE, sql);
}

static const char keys_with_bob[] =
    "SELECT count(*) FROM keyring k JOIN sealings s ON s.hash=k.hash"
    " WHERE k.key IS NOT NULL AND (s.author=(SELECT n.id FROM nodes n JOIN conversations c"
    " ON c.key=n.key WHERE c.id=1) OR s.recipient=(SELECT n.id FROM nodes n JOIN conversations c"
    " ON c.key=n.key WHERE c.id=1))";

static void log_clear__leaves_nothing_of_one_conversation(void **state)
{
    uint8_t key[ENVELOPE_KEY_BYTES];
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer first = send(&street, ALICE, BOB, "one", "walnut and oak");
    struct append_answer theirs = send(&street, BOB, ALICE, "two", "walnut and ash");
    (void)send(&street, CAROL, ALICE, "three", "walnut and elm");
    neighbours_exchange(&street);
    (void)changes_say(&street, ALICE, PAYLOAD_EDIT, first.event_id, "walnut and birch");
    (void)changes_say(&street, ALICE, PAYLOAD_REACTION, theirs.event_id, "+");
    (void)changes_say(&street, BOB, PAYLOAD_REACTION, first.event_id, "-");
    neighbours_exchange(&street);
    assert_true(neighbours_ask_bytes(&street, ALICE,
                                     "SELECT key FROM keyring k JOIN messages m ON m.hash=k.hash"
                                     " WHERE m.body='walnut and ash'",
                                     key, sizeof key));
    int events = neighbours_count_events(&street, ALICE, "chat.message.sent", NULL);
    assert_int_equal(ask(&street, keys_with_bob), 5);
    assert_int_equal(clear(&street, ALICE, BOB), 2);
    assert_int_equal(count_shown(&street, ALICE, BOB), 0);
    assert_int_equal(count_shown(&street, ALICE, CAROL), 1);
    assert_int_equal(changes_count_search(&street, ALICE, "walnut"), 1);
    assert_int_equal(ask(&street, keys_with_bob), 0);
    assert_int_equal(ask(&street, "SELECT count(*) FROM changes WHERE text<>'' OR target<>x''"), 0);
    assert_int_equal(ask(&street, "SELECT count(*) FROM messages WHERE body<>''"), 1);
    assert_int_equal(neighbours_count_events(&street, ALICE, "chat.message.sent", NULL), events);
    neighbours_pass(&street, ALICE, MINUTE_MS);
    assert_false(neighbours_holds_bytes(&street, ALICE, key, sizeof key));
    assert_false(neighbours_holds_bytes(&street, ALICE, "walnut and ash", 14));
    assert_true(neighbours_holds_bytes(&street, ALICE, "walnut and elm", 14));
    neighbours_exchange(&street);
    neighbours_reopen(&street, ALICE);
    assert_int_equal(clear(&street, ALICE, BOB), 0);
    (void)neighbours_send(&street, BOB, ALICE, "afterwards");
    (void)changes_say(&street, BOB, PAYLOAD_EDIT, theirs.event_id, "walnut and yew");
    neighbours_exchange(&street);
    assert_int_equal(count_shown(&street, ALICE, BOB), 1);
    assert_int_equal(changes_count_search(&street, ALICE, "walnut"), 1);
    assert_int_equal(count_shown(&street, BOB, ALICE), 3);
    assert_int_equal(clear(&street, ALICE, BOB), 1);
    neighbours_end_whole(&street);
}

static void log_clear__a_message_that_was_sent_is_not_sent_again(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer sent = send(&street, ALICE, BOB, "one", "hello");
    assert_int_equal(clear(&street, ALICE, BOB), 1);
    struct append_answer again = send(&street, ALICE, BOB, "one", "hello");
    assert_int_equal(again.result, RESULT_OK);
    assert_true(again.repeated);
    assert_string_equal(again.event_id, sent.event_id);
    assert_int_equal(count_shown(&street, ALICE, BOB), 0);
    neighbours_end_whole(&street);
}

/* What was sent in clear stays in its event, which everybody has, and nowhere else. */
static void log_clear__what_was_in_clear_is_shown_no_more(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    neighbours_change_database(&street, ALICE, "DELETE FROM offers");
    (void)send(&street, ALICE, BOB, "one", "walnut");
    assert_int_equal(neighbours_count(&street, ALICE, "walnut", MESSAGE_CLEAR), 1);
    neighbours_exchange(&street);
    assert_int_equal(clear(&street, ALICE, BOB), 1);
    assert_int_equal(count_shown(&street, ALICE, BOB), 0);
    assert_int_equal(changes_count_search(&street, ALICE, "walnut"), 0);
    assert_int_equal(ask(&street, "SELECT count(*) FROM messages WHERE body<>''"), 0);
    assert_int_equal(ask(&street, "SELECT count(*) FROM events WHERE json LIKE '%walnut%'"), 1);
    neighbours_change_database(&street, ALICE,
                               "INSERT INTO meta(key,value) VALUES('derived','no')");
    assert_int_equal(count_shown(&street, ALICE, BOB), 0);
    assert_int_equal(ask(&street, "SELECT count(*) FROM messages WHERE body<>''"), 0);
    assert_int_equal(ask(&street, "SELECT count(*) FROM messages"), 1);
    assert_int_equal(count_shown(&street, BOB, ALICE), 1);
    neighbours_end_whole(&street);
}

/* The keys in a message of keys are those of others. */
static void log_clear__keys_that_were_given_go_too(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    neighbours_change_database(&street, ALICE, "DELETE FROM receiving_keys");
    (void)neighbours_send(&street, BOB, ALICE, "waited");
    neighbours_give(&street, BOB, ALICE);
    neighbours_pass(&street, ALICE, MOMENT_MS);
    neighbours_exchange(&street);
    assert_int_equal(neighbours_count(&street, ALICE, "waited", MESSAGE_OPENED), 1);
    assert_int_equal(ask(&street, keys_with_bob), 2);
    assert_int_equal(clear(&street, ALICE, BOB), 1);
    assert_int_equal(ask(&street, keys_with_bob), 0);
    neighbours_end_whole(&street);
}

static void log_clear__what_waits_for_its_key_does_not_come_back(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    neighbours_change_database(&street, ALICE, "DELETE FROM receiving_keys");
    (void)neighbours_send(&street, BOB, ALICE, "waits");
    neighbours_give(&street, BOB, ALICE);
    neighbours_pass(&street, ALICE, MOMENT_MS);
    assert_int_equal(clear(&street, ALICE, BOB), 1);
    neighbours_exchange(&street); /* with its key */
    assert_int_equal(count_shown(&street, ALICE, BOB), 0);
    assert_int_equal(neighbours_count(&street, ALICE, "waits", MESSAGE_OPENED), 0);
    assert_int_equal(ask(&street, "SELECT count(*) FROM messages WHERE body<>''"), 0);
    neighbours_end_whole(&street);
}

/* As a kill leaves it: begun, with some done, and a message that came since. */
static void log_clear__goes_on_after_a_kill(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer done = send(&street, ALICE, BOB, "one", "walnut 1");
    for (int i = 2; i < 200; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "walnut %d", i);
        (void)neighbours_send(&street, i % 2 == 0 ? BOB : ALICE, i % 2 == 0 ? ALICE : BOB, text);
    }
    neighbours_exchange(&street);
    const struct log_change forgotten = {.kind = PAYLOAD_DELETE,
                                         .here_only = true,
                                         .event_id = done.event_id,
                                         .text = "",
                                         .client_id = "forget"};
    assert_int_equal(changes_append(&street, ALICE, &forgotten).result, RESULT_OK);
    (void)neighbours_send(&street, CAROL, ALICE, "walnut of Carol");
    neighbours_change_database(&street, ALICE,
                               "INSERT INTO clearings(conversation,through,done)"
                               " SELECT 1,max(seq),0 FROM events;"
                               "UPDATE conversations SET unread=0 WHERE id=1");
    (void)neighbours_send(&street, BOB, ALICE, "walnut of later");
    neighbours_exchange(&street);
    assert_int_equal(count_shown(&street, ALICE, BOB), 1);
    assert_int_equal(ask(&street, "SELECT done FROM clearings"), 1);
    assert_int_equal(ask(&street, keys_with_bob), 1);
    assert_int_equal(ask(&street, "SELECT count(*) FROM messages WHERE body LIKE 'walnut%'"), 2);
    assert_int_equal(changes_count_search(&street, ALICE, "walnut"), 2);
    neighbours_end_whole(&street);
}

/* What came since it began is none of its business. */
static void log_clear__takes_what_was_there_when_it_was_asked_for(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, BOB, ALICE, "before");
    neighbours_exchange(&street);
    int64_t through = ask(&street, "SELECT max(seq) FROM events");
    (void)neighbours_send(&street, BOB, ALICE, "since");
    (void)neighbours_send(&street, ALICE, BOB, "since");
    neighbours_exchange(&street);
    char sql[160];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO clearings(conversation,through,done) VALUES(1,%lld,0);"
                   "UPDATE conversations SET unread=1 WHERE id=1",
                   (long long)through);
    neighbours_change_database(&street, ALICE, sql);
    assert_int_equal(count_shown(&street, ALICE, BOB), 2);
    assert_int_equal(ask(&street, keys_with_bob), 2);
    assert_int_equal(neighbours_count(&street, ALICE, "since", MESSAGE_OPENED), 2);
    neighbours_end_whole(&street);
}

/* In clear, so that its event is the only place that has it. */
static void log_clear__words_for_what_was_in_clear_come_too_late(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    neighbours_change_database(&street, BOB, "DELETE FROM offers");
    struct append_answer sent = send(&street, BOB, ALICE, "one", "walnut");
    neighbours_change_database(&street, BOB, "INSERT INTO meta(key,value) VALUES('derived','no')");
    neighbours_exchange(&street);
    assert_int_equal(clear(&street, ALICE, BOB), 1);
    (void)changes_say(&street, BOB, PAYLOAD_EDIT, sent.event_id, "walnut and yew");
    neighbours_exchange(&street);
    assert_int_equal(ask(&street, "SELECT count(*) FROM changes WHERE text<>''"), 0);
    assert_int_equal(ask(&street, keys_with_bob), 0);
    neighbours_end_whole(&street);
}

/* Dave, who is trusted from here on, revokes Bob. */
static void tell_that_bob_is_gone(struct told *told, int64_t lamport)
{
    const struct signing_key alice = test_key(ALICE);
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers,
        co_signature_make(&alice, event_data_level_statement(LEVEL_TRUSTED, test_id(DAVE))));
    (void)told_add(told, ALICE, event_draft_level(true, test_id(DAVE), LEVEL_TRUSTED, signers),
                   FIRST_ID, lamport - 2);
    json_decref(signers);
    (void)told_revocation(told, DAVE, BOB, FIRST_ID + 1, lamport);
}

/* Carol's log. Alice revoked Dave before he could revoke Bob. */
static void log_clear__what_is_aside_comes_back_without_words(void **state)
{
    uint8_t key[ENVELOPE_KEY_BYTES];
    struct neighbours street;
    struct told told = {.count = 0};
    (void)state;
    neighbours_begin(&street, DAVE);
    neighbours_exchange(&street);
    int64_t gone_at = neighbours_send(&street, BOB, CAROL, "walnut and oak");
    neighbours_exchange(&street);
    struct append_answer sent = send(&street, BOB, CAROL, "one", "walnut and ash");
    (void)changes_say(&street, BOB, PAYLOAD_EDIT, sent.event_id, "walnut and yew");
    neighbours_exchange(&street);
    assert_true(neighbours_ask_bytes(
        &street, CAROL,
        "SELECT key FROM keyring k JOIN messages m ON m.hash=k.hash WHERE m.body='walnut and yew'",
        key, sizeof key));
    tell_that_bob_is_gone(&told, gone_at);
    told_give(&street.logs[CAROL], &told, 0, 2);
    assert_int_equal(count_shown(&street, CAROL, BOB), 1);
    assert_int_equal(clear(&street, CAROL, BOB), 1);
    neighbours_pass(&street, CAROL, MINUTE_MS);
    neighbours_pass(&street, CAROL, MINUTE_MS);
    assert_false(neighbours_holds_bytes(&street, CAROL, key, sizeof key));
    (void)told_revocation(&told, ALICE, DAVE, FIRST_ID + 2, gone_at - 1);
    told_give(&street.logs[CAROL], &told, 2, 1);
    assert_int_equal(
        neighbours_ask_database(&street, CAROL, "SELECT count(*) FROM messages WHERE cleared=1"),
        3);
    assert_int_equal(count_shown(&street, CAROL, BOB), 0);
    assert_int_equal(changes_count_search(&street, CAROL, "walnut"), 0);
    assert_int_equal(
        neighbours_ask_database(&street, CAROL,
                                "SELECT (SELECT count(*) FROM changes WHERE text<>'')"
                                "+(SELECT count(*) FROM messages WHERE body<>'')"
                                "+(SELECT count(*) FROM keyring k JOIN sealings s ON s.hash=k.hash"
                                " WHERE k.key IS NOT NULL)"),
        0);
    neighbours_pass(&street, CAROL, MINUTE_MS);
    assert_false(neighbours_holds_bytes(&street, CAROL, key, sizeof key));
    assert_false(neighbours_holds_bytes(&street, CAROL, "walnut and", 10));
    neighbours_verify(&street, CAROL);
    told_forget(&told);
    neighbours_end(&street);
}

/* As `repair` keeps what is genuine of somebody who does not belong: nobody opened it. */
static void keep_aside(struct neighbours *street, struct verified_event *event)
{
    int64_t kept = 0;
    struct verified_event **events = memory_allocate(1, sizeof(struct verified_event *));
    events[0] = event;
    assert_int_equal(log_keep_aside_events(street->logs[CAROL].log, events, 1, &kept), RESULT_OK);
    assert_int_equal(kept, 1);
}

/* What it is about comes after the conversation was cleared. */
static void log_clear__a_deletion_that_is_aside_still_holds(void **state)
{
    struct neighbours street;
    struct told told = {.count = 0};
    (void)state;
    neighbours_begin(&street, DAVE);
    neighbours_exchange(&street);
    int64_t gone_at = neighbours_send(&street, BOB, CAROL, "walnut and oak");
    neighbours_exchange(&street);
    struct crafting crafting = changes_craft_for(&street, CAROL);
    crafting.lamport = gone_at + 1;
    struct verified_event *taken_back = changes_craft_text(&crafting, BOB, "walnut and ash");
    struct verified_event *words = changes_craft_text(&crafting, BOB, "walnut and elm");
    struct verified_event *deletion =
        changes_craft_delete(&crafting, BOB, event_verified_get(taken_back)->hash);
    tell_that_bob_is_gone(&told, gone_at);
    told_give(&street.logs[CAROL], &told, 0, 2);
    keep_aside(&street, words);
    keep_aside(&street, deletion);
    assert_int_equal(clear(&street, CAROL, BOB), 1);
    (void)told_revocation(&told, ALICE, DAVE, FIRST_ID + 2, gone_at - 1);
    told_give(&street.logs[CAROL], &told, 2, 1);
    assert_int_equal(count_shown(&street, CAROL, BOB), 0);
    changes_receive(&crafting, taken_back);
    assert_int_equal(count_shown(&street, CAROL, BOB), 1);
    assert_int_equal(neighbours_count(&street, CAROL, "", MESSAGE_DELETED), 1);
    assert_int_equal(changes_count_search(&street, CAROL, "walnut"), 0);
    neighbours_verify(&street, CAROL);
    told_forget(&told);
    neighbours_end(&street);
}

static void count_exported(void *context, const struct history_message *message,
                           const struct export_proofs *proofs)
{
    (void)message, (void)proofs;
    ++*(int *)context;
}

static void log_clear__is_in_no_export(void **state)
{
    int count = 0;
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)send(&street, ALICE, BOB, "one", "walnut");
    (void)send(&street, ALICE, CAROL, "two", "oak");
    assert_int_equal(clear(&street, ALICE, BOB), 1);
    assert_int_equal(export_read(street.logs[ALICE].log, count_exported, &count), RESULT_OK);
    assert_int_equal(count, 1);
    neighbours_end_whole(&street);
}

/* What the statements did since the last time. */
static int64_t count_steps(struct neighbours *street)
{
    int64_t steps = 0;
    struct event_log *log = street->logs[ALICE].log;
    struct database *reader = log_readers_acquire(log);
    for (size_t i = 0; i < DATABASE_STATEMENT_PLACES; i++) {
        if (reader->statements[i].statement != NULL) {
            steps +=
                sqlite3_stmt_status(reader->statements[i].statement, SQLITE_STMTSTATUS_VM_STEP, 1);
        }
    }
    assert_int_equal(log_readers_release(log, &reader), RESULT_OK);
    return steps;
}

static void count_conversation(void *context, const struct history_conversation *conversation)
{
    *(int *)context += conversation->last_message != NULL ? 1 : 0;
    *(int *)context += conversation->first_unread != NULL ? 1 : 0;
}

/* Begins with as many messages, and lets one come. */
static int64_t count_steps_beside(struct neighbours *street, int messages)
{
    int count = 0;
    bool more = false;
    struct event_log *log = street->logs[ALICE].log;
    const struct history_query all = {.limit = 10, .newest = true};
    for (int i = 0; i < messages; i++) {
        (void)neighbours_send(street, BOB, ALICE, "walnut");
    }
    neighbours_exchange(street);
    assert_int_equal(clear(street, ALICE, BOB), messages);
    (void)neighbours_send(street, BOB, ALICE, "walnut");
    neighbours_exchange(street);
    (void)count_steps(street);
    assert_int_equal(history_conversations(log, NULL, NULL, count_conversation, &count), RESULT_OK);
    assert_int_equal(history_last_message(log, test_id(BOB), count_message, &count), RESULT_OK);
    assert_int_equal(history_page(log, &all, count_message, &count, &more), RESULT_OK);
    assert_int_equal(count, 4);
    assert_int_equal(count_shown(street, ALICE, BOB), 1);
    assert_int_equal(changes_count_search(street, ALICE, "walnut"), 1);
    int64_t steps = count_steps(street);
    assert_int_equal(clear(street, ALICE, BOB), 1);
    return steps;
}

static void log_clear__costs_who_reads_nothing(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    street.logs[ALICE].log->search_may_wait = 0; /* a search looks at what waits */
    int64_t steps = count_steps_beside(&street, 1);
    assert_int_equal(count_steps_beside(&street, 100), steps);
    neighbours_end_whole(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_clear__leaves_nothing_of_one_conversation),
        cmocka_unit_test(log_clear__a_message_that_was_sent_is_not_sent_again),
        cmocka_unit_test(log_clear__what_was_in_clear_is_shown_no_more),
        cmocka_unit_test(log_clear__keys_that_were_given_go_too),
        cmocka_unit_test(log_clear__what_waits_for_its_key_does_not_come_back),
        cmocka_unit_test(log_clear__goes_on_after_a_kill),
        cmocka_unit_test(log_clear__takes_what_was_there_when_it_was_asked_for),
        cmocka_unit_test(log_clear__words_for_what_was_in_clear_come_too_late),
        cmocka_unit_test(log_clear__what_is_aside_comes_back_without_words),
        cmocka_unit_test(log_clear__a_deletion_that_is_aside_still_holds),
        cmocka_unit_test(log_clear__is_in_no_export),
        cmocka_unit_test(log_clear__costs_who_reads_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
