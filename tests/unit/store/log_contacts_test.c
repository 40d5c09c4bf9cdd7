/* What the owner keeps of others is nobody else's; who is blocked is neither heard nor written to,
 * and the log stays what it is. */
#include "store/log_contacts.h"

#include <stdio.h>
#include <string.h>

#include "store/log_restoring.h"
#include "store/log_sessions_private.h"
#include "support/changes.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, STRANGER = 20, MOMENT_MS = 6000, MINUTE_MS = 60000 };

static void keep(void *context, const struct append_answer *answer)
{
    *(struct append_answer *)context = *answer;
}

static enum result change(struct neighbours *street, int who, uint8_t contact,
                          struct log_contact_wish wish)
{
    struct append_answer answer = {.result = RESULT_BUSY};
    assert_int_equal(
        log_contacts_change(street->logs[who].log, test_id(contact), &wish, keep, &answer),
        RESULT_OK);
    assert_true((answer.result == RESULT_OK) == (answer.error.message[0] == '\0'));
    return answer.result;
}

static void block(struct neighbours *street, int who, uint8_t contact, bool blocked)
{
    assert_int_equal(change(street, who, contact, (struct log_contact_wish){.blocked = &blocked}),
                     RESULT_OK);
}

static struct log_contact find(struct neighbours *street, int who, uint8_t contact)
{
    struct log_contacts contacts;
    assert_int_equal(log_contacts_read(street->logs[who].log, &contacts), RESULT_OK);
    const struct log_contact found = *log_contacts_find(&contacts, test_id(contact));
    log_contacts_free(&contacts);
    return found;
}

static void log_contacts_change__is_kept_until_it_is_changed(void **state)
{
    const bool yes = true;
    const bool no = false;
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    int64_t committed = street.logs[ALICE].committed;
    assert_int_equal(change(&street, ALICE, BOB, (struct log_contact_wish){.nickname = "Bobby"}),
                     RESULT_OK);
    assert_int_equal(
        change(&street, ALICE, BOB, (struct log_contact_wish){.muted = &yes, .pinned = &yes}),
        RESULT_OK);
    assert_int_equal(change(&street, ALICE, BOB, (struct log_contact_wish){.muted = &no}),
                     RESULT_OK);
    neighbours_reopen(&street, ALICE);
    struct log_contact bob = find(&street, ALICE, BOB);
    assert_string_equal(bob.nickname, "Bobby");
    assert_true(!bob.muted && !bob.blocked && bob.pinned);
    struct log_contact carol = find(&street, ALICE, CAROL);
    assert_string_equal(carol.nickname, "");
    assert_true(!carol.muted && !carol.blocked && !carol.pinned);
    assert_int_equal(
        change(&street, ALICE, BOB, (struct log_contact_wish){.nickname = "", .pinned = &no}),
        RESULT_OK);
    assert_int_equal(neighbours_ask_database(&street, ALICE, "SELECT count(*) FROM contacts"), 0);
    assert_int_equal(street.logs[ALICE].committed, committed); /* it is in no event */
    assert_int_equal(change(&street, ALICE, STRANGER, (struct log_contact_wish){.muted = &yes}),
                     RESULT_NOT_FOUND);
    neighbours_end_whole(&street);
}

static int count_all(struct neighbours *street, int who, const char *text)
{
    return neighbours_count(street, who, text, MESSAGE_OPENED);
}

static void count_found(void *context, const struct history_message *message,
                        const struct search_found *found)
{
    (void)message, (void)found;
    ++*(int *)context;
}

static int search(struct neighbours *street, int who, const char *text, const struct node_id *peer)
{
    int count = 0;
    bool more = false;
    const struct search_query query = {.text = text, .peer = peer, .limit = 10};
    assert_int_equal(test_search(street->logs[who].log, &query, count_found, &count, &more),
                     RESULT_OK);
    return count;
}

static int64_t count_unread(struct neighbours *street, int who, uint8_t peer)
{
    int64_t unread = -1;
    assert_int_equal(history_count_unread(street->logs[who].log, test_id(peer), &unread),
                     RESULT_OK);
    return unread;
}

