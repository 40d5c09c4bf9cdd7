#include "protocol/sealed_stream.h"

#include <string.h>

#include "protocol/hex.h"
#include "support/test_support.h"

static const struct sealed_stream_cost cheap = {1, 8};
static const char passphrase[] = "correct horse battery staple";

/* A head and pieces, as a file has them. */
struct sealed {
    uint8_t head[SEALED_STREAM_HEAD_BYTES];
    uint8_t pieces[3][8 + SEALED_STREAM_ADDED_BYTES];
};

static const char *const texts[3] = {"one.....", "two.....", "three..."};

static struct sealed seal(void)
{
    struct sealed sealed = {.head = {0}};
    struct sealed_stream *stream = NULL;
    assert_int_equal(sealed_stream_seal(passphrase, &cheap, sealed.head, &stream), RESULT_OK);
    for (size_t i = 0; i < 3; i++) {
        sealed_stream_push(stream, texts[i], 8, i == 2, sealed.pieces[i]);
    }
    sealed_stream_destroy(&stream);
    return sealed;
}

/* How many pieces open, in that order, each as it was sealed; -1: the head does not. */
static int count_opened(const struct sealed *sealed, const size_t *order, size_t count,
                        bool *is_last_out)
{
    struct sealed_stream *stream = NULL;
    uint8_t piece[8];
    int opened = 0;
    *is_last_out = false;
    if (sealed_stream_open(passphrase, sealed->head, &stream) != RESULT_OK) {
        return -1;
    }
    while (opened < (int)count &&
           sealed_stream_pull(stream, sealed->pieces[order[opened]], sizeof sealed->pieces[0],
                              piece, is_last_out) == RESULT_OK) {
        assert_memory_equal(piece, texts[order[opened]], sizeof piece);
        opened++;
    }
    sealed_stream_destroy(&stream);
    return opened;
}

static void sealed_stream__opens_with_its_passphrase_alone(void **state)
{
    const struct sealed sealed = seal();
    struct sealed_stream *stream = NULL;
    bool is_last = false;
    (void)state;
    assert_int_equal(count_opened(&sealed, (const size_t[]){0, 1, 2}, 3, &is_last), 3);
    assert_true(is_last);
    assert_int_equal(sealed_stream_open("correct horse battery stapl", sealed.head, &stream),
                     RESULT_UNAUTHORIZED);
    assert_null(stream);
    assert_int_equal(sealed_stream_open("", sealed.head, &stream), RESULT_UNAUTHORIZED);
}

static void sealed_stream__pieces_have_their_place(void **state)
{
    const struct sealed sealed = seal();
    const struct sealed other = seal();
    struct sealed mixed = sealed;
    bool is_last = false;
    (void)state;
    assert_int_equal(count_opened(&sealed, (const size_t[]){1}, 1, &is_last), 0);
    assert_int_equal(count_opened(&sealed, (const size_t[]){0, 0}, 2, &is_last), 1);
    assert_int_equal(count_opened(&sealed, (const size_t[]){0, 2}, 2, &is_last), 1);
    assert_int_equal(count_opened(&sealed, (const size_t[]){0, 1}, 2, &is_last), 2);
    assert_false(is_last); /* so what is cut behind a piece is missed */
    memcpy(mixed.pieces[1], other.pieces[1], sizeof mixed.pieces[1]);
    assert_int_equal(count_opened(&mixed, (const size_t[]){0, 1, 2}, 3, &is_last), 1);
    assert_true(memcmp(sealed.head, other.head, sizeof sealed.head) != 0);
}

static void sealed_stream__no_bit_of_it_can_be_another(void **state)
{
    const struct sealed sealed = seal();
    bool is_last = false;
    (void)state;
    for (size_t at = 0; at < sizeof sealed; at++) {
        struct sealed changed = sealed;
        ((uint8_t *)&changed)[at] ^= (uint8_t)(1 << at % 8);
        if (at >= 13 && at < 20) {
            continue; /* what it costs: below, for it takes its time */
        }
        assert_true(count_opened(&changed, (const size_t[]){0, 1, 2}, 3, &is_last) < 3);
    }
    struct sealed changed = sealed;
    changed.head[15] = 2; /* passes, over 8 KiB */
    assert_int_equal(count_opened(&changed, (const size_t[]){0, 1, 2}, 3, &is_last), -1);
}

