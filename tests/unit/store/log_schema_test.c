#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/lock.h"
#include "core/memory.h"
#include "protocol/hex.h"
#include "store/data_directory.h"
#include "store/history.h"
#include "store/log_events_private.h"
#include "store/log_moves_private.h"
#include "store/log_schema_private.h"
#include "store/maintenance.h"
#include "store/search.h"
#include "support/neighbours.h"

enum { ALICE = 1, BOB = 2, JANA = 3, MOST_FIXTURE_BYTES = 1 << 20 };

/* What made a log of schema 3 one of an earlier one. */
static const char *const earlier[] = {
    [1] = "DROP INDEX events_set; CREATE INDEX events_lamport ON events(lamport, hash);"
          "DROP INDEX messages_event_id; DROP TABLE growth; DROP TABLE messages_search;"
          "ALTER TABLE messages DROP COLUMN names; PRAGMA user_version=1;",
    [2] = "DROP TABLE messages_search; ALTER TABLE messages DROP COLUMN names;"
          "PRAGMA user_version=2;",
    [3] = "",
};

/* What makes a log of today one of schema 4, 5 or 6. */
#define WITHOUT_KEYS                                                                               \
    "DROP TABLE contacts; DROP TABLE unheard; DROP TABLE clearings;"                               \
    "DROP TABLE owed_offers; DROP TABLE acknowledged; DROP TABLE lost;"                            \
    "DROP TABLE receiving_keys; DROP TABLE keyring; DROP TABLE verified; DROP TABLE service_days;" \
    "DROP TABLE hedge; DROP TABLE offers; DROP TABLE sealings; DROP TABLE sealed_runs;"            \
    "DROP TABLE sessions; DROP TABLE repairs; DROP TABLE questions; DROP INDEX "                   \
    "messages_waiting;"                                                                            \
    "DROP TABLE changes; ALTER TABLE messages DROP COLUMN hash;"                                   \
    "ALTER TABLE messages DROP COLUMN reply_to; ALTER TABLE messages DROP COLUMN original;"        \
    "ALTER TABLE messages DROP COLUMN edited_at; ALTER TABLE messages DROP COLUMN deleted_at;"     \
    "ALTER TABLE messages DROP COLUMN own_reaction;"                                               \
    "ALTER TABLE messages DROP COLUMN peer_reaction;"                                              \
    "DROP INDEX messages_conversation; DROP INDEX messages_order;"                                 \
    "ALTER TABLE messages DROP COLUMN cleared;"                                                    \
    "ALTER TABLE conversations DROP COLUMN unread;"                                                \
    "ALTER TABLE conversations DROP COLUMN read_lamport;"                                          \
    "ALTER TABLE conversations DROP COLUMN read_event_id;"                                         \
    "ALTER TABLE conversations DROP COLUMN first_lamport;"                                         \
    "ALTER TABLE conversations DROP COLUMN first_event_id;"                                        \
    "ALTER TABLE conversations DROP COLUMN last_seq;"                                              \
    "ALTER TABLE state DROP COLUMN indexed;"                                                       \
    "DROP INDEX messages_client_id;"                                                               \
    "CREATE INDEX messages_client_id ON messages(client_id, author, conversation);"                \
    "DROP INDEX events_hash; DROP INDEX events_author;"                                            \
    "CREATE INDEX events_hash ON events(substr(hash,1,8));"                                        \
    "CREATE INDEX events_author ON events(substr(author,1,8), aside, lamport);"                    \
    "CREATE INDEX messages_event_id ON messages(event_id); DROP INDEX events_event_id;"            \
    "CREATE INDEX events_event_id ON events(event_id, author, aside, hash);"                       \
    "CREATE INDEX messages_conversation ON messages(conversation, lamport, event_id, author);"     \
    "CREATE INDEX messages_order ON messages(lamport, event_id);"
#define WITHOUT_NEW_TABLES                                                                         \
    WITHOUT_KEYS "DROP TABLE addresses; DROP TABLE open_invites; DROP TABLE redeemed;"
#define OLD_SEARCH_INDEX                                                                           \
    "DROP TABLE messages_search; DROP INDEX messages_place;"                                       \
    "ALTER TABLE messages DROP COLUMN place; DELETE FROM meta WHERE key='search';"                 \
    "CREATE VIRTUAL TABLE messages_search USING fts5(body, names, content=messages,"               \
    " content_rowid=seq, tokenize='unicode61 remove_diacritics 2', prefix='2 3');"                 \
    "INSERT INTO messages_search(messages_search) VALUES('rebuild');"
