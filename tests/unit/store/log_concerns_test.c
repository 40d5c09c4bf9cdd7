/* Whom events concern, and what of it is shown, beside a naive reading of §5, §13 and §15: every
 * receipt looks at every message. The events come in any order; authors use ids twice, and those of
 * others; what a revocation takes out comes back when the revocation is undone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "protocol/co_signature.h"
#include "store/event_reader.h"
#include "store/history.h"
#include "store/log_concerns_private.h"
#include "support/shuffle.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAVE = 4, PEOPLE = 4 };
static const uint8_t people = PEOPLE;
enum { HISTORIES = 24, TOLD = 48, MOST_EVENTS = 80, MOST_BATCH = 8, IDS = 14, CLIENT_IDS = 3 };
enum { FIRST_LAMPORT = 10, LAMPORTS = 30, REVOKED_AT = 24 };

/* The accepted events, in arrival order. */
struct accepted {
    struct event *events[MOST_EVENTS];
    int64_t seqs[MOST_EVENTS];
    size_t count;
};

static bool keep(void *context, int64_t seq, int64_t lamport, const char *text, size_t length)
{
    struct accepted *accepted = context;
    json_t *json = NULL;
    (void)lamport;
    assert_true(accepted->count < MOST_EVENTS);
    assert_int_equal(canonical_parse(text, length, CANONICAL_MOST_NESTING, &json, NULL), RESULT_OK);
    assert_int_equal(event_parse(json, NULL, &accepted->events[accepted->count]), EVENT_ACCEPTABLE);
    accepted->seqs[accepted->count++] = seq;
    json_decref(json);
    return true;
}

/* Of an author's events with one id the one with the smallest hash is shown. */
static bool is_shown(const struct accepted *all, const struct event *event)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct event *other = all->events[i];
        if (node_id_equal(&other->author, &event->author) &&
            strcmp(other->event_id, event->event_id) == 0 &&
            memcmp(other->hash, event->hash, BLAKE3_HASH_BYTES) < 0) {
            return false;
        }
    }
    return true;
}

static bool counts_for(const struct accepted *all, const struct event *receipt,
                       const struct event *message)
{
    return message->type == EVENT_MESSAGE_SENT &&
           (receipt->type == EVENT_MESSAGE_DELIVERED || receipt->type == EVENT_MESSAGE_READ) &&
           strcmp(receipt->data.receipt.target_event_id, message->event_id) == 0 &&
           node_id_equal(&receipt->author, &message->data.message.recipient) &&
           is_shown(all, receipt) && is_shown(all, message);
}

static bool is_between(const struct event *message, const struct node_id *node)
{
    return node_id_equal(&message->author, node) ||
           node_id_equal(&message->data.message.recipient, node);
}

static bool concerns(const struct accepted *all, const struct event *event,
                     const struct node_id *node)
{
    if (event->type == EVENT_MESSAGE_SENT) {
        return is_shown(all, event) && is_between(event, node);
    }
    for (size_t i = 0; i < all->count; i++) {
        if (counts_for(all, event, all->events[i]) && is_between(all->events[i], node)) {
            return true;
        }
    }
    return false;
}

static bool is_same_way(const struct event *left, const struct event *right)
{
    return right->type == EVENT_MESSAGE_SENT && node_id_equal(&left->author, &right->author) &&
           node_id_equal(&left->data.message.recipient, &right->data.message.recipient);
}

/* Among Alice's conversations: of those with one client_id the first is there. */
static bool is_displayed(const struct accepted *all, const struct event *event)
{
    if (event->type != EVENT_MESSAGE_SENT || !concerns(all, event, test_id(ALICE))) {
        return false;
    }
    for (size_t i = 0; i < all->count; i++) {
        if (is_same_way(event, all->events[i]) && is_shown(all, all->events[i]) &&
            strcmp(all->events[i]->data.message.client_id, event->data.message.client_id) == 0 &&
            event_compare(all->events[i], event) < 0) {
            return false;
        }
    }
    return true;
}

static bool is_at_or_above(const struct event *target, const struct event *message)
{
    return target->lamport != message->lamport ? target->lamport > message->lamport
                                               : strcmp(target->event_id, message->event_id) >= 0;
}

