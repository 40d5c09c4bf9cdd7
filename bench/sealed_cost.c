/* What sealing costs: `sealed_cost DIRECTORY MESSAGES` has two pairs of logs, one that keeps keys
 * and one that doesn't, send and receive the same messages in turns, and prints what each sent, and
 * received and acknowledged, a second of wall time. Then it writes until there are so many, and
 * prints the us of work that showing the newest of them takes; at last those of one X25519, of
 * which a message takes two to be sealed and one to be opened. Run by bench/sealed.sh. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/node_manifest.h"
#include "store/event_reader.h"
#include "store/history.h"
#include "store/log_wait.h"

enum { TURN = 500, TURNS = 40, IN_FLIGHT = 64, IN_FLIGHT_FILLING = 256, BATCH = 500, READS = 1001 };
enum { WRITER, READER };

struct pair {
    const char *name;
    bool keeps_keys;
    struct signing_key keys[2];
    struct event_log *logs[2];
    int64_t given[2]; /* of what the other one has, up to that arrival number */
    double sent[TURNS];
    double received[TURNS];
};

static atomic_int waiting;

static void require(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "%s\n", what);
        exit(1);
    }
}

static double seconds(clockid_t clock)
{
    struct timespec time;
    (void)clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void rest(void)
{
    const struct timespec pause = {.tv_nsec = 100000};
    (void)nanosleep(&pause, NULL);
}

static void open_log(struct pair *pair, const char *directory, int which)
{
    struct error error = {""};
    char *path = memory_format("%s/%s-%d", directory, pair->name, which);
    struct event_log_options options = {.directory = path,
                                        .community_id = pair->keys[WRITER].node_id,
                                        .key = &pair->keys[which],
                                        .clock = clock_system(),
                                        .answers_messages = true,
                                        .keeps_keys = pair->keeps_keys};
    require(event_log_open(&options, &pair->logs[which], &error) == RESULT_OK, error.message);
    memory_free(path);
}

struct gathered {
    struct verified_event **events;
    size_t count;
};

static bool gather(void *context, int64_t seq, int64_t lamport, const char *text, size_t length)
{
    struct gathered *gathered = context;
    struct event *event = NULL;
    json_t *json = NULL;
    (void)seq;
    (void)lamport;
    require(canonical_parse(text, length, CANONICAL_MOST_NESTING, &json, NULL) == RESULT_OK &&
                event_parse(json, NULL, &event) == EVENT_ACCEPTABLE &&
                event_verify(&event, &gathered->events[gathered->count++]) == RESULT_OK,
            "An event is none.");
    json_decref(json);
    return true;
}

/* What the other one has, to `to`; returns how long that took to store. */
static double give(struct pair *pair, int to)
{
    struct event_log *from = pair->logs[1 - to];
    const struct log_snapshot *snapshot = log_snapshot_acquire(from);
    int64_t last = snapshot->last_seq;
    log_snapshot_release(from, &snapshot);
    struct gathered gathered = {
        .events = memory_allocate((size_t)(last - pair->given[to]) + 1, sizeof(void *))};
    require(event_reader_after_seq(from, pair->given[to], (size_t)(last - pair->given[to]), gather,
                                   &gathered) == RESULT_OK,
            "A log can't be read.");
    pair->given[to] = last;
    double begun = seconds(CLOCK_MONOTONIC);
    for (size_t at = 0; at < gathered.count; at += BATCH) {
        size_t count = gathered.count - at < BATCH ? gathered.count - at : BATCH;
        size_t accepted = 0;
        struct verified_event **batch = memory_allocate(count, sizeof(void *));
        memcpy(batch, gathered.events + at, count * sizeof(void *));
        (void)log_wait_receive(pair->logs[to], batch, count, &pair->keys[1 - to].node_id, &accepted,
                               NULL);
    }
    memory_free(gathered.events);
    return seconds(CLOCK_MONOTONIC) - begun;
}

static struct append_answer append(struct pair *pair, int who, struct event_draft draft)
{
    struct append_answer answer = {0};
    require(log_wait_append(pair->logs[who], &draft, &answer) == RESULT_OK, answer.error.message);
    return answer;
}

static json_t *make_manifest(struct pair *pair)
{
    struct endpoints endpoints = {.count = 1, .list = {{.host = "127.0.0.1", .port = 9}}};
    json_t *capabilities = json_array();
    const struct node_manifest_content content = {.display_name = "Reader",
                                                  .profile = "hearth",
                                                  .endpoints = &endpoints,
                                                  .capabilities = capabilities};
    json_t *manifest = node_manifest_make(&content, &pair->keys[READER], time(NULL));
    json_decref(capabilities);
    return manifest;
}

/* Until what is written is sealed, where it is to be. */
static void begin(struct pair *pair, const char *directory)
{
    const struct policy policy = policy_default();
    const struct node_id *reader = &pair->keys[READER].node_id;
    open_log(pair, directory, WRITER);
    open_log(pair, directory, READER);
    (void)append(pair, WRITER, event_draft_created("Bench", &pair->keys[WRITER].node_id, &policy));
    struct append_answer invited = append(
        pair, WRITER, event_draft_invited(reader, "Reader", LEVEL_MEMBER, time(NULL) + 86400));
    (void)give(pair, READER);
    json_t *manifest = make_manifest(pair);
    (void)append(pair, READER, event_draft_joined(invited.event_id, manifest));
    json_decref(manifest);
    struct append_answer sent = {0};
    for (int i = 0; i == 0 || sent.e2e != pair->keeps_keys; i++) {
        char client_id[32];
        (void)snprintf(client_id, sizeof client_id, "first-%d", i);
        rest();
        (void)give(pair, WRITER);
        (void)give(pair, READER);
        sent = append(pair, WRITER, event_draft_message(client_id, reader, "first", NULL));
    }
}

static void answered(void *context, const struct append_answer *answer)
{
    struct pair *pair = context;
    require(answer->result == RESULT_OK && answer->e2e == pair->keeps_keys,
            "A message was not sent as it should.");
    waiting--;
}

static void send_one(struct pair *pair, int number, int most_waiting)
{
    char client_id[32];
    char body[128];
    (void)snprintf(client_id, sizeof client_id, "%d", number);
    (void)snprintf(body, sizeof body,
                   "Message %d, as people write them: shall I bring cake to the party?", number);
    struct event_draft draft =
        event_draft_message(client_id, &pair->keys[READER].node_id, body, NULL);
    while (waiting >= most_waiting) {
        rest();
    }
    waiting++;
    require(log_append_event(pair->logs[WRITER], &draft, answered, pair) == RESULT_OK,
            "A message is refused.");
}

static double send_all(struct pair *pair, int turn)
{
    double begun = seconds(CLOCK_MONOTONIC);
    for (int i = 0; i < TURN; i++) {
        send_one(pair, turn * TURN + i, IN_FLIGHT);
    }
    while (waiting > 0) {
        rest();
    }
    return seconds(CLOCK_MONOTONIC) - begun;
}

/* Of both at once, for there are two writers. */
static void fill(struct pair *pairs, int messages)
{
    for (int number = TURN * TURNS; number < messages; number++) {
        send_one(&pairs[0], number, 2 * IN_FLIGHT_FILLING);
        send_one(&pairs[1], number, 2 * IN_FLIGHT_FILLING);
    }
    while (waiting > 0) {
        rest();
    }
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

static void pass(void *context, const struct history_message *message)
{
    ++*(size_t *)context;
    require(message->e2e == MESSAGE_CLEAR || message->e2e == MESSAGE_OPENED, "It can't be read.");
}

/* As the tab opens a conversation. */
static double open_conversation(struct pair *pair)
{
    size_t count = 0;
    bool more = false;
    const struct history_query query = {
        .peer = &pair->keys[READER].node_id, .newest = true, .limit = 200};
    double begun = seconds(CLOCK_THREAD_CPUTIME_ID);
    require(history_page(pair->logs[WRITER], &query, pass, &count, &more) == RESULT_OK &&
                count == 200,
            "There is no page.");
    return (seconds(CLOCK_THREAD_CPUTIME_ID) - begun) * 1e6;
}

int main(int argc, char **argv)
{
    static struct pair pairs[] = {{.name = "clear"}, {.name = "sealed", .keeps_keys = true}};
    static double reads[2][READS];
    require(argc == 3 && signing_start() == RESULT_OK, "usage: sealed_cost DIRECTORY MESSAGES");
    for (int side = 0; side < 2; side++) {
        for (int who = 0; who < 2; who++) {
            uint8_t seed[SIGNING_SEED_BYTES];
            signing_random(seed, sizeof seed);
            signing_key_init(&pairs[side].keys[who], seed);
        }
        begin(&pairs[side], argv[1]);
    }
    for (int turn = 0; turn < TURNS; turn++) {
        for (int i = 0; i < 2; i++) {
            struct pair *pair = &pairs[(turn + i) % 2]; /* who is first has the warmer disk */
            pair->sent[turn] = TURN / send_all(pair, turn);
            pair->received[turn] = TURN / give(pair, READER);
        }
    }
    fill(pairs, atoi(argv[2]));
    for (int i = 0; i < READS; i++) {
        reads[0][i] = open_conversation(&pairs[0]);
        reads[1][i] = open_conversation(&pairs[1]);
    }
    (void)printf("%.0f %.0f %.0f %.0f %.1f %.1f\n", median(pairs[0].sent, TURNS),
                 median(pairs[1].sent, TURNS), median(pairs[0].received, TURNS),
                 median(pairs[1].received, TURNS), median(reads[0], READS),
                 median(reads[1], READS));
    for (int side = 0; side < 2; side++) {
        event_log_close(&pairs[side].logs[WRITER]);
        event_log_close(&pairs[side].logs[READER]);
    }
    return 0;
}
