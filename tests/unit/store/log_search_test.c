/* However far the index is behind, a search finds what a look at every message finds: while they
 * come, change and go, and after a kill at any commit. */
#include "store/log_search_private.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/memory.h"
#include "protocol/co_signature.h"
#include "store/log_clear.h"
#include "store/log_contacts.h"
#include "support/changes.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAVE = 4, MOST_IDS = 512 };

enum { WORDS = 5 };
static const char *const words[WORDS] = {"walnut", "oak", "birch", "elm", "ash"};

/* What is said and done in Alice's log. */
struct play {
    struct neighbours street;
    uint32_t drawn;
    int64_t may_wait;
    unsigned number; /* of what was said */
    char ids[MOST_IDS][ULID_TEXT_BYTES];
    int authors[MOST_IDS];
    size_t count;
    bool blocks_carol;
};

static unsigned draw(struct play *play, unsigned below)
{
    play->drawn = play->drawn * 1664525 + 1013904223;
    return (play->drawn >> 8) % below;
}

static struct event_log *log_of(const struct play *play)
{
    return play->street.logs[ALICE].log;
}

static void reopen(struct play *play)
{
    neighbours_reopen(&play->street, ALICE);
    log_of(play)->search_may_wait = play->may_wait;
}

/* "[lamport event_id]" of each, the newest first. */
struct list {
    char *items[HISTORY_MOST_LIMIT];
    size_t count;
    const char *word;
};

static void note(struct list *list, const struct history_message *message)
{
    if (strstr(message->body, list->word) != NULL) {
        assert_true(list->count < HISTORY_MOST_LIMIT);
        list->items[list->count++] =
            memory_format("[%lld %s]", (long long)message->lamport, message->event_id);
    }
}

static void note_shown(void *context, const struct history_message *message)
{
    note(context, message);
}

static void note_found(void *context, const struct history_message *message,
                       const struct search_found *found)
{
    note(context, message);
    assert_true(found->range_count > 0);
    assert_true(found->in_body);
}

static void forget(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        memory_free(list->items[i]);
    }
    list->count = 0;
}

/* All that there is of a word. */
static struct list scan(const struct play *play, const char *word, const struct node_id *peer)
{
    struct list list = {.word = word};
    bool more = false;
    const struct history_query query = {.peer = peer, .limit = HISTORY_MOST_LIMIT};
    assert_int_equal(history_page(log_of(play), &query, note_shown, &list, &more), RESULT_OK);
    assert_false(more);
    for (size_t i = 0; i < list.count / 2; i++) {
        char *item = list.items[i];
        list.items[i] = list.items[list.count - 1 - i];
        list.items[list.count - 1 - i] = item;
    }
    return list;
}

static void assert_finds_all(const struct play *play, const char *word, const struct node_id *peer,
                             size_t limit)
{
    struct list expected = scan(play, word, peer);
    struct list found = {.word = word};
    bool more = false;
    const struct search_query query = {.text = word, .peer = peer, .limit = limit};
    assert_int_equal(test_search(log_of(play), &query, note_found, &found, &more), RESULT_OK);
    assert_int_equal(more, expected.count > limit);
    assert_int_equal(found.count, expected.count > limit ? limit : expected.count);
    for (size_t i = 0; i < found.count; i++) {
        assert_string_equal(found.items[i], expected.items[i]);
    }
    forget(&expected);
    forget(&found);
}

static void check(struct play *play)
{
    const struct log_search *search = &log_of(play)->state.search;
    for (size_t i = 0; i < WORDS; i++) {
        assert_finds_all(play, words[i], NULL, HISTORY_MOST_LIMIT);
    }
    assert_finds_all(play, words[draw(play, WORDS)], NULL, 3);
    assert_finds_all(play, words[draw(play, WORDS)], test_id((uint8_t)(BOB + draw(play, 3))), 5);
    assert_true(search->waiting <= play->may_wait);
    assert_int_equal(neighbours_ask_database(&play->street, ALICE,
                                             "SELECT count(*) FROM messages WHERE place<=0"),
                     search->waiting);
}

static char *say(struct play *play)
{
    return memory_format("%s and %s %u", words[draw(play, WORDS)], words[draw(play, WORDS)],
                         play->number++);
}

static void send(struct play *play, int from, int to)
{
    char *text = say(play);
    char *client_id = memory_format("said-%u", play->number);
    const struct append_answer *answer = test_log_append(
        &play->street.logs[from], event_draft_message(client_id, test_id((uint8_t)to), text, NULL));
    if (answer->result == RESULT_OK && play->count < MOST_IDS) { /* else the other is blocked */
        memcpy(play->ids[play->count], answer->event_id, ULID_TEXT_BYTES);
        play->authors[play->count++] = from;
    }
    memory_free(client_id);
    memory_free(text);
}

