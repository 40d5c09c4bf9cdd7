#include "store/search.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/database_private.h"
#include "store/log_private.h"
#include "store/maintenance.h"
#include "support/searching.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, JANA = 3 };

static void arrive_with_file(struct searching *fixture, const char *name)
{
    searching_arrive_at(
        fixture, BOB, "",
        json_pack("[{s:s,s:s}]", "cid",
                  "blake3:0000000000000000000000000000000000000000000000000000000000000000", "name",
                  name),
        fixture->lamport++, 200);
}

/* Which views are not what the events say; the log is closed for it and opened again. */
static void assert_differs(struct searching *fixture, const char *expected)
{
    struct maintenance_report report;
    event_log_close(&fixture->log.log);
    assert_int_equal(maintenance_verify(fixture->log.directory, test_id(ALICE), &fixture->log.key,
                                        clock_system(), &report, NULL),
                     RESULT_OK);
    assert_string_equal(report.differing, expected);
    test_log_reopen(&fixture->log, ALICE);
}

static void search__finds_words_without_case_and_accents(void **state)
{
    struct searching fixture;
    (void)state;
    searching_open(&fixture, JANA);
    searching_arrive(&fixture, BOB, "Frisches Brot gibt es bei Zoë am Kühlhaus");
    searching_assert_finds(&fixture, "brot", "[Frisches Brot gibt es bei Zoë am Kühlhaus]");
    searching_assert_finds(&fixture, "ZOE kuhl", "[Frisches Brot gibt es bei Zoë am Kühlhaus]");
    searching_assert_finds(&fixture, "bro", "[Frisches Brot gibt es bei Zoë am Kühlhaus]");
    searching_assert_finds(&fixture, "rot", "[Frisches Brot gibt es bei Zoë am Kühlhaus]");
    searching_assert_finds(&fixture, "rut", "");
    searching_assert_finds(&fixture, "brot kuchen", ""); /* all of the words */
    test_log_close(&fixture.log);
}