static const char seventh[] =
    "DROP INDEX messages_place; CREATE INDEX messages_place ON messages(place) WHERE place<>0;"
    "UPDATE messages SET place=0 WHERE place<0; PRAGMA user_version=7;";
static const char sixth[] =
    WITHOUT_KEYS "DROP INDEX messages_place; CREATE INDEX messages_place ON messages(place);"
                 "PRAGMA user_version=6;";
static const char fifth[] = OLD_SEARCH_INDEX WITHOUT_NEW_TABLES "PRAGMA user_version=5;";
static const char fourth[] = OLD_SEARCH_INDEX WITHOUT_NEW_TABLES
    " DROP INDEX events_hash; DROP INDEX events_author;"
    "CREATE UNIQUE INDEX events_hash ON events(hash);"
    "CREATE INDEX events_author ON events(author, aside, lamport); PRAGMA user_version=4;";

static char *read_fixture(const char *name)
{
    char *text = NULL;
    size_t length = 0;
    char *path = memory_format("%s/tests/fixtures/%s", HEARTHCHAT_SOURCE, name);
    assert_int_equal(data_directory_read_file(path, MOST_FIXTURE_BYTES, &text, &length), RESULT_OK);
    memory_free(path);
    return text;
}

static void execute(const char *directory, const char *sql)
{
    sqlite3 *database = NULL;
    char *path = memory_format("%s/events.sqlite", directory);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    memory_free(path);
}

/* A log as an earlier version left it, not opened yet. */
static void lay_down(struct test_log *test, int version)
{
    char *sql = read_fixture("log-of-schema-3.sql");
    *test = (struct test_log){.directory = test_directory(), .key = test_key(ALICE)};
    test->lock = lock_create();
    execute(test->directory, sql);
    memory_free(sql);
    if (version < 4) {
        execute(test->directory, earlier[version]);
    } else {
        test_log_reopen(test, ALICE);
        event_log_close(&test->log);
        static const char *const later[] = {fourth, fifth, sixth, seventh};
        execute(test->directory, later[version - 4]);
    }
}

static int note_index(void *context, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    buffer_append_format(context, "%s\n", values[0]);
    return 0;
}

/* The caller frees. */
static char *indexes_of(const struct test_log *test)
{
    struct buffer indexes;
    sqlite3 *database = NULL;
    char *path = memory_format("%s/events.sqlite", test->directory);
    buffer_init(&indexes);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database,
                                  "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
                                  " AND (type='index' OR name='addresses') ORDER BY name",
                                  note_index, &indexes, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    memory_free(path);
    return buffer_take(&indexes);
}

static int64_t count_unread(struct test_log *test, uint8_t peer)
{
    int64_t unread = -1;
    assert_int_equal(history_count_unread(test->log, test_id(peer), &unread), RESULT_OK);
    return unread;
}

static void count_found(void *context, const struct history_message *message,
                        const struct search_found *found)
{
    (void)message;
    (void)found;
    ++*(int *)context;
}

static void event_log_open__brings_a_log_of_any_earlier_version_up_to_date_as_it_was(void **state)
{
    struct test_log fresh;
    (void)state;
    test_log_open(&fresh, ALICE, ALICE);
    char *indexes = indexes_of(&fresh);
    test_log_close(&fresh);
    for (int version = 1; version <= 7; version++) {
        struct test_log test;
        char fingerprint[2 * FINGERPRINT_BYTES + 1];
        bool more = false;
        int found = 0;
        const struct search_query query = {.text = "plan of th well", .limit = 10};
        char *expected = read_fixture("log-of-schema-3.history.json");
        expected[strcspn(expected, "\n")] = '\0';
        lay_down(&test, version);
        test_log_reopen(&test, ALICE);
        char *history = test_log_history(&test);
        assert_string_equal(history, expected);
        const struct log_snapshot *snapshot = log_snapshot_acquire(test.log);
        assert_int_equal(snapshot->head, 48);
        assert_int_equal(snapshot->clock, 48);
        assert_int_equal(snapshot->last_seq, 41);
        assert_int_equal(snapshot->event_count, 40);
        assert_int_equal(snapshot->membership->member_count, 3);
        hex_format(snapshot->fingerprint, FINGERPRINT_BYTES, fingerprint);
        assert_string_equal(fingerprint, "961294642875444808320c9ffa3cad4a");
        log_snapshot_release(test.log, &snapshot);
        assert_int_equal(count_unread(&test, BOB), 0); /* the silent mark is still there */
        assert_int_equal(count_unread(&test, JANA), 1);
        assert_int_equal(test_search(test.log, &query, count_found, &found, &more), RESULT_OK);
        assert_int_equal(found, 4);
        assert_int_equal(
            test_log_append(&test, event_draft_message("new", test_id(BOB), "On", NULL))->lamport,
            49);
        (void)test_log_verify(&test, ALICE);
        char *upgraded = indexes_of(&test);
        assert_string_equal(upgraded, indexes);
        memory_free(upgraded);
        memory_free(history);
        memory_free(expected);
        test_log_close(&test);
    }
    memory_free(indexes);
}

