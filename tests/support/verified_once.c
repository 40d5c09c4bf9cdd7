/* Generated histories come to many logs, in many orders: whether a signature holds is worked out
 * once, and remembered where it does. Of the programs that are linked with
 * --wrap=crypto_sign_verify_detached (tests/CMakeLists.txt).
 *
 * Thread: any; each remembers for itself.
 * Limits: of signatures that fall on one place the last is remembered.
 */
#include <sodium.h>
#include <string.h>

enum { PLACES = 8192 };

int __real_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *text,
                                       unsigned long long length, const unsigned char *key);
int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *text,
                                       unsigned long long length, const unsigned char *key);

static _Thread_local unsigned char held[PLACES][crypto_generichash_BYTES];

int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *text,
                                       unsigned long long length, const unsigned char *key)
{
    crypto_generichash_state state;
    unsigned char all[crypto_generichash_BYTES];
    (void)crypto_generichash_init(&state, NULL, 0, sizeof all);
    (void)crypto_generichash_update(&state, signature, crypto_sign_BYTES);
    (void)crypto_generichash_update(&state, key, crypto_sign_PUBLICKEYBYTES);
    (void)crypto_generichash_update(&state, text, length);
    (void)crypto_generichash_final(&state, all, sizeof all);
    unsigned char *place = held[(all[0] | (unsigned)all[1] << 8U) % PLACES];
    if (memcmp(place, all, sizeof all) == 0) {
        return 0;
    }
    int result = __real_crypto_sign_verify_detached(signature, text, length, key);
    if (result == 0) {
        memcpy(place, all, sizeof all);
    }
    return result;
}
