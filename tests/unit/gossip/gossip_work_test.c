#include "gossip/gossip_work_private.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "protocol/co_signature.h"
#include "protocol/event_data.h"
#include "support/scripted_peers.h"
#include "support/slow_readers.h"

enum { BOB = 2, JANA = 3, FULL = 4096, PATIENCE_MS = 30000 };

/* What happened, a letter each. */
struct story {
    char text[16];
    atomic_int runs;
    atomic_bool discarded;
    struct gossip *gossip;
};

static void tell(struct story *story, const char *letter)
{
    size_t length = strlen(story->text);
    (void)snprintf(story->text + length, sizeof story->text - length, "%s", letter);
}

struct news {
    struct gossip_news news;
    struct story *story;
    const char *letter;
};

static void forget_news(struct gossip_news *news)
{
    memory_free(news);
}

static void take_news(struct gossip *gossip, struct gossip_news *base)
{
    const struct news *news = (const struct news *)base;
    (void)gossip;
    tell(news->story, news->letter);
    memory_free(base);
}

static enum result post(struct story *story, const char *letter)
{
    struct news *news = memory_allocate(1, sizeof *news);
    *news = (struct news){{take_news, forget_news}, story, letter};
    enum result result = gossip_post(story->gossip, &news->news);
    if (result != RESULT_OK) {
        memory_free(news);
    }
    return result;
}

struct reading {
    struct gossip_work work;
    struct story *story;
};

/* In two slices. */
static bool read_twice(struct gossip_work *work)
{
    return atomic_fetch_add(&((struct reading *)work)->story->runs, 1) % 2 == 1;
}

/* Takes as long as gossip goes on. */
static bool read_until_stopped(struct gossip_work *work)
{
    struct story *story = ((struct reading *)work)->story;
    atomic_fetch_add(&story->runs, 1);
    return inbox_is_closed(story->gossip->inbox);
}

static void end(struct gossip_work *work)
{
    tell(((struct reading *)work)->story, "e");
}

static void discard(struct gossip_work *work)
{
    atomic_store(&((struct reading *)work)->story->discarded, true);
}

static void begin(struct story *story, bool (*run)(struct gossip_work *work))
{
    struct reading *reading = memory_allocate(1, sizeof *reading);
    reading->work = (struct gossip_work){.run = run, .end = end, .discard = discard};
    reading->story = story;
    gossip_work_begin(story->gossip, &reading->work, peer_links_find(story->gossip, test_id(BOB)),
                      URGENCY_PUSH);
}

static void gossip_work__is_done_at_once_and_ends_in_its_turn(void **state)
{
    struct scripted_peers scripted;
    struct story story = {0};
    (void)state;
    scripted_peers_open(&scripted, 1);
    story.gossip = scripted.gossip;
    assert_int_equal(post(&story, "a"), RESULT_OK);
    begin(&story, read_twice);
    assert_int_equal(atomic_load(&story.runs), 2);
    assert_int_equal(post(&story, "b"), RESULT_OK);
    assert_string_equal(story.text, "");
    (void)gossip_step(scripted.gossip);
    assert_string_equal(story.text, "aeb");
    assert_true(atomic_load(&story.discarded));
    scripted_peers_close(&scripted);
}

static void gossip_work__ends_even_if_the_inbox_is_full(void **state)
{
    struct scripted_peers scripted;
    struct story story = {0};
    (void)state;
    scripted_peers_open(&scripted, 1);
    story.gossip = scripted.gossip;
    for (size_t i = 0; i < FULL; i++) {
        assert_int_equal(post(&story, ""), RESULT_OK);
    }
    assert_int_equal(post(&story, ""), RESULT_FULL);
    begin(&story, read_twice);
    begin(&story, read_twice);
    (void)gossip_step(scripted.gossip);
    assert_string_equal(story.text, "ee");
    scripted_peers_close(&scripted);
}

static void gossip_work__is_done_by_a_reader(void **state)
{
    const struct readers_options options = {.name = "reader", .threads = 1};
    struct readers *readers = NULL;
    struct scripted_peers scripted;
    struct story story = {0};
    (void)state;
    assert_int_equal(readers_start(&options, &readers), RESULT_OK);
    scripted_peers_open_with(&scripted, 1, readers, readers);
    story.gossip = scripted.gossip;
    begin(&story, read_twice);
    scripted_peers_settle(&scripted);
    assert_int_equal(atomic_load(&story.runs), 2);
    assert_string_equal(story.text, "e");
    gossip_stop(scripted.gossip);
    readers_stop(&readers); /* one may still be telling that it has ended */
    scripted_peers_close(&scripted);
}