/* What is in the index is not what is compared in the end: queries of any length, of any script. */
static void search__finds_what_stands_anywhere_in_any_script(void **state)
{
    static const struct {
        const char *body;
        const char *queries[6];
    } cases[] = {
        {"Die Wasserpumpe in der Straße 3", {"p", "pu", "pum", "wasserpumpe", "STRASSE", "ß"}},
        {"明日の会議室、开会", {"会議", "会", "議", "开会", "会議室", "の会議"}},
        {"ok 👍🏽 a👍b", {"👍", "👍🏽", "a👍", "👍b", "a👍b"}},
        {"Ο κόσμος, наша ёлка, ışık", {"κοσμος", "ΚΟΣΜΟΣ", "елка", "Ёлка", "isik", "ışık"}},
        {"שָׁלוֹם مُحَمَّد", {"שלום", "שָׁלוֹם", "محمد", "مُحَمَّد"}},
        {"Was\u00adser\u200bfall ＡＢＣ e\u0301te\u0301",
         {"wasserfall", "Was\u00adser", "abc", "été", "ete"}},
        {"C++, 3.5 and foo@bar.de: \"100%\" 'x' a_b",
         {"c++", "3.5", "foo@bar.de", "100%", "'x'", "a_b"}},
        {"tab\there\u00a0there\u3000end", {"tab here", "there end", "\"tab here there end\""}},
        {"Z\u0351\u0363a\u0334l\u0353go", {"zalgo", "lg", "al"}},
        {"हिन्दी ภาษาไทย 한국어", {"हिन्दी", "ภาษา", "ไทย", "한국", "국"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct searching fixture;
        char *expected = memory_format("[%s]", cases[i].body);
        searching_open(&fixture, JANA);
        searching_arrive(&fixture, BOB, "xyz");
        searching_arrive(&fixture, BOB, cases[i].body);
        for (size_t j = 0; j < 6 && cases[i].queries[j] != NULL; j++) {
            searching_assert_finds(&fixture, cases[i].queries[j], expected);
        }
        test_log_close(&fixture.log);
        memory_free(expected);
    }
}

static void search__tells_false_finds_from_true_ones(void **state)
{
    struct searching fixture;
    (void)state;
    searching_open(&fixture, JANA);
    searching_arrive(&fixture, BOB, "abcx xbcd"); /* all that "abcd" is made of */
    searching_assert_finds(&fixture, "abcd", "");
    searching_arrive(&fixture, BOB, "会議 議室");
    searching_assert_finds(&fixture, "会議室", "");
    searching_arrive(&fixture, BOB, "peer1");
    searching_assert_finds(&fixture, "peer1", "[peer1]");
    test_log_close(&fixture.log);
}

static void search__takes_quoted_words_as_they_stand(void **state)
{
    struct searching fixture;
    (void)state;
    searching_open(&fixture, JANA);
    searching_arrive(&fixture, BOB, "the pump is broken");
    searching_arrive(&fixture, BOB, "broken is the pump");
    searching_assert_finds(&fixture, "\"pump is\"", "[the pump is broken]");
    searching_assert_finds(&fixture, "\"pum\"", "");
    searching_assert_finds(&fixture, "\"pump is", "[the pump is broken]");
    test_log_close(&fixture.log);
}

static void search__takes_every_query_for_words(void **state)
{
    static const char *const queries[] = {"NEAR(a b)", "a OR", "AND",  "\"", "\"\"", "*",
                                          "body:x",    "(",    "^",    "-",  "a*",   "'",
                                          "{x}",       "\\",   "\xfe", " "};
    struct searching fixture;
    (void)state;
    searching_open(&fixture, JANA);
    searching_arrive(&fixture, BOB, "something else");
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        searching_assert_finds(&fixture, queries[i], "");
    }
    searching_arrive(&fixture, BOB, "this OR that");
    searching_assert_finds(&fixture, "OR", "[this OR that]");
    test_log_close(&fixture.log);
}

static void search__gives_the_newest_first_whatever_came_when(void **state)
{
    struct searching fixture;
    struct search_query query = {.text = "bread", .limit = 1};
    struct buffer found;
    bool more = false;
    (void)state;
    searching_open(&fixture, JANA);
    int64_t lamport = fixture.lamport;
    searching_arrive_at(&fixture, BOB, "bread 3", NULL, lamport + 1, 30);
    searching_arrive_at(&fixture, JANA, "bread 1", NULL, lamport, 20);
    searching_arrive_at(&fixture, JANA, "bread 2", NULL, lamport + 1, 10);
    searching_assert_finds(&fixture, "bread", "[bread 3][bread 2][bread 1]");
    searching_assert_finds_of(&fixture, "bread", test_id(JANA), "[bread 2][bread 1]");
    buffer_init(&found);
    assert_int_equal(test_search(fixture.log.log, &query, searching_note, &found, &more),
                     RESULT_OK);
    assert_string_equal(buffer_text(&found), "[bread 3]");
    assert_true(more);
    buffer_deinit(&found);
    test_log_close(&fixture.log);
}

/* More of one lamport than have room there, of two people, before and behind others. */
static void search__keeps_the_order_where_many_are_of_one_lamport(void **state)
{
    enum { MANY = 200 };
    struct searching fixture;
    struct search_query query = {.text = "same", .limit = 10};
    struct buffer found;
    bool more = false;
    (void)state;
    searching_open(&fixture, JANA);
    int64_t lamport = fixture.lamport;
    searching_arrive_at(&fixture, BOB, "same later", NULL, lamport + 5, 9000);
    for (unsigned i = 0; i < MANY; i++) {
        char body[32];
        unsigned number = 1000 + i * 77 % MANY;
        (void)snprintf(body, sizeof body, "same %u", number);
        searching_arrive_at(&fixture, i % 2 == 0 ? BOB : JANA, body, NULL, lamport, number);
    }
    searching_arrive_at(&fixture, BOB, "same behind", NULL, lamport + 1, 9001);
    searching_arrive_at(&fixture, BOB, "same before", NULL, lamport - 1, 9002);
    buffer_init(&found);
    assert_int_equal(test_search(fixture.log.log, &query, searching_note, &found, &more),
                     RESULT_OK);
    assert_string_equal(buffer_text(&found),
                        "[same later][same behind][same 1199][same 1198][same 1197][same 1196]"
                        "[same 1195][same 1194][same 1193][same 1192]");
    assert_true(more);
    buffer_clear(&found);
    query.limit = MANY + 2;
    assert_int_equal(test_search(fixture.log.log, &query, searching_note, &found, &more),
                     RESULT_OK);
    assert_true(more);
    assert_non_null(strstr(found.data, "[same 1001][same 1000]"));
    assert_null(strstr(found.data, "before"));
    buffer_deinit(&found);
    assert_differs(&fixture, "");
    test_log_close(&fixture.log);
}

static void note_read(void *context, const struct history_message *message,
                      const struct search_found *where)
{
    (void)where;
    buffer_append_format(context, "[%s %s]", message->body,
                         message->read_at == NULL ? "unread" : message->read_at + 17);
}

static void read_by_bob(struct searching *fixture, const char *target, int64_t at, unsigned number)
{
    char id[ULID_TEXT_BYTES];
    const struct signing_key key = test_key(BOB);
    struct verified_event *event = test_event(event_draft_read(target, at), &key, test_id(ALICE),
                                              test_ulid(number, id), fixture->lamport + number);
    test_log_receive(&fixture->log, &event, 1);
    assert_int_equal(fixture->log.accepted, 1);
}

static void search__says_of_each_when_it_was_read_first(void **state)
{
    const struct search_query query = {.text = "bread", .limit = 10};
    struct searching fixture;
    struct buffer found;
    char ids[4][ULID_TEXT_BYTES];
    bool more = false;
    (void)state;
    searching_open(&fixture, JANA);
    for (int i = 0; i < 4; i++) {
        char client_id[] = {'a', (char)('0' + i), '\0'};
        char body[] = {'b', 'r', 'e', 'a', 'd', ' ', (char)('0' + i), '\0'};
        const struct append_answer *answer =
            test_log_append(&fixture.log, event_draft_message(client_id, test_id(BOB), body, NULL));
        memcpy(ids[i], answer->event_id, ULID_TEXT_BYTES);
    }
    read_by_bob(&fixture, ids[0], 1800000001, 501);
    read_by_bob(&fixture, ids[2], 1800000002, 502);
    buffer_init(&found);
    assert_int_equal(test_search(fixture.log.log, &query, note_read, &found, &more), RESULT_OK);
    assert_string_equal(buffer_text(&found),
                        "[bread 3 unread][bread 2 02Z][bread 1 02Z][bread 0 01Z]");
    buffer_deinit(&found);
    test_log_close(&fixture.log);
}

/* "body: [what was found]", or "names: …". */
static void note_where(void *context, const struct history_message *message,
                       const struct search_found *where)
{
    (void)message;
    buffer_append_text(context, where->in_body ? "body:" : "names:");
    for (size_t i = 0; i < where->range_count; i++) {
        buffer_append_format(context, " [%.*s]",
                             (int)(where->ranges[i].end - where->ranges[i].begin),
                             where->text + where->ranges[i].begin);
    }
}

static void assert_found_where(struct searching *fixture, const char *text, const char *expected)
{
    const struct search_query query = {.text = text, .limit = 1};
    struct buffer found;
    bool more = false;
    buffer_init(&found);
    assert_int_equal(test_search(fixture->log.log, &query, note_where, &found, &more), RESULT_OK);
    assert_string_equal(buffer_text(&found), expected);
    buffer_deinit(&found);
}

static void search__finds_attachments_by_name_and_says_where_it_found(void **state)
{
    struct searching fixture;
    (void)state;
    searching_open(&fixture, JANA);
    arrive_with_file(&fixture, "Wässer Bill.pdf");
    searching_assert_finds(&fixture, "0000", "");
    assert_found_where(&fixture, "bill wasser", "names: [Wässer] [Bill]");
    searching_arrive(&fixture, BOB, "a bill for wä\u00adSSER and bills");
    assert_found_where(&fixture, "bill wasser", "body: [bill] [wä\u00adSSER] [bill]");
    test_log_close(&fixture.log);
}

static void search__forgets_what_is_not_shown_any_more(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct searching fixture;
        searching_open(&fixture, JANA);
        searching_arrive_at(&fixture, BOB, order == 0 ? "first face" : "second face", NULL,
                            fixture.lamport, 50);
        searching_arrive_at(&fixture, BOB, order == 0 ? "second face" : "first face", NULL,
                            fixture.lamport, 50);
        char *history = test_log_history(&fixture.log);
        bool first = strstr(history, "first face") != NULL;
        searching_assert_finds(&fixture, "face", first ? "[first face]" : "[second face]");
        memory_free(history);
        assert_differs(&fixture, "");
        test_log_close(&fixture.log);
    }
}