/* Delivered: of this message. Read: of this one or a later one that goes the same way. */
static bool reaches(const struct accepted *all, const struct event *receipt,
                    const struct event *message)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct event *target = all->events[i];
        bool is_far_enough = receipt->type == EVENT_MESSAGE_DELIVERED
                                 ? strcmp(target->event_id, message->event_id) == 0
                                 : is_at_or_above(target, message);
        if (counts_for(all, receipt, target) && is_same_way(message, target) && is_far_enough) {
            return true;
        }
    }
    return false;
}

/* Since when, by the first receipt in replay order; NULL: not yet. */
static const char *find_since(const struct accepted *all, const struct event *message,
                              enum event_type type)
{
    const struct event *first = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct event *receipt = all->events[i];
        if (receipt->type == type && (first == NULL || event_compare(receipt, first) < 0) &&
            reaches(all, receipt, message)) {
            first = receipt;
        }
    }
    return first == NULL ? NULL : first->data.receipt.at;
}

/* Lines that are compared in the order of their texts: events that share lamport and id are in no
 * order of their own. */
struct lines {
    char *texts[MOST_EVENTS * PEOPLE];
    size_t count;
};

#define LINE(lines, ...) ((lines)->texts[(lines)->count++] = memory_format(__VA_ARGS__))

static void write_message(void *context, const struct history_message *message)
{
    struct lines *lines = context;
    LINE(lines, "message %lld %s \"%s\" delivered %s read %s", (long long)message->lamport,
         message->event_id, message->body,
         message->delivered_at == NULL ? "" : message->delivered_at,
         message->read_at == NULL ? "" : message->read_at);
}

static bool write_concerning(void *context, int64_t seq, int64_t lamport, const char *text,
                             size_t length)
{
    struct lines *lines = context;
    (void)lamport;
    (void)text;
    (void)length;
    LINE(lines, "concerns %lld", (long long)seq);
    return true;
}

static void name_lines(struct lines *lines, size_t from, uint8_t node)
{
    for (size_t i = from; i < lines->count; i++) {
        char *unnamed = lines->texts[i];
        lines->texts[i] = memory_format("%s %u", unnamed, (unsigned)node);
        memory_free(unnamed);
    }
}

static void describe_log(struct test_log *test, struct lines *lines)
{
    const struct history_query query = {.limit = HISTORY_MOST_LIMIT};
    bool more = false;
    assert_int_equal(history_page(test->log, &query, write_message, lines, &more), RESULT_OK);
    for (uint8_t node = ALICE; node <= people; node++) {
        int64_t unread = 0;
        int64_t through = 0;
        size_t from = lines->count;
        assert_int_equal(event_reader_concerning(test->log, test_id(node), 0, MOST_EVENTS,
                                                 write_concerning, lines, &through),
                         RESULT_OK);
        name_lines(lines, from, node);
        assert_int_equal(history_count_unread(test->log, test_id(node), &unread), RESULT_OK);
        LINE(lines, "unread %u %lld", (unsigned)node, (long long)unread);
    }
}

static void describe_message(const struct accepted *all, const struct event *message,
                             struct lines *lines, int64_t unread[static PEOPLE + 1])
{
    const char *delivered = find_since(all, message, EVENT_MESSAGE_DELIVERED);
    const char *read = find_since(all, message, EVENT_MESSAGE_READ);
    LINE(lines, "message %lld %s \"%s\" delivered %s read %s", (long long)message->lamport,
         message->event_id, message->data.message.body, delivered == NULL ? "" : delivered,
         read == NULL ? "" : read);
    for (uint8_t node = BOB; node <= people && read == NULL; node++) {
        unread[node] += node_id_equal(&message->author, test_id(node)) ? 1 : 0;
    }
}

