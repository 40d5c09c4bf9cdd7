/* Whatever stands at a file's beginning: no more is taken than what is bounded, all of what is said
 * counts, and what was not sealed with this passphrase does not open.
 *
 * Pieces behind a head are tried where a guess is cheap. */
#include "protocol/sealed_stream.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "protocol/signing.h"

static void check_cost(const uint8_t *head)
{
    struct sealed_stream_cost cost = {0};
    struct sealed_stream *stream = NULL;
    if (sealed_stream_read_cost(head, &cost) != RESULT_OK) {
        FUZZ_ASSERT(sealed_stream_open("", head, &stream) != RESULT_OK && stream == NULL);
        return;
    }
    FUZZ_ASSERT(sealed_stream_is_begun(head, SEALED_STREAM_HEAD_BYTES));
    FUZZ_ASSERT(cost.passes >= 1 && cost.passes <= SEALED_STREAM_MOST_PASSES);
    FUZZ_ASSERT(cost.memory_kib >= 8 && cost.memory_kib <= SEALED_STREAM_MOST_MEMORY_KIB);
    if (cost.passes <= 2 && cost.memory_kib <= 64) {
        FUZZ_ASSERT(sealed_stream_open("\n", head, &stream) == RESULT_UNAUTHORIZED);
        FUZZ_ASSERT(stream == NULL);
    }
}

/* The input in place of what was sealed. */
static void check_pieces(const uint8_t *bytes, size_t length)
{
    static const struct sealed_stream_cost cheap = {1, 8};
    static uint8_t head[SEALED_STREAM_HEAD_BYTES];
    static bool is_sealed;
    static uint8_t piece[SEALED_STREAM_PIECE_BYTES];
    struct sealed_stream *stream = NULL;
    bool is_last = false;
    if (!is_sealed) {
        FUZZ_ASSERT(sealed_stream_seal("words", &cheap, head, &stream) == RESULT_OK);
        sealed_stream_destroy(&stream);
        is_sealed = true;
    }
    FUZZ_ASSERT(sealed_stream_open("words", head, &stream) == RESULT_OK);
    if (length <= sizeof piece) {
        FUZZ_ASSERT(sealed_stream_pull(stream, bytes, length, piece, &is_last) == RESULT_INVALID);
    }
    sealed_stream_destroy(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    uint8_t head[SEALED_STREAM_HEAD_BYTES] = {0};
    if (signing_start() != RESULT_OK) {
        return 0;
    }
    memcpy(head, bytes, length < sizeof head ? length : sizeof head);
    check_cost(head);
    check_pieces(bytes, length);
    return 0;
}
