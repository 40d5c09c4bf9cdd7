#include "gossip/fresh_events.h"

#include <string.h>

#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "store/event_reader.h"
#include "support/scripted_peers.h"

enum { BOB = 2, JANA = 3, MANY = 128, LONG = 5000 };

/* Writes a message of so many bytes; its arrival number. */
static int64_t write_message(struct scripted_peers *scripted, unsigned number, int length)
{
    char id[ULID_TEXT_BYTES];
    char *text = memory_format("%*u", length, number);
    const struct append_answer *answer = test_log_append(
        &scripted->log, event_draft_message(test_ulid(number, id), test_id(BOB), text, NULL));
    assert_int_equal(answer->result, RESULT_OK);
    memory_free(text);
    return answer->seq;
}

/* What is written of the events with these numbers; NULL: they are not all there. */
static char *give(struct scripted_peers *scripted, const int64_t *seqs, size_t count)
{
    struct event_batch_writer writer;
    char *text = NULL;
    event_batch_begin(&writer, test_id(1));
    size_t head_bytes = writer.body.length_bytes;
    if (fresh_events_write(scripted->gossip->fresh, seqs, count, &writer)) {
        text = memory_duplicate_string(buffer_text(&writer.body) + head_bytes);
    }
    buffer_deinit(&writer.body);
    return text;
}

static bool has(struct scripted_peers *scripted, int64_t seq)
{
    char *text = give(scripted, &seq, 1);
    bool given = text != NULL;
    memory_free(text);
    return given;
}

static bool add_text(void *context, int64_t seq, int64_t lamport, const char *text, size_t length)
{
    struct buffer *all = context;
    (void)seq;
    (void)lamport;
    buffer_append_text(all, all->length_bytes == 0 ? "" : ",");
    buffer_append(all, text, length);
    return true;
}

static void fresh_events__are_those_of_the_log(void **state)
{
    struct scripted_peers scripted;
    struct buffer all;
    (void)state;
    buffer_init(&all);
    scripted_peers_open(&scripted, 1);
    const int64_t seqs[] = {write_message(&scripted, 1, 3), write_message(&scripted, 2, 20),
                            write_message(&scripted, 3, 9)};
    assert_int_equal(event_reader_by_seq(scripted.log.log, seqs, 3, add_text, &all), RESULT_OK);
    char *given = give(&scripted, seqs, 3);
    assert_string_equal(given, buffer_text(&all));
    memory_free(given);
    const int64_t none[] = {seqs[0], seqs[2] + 1};
    assert_null(give(&scripted, none, 2));
    buffer_deinit(&all);
    scripted_peers_close(&scripted);
}

static void fresh_events__are_short_and_the_newest(void **state)
{
    struct scripted_peers scripted;
    int64_t seq = 0;
    (void)state;
    scripted_peers_open(&scripted, 1);
    int64_t first = write_message(&scripted, 1, 3);
    for (unsigned i = 2; i <= MANY; i++) {
        seq = write_message(&scripted, i, 3);
    }
    assert_true(has(&scripted, first));
    assert_false(has(&scripted, write_message(&scripted, MANY + 1, LONG)));
    assert_false(has(&scripted, first));
    assert_true(has(&scripted, first + 1));
    assert_true(has(&scripted, seq));
    scripted_peers_close(&scripted);
}

/* Some of them may be kept aside since. */
static void fresh_events__are_forgotten_when_members_change(void **state)
{
    struct scripted_peers scripted;
    (void)state;
    scripted_peers_open(&scripted, 1);
    int64_t seq = write_message(&scripted, 1, 3);
    assert_true(has(&scripted, seq));
    assert_int_equal(
        test_log_append(&scripted.log, event_draft_invited(test_id(JANA), "Jana", LEVEL_MEMBER,
                                                           INT64_C(1900000000)))
            ->result,
        RESULT_OK);
    assert_false(has(&scripted, seq));
    scripted_peers_close(&scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_events__are_those_of_the_log),
        cmocka_unit_test(fresh_events__are_short_and_the_newest),
        cmocka_unit_test(fresh_events__are_forgotten_when_members_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