/* Of one that is gone it is refused. */
static void change(struct play *play, enum payload_kind kind)
{
    if (play->count > 0) {
        size_t which = draw(play, (unsigned)play->count);
        char *text = say(play);
        (void)changes_say(&play->street, play->authors[which], kind, play->ids[which],
                          kind == PAYLOAD_EDIT ? text : "");
        memory_free(text);
    }
}

/* In clear, between others, with ids and client_ids that were there. */
static void arrive(struct play *play)
{
    char id[ULID_TEXT_BYTES];
    char *text = say(play);
    char *client_id = memory_format("again-%u", draw(play, 12));
    const struct signing_key key = test_key((uint8_t)(BOB + 2 * (int)draw(play, 2)));
    struct verified_event *event =
        test_event(event_draft_message(client_id, test_id(ALICE), text, NULL), &key, test_id(ALICE),
                   test_ulid(500 + draw(play, 20), id), 40 + draw(play, 40));
    test_log_receive(&play->street.logs[ALICE], &event, 1);
    memory_free(client_id);
    memory_free(text);
}

/* What Dave wrote behind that lamport goes aside. */
static void revoke_dave(struct play *play)
{
    char client_id[CO_SIGNATURE_CLIENT_ID_BYTES];
    char event_id[ULID_TEXT_BYTES];
    const struct signing_key alice = test_key(ALICE);
    json_t *signers = json_array();
    co_signature_client_id(test_id(DAVE), "other", client_id);
    (void)json_array_append_new(
        signers, co_signature_make(
                     &alice, event_data_revocation_statement(client_id, "other", test_id(DAVE))));
    struct verified_event *event =
        test_event(event_draft_revoked(client_id, test_id(DAVE), "other", signers), &alice,
                   test_id(ALICE), test_ulid(499, event_id), 60);
    json_decref(signers);
    test_log_receive(&play->street.logs[ALICE], &event, 1);
}

static void note_cleared(void *context, enum result result, const struct error *error,
                         int64_t messages)
{
    (void)context, (void)error, (void)messages;
    assert_int_equal(result, RESULT_OK);
}

static void note_blocked(void *context, const struct append_answer *answer)
{
    (void)context;
    assert_int_equal(answer->result, RESULT_OK);
}

static void block_carol(struct play *play)
{
    play->blocks_carol = !play->blocks_carol;
    const struct log_contact_wish wish = {.blocked = &play->blocks_carol};
    assert_int_equal(log_contacts_change(log_of(play), test_id(CAROL), &wish, note_blocked, NULL),
                     RESULT_OK);
}

static void go_on(struct play *play)
{
    int peer = BOB + (int)draw(play, 2);
    switch (draw(play, 16)) {
    case 0:
        change(play, PAYLOAD_DELETE);
        break;
    case 1:
    case 2:
        change(play, PAYLOAD_EDIT);
        break;
    case 3:
        neighbours_give_backwards(&play->street, peer, ALICE);
        break;
    case 4:
    case 5:
        neighbours_give(&play->street, peer, ALICE);
        break;
    case 6:
    case 7:
        arrive(play);
        break;
    case 8:
        send(play, peer, ALICE);
        break;
    case 9:
        neighbours_pass(&play->street, ALICE, draw(play, 2) == 0 ? 1000 : 30000);
        break;
    case 10:
        if (draw(play, 8) == 0) {
            assert_int_equal(
                log_clear_conversation(log_of(play), test_id((uint8_t)peer), note_cleared, NULL),
                RESULT_OK);
        } else {
            neighbours_give(&play->street, ALICE, peer);
        }
        break;
    case 11:
        if (draw(play, 4) == 0) {
            block_carol(play);
        } else {
            reopen(play);
        }
        break;
    default:
        send(play, ALICE, peer);
        break;
    }
}

static void begin(struct play *play, int64_t may_wait, uint32_t seed)
{
    *play = (struct play){.drawn = seed, .may_wait = may_wait};
    neighbours_begin_known(&play->street, 4);
    reopen(play);
}

enum { BOUNDS = 4 };
static const int64_t bounds[BOUNDS] = {0, 1, 7, LOG_SEARCH_MOST_WAITING};

static void log_search__finds_what_a_look_at_every_message_finds(void **state)
{
    enum { STEPS = 160 };
    (void)state;
    for (size_t i = 0; i < BOUNDS; i++) {
        struct play *play = memory_allocate(1, sizeof *play);
        begin(play, bounds[i], (uint32_t)(i + 1));
        for (int step = 0; step < STEPS; step++) {
            go_on(play);
            check(play);
            if (step == STEPS / 2) {
                revoke_dave(play);
                check(play);
            }
        }
        neighbours_verify(&play->street, ALICE);
        neighbours_end(&play->street);
        memory_free(play);
    }
}

static bool holds(const struct list *list, const char *item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], item) == 0) {
            return true;
        }
    }
    return false;
}