/* What is under way is waited for, and nothing follows from it any more. */
static void gossip_stop__waits_for_work(void **state)
{
    const struct readers_options options = {.name = "reader", .threads = 1};
    struct readers *readers = NULL;
    struct scripted_peers scripted;
    struct story story = {0};
    (void)state;
    assert_int_equal(readers_start(&options, &readers), RESULT_OK);
    scripted_peers_open_with(&scripted, 1, readers, readers);
    story.gossip = scripted.gossip;
    begin(&story, read_until_stopped);
    gossip_stop(scripted.gossip);
    assert_true(atomic_load(&story.discarded));
    assert_true(atomic_load(&story.runs) > 0);
    assert_string_equal(story.text, "");
    readers_stop(&readers);
    scripted_peers_close(&scripted);
}

static void open_slow(struct slow_readers *slow, struct scripted_peers *scripted)
{
    const struct readers_options options = {.name = "reader", .threads = 1};
    *slow = (struct slow_readers){.lock = lock_create()};
    assert_int_equal(readers_start(&options, &slow->readers), RESULT_OK);
    scripted_peers_open_with(scripted, 2, slow->readers, slow->readers);
}

static void close_slow(struct slow_readers *slow, struct scripted_peers *scripted)
{
    gossip_stop(scripted->gossip);
    readers_stop(&slow->own);
    readers_stop(&slow->readers); /* one may still be telling that it has ended */
    scripted_peers_close(scripted);
    lock_destroy(&slow->lock);
}

/* From here on what the readers do for Bob is under way. */
static void stop_waiting(struct slow_readers *slow, struct scripted_peers *scripted)
{
    slow_readers_hold(slow);
    scripted->hurried = true;
}

enum { SHORT = 10, LONG = 8000 }; /* what is short is not read from the log to be passed on */

static void write_to_bob(struct scripted_peers *scripted, int length)
{
    char *text = memory_format("%*d", length, 1);
    (void)test_log_append(&scripted->log, event_draft_message("c", test_id(BOB), text, NULL));
    memory_free(text);
}

static void begin_push(struct slow_readers *slow, struct scripted_peers *scripted)
{
    scripted_peers_claim(scripted, scripted_peers_await(scripted, BOB, "/reconcile"), "", 0);
    stop_waiting(slow, scripted);
    write_to_bob(scripted, LONG);
}

static struct scripted_request *await_push(struct scripted_peers *scripted)
{
    scripted_peers_claim(scripted, scripted_peers_await(scripted, BOB, "/reconcile"), "", 0);
    (void)test_log_append(&scripted->log, event_draft_message("c", test_id(BOB), "Hi", NULL));
    return scripted_peers_await(scripted, BOB, "/events");
}

static void acknowledge_push(struct slow_readers *slow, struct scripted_peers *scripted)
{
    static const char answer[] = "{\"accepted\":1,\"new_head\":1,\"rejected\":0,"
                                 "\"rejected_reasons\":[]}";
    struct scripted_request *push = await_push(scripted);
    stop_waiting(slow, scripted);
    scripted_peers_answer(scripted, push, answer, sizeof answer - 1);
}

static void refuse_push(struct slow_readers *slow, struct scripted_peers *scripted)
{
    struct scripted_request *push = await_push(scripted);
    stop_waiting(slow, scripted);
    scripted_peers_refuse(scripted, push, 429, "{\"retry_after_ms\":5}");
}

static void begin_comparison(struct slow_readers *slow, struct scripted_peers *scripted)
{
    scripted_peers_fail(scripted, scripted_peers_await(scripted, BOB, "/reconcile"));
    stop_waiting(slow, scripted);
    scripted_peers_run(scripted, scripted->now_ms + 60000);
}

static void compare(struct slow_readers *slow, struct scripted_peers *scripted)
{
    struct scripted_request *comparison = scripted_peers_await(scripted, BOB, "/reconcile");
    stop_waiting(slow, scripted);
    scripted_peers_claim(scripted, comparison, "", 0);
}

