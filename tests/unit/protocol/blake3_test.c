#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/blake3.h"
#include "support/test_support.h"

/* b3sum's word on the same bytes. */
static void expect_like_b3sum(const uint8_t *bytes, size_t length)
{
    char path[] = "/tmp/hearthchat-b3-XXXXXX";
    int descriptor = mkstemp(path);
    char command[128];
    char expected[65] = "";
    char got[65];
    uint8_t hash[BLAKE3_HASH_BYTES];
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "wb");
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    (void)snprintf(command, sizeof command, "b3sum --no-names %s", path);
    FILE *pipe = popen(command, "re");
    assert_non_null(pipe);
    assert_int_equal(fread(expected, 1, 64, pipe), 64);
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(remove(path), 0);
    blake3_hash(bytes, length, hash);
    for (size_t i = 0; i < sizeof hash; i++) {
        (void)snprintf(got + 2 * i, 3, "%02x", hash[i]);
    }
    assert_string_equal(got, expected);
}

static void blake3_hash__agrees_with_b3sum_at_every_edge(void **state)
{
    static const size_t lengths[] = {0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 2049, 31744, 102400};
    uint8_t *bytes = memory_allocate(102400, 1);
    (void)state;
    for (size_t i = 0; i < 102400; i++) {
        bytes[i] = (uint8_t)(i % 251);
    }
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        expect_like_b3sum(bytes, lengths[i]);
    }
    memory_free(bytes);
}

static void blake3_hash__agrees_with_b3sum_on_a_random_megabyte(void **state)
{
    uint8_t *bytes = memory_allocate(1048576, 1);
    (void)state;
    assert_int_equal(signing_start(), RESULT_OK);
    signing_random(bytes, 1048576);
    expect_like_b3sum(bytes, 1048576);
    memory_free(bytes);
}

/* All lengths beside each other about where blocks and chunks end. */
static void blake3_hash_each__is_each_ones_hash(void **state)
{
    enum { TEXTS = 4 * 131, MOST_BYTES = 2200 };
    static uint8_t bytes[MOST_BYTES + TEXTS];
    static uint8_t hashes[TEXTS][BLAKE3_HASH_BYTES];
    struct blake3_text texts[TEXTS];
    uint8_t expected[BLAKE3_HASH_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    }
    for (size_t round = 0; round < 17; round++) {
        for (size_t i = 0; i < TEXTS; i++) {
            size_t length = round < 16 ? round * 129 + i / 4 + i % 4 * (round % 3) : i * 4;
            texts[i] = (struct blake3_text){length == 0 ? NULL : bytes + i, length, hashes[i]};
        }
        blake3_hash_each(texts, TEXTS - round % 4);
        for (size_t i = 0; i < TEXTS - round % 4; i++) {
            blake3_hash(texts[i].bytes, texts[i].length_bytes, expected);
            assert_memory_equal(hashes[i], expected, sizeof expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blake3_hash__agrees_with_b3sum_at_every_edge),
        cmocka_unit_test(blake3_hash__agrees_with_b3sum_on_a_random_megabyte),
        cmocka_unit_test(blake3_hash_each__is_each_ones_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