static void keep_given(void *context, const struct log_restoring_answer *answer)
{
    *(struct log_restoring_answer *)context = *answer;
}

static void log_contacts__who_is_blocked_is_not_heard_and_never_hears_of_it(void **state)
{
    uint8_t fingerprints[4][FINGERPRINT_BYTES];
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, BOB, ALICE, "before");
    neighbours_exchange(&street);
    block(&street, ALICE, BOB, true);
    int64_t concerning = street.logs[ALICE].concerning;
    (void)neighbours_send(&street, BOB, ALICE, "meanwhile");
    neighbours_exchange(&street);
    assert_int_equal(street.logs[ALICE].concerning, concerning);
    assert_int_equal(count_unread(&street, ALICE, BOB), 1);
    block(&street, ALICE, BOB, false);
    neighbours_reopen(&street, ALICE);
    assert_int_equal(count_all(&street, ALICE, "before"), 1);
    assert_int_equal(count_all(&street, ALICE, "meanwhile"), 0);
    assert_int_equal(search(&street, ALICE, "meanwhile", test_id(BOB)), 0);
    (void)neighbours_send(&street, BOB, ALICE, "after");
    neighbours_exchange(&street);
    assert_int_equal(count_all(&street, ALICE, "after"), 1);
    assert_int_equal(neighbours_count_delivered(&street, BOB, "before"), 1);
    assert_int_equal(neighbours_count_delivered(&street, BOB, "meanwhile"), 0);
    assert_int_equal(neighbours_count_delivered(&street, BOB, "after"), 1);
    struct log_restoring_answer answer = {.given = -1}; /* nor by keys that he lost */
    assert_int_equal(
        log_restoring_give(street.logs[ALICE].log, test_id(BOB), NULL, true, keep_given, &answer),
        RESULT_OK);
    neighbours_exchange(&street);
    assert_int_equal(answer.given, 2);
    for (int i = ALICE; i <= CAROL; i++) { /* Carol's has all of it */
        const struct log_snapshot *snapshot = log_snapshot_acquire(street.logs[i].log);
        memcpy(fingerprints[i], snapshot->fingerprint, FINGERPRINT_BYTES);
        log_snapshot_release(street.logs[i].log, &snapshot);
        assert_memory_equal(fingerprints[i], fingerprints[ALICE], FINGERPRINT_BYTES);
    }
    neighbours_end_whole(&street);
}

static void count_message(void *context, const struct history_message *message)
{
    (void)message;
    ++*(int *)context;
}

static void log_contacts__what_there_was_is_out_of_sight_while_blocked(void **state)
{
    struct neighbours street;
    bool more = false;
    int count = 0;
    const struct history_query of_bob = {.peer = test_id(BOB), .limit = HISTORY_MOST_LIMIT};
    const struct history_query of_all = {.with_blocked = true, .limit = HISTORY_MOST_LIMIT};
    (void)state;
    neighbours_begin_known(&street, 3);
    (void)neighbours_send(&street, BOB, ALICE, "the plan of the well");
    (void)neighbours_send(&street, CAROL, ALICE, "the well of the plan");
    neighbours_exchange(&street);
    block(&street, ALICE, BOB, true);
    assert_int_equal(count_all(&street, ALICE, "the plan of the well"), 0);
    assert_int_equal(count_all(&street, ALICE, "the well of the plan"), 1);
    assert_int_equal(search(&street, ALICE, "well", NULL), 1);
    assert_int_equal(search(&street, ALICE, "well", test_id(BOB)), 1);
    assert_int_equal(history_page(street.logs[ALICE].log, &of_bob, count_message, &count, &more),
                     RESULT_OK);
    assert_int_equal(count, 1);
    assert_int_equal(history_page(street.logs[ALICE].log, &of_all, count_message, &count, &more),
                     RESULT_OK);
    assert_int_equal(count, 3);
    block(&street, ALICE, BOB, false);
    assert_int_equal(search(&street, ALICE, "well", NULL), 2);
    neighbours_end_whole(&street);
}

static struct append_answer send(struct neighbours *street, int from, uint8_t to,
                                 const char *client_id, const char *text)
{
    return *test_log_append(&street->logs[from],
                            event_draft_message(client_id, test_id(to), text, NULL));
}