static void look_for_what_is_lacking(struct slow_readers *slow, struct scripted_peers *scripted)
{
    static const uint8_t hash[BLAKE3_HASH_BYTES] = {1};
    struct scripted_request *comparison = scripted_peers_await(scripted, BOB, "/reconcile");
    stop_waiting(slow, scripted);
    scripted_peers_claim(scripted, comparison, hash, 1);
    slow_readers_let_a_round_pass(slow);
}

static void read_what_he_lacks(struct slow_readers *slow, struct scripted_peers *scripted)
{
    struct scripted_request *comparison = scripted_peers_await(scripted, BOB, "/reconcile");
    stop_waiting(slow, scripted);
    scripted_peers_lack(scripted, comparison);
    slow_readers_let_a_round_pass(slow);
}

static void rescue_page(struct slow_readers *slow, struct scripted_peers *scripted)
{
    uint8_t hash[BLAKE3_HASH_BYTES];
    char *text = scripted_peers_message(BOB, 500, hash);
    char *half = memory_format("{\"events\":[%s,", text);
    scripted_peers_claim(scripted, scripted_peers_await(scripted, BOB, "/reconcile"), hash, 1);
    struct scripted_request *fetch = scripted_peers_await(scripted, BOB, "/fetch");
    stop_waiting(slow, scripted);
    scripted_peers_break_off(scripted, fetch, half, strlen(half));
    memory_free(half);
    memory_free(text);
}

static void take_poll(struct slow_readers *slow, struct scripted_peers *scripted)
{
    static const char answer[] = "{\"last_seq\":7,\"timeout\":true}";
    struct scripted_request *poll = NULL;
    while (poll == NULL) {
        scripted_peers_run(scripted, scripted->now_ms + 5000);
        struct scripted_request *comparison = scripted_peers_find(scripted, BOB, "/reconcile");
        if (comparison != NULL) {
            scripted_peers_claim(scripted, comparison, "", 0);
        }
        poll = scripted_peers_find(scripted, BOB, "/subscribe");
    }
    stop_waiting(slow, scripted);
    scripted_peers_answer(scripted, poll, answer, sizeof answer - 1);
}

static void shut_out(struct scripted_peers *scripted, uint8_t who)
{
    json_t *co_signers = json_array();
    (void)json_array_append_new(
        co_signers, co_signature_make(&scripted->log.key,
                                      event_data_revocation_statement("r", "other", test_id(who))));
    assert_int_equal(
        test_log_append(&scripted->log, event_draft_revoked("r", test_id(who), "other", co_signers))
            ->result,
        RESULT_OK);
    json_decref(co_signers);
}

/* Whatever else he was asked he does not answer. */
static void silence(struct scripted_peers *scripted, uint8_t who)
{
    for (struct scripted_request *request = scripted_peers_find(scripted, who, ""); request != NULL;
         request = scripted_peers_find(scripted, who, "")) {
        scripted_peers_fail(scripted, request);
    }
}

typedef void bring_about(struct slow_readers *slow, struct scripted_peers *scripted);

static bring_about *const situations[] = {
    begin_push,       acknowledge_push, refuse_push,
    begin_comparison, compare,          look_for_what_is_lacking,
    rescue_page,      take_poll,        read_what_he_lacks,
};
#define SITUATIONS (sizeof situations / sizeof situations[0])

static size_t count_links(const struct gossip *gossip)
{
    size_t count = 0;
    for (const struct peer_link *link = gossip->links; link != NULL; link = link->next) {
        count++;
    }
    return count;
}

static void gossip_work__of_a_member_who_is_shut_out_meanwhile_leads_to_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < SITUATIONS; i++) {
        struct slow_readers slow;
        struct scripted_peers scripted;
        open_slow(&slow, &scripted);
        situations[i](&slow, &scripted);
        (void)gossip_step(scripted.gossip);
        assert_true(scripted.gossip->working > 0);
        silence(&scripted, BOB);
        shut_out(&scripted, BOB);
        (void)gossip_step(scripted.gossip);
        assert_null(peer_links_find(scripted.gossip, test_id(BOB)));
        assert_int_equal(count_links(scripted.gossip), 2); /* what is under way has its link yet */
        scripted.hurried = false;
        slow_readers_let_go(&slow);
        scripted_peers_settle(&scripted);
        assert_null(scripted_peers_find(&scripted, BOB, ""));
        assert_int_equal(count_links(scripted.gossip), 1);
        close_slow(&slow, &scripted);
    }
}

