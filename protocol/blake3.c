#include "protocol/blake3.h"

#include <string.h>

enum { BLOCK_BYTES = 64, CHUNK_BYTES = 1024 };
enum { CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8 };

static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* Row r holds the message words of round r: the permutation applied r times. */
static const uint8_t schedule[7][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
    {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1},
    {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
    {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4},
    {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
    {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13},
};

static inline uint32_t rotate_right(uint32_t word, unsigned count)
{
    return (word >> count) | (word << (32 - count));
}

static inline void mix(uint32_t state[static 16], unsigned a, unsigned b, unsigned c, unsigned d,
                       uint32_t x, uint32_t y)
{
    state[a] = state[a] + state[b] + x;
    state[d] = rotate_right(state[d] ^ state[a], 16);
    state[c] = state[c] + state[d];
    state[b] = rotate_right(state[b] ^ state[c], 12);
    state[a] = state[a] + state[b] + y;
    state[d] = rotate_right(state[d] ^ state[a], 8);
    state[c] = state[c] + state[d];
    state[b] = rotate_right(state[b] ^ state[c], 7);
}

/* Inline, so that the compiler knows each round's order and keeps the state in registers. */
static inline __attribute__((always_inline)) void mix_round(uint32_t state[static 16],
                                                            const uint32_t words[static 16],
                                                            const uint8_t order[static 16])
{
    mix(state, 0, 4, 8, 12, words[order[0]], words[order[1]]);
    mix(state, 1, 5, 9, 13, words[order[2]], words[order[3]]);
    mix(state, 2, 6, 10, 14, words[order[4]], words[order[5]]);
    mix(state, 3, 7, 11, 15, words[order[6]], words[order[7]]);
    mix(state, 0, 5, 10, 15, words[order[8]], words[order[9]]);
    mix(state, 1, 6, 11, 12, words[order[10]], words[order[11]]);
    mix(state, 2, 7, 8, 13, words[order[12]], words[order[13]]);
    mix(state, 3, 4, 9, 14, words[order[14]], words[order[15]]);
}

/* The same of four compressions beside each other, a lane each, whatever the machine makes of it.
 */
enum { LANES = 4 };
typedef uint32_t lanes __attribute__((vector_size(LANES * sizeof(uint32_t))));

static inline __attribute__((always_inline)) lanes rotate_lanes(lanes words, unsigned count)
{
    return (words >> count) | (words << (32 - count));
}

static inline __attribute__((always_inline)) void
mix_lanes(lanes state[static 16], unsigned a, unsigned b, unsigned c, unsigned d, lanes x, lanes y)
{
    state[a] = state[a] + state[b] + x;
    state[d] = rotate_lanes(state[d] ^ state[a], 16);
    state[c] = state[c] + state[d];
    state[b] = rotate_lanes(state[b] ^ state[c], 12);
    state[a] = state[a] + state[b] + y;
    state[d] = rotate_lanes(state[d] ^ state[a], 8);
    state[c] = state[c] + state[d];
    state[b] = rotate_lanes(state[b] ^ state[c], 7);
}

static inline __attribute__((always_inline)) void mix_round_of_lanes(lanes state[static 16],
                                                                     const lanes words[static 16],
                                                                     const uint8_t order[static 16])
{
    mix_lanes(state, 0, 4, 8, 12, words[order[0]], words[order[1]]);
    mix_lanes(state, 1, 5, 9, 13, words[order[2]], words[order[3]]);
    mix_lanes(state, 2, 6, 10, 14, words[order[4]], words[order[5]]);
    mix_lanes(state, 3, 7, 11, 15, words[order[6]], words[order[7]]);
    mix_lanes(state, 0, 5, 10, 15, words[order[8]], words[order[9]]);
    mix_lanes(state, 1, 6, 11, 12, words[order[10]], words[order[11]]);
    mix_lanes(state, 2, 7, 8, 13, words[order[12]], words[order[13]]);
    mix_lanes(state, 3, 4, 9, 14, words[order[14]], words[order[15]]);
}

static inline uint32_t word_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* A whole block of each, none the last of its chunk. */
static void compress_lanes(lanes chain[static 8], const uint8_t *const blocks[static LANES],
                           uint32_t flags)
{
    lanes words[16];
    for (size_t i = 0; i < 16; i++) {
        words[i] = (lanes){word_at(blocks[0] + 4 * i), word_at(blocks[1] + 4 * i),
                           word_at(blocks[2] + 4 * i), word_at(blocks[3] + 4 * i)};
    }
    const lanes none = {0};
    lanes state[16] = {chain[0],
                       chain[1],
                       chain[2],
                       chain[3],
                       chain[4],
                       chain[5],
                       chain[6],
                       chain[7],
                       none + initial[0],
                       none + initial[1],
                       none + initial[2],
                       none + initial[3],
                       none,
                       none,
                       none + BLOCK_BYTES,
                       none + flags};
    mix_round_of_lanes(state, words, schedule[0]);
    mix_round_of_lanes(state, words, schedule[1]);
    mix_round_of_lanes(state, words, schedule[2]);
    mix_round_of_lanes(state, words, schedule[3]);
    mix_round_of_lanes(state, words, schedule[4]);
    mix_round_of_lanes(state, words, schedule[5]);
    mix_round_of_lanes(state, words, schedule[6]);
    for (size_t i = 0; i < 8; i++) {
        chain[i] = state[i] ^ state[i + 8];
    }
}

/* One compression; the first eight words of the result become the chaining value. */
static void compress(uint32_t chain[static 8], const uint8_t block[static BLOCK_BYTES],
                     uint32_t block_bytes, uint64_t counter, uint32_t flags)
{
    uint32_t words[16];
    for (size_t i = 0; i < 16; i++) {
        words[i] = word_at(block + 4 * i);
    }
    uint32_t state[16] = {
        chain[0],          chain[1],
        chain[2],          chain[3],
        chain[4],          chain[5],
        chain[6],          chain[7],
        initial[0],        initial[1],
        initial[2],        initial[3],
        (uint32_t)counter, (uint32_t)(counter >> 32),
        block_bytes,       flags,
    };
    mix_round(state, words, schedule[0]);
    mix_round(state, words, schedule[1]);
    mix_round(state, words, schedule[2]);
    mix_round(state, words, schedule[3]);
    mix_round(state, words, schedule[4]);
    mix_round(state, words, schedule[5]);
    mix_round(state, words, schedule[6]);
    for (size_t i = 0; i < 8; i++) {
        chain[i] = state[i] ^ state[i + 8];
    }
}

/* The first chunk of a text, of which so many bytes are compressed already. */
struct begun {
    uint32_t chain[8];
    size_t bytes;
};

static void hash_chunk(const uint8_t *bytes, size_t length, uint64_t counter, uint32_t root,
                       const struct begun *begun, uint32_t chain_out[static 8])
{
    memcpy(chain_out, begun == NULL ? initial : begun->chain, sizeof initial);
    size_t at = begun == NULL ? 0 : begun->bytes;
    do {
        size_t here = length - at < BLOCK_BYTES ? length - at : BLOCK_BYTES;
        uint8_t block[BLOCK_BYTES] = {0};
        if (here > 0) {
            memcpy(block, bytes + at, here);
        }
        uint32_t flags = at == 0 ? CHUNK_START : 0;
        if (at + here == length) {
            flags |= CHUNK_END | root;
        }
        compress(chain_out, block, (uint32_t)here, counter, flags);
        at += here;
    } while (at < length);
}

static void hash_subtree(const uint8_t *bytes, size_t length, uint64_t counter, uint32_t root,
                         const struct begun *begun, uint32_t chain_out[static 8])
{
    if (length <= CHUNK_BYTES) {
        hash_chunk(bytes, length, counter, root, begun, chain_out);
        return;
    }
    /* The left side is the largest power of two of whole chunks that leaves something to the right.
     */
    size_t left = CHUNK_BYTES;
    while (left * 2 < length) {
        left *= 2;
    }
    uint32_t chains[16];
    hash_subtree(bytes, left, counter, 0, begun, chains);
    hash_subtree(bytes + left, length - left, counter + left / CHUNK_BYTES, 0, NULL, chains + 8);
    uint8_t block[BLOCK_BYTES];
    for (size_t i = 0; i < 16; i++) {
        for (size_t byte = 0; byte < 4; byte++) {
            block[4 * i + byte] = (uint8_t)(chains[i] >> (8 * byte));
        }
    }
    memcpy(chain_out, initial, sizeof initial);
    compress(chain_out, block, BLOCK_BYTES, 0, PARENT | root);
}

static void hash(const void *bytes, size_t length_bytes, const struct begun *begun,
                 uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    uint32_t chain[8];
    hash_subtree(bytes, length_bytes, 0, ROOT, begun, chain);
    for (size_t i = 0; i < BLAKE3_HASH_BYTES; i++) {
        hash_out[i] = (uint8_t)(chain[i / 4] >> (8 * (i % 4)));
    }
}

void blake3_hash(const void *bytes, size_t length_bytes, uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    hash(bytes, length_bytes, NULL, hash_out);
}

/* Blocks of the first chunk that are whole and not its last. */
static size_t count_first_blocks(size_t length_bytes)
{
    const size_t most = CHUNK_BYTES / BLOCK_BYTES - 1;
    size_t count = length_bytes == 0 ? 0 : (length_bytes - 1) / BLOCK_BYTES;
    return count < most ? count : most;
}

static void hash_four(const struct blake3_text texts[static LANES])
{
    lanes chain[8];
    const uint8_t *blocks[LANES];
    size_t count = count_first_blocks(texts[0].length_bytes);
    for (size_t i = 0; i < LANES; i++) {
        size_t own = count_first_blocks(texts[i].length_bytes);
        count = own < count ? own : count;
        blocks[i] = texts[i].bytes;
    }
    for (size_t i = 0; i < 8; i++) {
        chain[i] = (lanes){0} + initial[i];
    }
    for (size_t block = 0; block < count; block++) {
        compress_lanes(chain, blocks, block == 0 ? CHUNK_START : 0);
        for (size_t i = 0; i < LANES; i++) {
            blocks[i] += BLOCK_BYTES;
        }
    }
    for (size_t i = 0; i < LANES; i++) {
        struct begun begun = {.bytes = count * BLOCK_BYTES};
        for (size_t word = 0; word < 8; word++) {
            begun.chain[word] = chain[word][i];
        }
        hash(texts[i].bytes, texts[i].length_bytes, &begun, texts[i].hash_out);
    }
}

void blake3_hash_each(const struct blake3_text *texts, size_t count)
{
    size_t i = 0;
    for (; count - i >= LANES; i += LANES) {
        hash_four(texts + i);
    }
    for (; i < count; i++) {
        blake3_hash(texts[i].bytes, texts[i].length_bytes, texts[i].hash_out);
    }
}