/* Runs SQL on the log's database behind its back. */
static void meddle(struct searching *fixture, const char *sql)
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
        "INSERT INTO messages_search(rowid,grams) SELECT place,'nev eve' FROM messages",
        "UPDATE messages SET place=1",
        "UPDATE messages SET place=place+1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        struct searching fixture;
        searching_open(&fixture, JANA);
        fixture.log.log->search_may_wait = 0;
        searching_arrive(&fixture, BOB, "a word");
        assert_differs(&fixture, "");
        meddle(&fixture, wrongs[i]);
        assert_differs(&fixture, "messages_search");
        event_log_close(&fixture.log.log);
        assert_int_equal(maintenance_rebuild(fixture.log.directory, test_id(ALICE),
                                             &fixture.log.key, clock_system(), NULL),
                         RESULT_OK);
        test_log_reopen(&fixture.log, ALICE);
        searching_assert_finds(&fixture, "word", "[a word]");
        searching_assert_finds(&fixture, "never", "");
        assert_differs(&fixture, "");
        test_log_close(&fixture.log);
    }
}

/* As after an update of Unicode: what was folded otherwise is folded again. */
static void event_log_open__makes_an_index_of_other_rules_anew(void **state)
{
    struct searching fixture;
    (void)state;
    searching_open(&fixture, JANA);
    searching_arrive(&fixture, BOB, "a word");
    searching_arrive(&fixture, JANA, "another word");
    event_log_close(&fixture.log.log);
    meddle(&fixture, "UPDATE meta SET value='1, Unicode 5.0' WHERE key='search';"
                     "UPDATE messages SET place=-8;"
                     "INSERT INTO messages_search(messages_search) VALUES('delete-all')");
    test_log_reopen(&fixture.log, ALICE);
    searching_assert_finds(&fixture, "word", "[another word][a word]");
    assert_differs(&fixture, "");
    test_log_close(&fixture.log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search__finds_words_without_case_and_accents),
        cmocka_unit_test(search__finds_what_stands_anywhere_in_any_script),
        cmocka_unit_test(search__tells_false_finds_from_true_ones),
        cmocka_unit_test(search__keeps_the_order_where_many_are_of_one_lamport),
        cmocka_unit_test(search__takes_quoted_words_as_they_stand),
        cmocka_unit_test(search__takes_every_query_for_words),
        cmocka_unit_test(search__gives_the_newest_first_whatever_came_when),
        cmocka_unit_test(search__says_of_each_when_it_was_read_first),
        cmocka_unit_test(search__finds_attachments_by_name_and_says_where_it_found),
        cmocka_unit_test(search__forgets_what_is_not_shown_any_more),
        cmocka_unit_test(event_log_open__makes_an_index_of_other_rules_anew),
        cmocka_unit_test(maintenance_verify__sees_a_wrong_index_and_rebuild_mends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
