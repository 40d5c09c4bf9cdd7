#include "protocol/hedge.h"

#include <sodium.h>
#include <string.h>

/* Parts come with their lengths, so that none is mistaken for another's end. */
static void add(crypto_generichash_state *state, const void *bytes, size_t length_bytes)
{
    uint64_t length = length_bytes;
    (void)crypto_generichash_update(state, (const uint8_t *)&length, sizeof length);
    if (length_bytes > 0) {
        (void)crypto_generichash_update(state, bytes, length_bytes);
    }
}

void hedge_draw(const struct hedge *hedge, const char *purpose, const struct hkdf_part *context,
                size_t count, uint8_t drawn_out[static HEDGE_BYTES])
{
    crypto_generichash_state state;
    uint8_t random[HEDGE_BYTES];
    randombytes_buf(random, sizeof random);
    (void)crypto_generichash_init(&state, hedge->key, sizeof hedge->key, HEDGE_BYTES);
    (void)crypto_generichash_update(&state, random, sizeof random);
    add(&state, purpose, strlen(purpose));
    for (size_t i = 0; i < count; i++) {
        add(&state, context[i].bytes, context[i].length_bytes);
    }
    (void)crypto_generichash_final(&state, drawn_out, HEDGE_BYTES);
    sodium_memzero(random, sizeof random);
    sodium_memzero(&state, sizeof state);
}

void hedge_renew(struct hedge *hedge)
{
    struct hedge next = {{0}};
    hedge_draw(hedge, "start", NULL, 0, next.key);
    *hedge = next;
    sodium_memzero(&next, sizeof next);
}
