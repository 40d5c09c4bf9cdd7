/* Edits, deletions, reactions: in every order the same is shown. */
#include <string.h>

#include "core/memory.h"
#include "support/changes.h"

enum { ALICE = 1, BOB = 2, CAROL = 3 };

/* The next order of numbers; false: that was the last. */
static bool permute(int *order, int count)
{
    int i = count - 2;
    int j = count - 1;
    while (i >= 0 && order[i] > order[i + 1]) {
        i--;
    }
    if (i < 0) {
        return false;
    }
    while (order[j] < order[i]) {
        j--;
    }
    int kept = order[i];
    order[i] = order[j];
    order[j] = kept;
    for (int left = i + 1, right = count - 1; left < right; left++, right--) {
        kept = order[left];
        order[left] = order[right];
        order[right] = kept;
    }
    return true;
}

/* Carol's changes of what Alice wrote to Bob do nothing, in whatever order all of it comes. */
static void log_changes_orders__of_edits_end_the_same(void **state)
{
    enum { COUNT = 5 };
    struct neighbours street;
    int order[COUNT] = {0, 1, 2, 3, 4};
    int round = 0;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct crafting crafting = changes_craft_for(&street, BOB);
    do {
        struct verified_event *text = changes_craft_text(&crafting, ALICE, "first words");
        const struct event *event = event_verified_get(text);
        char event_id[ULID_TEXT_BYTES];
        memcpy(event_id, event->event_id, sizeof event_id);
        struct verified_event *events[COUNT] = {
            text,
            changes_craft_edit(&crafting, ALICE, event->hash, "second words"),
            changes_craft_edit(&crafting, ALICE, event->hash, "third words"),
            changes_craft_reaction(&crafting, ALICE, event->hash, "-"),
            changes_craft_edit(&crafting, CAROL, event->hash, "foreign words"),
        };
        for (int i = 0; i < COUNT; i++) {
            changes_receive(&crafting, events[order[i]]);
        }
        struct shown shown = changes_look(&street, BOB, event_id);
        assert_int_equal(shown.count, 1 + round % 100);
        assert_int_equal(shown.e2e, MESSAGE_OPENED);
        assert_string_equal(shown.body, "third words");
        assert_true(shown.edited && !shown.deleted);
        assert_string_equal(shown.own_reaction, "");
        assert_string_equal(shown.peer_reaction, "-");
        if (++round % 100 == 0) { /* a fresh street */
            neighbours_verify(&street, BOB);
            neighbours_end(&street);
            neighbours_begin_known(&street, 3);
            crafting = changes_craft_for(&street, BOB);
        }
    } while (permute(order, COUNT));
    assert_int_equal(changes_count_search(&street, BOB, "third"), 10);
    assert_int_equal(changes_count_search(&street, BOB, "first"), 0);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

static void log_changes_orders__of_deletions_end_the_same(void **state)
{
    enum { COUNT = 6 };
    struct neighbours street;
    int order[COUNT] = {0, 1, 2, 3, 4, 5};
    int round = 0;
    (void)state;
    neighbours_begin_known(&street, 3);
    struct crafting crafting = changes_craft_for(&street, BOB);
    do {
        struct verified_event *text = changes_craft_text(&crafting, ALICE, "secret words");
        const struct event *event = event_verified_get(text);
        char event_id[ULID_TEXT_BYTES];
        memcpy(event_id, event->event_id, sizeof event_id);
        struct verified_event *events[COUNT] = {
            text,
            changes_craft_edit(&crafting, ALICE, event->hash, "edited words"),
            changes_craft_delete(&crafting, ALICE, event->hash),
            changes_craft_delete(&crafting, CAROL, event->hash),
            changes_craft_edit(&crafting, ALICE, event->hash, "later words"),
            changes_craft_reaction(&crafting, ALICE, event->hash, "+"),
        };
        for (int i = 0; i < COUNT; i++) {
            changes_receive(&crafting, events[order[i]]);
        }
        struct shown shown = changes_look(&street, BOB, event_id);
        assert_int_equal(shown.count, 1 + round % 100);
        assert_int_equal(shown.e2e, MESSAGE_DELETED);
        assert_string_equal(shown.body, "");
        assert_true(!shown.edited && shown.deleted);
        assert_string_equal(shown.peer_reaction, "");
        if (++round % 100 == 0) {
            neighbours_verify(&street, BOB);
            neighbours_end(&street);
            neighbours_begin_known(&street, 3);
            crafting = changes_craft_for(&street, BOB);
        }
    } while (permute(order, COUNT));
    assert_int_equal(changes_count_search(&street, BOB, "words"), 0);
    assert_int_equal(neighbours_ask_database(&street, BOB,
                                             "SELECT count(*) FROM changes WHERE text LIKE '%words'"
                                             " OR text LIKE '%later%'"),
                     0);
    assert_int_equal(
        neighbours_ask_database(&street, BOB, "SELECT count(*) FROM keyring WHERE gone='spent'"),
        40);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* Deleted twice, by others too, with words before, between and behind. */
static void log_changes_orders__of_two_deletions_end_the_same(void **state)
{
    enum { COUNT = 5 };
    struct neighbours street;
    int order[COUNT] = {0, 1, 2, 3, 4};
    (void)state;
    neighbours_begin_known(&street, 3);
    struct crafting crafting = changes_craft_for(&street, BOB);
    do {
        struct verified_event *text = changes_craft_text(&crafting, ALICE, "secret words");
        const struct event *event = event_verified_get(text);
        char event_id[ULID_TEXT_BYTES];
        memcpy(event_id, event->event_id, sizeof event_id);
        struct verified_event *events[COUNT] = {
            text,
            changes_craft_delete(&crafting, ALICE, event->hash),
            changes_craft_edit(&crafting, ALICE, event->hash, "edited words"),
            changes_craft_delete(&crafting, ALICE, event->hash),
            changes_craft_delete(&crafting, CAROL, event->hash),
        };
        for (int i = 0; i < COUNT; i++) {
            changes_receive(&crafting, events[order[i]]);
        }
        struct shown shown = changes_look(&street, BOB, event_id);
        assert_int_equal(shown.e2e, MESSAGE_DELETED);
        assert_string_equal(shown.body, "");
        assert_true(shown.deleted && !shown.edited);
    } while (permute(order, COUNT));
    assert_int_equal(changes_count_search(&street, BOB, "words"), 0);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* The other one of a conversation says something of what is ours. */
static void log_changes_orders__of_what_others_say_change_nothing(void **state)
{
    enum { COUNT = 4 };
    struct neighbours street;
    int order[COUNT] = {0, 1, 2, 3};
    (void)state;
    neighbours_begin_known(&street, 3);
    struct crafting crafting = changes_craft_for(&street, ALICE);
    do {
        struct append_answer sent = changes_send(&street, ALICE, BOB, "mine", "");
        uint8_t hash[BLAKE3_HASH_BYTES];
        char *sql = memory_format("SELECT hash FROM events WHERE event_id='%s'", sent.event_id);
        assert_true(neighbours_ask_bytes(&street, ALICE, sql, hash, sizeof hash));
        memory_free(sql);
        crafting.lamport = sent.lamport + 1;
        for (int i = 0; i < COUNT; i++) {
            switch (order[i]) {
            case 0:
                changes_receive(&crafting, changes_craft_edit(&crafting, BOB, hash, "his"));
                break;
            case 1:
                changes_receive(&crafting, changes_craft_delete(&crafting, BOB, hash));
                break;
            case 2:
                changes_receive(&crafting, changes_craft_reaction(&crafting, BOB, hash, "!"));
                break;
            default:
                assert_int_equal(
                    changes_say(&street, ALICE, PAYLOAD_EDIT, sent.event_id, "still mine").result,
                    RESULT_OK);
            }
        }
        struct shown shown = changes_look(&street, ALICE, sent.event_id);
        assert_string_equal(shown.body, "still mine");
        assert_string_equal(shown.peer_reaction, "!");
        assert_true(shown.edited && !shown.deleted);
    } while (permute(order, COUNT));
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_changes_orders__of_edits_end_the_same),
        cmocka_unit_test(log_changes_orders__of_deletions_end_the_same),
        cmocka_unit_test(log_changes_orders__of_two_deletions_end_the_same),
        cmocka_unit_test(log_changes_orders__of_what_others_say_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