/* Who asks for keys gets none of what was acknowledged before anybody looked at that. */
static void event_log_open__knows_what_was_acknowledged_in_a_log_of_schema_6(void **state)
{
    struct neighbours street;
    (void)state;
    neighbours_begin(&street, BOB);
    neighbours_exchange(&street);
    (void)neighbours_send(&street, ALICE, BOB, "one");
    neighbours_exchange(&street);
    neighbours_change_database(&street, ALICE, sixth);
    assert_int_equal(neighbours_ask_database(&street, ALICE, "SELECT count(*) FROM acknowledged"),
                     1);
    neighbours_verify(&street, ALICE);
    neighbours_end(&street);
}

/* A log of Alice and Bob, closed. */
static void write_log(struct test_log *test)
{
    test_log_open(test, ALICE, ALICE);
    (void)test_log_populate(test, BOB);
    event_log_close(&test->log);
}

static enum result open_for_reading(struct test_log *test, struct error *error)
{
    struct event_log_options options = {.directory = test->directory,
                                        .community_id = *test_id(ALICE),
                                        .key = &test->key,
                                        .clock = clock_system(),
                                        .synchronous = true,
                                        .reads_only = true};
    return event_log_open(&options, &test->log, error);
}

static void event_log_open__for_reading_leaves_an_older_log_alone(void **state)
{
    struct test_log test;
    struct error error = {""};
    (void)state;
    lay_down(&test, 3);
    assert_int_equal(open_for_reading(&test, &error), RESULT_UNSUPPORTED);
    assert_non_null(strstr(error.message, "older"));
    /* The program that wrote it goes on. */
    execute(test.directory, "INSERT INTO heads VALUES(33,1);"
                            "INSERT INTO messages SELECT 99,'01HXR000000000000000000999',99,peer,0,"
                            "'c','b','[]','2027-01-15T08:00:08Z','' FROM messages LIMIT 1");
    test_log_close(&test);
}

static void event_log_open__for_reading_takes_no_job(void **state)
{
    struct test_log test;
    struct error error = {""};
    (void)state;
    write_log(&test);
    assert_int_equal(open_for_reading(&test, &error), RESULT_OK);
    assert_true(event_log_is_read_only(test.log));
    assert_int_equal(
        test_log_append(&test, event_draft_message("c", test_id(BOB), "x", NULL))->result,
        RESULT_IO);
    test_log_close(&test);
}

static int note_name(void *context, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    bool named = false;
    for (const struct log_schema_table *table = log_schema_tables; table->name != NULL; table++) {
        named = named || strcmp(table->name, values[0]) == 0;
    }
    if (!named) {
        (void)fprintf(stderr, "%s is neither derived nor primary\n", values[0]);
        *(bool *)context = false;
    }
    return 0;
}

static void log_schema__says_of_every_table_what_is_derived(void **state)
{
    struct test_log test;
    sqlite3 *database = NULL;
    bool all = true;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    char *path = memory_format("%s/events.sqlite", test.directory);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database,
                                  "SELECT name FROM sqlite_schema WHERE type='table'"
                                  " AND name NOT LIKE 'messages_search%'",
                                  note_name, &all, NULL),
                     SQLITE_OK);
    assert_true(all);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    memory_free(path);
    test_log_close(&test);
}

static void maintenance_verify__an_empty_file_is_no_log(void **state)
{
    struct test_log test = {.directory = test_directory(), .key = test_key(ALICE)};
    struct maintenance_report report;
    struct error error = {""};
    (void)state;
    char *path = memory_format("%s/events.sqlite", test.directory);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(maintenance_verify(test.directory, test_id(ALICE), &test.key, clock_system(),
                                        &report, &error),
                     RESULT_IO);
    assert_non_null(strstr(error.message, "empty"));
    memory_free(path);
    test_remove_directory(&test.directory);
}

