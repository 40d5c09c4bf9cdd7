/* The staircase of read marks beside a naive reading: of all marks whose target is the message or a
 * later one, the first in replay order. */
#include <stdio.h>
#include <string.h>

#include "store/log_read_marks_private.h"
#include "support/shuffle.h"
#include "support/test_support.h"

enum { HISTORIES = 40, STEPS = 120, MOST_MARKS = 128 };
enum { CONVERSATIONS = 2, READERS = 2, LAMPORTS = 7, IDS = 3, HASHES = 2 };

/* What a place is called, of a target or of a mark. */
struct place {
    int64_t lamport;
    char event_id[ULID_TEXT_BYTES];
};

struct mark {
    int64_t conversation;
    int64_t reader;
    struct place target;
    struct place own;
    uint8_t hash[BLAKE3_HASH_BYTES];
    char at[ULID_TEXT_BYTES];
};

struct marks {
    struct mark all[MOST_MARKS];
    size_t count;
};

static struct place any_place(uint64_t *random)
{
    struct place place = {.lamport = 1 + shuffle_below(random, LAMPORTS)};
    (void)test_ulid(shuffle_below(random, IDS), place.event_id);
    return place;
}

/* In few places, so that many of them are the same. */
static struct mark any_mark(uint64_t *random)
{
    struct mark mark = {.conversation = 1 + shuffle_below(random, CONVERSATIONS),
                        .reader = 1 + shuffle_below(random, READERS),
                        .target = any_place(random),
                        .own = any_place(random)};
    memset(mark.hash, (int)shuffle_below(random, HASHES), sizeof mark.hash);
    (void)snprintf(mark.at, sizeof mark.at, "%lld/%.3s/%u", (long long)mark.own.lamport,
                   mark.own.event_id + ULID_TEXT_BYTES - 4, (unsigned)mark.hash[0]);
    return mark;
}

static struct log_read_mark kept(const struct mark *mark)
{
    return (struct log_read_mark){.conversation = mark->conversation,
                                  .reader = mark->reader,
                                  .target_lamport = mark->target.lamport,
                                  .target_event_id = mark->target.event_id,
                                  .lamport = mark->own.lamport,
                                  .event_id = mark->own.event_id,
                                  .hash = mark->hash,
                                  .at = mark->at};
}

static int compare_places(const struct place *left, const struct place *right)
{
    if (left->lamport != right->lamport) {
        return left->lamport < right->lamport ? -1 : 1;
    }
    return strcmp(left->event_id, right->event_id);
}

static int compare_marks(const struct mark *left, const struct mark *right)
{
    int order = compare_places(&left->own, &right->own);
    return order != 0 ? order : memcmp(left->hash, right->hash, sizeof left->hash);
}

static bool is_of(const struct mark *mark, int64_t conversation, int64_t reader)
{
    return mark->conversation == conversation && mark->reader == reader;
}

static bool is_same(const struct mark *left, const struct mark *right)
{
    return is_of(left, right->conversation, right->reader) &&
           compare_places(&left->target, &right->target) == 0 && compare_marks(left, right) == 0;
}

/* Since when a message at that place is read, "" while it is not. */
static const char *read_naively(const struct marks *marks, int64_t conversation, int64_t reader,
                                const struct place *message)
{
    const struct mark *first = NULL;
    for (size_t i = 0; i < marks->count; i++) {
        const struct mark *mark = &marks->all[i];
        if (is_of(mark, conversation, reader) && compare_places(&mark->target, message) >= 0 &&
            (first == NULL || compare_marks(mark, first) < 0)) {
            first = mark;
        }
    }
    return first == NULL ? "" : first->at;
}

static void assert_read(struct event_log *log, int64_t conversation, int64_t reader,
                        const struct place *message, const char *expected)
{
    sqlite3_stmt *row =
        database_query(&log->database,
                       "SELECT at FROM read_marks INDEXED BY read_marks_steps WHERE conversation=?1"
                       " AND reader=?2 AND step=1 AND (target_lamport,target_event_id)>=(?3,?4)"
                       " ORDER BY target_lamport,target_event_id LIMIT 1",
                       "iiit", conversation, reader, message->lamport, message->event_id);
    bool is_read = database_next(&log->database, row);
    assert_string_equal(is_read ? database_text(row, 0) : "", expected);
    database_done(row);
}

