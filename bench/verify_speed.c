/* What crypto_sign_verify_detached alone manages on all cores: verify_speed MESSAGE-BYTES; prints
 * verifications a second. */
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 30000, MOST_THREADS = 64, MOST_BYTES = 65536 };

static unsigned char message[MOST_BYTES];
static unsigned long long length;
static unsigned char signature[crypto_sign_BYTES];
static unsigned char public_key[crypto_sign_PUBLICKEYBYTES];

static void *verify(void *context)
{
    long *verified = context;
    for (int i = 0; i < ROUNDS; i++) {
        *verified += crypto_sign_verify_detached(signature, message, length, public_key) == 0;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
    pthread_t threads[MOST_THREADS];
    long verified[MOST_THREADS] = {0};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct timespec begin;
    struct timespec end;
    cores = cores > MOST_THREADS ? MOST_THREADS : cores;
    length = argc > 1 ? strtoull(argv[1], NULL, 10) : 500;
    if (sodium_init() < 0 || length > MOST_BYTES) {
        return 1;
    }
    (void)crypto_sign_keypair(public_key, secret_key);
    (void)crypto_sign_detached(signature, NULL, message, length, secret_key);
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    for (long i = 0; i < cores; i++) {
        (void)pthread_create(&threads[i], NULL, verify, &verified[i]);
    }
    long all = 0;
    for (long i = 0; i < cores; i++) {
        (void)pthread_join(threads[i], NULL);
        all += verified[i];
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds =
        (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
    (void)printf("%.0f\n", (double)all / seconds);
    return 0;
}