static void log_contacts__to_who_is_blocked_nothing_is_written(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer sent = send(&street, ALICE, BOB, "one", "before");
    struct append_answer theirs = send(&street, BOB, ALICE, "two", "read me");
    neighbours_exchange(&street);
    block(&street, ALICE, BOB, true);
    int64_t committed = street.logs[ALICE].committed;
    assert_int_equal(send(&street, ALICE, BOB, "three", "hello").result, RESULT_INVALID);
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_EDIT, sent.event_id, "other").result,
                     RESULT_INVALID);
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_DELETE, sent.event_id, "").result,
                     RESULT_INVALID);
    assert_int_equal(changes_say(&street, ALICE, PAYLOAD_REACTION, theirs.event_id, "+").result,
                     RESULT_INVALID);
    struct append_answer again = send(&street, ALICE, BOB, "one", "before");
    assert_int_equal(again.result, RESULT_OK);
    assert_string_equal(again.event_id, sent.event_id);
    struct append_answer read = {.result = RESULT_BUSY};
    assert_int_equal(log_mark_read_up_to(street.logs[ALICE].log, test_id(BOB), theirs.event_id,
                                         false, keep, &read),
                     RESULT_OK);
    assert_int_equal(read.result, RESULT_OK);
    assert_int_equal(count_unread(&street, ALICE, BOB), 0);
    (void)neighbours_send(&street, BOB, ALICE, "seals to the last offer");
    neighbours_exchange(&street);
    neighbours_pass(&street, ALICE, 2 * (int64_t)MINUTE_MS);
    assert_int_equal(street.logs[ALICE].committed, committed + 1); /* Bob's */
    neighbours_change_database(&street, ALICE,
                               "INSERT INTO owed_offers SELECT id FROM nodes n"
                               " JOIN contacts c ON c.node=n.key");
    neighbours_pass(&street, ALICE, MINUTE_MS);
    assert_int_equal(neighbours_ask_database(&street, ALICE, "SELECT count(*) FROM owed_offers"),
                     1);
    block(&street, ALICE, BOB, false); /* the offer that was owed */
    assert_int_equal(neighbours_count_events(&street, ALICE, "e2e.session.established", NULL), 1);
    assert_int_equal(send(&street, ALICE, BOB, "three", "hello").result, RESULT_OK);
    neighbours_exchange(&street);
    neighbours_end_whole(&street);
}

/* Who was never written to is not written to because of a word that changes nothing. */
static void log_contacts__who_was_not_blocked_is_owed_nothing(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    block(&street, ALICE, BOB, false);
    block(&street, ALICE, CAROL, true);
    block(&street, ALICE, CAROL, false);
    neighbours_pass(&street, ALICE, MINUTE_MS);
    assert_int_equal(neighbours_count_events(&street, ALICE, "e2e.session", NULL), 0);
    neighbours_end_whole(&street);
}

static void log_contacts__of_what_the_blocked_say_of_messages_deletions_alone_count(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct append_answer edited = send(&street, BOB, ALICE, "one", "first words");
    struct append_answer deleted = send(&street, BOB, ALICE, "two", "to be deleted");
    neighbours_exchange(&street);
    block(&street, ALICE, BOB, true);
    assert_int_equal(
        changes_say(&street, BOB, PAYLOAD_EDIT, edited.event_id, "second words").result, RESULT_OK);
    assert_int_equal(changes_say(&street, BOB, PAYLOAD_REACTION, edited.event_id, "+").result,
                     RESULT_OK);
    assert_int_equal(changes_say(&street, BOB, PAYLOAD_DELETE, deleted.event_id, "").result,
                     RESULT_OK);
    neighbours_exchange(&street);
    block(&street, ALICE, BOB, false);
    assert_int_equal(count_all(&street, ALICE, "first words"), 1);
    assert_int_equal(count_all(&street, ALICE, "second words"), 0);
    assert_int_equal(count_all(&street, ALICE, "to be deleted"), 0);
    assert_int_equal(neighbours_count(&street, ALICE, "", MESSAGE_DELETED), 1);
    assert_int_equal(neighbours_ask_database(
                         &street, ALICE, "SELECT count(*) FROM changes WHERE kind<>2 OR text<>''"),
                     0);
    /* Deleted before it was ever seen: what never showed is gone, too. */
    block(&street, ALICE, BOB, true);
    struct append_answer unseen = send(&street, BOB, ALICE, "three", "unseen");
    neighbours_exchange(&street);
    assert_int_equal(changes_say(&street, BOB, PAYLOAD_DELETE, unseen.event_id, "").result,
                     RESULT_OK);
    neighbours_exchange(&street);
    assert_int_equal(neighbours_ask_database(&street, ALICE,
                                             "SELECT count(*) FROM keyring k JOIN unheard u"
                                             " ON u.hash=k.hash WHERE k.gone='deleted'"),
                     1);
    neighbours_end_whole(&street);
}

