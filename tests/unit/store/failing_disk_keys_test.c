/* The n-th call to the reader's disk fails while it receives what is sealed, what is deleted, and
 * keys that it asked for: in the end it has what a disk that never fails has. */
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "support/changes.h"
#include "support/disk_looks.h"

enum {
    ALICE = 1,
    BOB = 2,
    FEWEST_CALLS = 3,
    MOST_CALLS = 400,
    MINUTE_MS = 60000,
    QUARTER_MS = 900000
};

/* What Alice sends in one round. */
struct sending {
    char text[32];
    struct append_answer sent;
    uint8_t key[ENVELOPE_KEY_BYTES]; /* of what is deleted */
};

/* One of the three: what comes before the failure, and what there is to be after it. */
struct act {
    void (*prepare)(struct neighbours *street, struct sending *sending);
    void (*check)(struct neighbours *street, const struct sending *sending);
};

static void send_one(struct neighbours *street, struct sending *sending)
{
    sending->sent = changes_send(street, ALICE, BOB, sending->text, "");
    assert_int_equal(sending->sent.result, RESULT_OK);
}

static int count_receipts(struct neighbours *street, const struct sending *sending)
{
    return neighbours_count_events(street, BOB, "chat.message.delivered", sending->sent.event_id);
}

static void check_opened(struct neighbours *street, const struct sending *sending)
{
    assert_int_equal(neighbours_count(street, BOB, sending->text, MESSAGE_OPENED), 1);
    assert_int_equal(count_receipts(street, sending), 1);
}

static void send_and_delete(struct neighbours *street, struct sending *sending)
{
    send_one(street, sending);
    neighbours_give(street, ALICE, BOB);
    char *sql = memory_format("SELECT k.key FROM keyring k JOIN events e ON e.hash=k.hash"
                              " WHERE e.event_id='%s'",
                              sending->sent.event_id);
    assert_true(neighbours_ask_bytes(street, BOB, sql, sending->key, sizeof sending->key));
    memory_free(sql);
    assert_int_equal(changes_say(street, ALICE, PAYLOAD_DELETE, sending->sent.event_id, "").result,
                     RESULT_OK);
}

static void check_deleted(struct neighbours *street, const struct sending *sending)
{
    assert_true(changes_look(street, BOB, sending->sent.event_id).deleted);
    assert_int_equal(neighbours_ask_database(street, BOB, "SELECT count(*) FROM owed_offers"), 0);
    assert_false(neighbours_holds_bytes(street, BOB, sending->key, sizeof sending->key));
    assert_false(neighbours_holds_bytes(street, BOB, sending->text, strlen(sending->text)));
}

/* Alice's answer with the key is what the disk is to take. */
static void lose_and_ask(struct neighbours *street, struct sending *sending)
{
    neighbours_change_database(street, BOB, "DELETE FROM receiving_keys");
    send_one(street, sending);
    neighbours_give(street, ALICE, BOB);
    neighbours_pass(street, BOB, QUARTER_MS);
    assert_int_equal(count_receipts(street, sending), 0);
    neighbours_give(street, BOB, ALICE);
}

static void try_one(struct neighbours *street, enum failing_vfs_kind kind, int n,
                    const struct act *act)
{
    struct sending sending = {.text = ""};
    (void)snprintf(sending.text, sizeof sending.text, "message <%d>", n);
    act->prepare(street, &sending);
    failing_vfs_arm(kind, n);
    enum result result = neighbours_try_to_give(street, ALICE, BOB);
    neighbours_pass(street, BOB, MINUTE_MS);
    failing_vfs_heal();
    assert_true(result == RESULT_OK || result == RESULT_IO);
    if (n % 2 == 0) { /* else memory follows the disk */
        neighbours_reopen(street, BOB);
    }
    assert_int_equal(neighbours_try_to_give(street, ALICE, BOB), RESULT_OK);
    for (int i = 0; i < 2; i++) {
        neighbours_pass(street, BOB, MINUTE_MS);
    }
    act->check(street, &sending);
    neighbours_exchange(street);
}

static void play(enum failing_vfs_kind kind, const struct act *act)
{
    struct neighbours street;
    int n = 1;
    bool more = true;
    (void)log_open("/dev/null", LOG_ERROR, NULL);
    failing_vfs_install();
    neighbours_begin(&street, 2);
    neighbours_exchange(&street);
    failing_vfs_watch(street.logs[BOB].directory);
    neighbours_reopen(&street, BOB);
    for (; more; n += DISK_STRIDE) {
        assert_in_range(n, 1, MOST_CALLS);
        try_one(&street, kind, n, act);
        more = failing_vfs_failures() > 0;
    }
    assert_in_range(n, FEWEST_CALLS, MOST_CALLS);
    neighbours_verify(&street, ALICE);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

static void play_both(const struct act *act)
{
    play(FAILING_VFS_ONCE, act);
    play(FAILING_VFS_FULL_ONCE, act);
}

static void failing_disk_keys__what_is_received_is_opened_and_answered_once(void **state)
{
    (void)state;
    play_both(&(struct act){send_one, check_opened});
}

static void failing_disk_keys__what_is_deleted_is_gone(void **state)
{
    (void)state;
    play_both(&(struct act){send_and_delete, check_deleted});
}

static void failing_disk_keys__what_is_repaired_is_opened_and_answered_once(void **state)
{
    (void)state;
    play_both(&(struct act){lose_and_ask, check_opened});
}

/* Whose turn it was has it again. */
static void failing_disk_keys__what_was_to_be_written_is_written_later(void **state)
{
    static const char of_established[] = "e2e.session.established";
    struct neighbours street;
    (void)state;
    failing_vfs_install();
    neighbours_begin(&street, 2);
    neighbours_exchange(&street);
    failing_vfs_watch(street.logs[BOB].directory);
    neighbours_reopen(&street, BOB);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    neighbours_exchange(&street);
    failing_vfs_arm(FAILING_VFS_FULL, 1);
    neighbours_pass(&street, BOB, MINUTE_MS);
    failing_vfs_heal();
    assert_true(failing_vfs_failures() > 0);
    assert_int_equal(neighbours_count_events(&street, BOB, of_established, NULL), 0);
    neighbours_pass(&street, BOB, 1);
    assert_int_equal(neighbours_count_events(&street, BOB, of_established, NULL), 1);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_disk_keys__what_is_received_is_opened_and_answered_once),
        cmocka_unit_test(failing_disk_keys__what_is_deleted_is_gone),
        cmocka_unit_test(failing_disk_keys__what_is_repaired_is_opened_and_answered_once),
        cmocka_unit_test(failing_disk_keys__what_was_to_be_written_is_written_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