static bool at_once(void *context)
{
    (void)context;
    return true;
}

static struct search *begin_search(const struct play *play, const char *word)
{
    const struct search_query query = {.text = word, .limit = HISTORY_MOST_LIMIT};
    return search_begin(log_of(play), &query);
}

/* It may say something else meanwhile. */
static void note_item(void *context, const struct history_message *message,
                      const struct search_found *found)
{
    (void)found;
    note(context, message);
}

/* What was there before and is after. */
static void assert_found_what_stayed(struct search **search, const struct list *before,
                                     const struct list *after)
{
    struct list found = {.word = ""};
    bool more = false;
    while (!search_go_on(*search, at_once, NULL)) {
    }
    assert_int_equal(search_end(search, note_item, &found, &more), RESULT_OK);
    for (size_t i = 0; i < before->count; i++) {
        assert_true(!holds(after, before->items[i]) || holds(&found, before->items[i]));
    }
    for (size_t i = 1; i < found.count; i++) {
        assert_string_not_equal(found.items[i], found.items[i - 1]);
    }
    forget(&found);
}

static void send_some(struct play *play)
{
    for (int i = 0; i < 12; i++) {
        send(play, ALICE, BOB + (int)draw(play, 2));
    }
}

/* Searches that let go between their steps, and some that don't, while what waits comes into the
 * index. */
static void log_search__misses_nothing_that_stays_while_it_is_under_way(void **state)
{
    enum { ROUNDS = 12, SEARCHES = 6 };
    (void)state;
    for (size_t i = 0; i < BOUNDS; i++) {
        struct play *play = memory_allocate(1, sizeof *play);
        begin(play, bounds[i], (uint32_t)(i + 100));
        for (int round = 0; round < ROUNDS; round++) {
            struct search *searches[SEARCHES];
            send_some(play);
            struct list before = scan(play, words[0], NULL);
            for (int j = 0; j < SEARCHES; j++) {
                searches[j] = begin_search(play, words[0]);
                for (int step = 0; step < 2 * j; step++) {
                    (void)search_go_on(searches[j], at_once, NULL);
                }
            }
            send_some(play);
            neighbours_pass(&play->street, ALICE, 30000);
            struct list after = scan(play, words[0], NULL);
            for (int j = 0; j < SEARCHES; j++) {
                assert_found_what_stayed(&searches[j], &before, &after);
            }
            forget(&before);
            forget(&after);
        }
        neighbours_end(&play->street);
        memory_free(play);
    }
}

static int die_before(void *left)
{
    if (--*(int *)left == 0) {
        (void)raise(SIGKILL);
    }
    return 0;
}

static void die_behind(void *left, const struct committed_event *events, size_t count)
{
    (void)events, (void)count;
    (void)die_before(left);
}

/* Until it is killed at the n-th commit: before it is written, or behind that. */
static void play_and_die(struct play *play, int commits, bool is_written)
{
    reopen(play);
    if (is_written) {
        play->street.logs[ALICE].watching = &commits;
        play->street.logs[ALICE].watch = die_behind;
    } else {
        (void)sqlite3_commit_hook(log_of(play)->database.handle, die_before, &commits);
    }
    for (;;) {
        send(play, ALICE, BOB + (int)draw(play, 2));
        change(play, draw(play, 2) == 0 ? PAYLOAD_EDIT : PAYLOAD_DELETE);
        neighbours_pass(&play->street, ALICE, 7000);
    }
}

static void log_search__finds_all_after_a_kill_at_any_commit(void **state)
{
    enum { KILLS = 16 };
    (void)state;
    for (size_t i = 0; i < BOUNDS; i++) {
        struct play *play = memory_allocate(1, sizeof *play);
        begin(play, bounds[i], (uint32_t)(i + 200));
        for (int kill = 0; kill < KILLS; kill++) {
            int how = 0;
            event_log_close(&play->street.logs[ALICE].log);
            pid_t child = fork();
            if (child == 0) {
                play_and_die(play, 1 + kill / 2, kill % 2 == 0);
            }
            assert_int_equal(waitpid(child, &how, 0), child);
            assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
            play->number += 1000; /* what it said, we don't know */
            reopen(play);
            check(play);
            send(play, ALICE, BOB);
            check(play);
        }
        neighbours_verify(&play->street, ALICE);
        neighbours_end(&play->street);
        memory_free(play);
    }
}

/* An argument: those alone whose names have it. */
int main(int count, char **arguments)
{
    char *pattern = memory_format("*%s*", count > 1 ? arguments[1] : "");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_search__finds_what_a_look_at_every_message_finds),
        cmocka_unit_test(log_search__misses_nothing_that_stays_while_it_is_under_way),
        cmocka_unit_test(log_search__finds_all_after_a_kill_at_any_commit),
    };
    cmocka_set_test_filter(pattern);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    memory_free(pattern);
    return failures;
}
