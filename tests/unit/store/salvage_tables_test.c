/* Of a damaged log `repair` keeps every table that no event can make again. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "store/log_schema_private.h"
#include "store/salvage.h"
#include "support/changes.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAMAGED_BYTES = 512 };

#define OF_NODES "JOIN nodes n ON n.id="
#define OF_EVENTS "JOIN events e ON e.seq="

/* A table, a row for it, and what of it there is to be afterwards, told without numbers that a log
 * gives anew. */
struct kept {
    const char *table;
    const char *row;  /* NULL: it has some */
    const char *says; /* one value a row; NULL: nothing of it is kept, and why stands beside it */
};

static const struct kept kept[] = {
    {"meta", NULL, "SELECT value FROM meta WHERE key IN ('keeps_keys','node_id','community_id')"},
    {"events", NULL, "SELECT hex(hash) FROM events"},
    {"nodes", NULL, "SELECT hex(key) FROM nodes"},
    {"conversations", NULL, "SELECT hex(key) FROM conversations"},
    {"local_reads", "VALUES(1,9,'01HXR000000000000000000009')",
     "SELECT hex(c.key)||lamport||event_id FROM local_reads r JOIN conversations c"
     " ON c.id=r.conversation"},
    {"unanswered", "SELECT max(seq) FROM messages",
     "SELECT hex(e.hash) FROM unanswered u " OF_EVENTS "u.seq"},
    {"peers", "VALUES(x'22',0,44)", "SELECT hex(node_id)||last_seen FROM peers"},
    {"addresses", "VALUES(x'22','host',7000,'seen',55,0)",
     "SELECT hex(node)||host||port||source||last_success||place FROM addresses"},
    {"open_invites", "VALUES(1,x'33',2,1900000000,3,1)",
     "SELECT hex(token_hash)||level||expires||uses FROM open_invites"},
    {"redeemed", "VALUES(1,x'22','01HXR000000000000000000009')",
     "SELECT hex(o.token_hash)||hex(r.node)||r.event_id FROM redeemed r"
     " JOIN open_invites o ON o.id=r.open_invite"},
    {"receiving_keys", NULL,
     "SELECT hex(public)||hex(secret)||coalesce(hex(n.key),'')||since||day||used||replaced"
     " FROM receiving_keys r LEFT JOIN nodes n ON n.id=r.peer"},
    {"keyring", NULL, "SELECT hex(hash)||coalesce(hex(key),'')||gone FROM keyring"},
    {"verified", "VALUES(x'22',66)", "SELECT hex(node)||at FROM verified"},
    {"contacts", "VALUES(x'22','Bobby',1,0,1)",
     "SELECT hex(node)||nickname||muted||blocked||pinned FROM contacts"},
    {"unheard", "VALUES(x'44')", "SELECT hex(hash) FROM unheard"},
    {"clearings", NULL, NULL}, /* the keyring says what was cleared */
    {"service_days", NULL, "SELECT date||count FROM service_days"},
    {"hedge", NULL, NULL}, /* of one start */
    {"sessions", "SELECT id,4,77 FROM nodes ORDER BY id DESC LIMIT 1",
     "SELECT hex(n.key)||offered||asked_ms FROM sessions s " OF_NODES "s.peer"},
    {"repairs", "VALUES(x'55',2,5,1)", "SELECT hex(hash)||asked||asked_day||given FROM repairs"},
    {"questions", "SELECT max(seq) FROM events",
     "SELECT hex(e.hash) FROM questions q " OF_EVENTS "q.seq"},
    {"owed_offers", "SELECT max(id) FROM nodes",
     "SELECT hex(n.key) FROM owed_offers o " OF_NODES "o.peer"},
    {"lost", "SELECT max(id),x'66' FROM nodes",
     "SELECT hex(n.key)||hex(l.hash) FROM lost l " OF_NODES "l.peer"},
    {"growth", NULL, "SELECT day||events||bytes FROM growth"},
    {"state", NULL, "SELECT head||event_count||hex(fingerprint_sum) FROM state"},
};

