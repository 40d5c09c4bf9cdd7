#include "store/search.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/maintenance.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, JANA = 3 };

/* A log of Alice's with what others wrote to her. */
struct fixture {
    struct test_log log;
    int64_t lamport;
    unsigned number;
};

static void open(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    test_log_open(&fixture->log, ALICE, ALICE);
    fixture->lamport = test_log_populate(&fixture->log, JANA);
}

static void arrive_at(struct fixture *fixture, uint8_t author, const char *body,
                      json_t *attachments, int64_t lamport, unsigned number)
{
    char id[ULID_TEXT_BYTES];
    char client_id[16];
    const struct signing_key key = test_key(author);
    (void)snprintf(client_id, sizeof client_id, "c%u", ++fixture->number);
    struct verified_event *event =
        test_event(event_draft_message(client_id, test_id(ALICE), body, attachments), &key,
                   test_id(ALICE), test_ulid(number, id), lamport);
    json_decref(attachments);
    test_log_receive(&fixture->log, &event, 1);
    assert_int_equal(fixture->log.accepted, 1);
}

static void arrive(struct fixture *fixture, uint8_t author, const char *body)
{
    arrive_at(fixture, author, body, NULL, fixture->lamport, 100 + fixture->number);
    fixture->lamport++;
}

static void arrive_with_file(struct fixture *fixture, const char *name)
{
    arrive_at(fixture, BOB, "",
              json_pack("[{s:s,s:s}]", "cid",
                        "blake3:0000000000000000000000000000000000000000000000000000000000000000",
                        "name", name),
              fixture->lamport++, 200);
}

static void note(void *context, const struct history_message *message, const char *snippet)
{
    struct buffer *found = context;
    (void)snippet;
    buffer_append_format(found, "[%s]", message->body);
}

/* Fails unless the bodies that are found are these, "[newest][next]". */
static void assert_finds_in(struct fixture *fixture, const char *text, const struct node_id *peer,
                            const char *expected)
{
    struct search_query query = {.text = text, .peer = peer, .limit = 10};
    struct buffer found;
    bool more = true;
    buffer_init(&found);
    assert_int_equal(search_messages(fixture->log.log, &query, note, &found, &more), RESULT_OK);
    assert_string_equal(buffer_text(&found), expected);
    assert_false(more);
    buffer_deinit(&found);
}

static void assert_finds(struct fixture *fixture, const char *text, const char *expected)
{
    assert_finds_in(fixture, text, NULL, expected);
}

static void search_messages__finds_words_without_case_and_accents(void **state)
{
    struct fixture fixture;
    (void)state;
    open(&fixture);
    arrive(&fixture, BOB, "Frisches Brot gibt es bei Zoë am Kühlhaus");
    assert_finds(&fixture, "brot", "[Frisches Brot gibt es bei Zoë am Kühlhaus]");
    assert_finds(&fixture, "ZOE kuhl", "[Frisches Brot gibt es bei Zoë am Kühlhaus]");
    assert_finds(&fixture, "bro", "[Frisches Brot gibt es bei Zoë am Kühlhaus]");
    assert_finds(&fixture, "rot", "");
    assert_finds(&fixture, "brot kuchen", ""); /* all of the words */
    test_log_close(&fixture.log);
}

static void search_messages__takes_quoted_words_as_they_stand(void **state)
{
    struct fixture fixture;
    (void)state;
    open(&fixture);
    arrive(&fixture, BOB, "the pump is broken");
    arrive(&fixture, BOB, "broken is the pump");
    assert_finds(&fixture, "\"pump is\"", "[the pump is broken]");
    assert_finds(&fixture, "\"pum\"", "");
    assert_finds(&fixture, "\"pump is", "[the pump is broken]");
    test_log_close(&fixture.log);
}

static void search_messages__takes_every_query_for_words(void **state)
{
    static const char *const queries[] = {"NEAR(a b)", "a OR", "AND",  "\"", "\"\"", "*",
                                          "body:x",    "(",    "^",    "-",  "a*",   "'",
                                          "{x}",       "\\",   "\xfe", " "};
    struct fixture fixture;
    (void)state;
    open(&fixture);
    arrive(&fixture, BOB, "something else");
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        assert_finds(&fixture, queries[i], "");
    }
    arrive(&fixture, BOB, "this OR that");
    assert_finds(&fixture, "OR", "[this OR that]");
    test_log_close(&fixture.log);
}