/* Who stands where follows from the facts: with one missing, others would get in or fall out. */
static void event_log_open__refuses_a_log_with_a_damaged_fact(void **state)
{
    struct test_log test;
    struct error error = {""};
    (void)state;
    write_log(&test);
    execute(test.directory, "UPDATE facts SET author=x'00' WHERE seq=2");
    assert_int_equal(open_for_reading(&test, &error), RESULT_IO);
    assert_non_null(strstr(error.message, "damaged"));
    assert_non_null(strstr(error.message, "hearthchat repair"));
    test_log_close(&test);
}

static int64_t ask(const struct test_log *test, const char *sql)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *row = NULL;
    char *path = memory_format("%s/events.sqlite", test->directory);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(row, 0);
    assert_int_equal(sqlite3_finalize(row), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    memory_free(path);
    return answer;
}

static void say(struct test_log *test, int from, int to)
{
    char client_id[32];
    char body[101];
    for (int i = from; i < to; i++) {
        (void)snprintf(client_id, sizeof client_id, "letter %05d", i);
        (void)snprintf(body, sizeof body, "%0100d", i);
        assert_int_equal(
            test_log_append(test, event_draft_message(client_id, test_id(BOB), body, NULL))->result,
            RESULT_OK);
    }
}

/* All pages but those of the index of messages, which depends on what is said. */
#define BYTES "SELECT sum(pgsize) FROM dbstat WHERE name NOT LIKE 'messages_search%'"

static void log_schema__a_message_of_100_bytes_takes_1300_in_all_tables(void **state)
{
    enum { BEFORE = 50, AFTER = 400, MOST_BYTES = 1300 };
    struct test_log test;
    (void)state;
    write_log(&test);
    test_log_reopen(&test, ALICE);
    say(&test, 0, BEFORE);
    int64_t before = ask(&test, BYTES);
    say(&test, BEFORE, AFTER);
    assert_in_range((ask(&test, BYTES) - before) / (AFTER - BEFORE), 1, MOST_BYTES);
    test_log_close(&test);
}

/* What the writer's statements did since the last time; it rests. */
static int64_t count_steps(struct test_log *test)
{
    int64_t steps = 0;
    for (size_t i = 0; i < DATABASE_STATEMENT_PLACES; i++) {
        sqlite3_stmt *statement = test->log->database.statements[i].statement;
        steps +=
            statement == NULL ? 0 : sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
    }
    return steps;
}

/* Alike as far as one can't have them by trying, or nearly. */
static void log_schema__finds_an_event_and_an_author_beside_many_that_begin_alike(void **state)
{
    enum { MANY = 300, MOST_MORE = 20 };
    struct test_log test;
    int64_t steps[2];
    (void)state;
    write_log(&test);
    test_log_reopen(&test, ALICE);
    const uint8_t hash[BLAKE3_HASH_BYTES] = "begins like others, is not there";
    for (int i = 0; i < 2; i++) {
        (void)count_steps(&test);
        assert_false(log_events_hold(&test.log->database, hash));
        log_moves_note(test.log, test_id(BOB));
        steps[i] = count_steps(&test);
        database_run(&test.log->database,
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<?1)"
                     " INSERT INTO events(hash,lamport,event_id,type,author,aside,json)"
                     " SELECT CAST(substr(?2,1,5)||zeroblob(1)||randomblob(26) AS BLOB),i,'',9,"
                     "CAST(substr(?3,1,15)||zeroblob(1)||randomblob(16) AS BLOB),1,'' FROM n",
                     "ibb", (int64_t)MANY, hash, (int)sizeof hash, test_id(BOB)->key,
                     NODE_ID_BYTES);
        assert_false(test.log->database.failed);
    }
    assert_in_range(steps[1], steps[0], steps[0] + MOST_MORE);
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_log_open__brings_a_log_of_any_earlier_version_up_to_date_as_it_was),
        cmocka_unit_test(event_log_open__knows_what_was_acknowledged_in_a_log_of_schema_6),
        cmocka_unit_test(event_log_open__for_reading_leaves_an_older_log_alone),
        cmocka_unit_test(event_log_open__for_reading_takes_no_job),
        cmocka_unit_test(log_schema__says_of_every_table_what_is_derived),
        cmocka_unit_test(maintenance_verify__an_empty_file_is_no_log),
        cmocka_unit_test(event_log_open__refuses_a_log_with_a_damaged_fact),
        cmocka_unit_test(log_schema__a_message_of_100_bytes_takes_1300_in_all_tables),
        cmocka_unit_test(log_schema__finds_an_event_and_an_author_beside_many_that_begin_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