static void gossip_stop__waits_for_whatever_is_under_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < SITUATIONS; i++) {
        struct slow_readers slow;
        struct scripted_peers scripted;
        open_slow(&slow, &scripted);
        situations[i](&slow, &scripted);
        (void)gossip_step(scripted.gossip);
        assert_true(scripted.gossip->working > 0);
        slow_readers_let_go(&slow);
        gossip_stop(scripted.gossip);
        assert_int_equal(scripted.gossip->working, 0);
        close_slow(&slow, &scripted);
    }
}

static void go_on(struct scripted_peers *scripted, int64_t until_ms)
{
    assert_true(clock_monotonic_ms(clock_system()) < until_ms);
    (void)sched_yield();
    (void)gossip_step(scripted->gossip);
}

/* However much others have the peers' readers do, Bob gets what is for him, and his answer counts;
 * Jana, to whom it is passed on, gets it later. */
static void gossip_work__of_what_the_owner_wrote_is_its_own_readers(void **state)
{
    static const char answer[] = "{\"accepted\":1,\"new_head\":1,\"rejected\":0,"
                                 "\"rejected_reasons\":[]}";
    const struct readers_options options = {.name = "reader", .threads = 1};
    struct slow_readers slow = {.lock = lock_create()};
    const int64_t until_ms = clock_monotonic_ms(clock_system()) + PATIENCE_MS;
    struct scripted_peers scripted;
    (void)state;
    assert_int_equal(readers_start(&options, &slow.own), RESULT_OK);
    assert_int_equal(readers_start(&options, &slow.readers), RESULT_OK);
    scripted_peers_open_with(&scripted, 2, slow.own, slow.readers);
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"), "", 0);
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, JANA, "/reconcile"), "", 0);
    stop_waiting(&slow, &scripted);
    write_to_bob(&scripted, LONG);
    while (scripted_peers_find(&scripted, BOB, "/events") == NULL) {
        go_on(&scripted, until_ms);
    }
    struct scripted_request *push = scripted_peers_find(&scripted, BOB, "/events");
    scripted_peers_answer(&scripted, push, answer, sizeof answer - 1);
    while (peer_links_find(scripted.gossip, test_id(BOB))->push.busy) {
        go_on(&scripted, until_ms);
    }
    assert_null(scripted_peers_find(&scripted, JANA, "/events"));
    scripted.hurried = false;
    slow_readers_let_go(&slow);
    assert_non_null(scripted_peers_await(&scripted, JANA, "/events"));
    close_slow(&slow, &scripted);
}

/* … but of what was stored just now nothing is read: it goes to whoever is there, at once. */
static void gossip_work__is_none_where_what_is_new_is_passed_on(void **state)
{
    struct slow_readers slow;
    struct scripted_peers scripted;
    (void)state;
    open_slow(&slow, &scripted);
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"), "", 0);
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, JANA, "/reconcile"), "", 0);
    stop_waiting(&slow, &scripted);
    write_to_bob(&scripted, SHORT);
    (void)gossip_step(scripted.gossip);
    assert_int_equal(scripted.gossip->working, 0);
    struct scripted_request *push = scripted_peers_find(&scripted, BOB, "/events");
    assert_non_null(push);
    assert_int_equal(scripted_peers_count(push, "\"event_id\""), 1);
    assert_non_null(scripted_peers_find(&scripted, JANA, "/events"));
    scripted.hurried = false;
    slow_readers_let_go(&slow);
    close_slow(&slow, &scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gossip_work__is_done_at_once_and_ends_in_its_turn),
        cmocka_unit_test(gossip_work__ends_even_if_the_inbox_is_full),
        cmocka_unit_test(gossip_work__is_done_by_a_reader),
        cmocka_unit_test(gossip_work__of_a_member_who_is_shut_out_meanwhile_leads_to_nothing),
        cmocka_unit_test(gossip_work__of_what_the_owner_wrote_is_its_own_readers),
        cmocka_unit_test(gossip_work__is_none_where_what_is_new_is_passed_on),
        cmocka_unit_test(gossip_stop__waits_for_work),
        cmocka_unit_test(gossip_stop__waits_for_whatever_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
