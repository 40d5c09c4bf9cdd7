/* What the machine itself manages, beside which a node is measured: `yardstick WHAT …` prints a
 * figure.
 *   sync DIRECTORY SECONDS          4 KiB written and synced, a second
 *   sign SECONDS, verify SECONDS    Ed25519 on one core, of a message as an event is, a second
 *   cores SECONDS                   the same verifying on all cores
 *   commits DIRECTORY RATE SECONDS  us that two logs take to commit a message, one behind the
 *                                   other: its author's and then its recipient's; p50 of RATE a
 *                                   second
 *   echo                            libmicrohttpd as the local listener has it, which answers a
 *                                   body with itself: prints its port, until its input ends
 *   kept DIRECTORY                  the same, which writes and syncs 4 KiB before each answer */
#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/memory.h"
#include "population.h"
#include "store/event_reader.h"
#include "store/log_wait.h"

enum { EVENT_BYTES = 560, BLOCK_BYTES = 4096, MOST_THREADS = 64, BODY_BYTES = 4096 };

static unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
static unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
static unsigned char message[EVENT_BYTES];
static unsigned char signature[crypto_sign_BYTES];
static double until;

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* A file that is gone when it is closed. */
static int open_scratch(const char *directory)
{
    char *path = memory_format("%s/yardstick", directory);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    population_require(file >= 0 && unlink(path) == 0, "There is no file to write.");
    memory_free(path);
    return file;
}

/* In place, as a journal that was written before. */
static void write_block(int file, long number)
{
    static const char block[BLOCK_BYTES];
    population_require(pwrite(file, block, sizeof block, number % 256 * BLOCK_BYTES) ==
                               BLOCK_BYTES &&
                           fdatasync(file) == 0,
                       "The file can't be written.");
}

static void measure_sync(char **arguments)
{
    int file = open_scratch(arguments[0]);
    long done = 0;
    double begun = population_now();
    while (population_now() - begun < atof(arguments[1])) {
        write_block(file, done++);
    }
    (void)printf("%.1f\n", (double)done / (population_now() - begun));
    (void)close(file);
}

static void *sign(void *context)
{
    unsigned char own[crypto_sign_BYTES];
    while (population_now() < until) {
        (void)crypto_sign_detached(own, NULL, message, sizeof message, secret_key);
        ++*(long *)context;
    }
    return NULL;
}

static void *verify(void *context)
{
    while (population_now() < until) {
        *(long *)context +=
            crypto_sign_verify_detached(signature, message, sizeof message, public_key) == 0;
    }
    return NULL;
}

static void print_rate(void *(*run)(void *), long threads, double seconds)
{
    pthread_t all[MOST_THREADS];
    long done[MOST_THREADS] = {0};
    long sum = 0;
    threads = threads > MOST_THREADS ? MOST_THREADS : threads;
    (void)crypto_sign_keypair(public_key, secret_key);
    (void)crypto_sign_detached(signature, NULL, message, sizeof message, secret_key);
    until = population_now() + seconds;
    for (long i = 0; i < threads; i++) {
        (void)pthread_create(&all[i], NULL, run, &done[i]);
    }
    for (long i = 0; i < threads; i++) {
        (void)pthread_join(all[i], NULL);
        sum += done[i];
    }
    (void)printf("%.1f\n", (double)sum / seconds);
}

static void measure_sign(char **arguments)
{
    print_rate(sign, 1, atof(arguments[0]));
}

static void measure_verify(char **arguments)
{
    print_rate(verify, 1, atof(arguments[0]));
}

static void measure_cores(char **arguments)
{
    print_rate(verify, sysconf(_SC_NPROCESSORS_ONLN), atof(arguments[0]));
}

static bool verify_one(void *context, int64_t seq, int64_t lamport, const char *text, size_t length)
{
    (void)seq;
    (void)lamport;
    *(struct verified_event **)context = population_verify(text, length);
    return true;
}

/* The author's next event; false: there is none. */
static bool carry(struct population *author, struct population *recipient, int64_t *given)
{
    size_t accepted = 0;
    struct verified_event **events = memory_allocate(1, sizeof(struct verified_event *));
    population_require(event_reader_after_seq(author->log, *given, 1, verify_one, events) ==
                           RESULT_OK,
                       "A log can't be read.");
    if (events[0] == NULL) {
        memory_free(events);
        return false;
    }
    ++*given;
    population_require(log_wait_receive(recipient->log, events, 1, NULL, &accepted, NULL) ==
                           RESULT_OK,
                       "The log can't be written.");
    return true;
}