static void describe_naively(const struct accepted *all, struct lines *lines)
{
    int64_t unread[PEOPLE + 1] = {0};
    for (size_t i = 0; i < all->count; i++) {
        if (is_displayed(all, all->events[i])) {
            describe_message(all, all->events[i], lines, unread);
        }
        for (uint8_t node = ALICE; node <= people; node++) {
            if (concerns(all, all->events[i], test_id(node))) {
                LINE(lines, "concerns %lld %u", (long long)all->seqs[i], (unsigned)node);
            }
        }
    }
    for (uint8_t node = ALICE; node <= people; node++) {
        LINE(lines, "unread %u %lld", (unsigned)node, (long long)unread[node]);
    }
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* One text of the lines, which are freed; the caller frees it. */
static char *join(struct lines *lines)
{
    struct buffer text;
    buffer_init(&text);
    qsort(lines->texts, lines->count, sizeof lines->texts[0], compare_texts);
    for (size_t i = 0; i < lines->count; i++) {
        buffer_append_format(&text, "%s\n", lines->texts[i]);
        memory_free(lines->texts[i]);
    }
    return buffer_take(&text);
}

static void assert_as_naively(struct test_log *test, uint64_t seed)
{
    struct accepted all = {.count = 0};
    struct lines said = {.count = 0};
    struct lines expected = {.count = 0};
    assert_int_equal(event_reader_after_seq(test->log, 0, MOST_EVENTS, keep, &all), RESULT_OK);
    describe_log(test, &said);
    describe_naively(&all, &expected);
    char *said_text = join(&said);
    char *expected_text = join(&expected);
    if (strcmp(said_text, expected_text) != 0) {
        (void)fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
    }
    assert_string_equal(said_text, expected_text);
    memory_free(said_text);
    memory_free(expected_text);
    for (size_t i = 0; i < all.count; i++) {
        event_destroy(&all.events[i]);
    }
}

/* What is told, in the order in which it comes. */
struct told {
    struct verified_event *events[TOLD];
    size_t count;
    uint64_t random;
};

static unsigned below(struct told *told, unsigned most)
{
    return shuffle_below(&told->random, most);
}

static void tell(struct told *told, uint8_t author, struct event_draft draft, unsigned id,
                 int64_t lamport)
{
    char event_id[ULID_TEXT_BYTES];
    const struct signing_key key = test_key(author);
    told->events[told->count++] =
        test_event(draft, &key, test_id(ALICE), test_ulid(id, event_id), lamport);
}

static struct event_draft any_message(struct told *told, uint8_t author)
{
    char client_id[8];
    char body[16];
    uint8_t recipient = (uint8_t)(1 + (author + below(told, PEOPLE - 1)) % PEOPLE);
    (void)snprintf(client_id, sizeof client_id, "c%u", below(told, CLIENT_IDS));
    (void)snprintf(body, sizeof body, "body %zu", told->count);
    return event_draft_message(client_id, test_id(recipient), body, NULL);
}

static struct event_draft any_receipt(struct told *told)
{
    char target[ULID_TEXT_BYTES];
    int64_t wall_seconds = 1800000000 + (int64_t)told->count * 60;
    (void)test_ulid(100 + below(told, IDS), target);
    return below(told, 3) == 0 ? event_draft_delivered(target, wall_seconds)
                               : event_draft_read(target, wall_seconds);
}

static struct event_draft any_manifest(uint8_t author)
{
    const struct signing_key key = test_key(author);
    json_t *manifest = test_manifest(&key, "Another", 7100);
    struct event_draft draft = event_draft_manifest(manifest);
    json_decref(manifest);
    return draft;
}

static void tell_any(struct told *told)
{
    uint8_t author = (uint8_t)(1 + below(told, PEOPLE));
    unsigned what = below(told, 20);
    struct event_draft draft = what == 0    ? any_manifest(author)
                               : what <= 10 ? any_message(told, author)
                                            : any_receipt(told);
    tell(told, author, draft, 100 + below(told, IDS), FIRST_LAMPORT + below(told, LAMPORTS));
}

/* With one co-signature, the author's. */
static void tell_change(struct told *told, uint8_t author, uint8_t target, bool revokes,
                        unsigned id, int64_t lamport)
{
    const struct signing_key key = test_key(author);
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers, co_signature_make(
                     &key, revokes ? event_data_revocation_statement("r", "other", test_id(target))
                                   : event_data_level_statement(LEVEL_TRUSTED, test_id(target))));
    tell(told, author,
         revokes ? event_draft_revoked("r", test_id(target), "other", signers)
                 : event_draft_level(true, test_id(target), LEVEL_TRUSTED, signers),
         id, lamport);
    json_decref(signers);
}