enum { KEPT = sizeof kept / sizeof kept[0] };

static char *path_of(const struct neighbours *street)
{
    return memory_format("%s/events.sqlite", street->logs[ALICE].directory);
}

static sqlite3 *open_database(const struct neighbours *street)
{
    sqlite3 *database = NULL;
    char *path = path_of(street);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    memory_free(path);
    return database;
}

static int note_value(void *context, int columns, char **values, char **names)
{
    (void)columns, (void)names;
    buffer_append_format(context, "%s\n", values[0]);
    return 0;
}

/* The caller frees. */
static char *look(sqlite3 *database, const char *says)
{
    struct buffer values;
    char *sql = memory_format("%s ORDER BY 1", says);
    buffer_init(&values);
    assert_int_equal(sqlite3_exec(database, sql, note_value, &values, NULL), SQLITE_OK);
    memory_free(sql);
    return buffer_take(&values);
}

/* Rows in every table, and what they are; the log is closed. */
static void prepare(struct neighbours *street, char **before_out)
{
    neighbours_begin(street, CAROL);
    neighbours_exchange(street);
    (void)neighbours_send(street, ALICE, BOB, "one");
    (void)neighbours_send(street, BOB, ALICE, "two");
    neighbours_exchange(street);
    event_log_close(&street->logs[ALICE].log);
    sqlite3 *database = open_database(street);
    for (size_t i = 0; i < KEPT; i++) {
        if (kept[i].row != NULL) {
            char *sql = memory_format("INSERT INTO %s %s", kept[i].table, kept[i].row);
            assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
            memory_free(sql);
        }
    }
    for (size_t i = 0; i < KEPT; i++) {
        before_out[i] = kept[i].says == NULL ? NULL : look(database, kept[i].says);
        assert_true(before_out[i] == NULL || before_out[i][0] != '\0');
    }
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

/* Garbage where the table's or the index's first page begins. */
static void damage(const struct neighbours *street, const char *name)
{
    char garbage[DAMAGED_BYTES];
    sqlite3 *database = open_database(street);
    char *sql = memory_format("SELECT rootpage FROM sqlite_schema WHERE name='%s'", name);
    char *page = look(database, sql);
    memory_free(sql);
    char *size = look(database, "SELECT page_size FROM pragma_page_size");
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    long at = (strtol(page, NULL, 10) - 1) * strtol(size, NULL, 10);
    assert_true(at > 0);
    memset(garbage, 0xa5, sizeof garbage);
    char *path = path_of(street);
    FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(garbage, sizeof garbage, 1, file), 1);
    assert_int_equal(fclose(file), 0);
    memory_free(path);
    memory_free(page);
    memory_free(size);
}

static struct salvage_report repair(const struct neighbours *street)
{
    bool whole = true;
    struct salvage_report report;
    struct error error = {""};
    const struct salvage_options options = {.directory = street->logs[ALICE].directory,
                                            .community_id = *test_id(ALICE),
                                            .key = &street->logs[ALICE].key,
                                            .clock = &street->clock,
                                            .answers_messages = true};
    assert_int_equal(salvage_check(&options, &whole, &error), RESULT_OK);
    assert_false(whole);
    assert_int_equal(salvage_run(&options, false, &report, &error), RESULT_OK);
    assert_true(report.has_log);
    return report;
}