static void search_messages__gives_the_newest_first_whatever_came_when(void **state)
{
    struct fixture fixture;
    struct search_query query = {.text = "bread", .limit = 1};
    struct buffer found;
    bool more = false;
    (void)state;
    open(&fixture);
    int64_t lamport = fixture.lamport;
    arrive_at(&fixture, BOB, "bread 3", NULL, lamport + 1, 30);
    arrive_at(&fixture, JANA, "bread 1", NULL, lamport, 20);
    arrive_at(&fixture, JANA, "bread 2", NULL, lamport + 1, 10);
    assert_finds(&fixture, "bread", "[bread 3][bread 2][bread 1]");
    assert_finds_in(&fixture, "bread", test_id(JANA), "[bread 2][bread 1]");
    buffer_init(&found);
    assert_int_equal(search_messages(fixture.log.log, &query, note, &found, &more), RESULT_OK);
    assert_string_equal(buffer_text(&found), "[bread 3]");
    assert_true(more);
    buffer_deinit(&found);
    test_log_close(&fixture.log);
}

static void note_snippet(void *context, const struct history_message *message, const char *snippet)
{
    (void)message;
    buffer_append_text(context, snippet);
}

static void search_messages__finds_attachments_by_name_and_marks_what_it_found(void **state)
{
    struct fixture fixture;
    struct search_query query = {.text = "bill", .limit = 1};
    struct buffer snippet;
    bool more = false;
    (void)state;
    open(&fixture);
    arrive_with_file(&fixture, "water bill.pdf");
    assert_finds(&fixture, "0000", "");
    buffer_init(&snippet);
    assert_int_equal(search_messages(fixture.log.log, &query, note_snippet, &snippet, &more),
                     RESULT_OK);
    assert_string_equal(buffer_text(&snippet), "water \xfe"
                                               "bill\xff.pdf");
    buffer_deinit(&snippet);
    test_log_close(&fixture.log);
}

/* Which views are not what the events say; the log is closed for it and opened again. */
static void assert_differs(struct fixture *fixture, const char *expected)
{
    struct maintenance_report report;
    event_log_close(&fixture->log.log);
    assert_int_equal(maintenance_verify(fixture->log.directory, test_id(ALICE), &fixture->log.key,
                                        clock_system(), &report, NULL),
                     RESULT_OK);
    assert_string_equal(report.differing, expected);
    test_log_reopen(&fixture->log, ALICE);
}

static void search_messages__forgets_what_is_not_shown_any_more(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct fixture fixture;
        open(&fixture);
        arrive_at(&fixture, BOB, order == 0 ? "first face" : "second face", NULL, fixture.lamport,
                  50);
        arrive_at(&fixture, BOB, order == 0 ? "second face" : "first face", NULL, fixture.lamport,
                  50);
        char *history = test_log_history(&fixture.log);
        bool first = strstr(history, "first face") != NULL;
        assert_finds(&fixture, "face", first ? "[first face]" : "[second face]");
        memory_free(history);
        assert_differs(&fixture, "");
        test_log_close(&fixture.log);
    }
}

/* Runs SQL on the log's database behind its back. */
static void meddle(struct fixture *fixture, const char *sql)
{
    sqlite3 *database = NULL;
    char *path = memory_format("%s/events.sqlite", fixture->log.directory);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    memory_free(path);
}

static void maintenance_verify__sees_a_wrong_index_and_rebuild_mends_it(void **state)
{
    static const char *const wrongs[] = {
        "INSERT INTO messages_search(messages_search) VALUES('delete-all')",
        "INSERT INTO messages_search(rowid,body,names) SELECT seq,'never said','' FROM messages",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        struct fixture fixture;
        open(&fixture);
        arrive(&fixture, BOB, "a word");
        assert_differs(&fixture, "");
        meddle(&fixture, wrongs[i]);
        assert_differs(&fixture, "messages_search");
        event_log_close(&fixture.log.log);
        assert_int_equal(maintenance_rebuild(fixture.log.directory, test_id(ALICE),
                                             &fixture.log.key, clock_system(), NULL),
                         RESULT_OK);
        test_log_reopen(&fixture.log, ALICE);
        assert_finds(&fixture, "word", "[a word]");
        assert_finds(&fixture, "never", "");
        assert_differs(&fixture, "");
        test_log_close(&fixture.log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_messages__finds_words_without_case_and_accents),
        cmocka_unit_test(search_messages__takes_quoted_words_as_they_stand),
        cmocka_unit_test(search_messages__takes_every_query_for_words),
        cmocka_unit_test(search_messages__gives_the_newest_first_whatever_came_when),
        cmocka_unit_test(search_messages__finds_attachments_by_name_and_marks_what_it_found),
        cmocka_unit_test(search_messages__forgets_what_is_not_shown_any_more),
        cmocka_unit_test(maintenance_verify__sees_a_wrong_index_and_rebuild_mends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
