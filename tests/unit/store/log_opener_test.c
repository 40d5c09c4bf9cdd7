/* What is opened ahead is what the writer would open by itself. */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/base64url.h"
#include "protocol/payload.h"
#include "store/log_opener_private.h"
#include "store/log_opening_private.h"
#include "support/neighbours.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, FIRST_LAMPORT = 40, MANY = 60, ROUNDS = 200 };

static void begin(struct neighbours *street)
{
    neighbours_begin(street, 3);
    neighbours_exchange(street);
}

/* A message of Carol's; its commitment may be none of its. */
struct crafted {
    const char *text;
    unsigned number;
    uint8_t to;
    const struct receiving_key *key;
    bool wrong_commit;
};

static struct verified_event *craft(const struct crafted *crafted)
{
    struct signing_key carol = test_key(CAROL);
    char client_id[16];
    char event_id[ULID_TEXT_BYTES];
    uint8_t ephemeral[HPKE_KEY_BYTES];
    struct envelope_sealing sealing = {
        .to = *crafted->key, .seq = crafted->number, .ephemeral = ephemeral};
    struct buffer payload;
    (void)snprintf(client_id, sizeof client_id, "%u", crafted->number);
    const struct envelope_place place = {.author = test_id(CAROL),
                                         .recipient = test_id(crafted->to),
                                         .community_id = test_id(ALICE),
                                         .client_id = client_id};
    buffer_init(&payload);
    assert_int_equal(payload_write_text(crafted->text, NULL, NULL, &payload), RESULT_OK);
    signing_random(ephemeral, sizeof ephemeral);
    signing_random(sealing.key.key, sizeof sealing.key.key);
    json_t *envelope = envelope_seal(&place, &sealing, payload.data, payload.length_bytes);
    buffer_deinit(&payload);
    assert_non_null(envelope);
    if (crafted->wrong_commit) {
        struct buffer commit;
        buffer_init(&commit);
        base64url_encode(ephemeral, sizeof ephemeral, &commit);
        (void)json_object_set_new(json_object_get(envelope, "header"), "commit",
                                  json_string(buffer_text(&commit)));
        buffer_deinit(&commit);
    }
    return test_event(event_draft_sealed(client_id, test_id(crafted->to), envelope), &carol,
                      test_id(ALICE), test_ulid(crafted->number, event_id),
                      FIRST_LAMPORT + (int64_t)crafted->number);
}

/* Begins, and waits until the first of them was opened: then the thread has begun with the second
 * one, and whoever takes that waits for it. */
static void begin_until_opened(struct event_log *log, const struct log_arrival *arrivals,
                               size_t count)
{
    bool opened = false;
    for (int turns = 1; !opened; turns *= 2) {
        log_opener_end(log);
        log_opener_begin(log, arrivals, count);
        for (int i = 0; i < turns; i++) {
            (void)sched_yield();
        }
        opened = log_opener_take(log, event_verified_get(arrivals[0].event)) != NULL;
    }
}

static void log_opener__opens_what_is_sealed_to_us(void **state)
{
    struct neighbours street;
    (void)state;
    begin(&street);
    struct event_log *log = street.logs[BOB].log;
    const struct receiving_key to = neighbours_prekey(&street, BOB);
    const struct receiving_key of_alice = neighbours_prekey(&street, ALICE);
    char *long_text = memory_format("%0*d", LOG_OPENER_MOST_PAYLOAD_BYTES, 0);
    const struct {
        struct crafted crafted;
        const char *payload; /* NULL: none is opened */
        bool opens;
    } all[] = {{{"short", 101, BOB, &to, false}, "{\"body\":\"short\",\"kind\":\"text\"}", true},
               {{long_text, 102, BOB, &to, false}, NULL, true},
               {{"wrong commit", 103, BOB, &to, true}, NULL, false},
               {{"wrong key", 104, BOB, &of_alice, false}, NULL, false},
               {{"not ours", 105, ALICE, &of_alice, false}, NULL, false}};
    struct verified_event *first = craft(&all[0].crafted);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct verified_event *second = craft(&all[i].crafted);
        const struct event *event = event_verified_get(second);
        const struct log_arrival arrivals[] = {
            {.event = first}, {.event = second}, {.event = first}};
        begin_until_opened(log, arrivals, 3);
        const struct log_opened_ahead *ahead = log_opener_take(log, event);
        assert_int_equal(ahead != NULL, all[i].opens);
        if (ahead != NULL) {
            assert_memory_equal(ahead->pair.public.key, to.key, HPKE_KEY_BYTES);
            assert_int_equal(ahead->number, all[i].crafted.number);
            assert_true(envelope_is_key(event->data.message.envelope, &ahead->key));
            assert_int_equal(ahead->has_payload, all[i].payload != NULL);
        }
        if (all[i].payload != NULL) {
            assert_int_equal(ahead->payload.length_bytes, strlen(all[i].payload));
            assert_memory_equal(ahead->payload.data, all[i].payload, strlen(all[i].payload));
        }
        log_opener_end(log);
        assert_null(log_opener_take(log, event_verified_get(first)));
        event_verified_destroy(&second);
    }
    event_verified_destroy(&first);
    memory_free(long_text);
    neighbours_end(&street);
}