static enum result judge(uint32_t passes, uint32_t memory_kib, uint8_t version)
{
    struct sealed sealed = seal();
    struct sealed_stream_cost cost;
    struct sealed_stream *stream = NULL;
    const uint8_t numbers[] = {version,
                               (uint8_t)(passes >> 16),
                               (uint8_t)(passes >> 8),
                               (uint8_t)passes,
                               (uint8_t)(memory_kib >> 24),
                               (uint8_t)(memory_kib >> 16),
                               (uint8_t)(memory_kib >> 8),
                               (uint8_t)memory_kib};
    memcpy(sealed.head + 12, numbers, sizeof numbers);
    enum result result = sealed_stream_read_cost(sealed.head, &cost);
    if (result == RESULT_OK) {
        assert_int_equal(cost.passes, passes);
        assert_int_equal(cost.memory_kib, memory_kib);
    } else {
        assert_int_equal(sealed_stream_open(passphrase, sealed.head, &stream), result);
    }
    return result;
}

static void sealed_stream__takes_no_head_that_costs_too_much(void **state)
{
    const struct sealed_stream_cost usual = sealed_stream_cost;
    (void)state;
    assert_int_equal(judge(usual.passes, usual.memory_kib, 1), RESULT_OK);
    assert_int_equal(judge(SEALED_STREAM_MOST_PASSES, SEALED_STREAM_MOST_MEMORY_KIB, 1), RESULT_OK);
    assert_int_equal(judge(1, 8, 1), RESULT_OK);
    assert_int_equal(judge(SEALED_STREAM_MOST_PASSES + 1, 8, 1), RESULT_INVALID);
    assert_int_equal(judge(0xffffff, 8, 1), RESULT_INVALID);
    assert_int_equal(judge(0, 8, 1), RESULT_INVALID);
    assert_int_equal(judge(1, SEALED_STREAM_MOST_MEMORY_KIB + 1, 1), RESULT_INVALID);
    assert_int_equal(judge(1, 100 * 1024 * 1024, 1), RESULT_INVALID); /* 100 GiB */
    assert_int_equal(judge(1, 0xffffffff, 1), RESULT_INVALID);
    assert_int_equal(judge(1, 7, 1), RESULT_INVALID);
    assert_int_equal(judge(1, 8, 2), RESULT_UNSUPPORTED);
    assert_int_equal(judge(1, 8, 0), RESULT_UNSUPPORTED);
}

/* Argon2id's and secretstream's own functions, put together by another program. */
static void sealed_stream__opens_what_another_program_sealed(void **state)
{
    static const char file[] =
        "686561727468636861742a0a0100000100000008000102030405060708090a0b0c0d0e0f9ec8514a"
        "088d74edd22c486a84e14764a394e15519aa90e025e9485ba8e6f54553731807154ef34eb46dde7b"
        "09e0abbc10d610e66ef102a9895adf88122c41";
    uint8_t bytes[SEALED_STREAM_HEAD_BYTES + 5 + SEALED_STREAM_ADDED_BYTES];
    uint8_t piece[5];
    struct sealed_stream *stream = NULL;
    bool is_last = false;
    (void)state;
    assert_true(hex_parse(file, bytes, sizeof bytes));
    assert_int_equal(sealed_stream_open(passphrase, bytes, &stream), RESULT_OK);
    assert_int_equal(sealed_stream_pull(stream, bytes + SEALED_STREAM_HEAD_BYTES,
                                        sizeof bytes - SEALED_STREAM_HEAD_BYTES, piece, &is_last),
                     RESULT_OK);
    assert_memory_equal(piece, "hello", sizeof piece);
    assert_true(is_last);
    sealed_stream_destroy(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_stream__opens_with_its_passphrase_alone),
        cmocka_unit_test(sealed_stream__pieces_have_their_place),
        cmocka_unit_test(sealed_stream__no_bit_of_it_can_be_another),
        cmocka_unit_test(sealed_stream__takes_no_head_that_costs_too_much),
        cmocka_unit_test(sealed_stream__opens_what_another_program_sealed),
    };
    return signing_start() != RESULT_OK ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