/* Keys for what came before are taken; the receipt is not given, then or later. */
static void log_contacts__keys_of_the_blocked_open_what_came_before(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    neighbours_change_database(&street, ALICE, "DELETE FROM receiving_keys");
    (void)neighbours_send(&street, BOB, ALICE, "waits");
    neighbours_give(&street, BOB, ALICE);
    neighbours_pass(&street, ALICE, MOMENT_MS);
    neighbours_give(&street, ALICE, BOB); /* the question */
    block(&street, ALICE, BOB, true);
    neighbours_exchange(&street); /* the keys */
    neighbours_pass(&street, ALICE, MOMENT_MS);
    block(&street, ALICE, BOB, false);
    assert_int_equal(count_all(&street, ALICE, "waits"), 1);
    neighbours_exchange(&street);
    assert_int_equal(neighbours_count_delivered(&street, BOB, "waits"), 0);
    neighbours_end_whole(&street);
}

static void log_contacts__the_blocked_get_no_keys_and_are_not_asked(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin_known(&street, 3);
    neighbours_change_database(&street, BOB, "DELETE FROM receiving_keys");
    (void)neighbours_send(&street, ALICE, BOB, "waits there");
    neighbours_give(&street, ALICE, BOB);
    neighbours_pass(&street, BOB, MOMENT_MS); /* asks */
    block(&street, ALICE, BOB, true);
    neighbours_give(&street, BOB, ALICE);
    neighbours_pass(&street, ALICE, MOMENT_MS);
    assert_int_equal(neighbours_count_events(&street, ALICE, "e2e.session.broken", NULL), 1);
    assert_int_equal(neighbours_count_events(&street, ALICE, "chat.message.sent", NULL), 1);
    block(&street, ALICE, BOB, false);
    neighbours_change_database(&street, ALICE, "DELETE FROM receiving_keys");
    (void)neighbours_send(&street, BOB, ALICE, "waits here");
    neighbours_give(&street, BOB, ALICE);
    block(&street, ALICE, BOB, true);
    neighbours_pass(&street, ALICE, MOMENT_MS);
    assert_int_equal(neighbours_count_events(&street, ALICE, "e2e.session.broken", NULL), 1);
    block(&street, ALICE, BOB, false);
    neighbours_pass(&street, ALICE, MOMENT_MS);
    assert_int_equal(neighbours_count_events(&street, ALICE, "e2e.session.broken", NULL), 2);
    neighbours_exchange(&street);
    assert_int_equal(count_all(&street, ALICE, "waits here"), 1);
    neighbours_end_whole(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_contacts_change__is_kept_until_it_is_changed),
        cmocka_unit_test(log_contacts__who_is_blocked_is_not_heard_and_never_hears_of_it),
        cmocka_unit_test(log_contacts__what_there_was_is_out_of_sight_while_blocked),
        cmocka_unit_test(log_contacts__to_who_is_blocked_nothing_is_written),
        cmocka_unit_test(log_contacts__who_was_not_blocked_is_owed_nothing),
        cmocka_unit_test(log_contacts__of_what_the_blocked_say_of_messages_deletions_alone_count),
        cmocka_unit_test(log_contacts__keys_of_the_blocked_open_what_came_before),
        cmocka_unit_test(log_contacts__the_blocked_get_no_keys_and_are_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
