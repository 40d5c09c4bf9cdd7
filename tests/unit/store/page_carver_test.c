#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "store/data_directory.h"
#include "store/page_carver.h"
#include "store/stored_text_private.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, MESSAGES = 80, ROUNDS = 300, MOST_FILE_BYTES = 4194304 };

/* A log with messages that lie on one page, and on several. */
static int64_t write_log(struct test_log *test)
{
    static char body[40000];
    char client_id[16];
    int64_t written = 0;
    test_log_open(test, ALICE, ALICE);
    written += test_log_populate(test, BOB) - 1;
    for (int i = 0; i < MESSAGES; i++) {
        size_t length = i % 10 == 3 ? sizeof body - 1 : (size_t)(i * 17);
        memset(body, 'a' + i % 26, length + 1);
        body[length + 1 < sizeof body ? length + 1 : length] = '\0';
        (void)snprintf(client_id, sizeof client_id, "id-%d", i);
        assert_int_equal(
            test_log_append(test, event_draft_message(client_id, test_id(BOB), body, NULL))->result,
            RESULT_OK);
        written++;
    }
    event_log_close(&test->log);
    return written;
}

/* The same, and its file: where it is and what is in it, for the caller to free. */
static int64_t write_and_read_log(struct test_log *test, char **path_out, char **bytes_out,
                                  size_t *length_out)
{
    int64_t written = write_log(test);
    *path_out = data_directory_path(test->directory, "events.sqlite");
    assert_int_equal(data_directory_read_file(*path_out, MOST_FILE_BYTES, bytes_out, length_out),
                     RESULT_OK);
    return written;
}

struct seen {
    int64_t genuine;
    bool seqs[MESSAGES + 16];
};

static void judge(void *context, int64_t seq, const char *text, size_t length_bytes)
{
    struct seen *seen = context;
    json_t *json = NULL;
    struct event *event = NULL;
    struct verified_event *verified = NULL;
    struct buffer space;
    buffer_init(&space);
    assert_int_equal(text[length_bytes], '\0');
    text = stored_text_whole(text, &length_bytes, test_id(ALICE), &space);
    if (canonical_parse(text, length_bytes, CANONICAL_MOST_NESTING, &json, NULL) == RESULT_OK &&
        event_parse(json, test_id(ALICE), &event) == EVENT_ACCEPTABLE &&
        event_verify(&event, &verified) == RESULT_OK) {
        if (seq > 0 && seq < MESSAGES + 16 && !seen->seqs[seq]) {
            seen->seqs[seq] = true;
            seen->genuine++;
        }
    }
    event_verified_destroy(&verified);
    json_decref(json);
    buffer_deinit(&space);
}

static int64_t carve(const char *path)
{
    struct page_carver *carver = NULL;
    struct seen seen = {.genuine = 0};
    struct error error = {""};
    assert_int_equal(page_carver_open(path, &carver, &error), RESULT_OK);
    page_carver_run(carver, judge, &seen);
    page_carver_close(&carver);
    return seen.genuine;
}

static void write_bytes(const char *path, const char *bytes, size_t length)
{
    struct error error = {""};
    assert_int_equal(data_directory_write_file(path, bytes, length, &error), RESULT_OK);
}

static void page_carver__finds_every_event_of_a_whole_file(void **state)
{
    struct test_log test;
    (void)state;
    int64_t written = write_log(&test);
    char *path = data_directory_path(test.directory, "events.sqlite");
    assert_int_equal(carve(path), written);
    memory_free(path);
    test_log_close(&test);
}

static void page_carver__finds_them_without_the_header_and_what_is_left_of_a_cut_file(void **state)
{
    struct test_log test;
    char *path = NULL;
    char *bytes = NULL;
    size_t length = 0;
    (void)state;
    int64_t written = write_and_read_log(&test, &path, &bytes, &length);
    memset(bytes, 0, 100);
    write_bytes(path, bytes, length);
    assert_int_equal(carve(path), written);
    int64_t before = written;
    for (size_t cut = length; cut > 5000; cut -= 4999) {
        write_bytes(path, bytes, cut);
        int64_t found = carve(path);
        assert_true(found <= before);
        before = found;
    }
    assert_true(before < written);
    memory_free(bytes);
    memory_free(path);
    test_log_close(&test);
}