static void give(struct test_log *test, struct told *told, uint64_t seed)
{
    for (size_t from = 0; from < told->count;) {
        size_t most = told->count - from < MOST_BATCH ? told->count - from : MOST_BATCH;
        size_t count = 1 + below(told, (unsigned)most);
        test_log_receive(test, told->events + from, count);
        from += count;
        assert_as_naively(test, seed);
    }
    told->count = 0;
}

/* Dave, who is trusted, shuts Carol out, and it turns out that Alice had shut him out before. */
static void play(uint64_t seed)
{
    const struct event_log_options options = {.synchronous = true};
    struct test_log test;
    struct told told = {.random = seed};
    test_log_open(&test, ALICE, ALICE);
    test_log_reopen_with(&test, ALICE, &options);
    int64_t lamport = test_log_populate(&test, PEOPLE);
    tell_change(&told, ALICE, DAVE, false, 90, lamport);
    give(&test, &told, seed);
    for (size_t i = 0; i < TOLD / 2; i++) {
        tell_any(&told);
    }
    give(&test, &told, seed);
    tell_change(&told, DAVE, CAROL, true, 91, REVOKED_AT + 1);
    for (size_t i = 0; i < TOLD / 4; i++) {
        tell_any(&told);
    }
    give(&test, &told, seed);
    tell_change(&told, ALICE, DAVE, true, 92, REVOKED_AT);
    for (size_t i = 0; i < TOLD / 4; i++) {
        tell_any(&told);
    }
    give(&test, &told, seed);
    (void)test_log_verify(&test, ALICE);
    test_log_close(&test);
}

static void log_concerns__are_what_a_naive_reading_says(void **state)
{
    (void)state;
    assert_int_equal(log_open(NULL, LOG_ERROR, NULL), RESULT_OK); /* twins are warned of */
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        play(seed);
    }
}

/* What statements of the writer did since the last time; it rests. */
static int64_t count_steps(struct test_log *test)
{
    int64_t steps = 0;
    for (size_t i = 0; i < DATABASE_STATEMENT_PLACES; i++) {
        sqlite3_stmt *statement = test->log->database.statements[i].statement;
        if (statement != NULL) {
            steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
        }
    }
    return steps;
}

static void count_message(struct event_log *log, const struct log_message *message, void *context)
{
    (void)log;
    (void)message;
    ++*(int *)context;
}

/* Each comes before all there are, and begins like them, which is not tried for here. */
static void log_concerns__looks_at_each_twin_once(void **state)
{
    enum { TWINS = 300, MOST_STEPS = 20 };
    const struct event_log_options at_once = {.synchronous = true};
    struct test_log test;
    struct told told = {.count = 0};
    char event_id[ULID_TEXT_BYTES];
    int64_t steps[2];
    int found = 0;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, PEOPLE);
    test_log_reopen_with(&test, ALICE, &at_once);
    tell(&told, BOB, event_draft_message("c", test_id(ALICE), "Hi", NULL), 100, lamport);
    test_log_receive(&test, told.events, told.count);
    for (int i = 0; i < 2; i++) {
        (void)count_steps(&test);
        log_concerns_find_messages(test.log, test_ulid(100, event_id), test_id(ALICE),
                                   count_message, &found);
        steps[i] = count_steps(&test);
        assert_int_equal(found, 1);
        database_run(&test.log->database,
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<?1)"
                     " INSERT INTO events(hash,lamport,event_id,type,author,aside,json)"
                     " SELECT CAST(substr(hash,1,6)||zeroblob(22)||(9999-i) AS BLOB),lamport,"
                     "event_id,type,author,aside,json FROM n CROSS JOIN events WHERE event_id=?2",
                     "it", (int64_t)TWINS, event_id);
        assert_false(test.log->database.failed);
    }
    assert_in_range(steps[1], steps[0], steps[0] + (int64_t)TWINS * MOST_STEPS);
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_concerns__are_what_a_naive_reading_says),
        cmocka_unit_test(log_concerns__looks_at_each_twin_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