/* But the table that was damaged itself; NULL: none. */
static void compare(const struct neighbours *street, char **before, const char *damaged)
{
    sqlite3 *database = open_database(street);
    for (size_t i = 0; i < KEPT; i++) {
        if (before[i] != NULL && (damaged == NULL || strcmp(damaged, kept[i].table) != 0)) {
            char *after = look(database, kept[i].says);
            if (strcmp(after, before[i]) != 0) {
                fail_msg("%s: was\n%s and is\n%s", kept[i].table, before[i], after);
            }
            memory_free(after);
        }
        memory_free(before[i]);
    }
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void salvage_tables__are_all_those_that_no_event_makes_again(void **state)
{
    (void)state;
    size_t found = 0;
    for (const struct log_schema_table *table = log_schema_tables; table->name != NULL; table++) {
        bool listed = table->wholly;
        for (size_t i = 0; i < KEPT && !listed; i++) {
            listed = strcmp(kept[i].table, table->name) == 0;
            found += listed ? 1 : 0;
        }
        if (!listed) {
            fail_msg("what becomes of %s?", table->name);
        }
    }
    assert_int_equal(found, KEPT);
}

static void salvage_tables__are_kept_when_something_else_is_damaged(void **state)
{
    struct neighbours street;
    char *before[KEPT];
    (void)state;
    prepare(&street, before);
    damage(&street, "messages_order");
    struct salvage_report report = repair(&street);
    assert_string_equal(report.lost, "");
    compare(&street, before, NULL);
    neighbours_reopen(&street, ALICE);
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

static void salvage_tables__are_missed_alone_when_they_are_damaged(void **state)
{
    static const char *const damaged[] = {"repairs",   "sessions",   "owed_offers", "lost",
                                          "questions", "unanswered", "addresses"};
    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        struct neighbours street;
        char *before[KEPT];
        prepare(&street, before);
        damage(&street, damaged[i]);
        struct salvage_report report = repair(&street);
        assert_string_not_equal(report.lost, "");
        compare(&street, before, damaged[i]);
        neighbours_end(&street);
    }
}

/* It broke when nothing of it was done yet, and something had come since. */
static void salvage_tables__what_was_being_cleared_is_cleared(void **state)
{
    struct neighbours street;
    char sql[160];
    (void)state;
    neighbours_begin(&street, CAROL);
    neighbours_exchange(&street);
    struct append_answer one = changes_send(&street, ALICE, BOB, "walnut and oak", "");
    struct append_answer two = changes_send(&street, BOB, ALICE, "walnut and ash", "");
    (void)changes_send(&street, CAROL, ALICE, "walnut and elm", "");
    neighbours_exchange(&street);
    (void)changes_say(&street, ALICE, PAYLOAD_EDIT, one.event_id, "walnut and birch");
    (void)changes_say(&street, BOB, PAYLOAD_REACTION, one.event_id, "+");
    neighbours_exchange(&street);
    int64_t through = neighbours_ask_database(&street, ALICE, "SELECT max(seq) FROM events");
    struct append_answer since = changes_send(&street, BOB, ALICE, "walnut and yew", "");
    neighbours_exchange(&street);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO clearings SELECT conversation,%lld,0 FROM messages"
                   " WHERE event_id='%s'",
                   (long long)through, two.event_id);
    event_log_close(&street.logs[ALICE].log);
    sqlite3 *database = open_database(&street);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    damage(&street, "messages_order");
    struct salvage_report report = repair(&street);
    assert_string_equal(report.lost, "");
    neighbours_reopen(&street, ALICE);
    assert_int_equal(changes_count_search(&street, ALICE, "walnut"), 2);
    assert_int_equal(changes_look(&street, ALICE, since.event_id).count, 2);
    assert_int_equal(neighbours_ask_database(&street, ALICE,
                                             "SELECT (SELECT count(*) FROM messages WHERE body<>'')"
                                             "*100+(SELECT count(*) FROM keyring k JOIN sealings s"
                                             " ON s.hash=k.hash WHERE k.key IS NOT NULL)"
                                             "*10+(SELECT count(*) FROM changes WHERE text<>'')"),
                     220);
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

/* The message with this client_id, out of all views. */
static void set_aside(sqlite3 *database, const char *client_id)
{
    char *sql = memory_format("DELETE FROM messages WHERE client_id='%s';"
                              "UPDATE events SET aside=1 WHERE type=%d AND"
                              " json_extract(json,'$.data.client_id')='%s'",
                              client_id, EVENT_MESSAGE_SENT, client_id);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_changes(database), 1);
    memory_free(sql);
}