static void assert_all_read(struct event_log *log, const struct marks *marks)
{
    for (int64_t conversation = 1; conversation <= CONVERSATIONS; conversation++) {
        for (int64_t reader = 1; reader <= READERS; reader++) {
            for (unsigned i = 0; i < LAMPORTS * IDS; i++) {
                struct place message = {.lamport = 1 + i / IDS};
                (void)test_ulid(i % IDS, message.event_id);
                assert_read(log, conversation, reader, &message,
                            read_naively(marks, conversation, reader, &message));
            }
        }
    }
    assert_int_equal(database_integer(&log->database, -1, "SELECT count(*) FROM read_marks", ""),
                     marks->count);
}

/* Each step makes less than the one above it idle: none lies under another. */
static void assert_staircase(struct event_log *log)
{
    assert_int_equal(
        database_integer(
            &log->database, -1,
            "SELECT count(*) FROM read_marks a JOIN read_marks b USING(conversation,reader)"
            " WHERE a.step=1 AND b.step=1"
            " AND (a.target_lamport,a.target_event_id)<=(b.target_lamport,b.target_event_id)"
            " AND (a.lamport,a.event_id,a.hash)>(b.lamport,b.event_id,b.hash)",
            ""),
        0);
}

static void add(struct event_log *log, struct marks *marks, const struct mark *mark)
{
    struct log_read_mark added = kept(mark);
    log_read_marks_add(log, &added);
    for (size_t i = 0; i < marks->count; i++) {
        if (is_same(&marks->all[i], mark)) {
            return;
        }
    }
    marks->all[marks->count++] = *mark;
}

static void forget(struct marks *marks, size_t index)
{
    marks->all[index] = marks->all[--marks->count];
}

static void remove_one(struct event_log *log, struct marks *marks, uint64_t *random)
{
    size_t index = shuffle_below(random, (unsigned)marks->count);
    struct log_read_mark removed = kept(&marks->all[index]);
    removed.at = NULL;
    log_read_marks_remove(log, &removed);
    forget(marks, index);
}

static void remove_target(struct event_log *log, struct marks *marks, uint64_t *random)
{
    const struct mark gone = marks->all[shuffle_below(random, (unsigned)marks->count)];
    log_read_marks_remove_target(log, gone.conversation, gone.reader, gone.target.lamport,
                                 gone.target.event_id);
    for (size_t i = marks->count; i > 0; i--) {
        if (is_of(&marks->all[i - 1], gone.conversation, gone.reader) &&
            compare_places(&marks->all[i - 1].target, &gone.target) == 0) {
            forget(marks, i - 1);
        }
    }
}

static void play(struct event_log *log, uint64_t seed)
{
    struct marks marks = {.count = 0};
    uint64_t random = seed;
    (void)database_execute(&log->database, "BEGIN");
    for (int i = 0; i < STEPS; i++) {
        unsigned what = shuffle_below(&random, 10);
        if (what < 6 || marks.count == 0) {
            const struct mark mark = any_mark(&random);
            add(log, &marks, &mark);
        } else if (what < 9) {
            remove_one(log, &marks, &random);
        } else {
            remove_target(log, &marks, &random);
        }
        assert_all_read(log, &marks);
        assert_staircase(log);
    }
    assert_false(log->database.failed);
    (void)database_execute(&log->database, "ROLLBACK");
}

static void log_read_marks__are_what_a_naive_reading_says(void **state)
{
    struct test_log test;
    const struct event_log_options options = {.synchronous = true};
    (void)state;
    test_log_open(&test, 1, 1);
    test_log_reopen_with(&test, 1, &options);
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        play(test.log, seed);
    }
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_read_marks__are_what_a_naive_reading_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