/* What the writer makes of an event that it stores. */
static enum message_e2e open_as_writer(struct event_log *log, const struct event *event)
{
    struct log_opening opening;
    log->entering.event = event;
    log_opening_try(log, event, &opening);
    log->entering.event = NULL;
    enum message_e2e e2e = opening.e2e;
    log_opening_deinit(&opening);
    return e2e;
}

/* §24.9: a secret that went opens nothing any more, though a copy of it just did. */
static void log_opener__counts_for_nothing_when_its_secret_went(void **state)
{
    static const struct {
        const char *sql;
        enum message_e2e e2e;
    } changes[] = {{"SELECT 1", MESSAGE_OPENED},
                   {"UPDATE receiving_keys SET secret=zeroblob(32)", MESSAGE_UNREADABLE},
                   {"DELETE FROM receiving_keys", MESSAGE_WAITING}};
    (void)state;
    for (unsigned i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct neighbours street;
        begin(&street);
        struct event_log *log = street.logs[BOB].log;
        const struct receiving_key to = neighbours_prekey(&street, BOB);
        const struct crafted crafted = {"words", 101, BOB, &to, false};
        struct verified_event *verified = craft(&crafted);
        const struct log_arrival arrivals[] = {{.event = verified}, {.event = verified}};
        begin_until_opened(log, arrivals, 2);
        assert_int_equal(database_execute(&log->database, changes[i].sql), RESULT_OK);
        assert_int_equal(open_as_writer(log, event_verified_get(verified)), changes[i].e2e);
        log_opener_end(log);
        event_verified_destroy(&verified);
        neighbours_end(&street);
    }
}

/* With all threads, in one batch; some come twice. */
static void log_opener__leaves_a_batch_what_it_is(void **state)
{
    struct neighbours street;
    (void)state;
    begin(&street);
    const struct receiving_key to = neighbours_prekey(&street, BOB);
    const struct receiving_key of_alice = neighbours_prekey(&street, ALICE);
    const struct event_log_options threads = {
        .answers_messages = true, .keeps_keys = true, .clock = &street.clock};
    test_log_reopen_with(&street.logs[BOB], ALICE, &threads);
    const struct crafted kinds[] = {{"good", 0, BOB, &to, false},
                                    {"wrong commit", 0, BOB, &to, true},
                                    {"wrong key", 0, BOB, &of_alice, false},
                                    {"not ours", 0, ALICE, &of_alice, false}};
    struct verified_event *batch[MANY];
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            struct crafted crafted = kinds[i % 4];
            crafted.number = 101 + i + round * MANY;
            batch[i] = craft(&crafted);
        }
        test_log_receive(&street.logs[BOB], batch, MANY);
    }
    assert_int_equal(neighbours_count(&street, BOB, "good", MESSAGE_OPENED), MANY / 2);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_UNREADABLE), MANY / 2);
    assert_int_equal(neighbours_count(&street, BOB, "", MESSAGE_WAITING), MANY / 2);
    assert_int_equal(neighbours_count_events(&street, BOB, "chat.message.delivered", NULL),
                     MANY / 2);
    neighbours_verify(&street, BOB);
    neighbours_end(&street);
}

/* Wherever the thread is. */
static void log_opener__ends_at_any_time(void **state)
{
    struct neighbours street;
    struct log_arrival arrivals[MANY] = {{.event = NULL}};
    (void)state;
    begin(&street);
    struct event_log *log = street.logs[BOB].log;
    const struct receiving_key to = neighbours_prekey(&street, BOB);
    for (unsigned i = 0; i < MANY; i++) {
        const struct crafted crafted = {"words", 101 + i, BOB, &to, false};
        arrivals[i].event = craft(&crafted);
    }
    for (int round = 0; round < ROUNDS; round++) {
        log_opener_begin(log, arrivals, MANY);
        for (int i = 0; i < round; i++) {
            (void)sched_yield();
        }
        (void)log_opener_take(log, event_verified_get(arrivals[round % MANY].event));
        log_opener_end(log);
        assert_null(log_opener_take(log, event_verified_get(arrivals[MANY - 1].event)));
    }
    for (size_t i = 0; i < MANY; i++) {
        event_verified_destroy(&arrivals[i].event);
    }
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_opener__opens_what_is_sealed_to_us),
        cmocka_unit_test(log_opener__counts_for_nothing_when_its_secret_went),
        cmocka_unit_test(log_opener__leaves_a_batch_what_it_is),
        cmocka_unit_test(log_opener__ends_at_any_time),
    };
    return signing_start() == RESULT_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