static void send(struct neighbours *street, int from, uint8_t to, const char *client_id)
{
    assert_int_equal(test_log_append(&street->logs[from],
                                     event_draft_message(client_id, test_id(to), "walnut", NULL))
                         ->result,
                     RESULT_OK);
}

/* Of Alice's conversation with Bob, both ways, sealed and in clear; all of it belongs again when
 * the log is a new one. */
static void salvage_tables__what_was_aside_is_cleared_too(void **state)
{
    static const char *const aside[] = {"own",  "theirs", "clear", "their-clear",
                                        "else", "other",  "since"};
    struct neighbours street;
    (void)state;
    neighbours_begin(&street, CAROL);
    neighbours_change_database(&street, ALICE, "DELETE FROM offers");
    neighbours_change_database(&street, BOB, "DELETE FROM offers");
    send(&street, ALICE, BOB, "clear");
    send(&street, BOB, ALICE, "their-clear");
    neighbours_change_database(&street, ALICE,
                               "INSERT INTO meta(key,value) VALUES('derived','no')");
    neighbours_change_database(&street, BOB, "INSERT INTO meta(key,value) VALUES('derived','no')");
    neighbours_exchange(&street);
    send(&street, ALICE, BOB, "own");
    send(&street, BOB, ALICE, "theirs");
    send(&street, ALICE, CAROL, "else");
    send(&street, BOB, CAROL, "other");
    neighbours_exchange(&street);
    char *clearing = memory_format(
        "INSERT INTO clearings SELECT c.id,%lld,0 FROM conversations c"
        " JOIN messages m ON m.conversation=c.id AND m.client_id='own'",
        (long long)neighbours_ask_database(&street, ALICE, "SELECT max(seq) FROM events"));
    send(&street, BOB, ALICE, "since");
    neighbours_exchange(&street);
    event_log_close(&street.logs[ALICE].log);
    sqlite3 *database = open_database(&street);
    assert_int_equal(sqlite3_exec(database, clearing, NULL, NULL, NULL), SQLITE_OK);
    memory_free(clearing);
    for (size_t i = 0; i < sizeof aside / sizeof aside[0]; i++) {
        set_aside(database, aside[i]);
    }
    assert_int_equal(sqlite3_exec(database, "DELETE FROM sealings", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    damage(&street, "messages_order");
    struct salvage_report report = repair(&street);
    assert_string_equal(report.lost, "");
    database = open_database(&street);
    char *shown = look(database, "SELECT client_id FROM messages WHERE cleared=0 AND body<>''");
    assert_string_equal(shown, "else\nsince\n");
    memory_free(shown);
    char *cleared = look(database, "SELECT m.client_id FROM messages m JOIN keyring k"
                                   " ON k.hash=m.hash AND k.gone='cleared' AND k.key IS NULL");
    assert_string_equal(cleared, "clear\nown\ntheir-clear\ntheirs\n");
    memory_free(cleared);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    neighbours_reopen(&street, ALICE);
    assert_int_equal(changes_count_search(&street, ALICE, "walnut"), 2);
    assert_int_equal(neighbours_ask_database(&street, ALICE,
                                             "SELECT count(*) FROM keyring WHERE gone='cleared'"),
                     4);
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(salvage_tables__are_all_those_that_no_event_makes_again),
        cmocka_unit_test(salvage_tables__are_kept_when_something_else_is_damaged),
        cmocka_unit_test(salvage_tables__are_missed_alone_when_they_are_damaged),
        cmocka_unit_test(salvage_tables__what_was_being_cleared_is_cleared),
        cmocka_unit_test(salvage_tables__what_was_aside_is_cleared_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