static void wait_until(double due)
{
    double left = due - population_now();
    if (left > 0) {
        const struct timespec pause = {.tv_sec = (time_t)left,
                                       .tv_nsec = (long)((left - (double)(time_t)left) * 1e9)};
        (void)nanosleep(&pause, NULL);
    }
}

static void measure_commits(char **arguments)
{
    char event_id[ULID_TEXT_BYTES];
    struct population people[2];
    int64_t given = 0;
    double rate = atof(arguments[1]);
    size_t messages = (size_t)(rate * atof(arguments[2]));
    double *took = memory_allocate(messages + 1, sizeof *took);
    for (size_t person = 0; person < 2; person++) {
        char *path = memory_format("%s/commits-%zu", arguments[0], person);
        population_start(&people[person]);
        population_open(&people[person], path, person, false);
        memory_free(path);
    }
    population_found(&people[0]);
    population_invite(&people[0], 0, 1, event_id);
    population_join(&people[0], 1, event_id);
    population_settle(&people[0]);
    while (carry(&people[0], &people[1], &given)) {
    }
    double begun = population_now();
    for (size_t i = 0; i < messages; i++) {
        char client_id[32];
        struct append_answer answer;
        (void)snprintf(client_id, sizeof client_id, "commit %zu", i);
        struct event_draft draft =
            event_draft_message(client_id, &population_key(&people[0], 1)->node_id,
                                "Hello neighbour, do you have power today?", NULL);
        wait_until(begun + (double)i / rate);
        double from = population_now();
        population_require(log_wait_append(people[0].log, &draft, &answer) == RESULT_OK,
                           answer.error.message);
        (void)carry(&people[0], &people[1], &given);
        took[i] = population_now() - from;
    }
    qsort(took, messages, sizeof *took, compare);
    (void)printf("%.1f\n", took[messages / 2] * 1e6);
    population_end(&people[0]);
    population_end(&people[1]);
    memory_free(took);
}

struct echoed {
    size_t bytes;
    char body[BODY_BYTES];
};

/* What each answer waits for: of `kept` alone. */
static struct {
    int file;
    atomic_long blocks;
} kept_in = {.file = -1};

static enum MHD_Result echo(void *context, struct MHD_Connection *connection, const char *url,
                            const char *method, const char *version, const char *data,
                            size_t *data_bytes, void **kept)
{
    (void)context;
    (void)url;
    (void)method;
    (void)version;
    struct echoed *echoed = *kept;
    if (echoed == NULL) {
        *kept = malloc(sizeof *echoed);
        ((struct echoed *)*kept)->bytes = 0;
        return MHD_YES;
    }
    if (*data_bytes > 0) {
        size_t most = BODY_BYTES - echoed->bytes;
        size_t taken = *data_bytes < most ? *data_bytes : most;
        memcpy(echoed->body + echoed->bytes, data, taken);
        echoed->bytes += taken;
        *data_bytes = 0;
        return MHD_YES;
    }
    if (kept_in.file >= 0) {
        write_block(kept_in.file, atomic_fetch_add(&kept_in.blocks, 1));
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(echoed->bytes, echoed->body, MHD_RESPMEM_MUST_COPY);
    (void)MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static void forget(void *context, struct MHD_Connection *connection, void **kept,
                   enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    free(*kept);
    *kept = NULL;
}

static void serve_echo(char **arguments)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)arguments;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
            MHD_USE_TURBO,
        0, NULL, NULL, echo, NULL, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)LIMITS_POOL_THREADS, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)LIMITS_LOCAL_CONNECTIONS * LIMITS_POOL_THREADS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMITS_LOCAL_CONNECTION_BYTES,
        MHD_OPTION_NOTIFY_COMPLETED, forget, NULL, MHD_OPTION_END);
    population_require(daemon != NULL, "There is no echo.");
    (void)printf("%u\n", (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    (void)fflush(stdout);
    while (getchar() != EOF) {
    }
    MHD_stop_daemon(daemon);
}

static void serve_kept(char **arguments)
{
    kept_in.file = open_scratch(arguments[0]);
    serve_echo(NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*measure)(char **arguments);
        int arguments;
    } all[] = {{"sync", measure_sync, 2},       {"sign", measure_sign, 1},
               {"verify", measure_verify, 1},   {"cores", measure_cores, 1},
               {"commits", measure_commits, 3}, {"echo", serve_echo, 0},
               {"kept", serve_kept, 1}};
    population_require(sodium_init() >= 0, "There is no randomness.");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (argc == 2 + all[i].arguments && strcmp(argv[1], all[i].name) == 0) {
            all[i].measure(argv + 2);
            return 0;
        }
    }
    population_require(false, "yardstick WHAT …, as the head of its source says");
}