/* Whatever the bytes are: it ends, and reads nothing that is not there (the sanitizers look). */
static void page_carver__takes_any_damage(void **state)
{
    struct test_log test;
    char *path = NULL;
    char *bytes = NULL;
    size_t length = 0;
    (void)state;
    int64_t written = write_and_read_log(&test, &path, &bytes, &length);
    char *journal = data_directory_path(test.directory, "events.sqlite-wal");
    char *spoiled = memory_allocate(length, 1);
    unsigned random = 4711;
    for (int round = 0; round < ROUNDS; round++) {
        memcpy(spoiled, bytes, length);
        for (int i = 0; i < 1 + round; i++) {
            random = random * 1103515245U + 12345U;
            size_t at = (size_t)(random >> 3) % length;
            size_t page = at / 4096 * 4096;
            /* Mostly in the heads of pages and cells, where it means most. */
            at = (round & 1) != 0 && page + (at & 31) < length ? page + (at & 31) : at;
            spoiled[at] = (char)(random >> 11);
        }
        write_bytes(path, spoiled, length - (size_t)(round % 7) * 1000);
        write_bytes(journal, spoiled + (size_t)round * 13, length / 2);
        assert_true(carve(path) <= written);
    }
    memory_free(spoiled);
    memory_free(bytes);
    memory_free(path);
    memory_free(journal);
    test_log_close(&test);
}

enum { PAGE_BYTES = 4096, JOURNAL_HEADER_BYTES = 32, FRAME_HEADER_BYTES = 24 };

static void write_32(char *at, size_t number)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (char)(number >> (24 - 8 * i) & 0xff);
    }
}

/* Frames of all pages of the log, or of junk in their place. */
static void add_frames(struct buffer *journal, const char *bytes, size_t length, char salt)
{
    char junk[PAGE_BYTES];
    memset(junk, 'j', sizeof junk);
    for (size_t at = 0; at < length; at += PAGE_BYTES) {
        char header[FRAME_HEADER_BYTES] = {0};
        write_32(header, at / PAGE_BYTES + 1);
        memset(header + 8, salt, 8);
        buffer_append(journal, header, sizeof header);
        buffer_append(journal, bytes == NULL ? junk : bytes + at, PAGE_BYTES);
    }
}

static void begin_journal(struct buffer *journal, char salt)
{
    char header[JOURNAL_HEADER_BYTES] = {0};
    write_32(header + 8, PAGE_BYTES);
    memset(header + 16, salt, 8);
    buffer_clear(journal);
    buffer_append(journal, header, sizeof header);
}

/* A journal that began anew keeps its old frames behind the new ones. */
static void page_carver__takes_frames_of_before_only_where_nothing_else_is(void **state)
{
    struct test_log test;
    struct buffer journal;
    char *path = NULL;
    char *bytes = NULL;
    size_t length = 0;
    (void)state;
    int64_t written = write_and_read_log(&test, &path, &bytes, &length);
    char *journal_path = memory_format("%s-wal", path);
    buffer_init(&journal);

    begin_journal(&journal, 1); /* the file is older than the journal, what is stale older yet */
    add_frames(&journal, bytes, length, 1);
    add_frames(&journal, NULL, length, 2);
    write_bytes(journal_path, journal.data, journal.length_bytes);
    write_bytes(path, "", 0);
    assert_int_equal(carve(path), written);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(carve(path), written);

    begin_journal(&journal, 1); /* all of the journal is in the file */
    add_frames(&journal, NULL, length, 2);
    write_bytes(journal_path, journal.data, journal.length_bytes);
    write_bytes(path, bytes, length);
    assert_int_equal(carve(path), written);

    begin_journal(&journal, 3); /* nothing else is left */
    add_frames(&journal, bytes, length, 2);
    write_bytes(journal_path, journal.data, journal.length_bytes);
    memset(bytes, 0, length);
    write_bytes(path, bytes, length);
    assert_int_equal(carve(path), written);

    buffer_deinit(&journal);
    memory_free(journal_path);
    memory_free(bytes);
    memory_free(path);
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_carver__finds_every_event_of_a_whole_file),
        cmocka_unit_test(page_carver__finds_them_without_the_header_and_what_is_left_of_a_cut_file),
        cmocka_unit_test(page_carver__takes_any_damage),
        cmocka_unit_test(page_carver__takes_frames_of_before_only_where_nothing_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
