/* What the guard counts: `one_of_each DIRECTORY`, under callgrind, does each thing so many times
 * and has it dump what they took, by name (instructions.py). Keys, clock and randomness are the
 * same every time, and so are the commits: the writer is held until all of a batch wait for it. */
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

#include "core/lock.h"
#include "core/memory.h"
#include "gossip/gossip_state.h"
#include "protocol/canonical.h"
#include "protocol/node_manifest.h"
#include "store/event_reader.h"
#include "store/history.h"
#include "store/log_search_private.h"
#include "store/log_wait.h"
#include "store/log_writer_private.h"
#include "store/search.h"

enum { WRITER, READER };
enum { BATCH = 64, FILLED = 1600, READS = 20, SENT = 2 * BATCH };

static const int64_t first_ms = 1700000000000;

struct pair {
    const char *name;
    bool keeps_keys;
    struct signing_key keys[2];
    struct event_log *logs[2];
    int64_t given[2]; /* of what the other one has, up to that arrival number */
    int serial;
};

/* Holds the writer in a commit while a batch is put into its inbox. */
static struct {
    struct lock *lock;
    bool closed;
    bool held;
    int waiting;
} gate;

static void require(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "%s\n", what);
        abort();
    }
}

static int64_t tick(void *context)
{
    static atomic_int_fast64_t ticks;
    (void)context;
    return first_ms + atomic_fetch_add(&ticks, 1);
}

static const char *implementation(void)
{
    return "drawn";
}

static uint32_t draw(void)
{
    static atomic_uint_fast64_t state;
    uint64_t mixed = atomic_fetch_add(&state, 0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    return (uint32_t)(mixed >> 32);
}

static void draw_bytes(void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ((uint8_t *)bytes)[i] = (uint8_t)draw();
    }
}

static void pass_gate(void *context, const struct committed_event *events, size_t count)
{
    (void)context;
    (void)events;
    (void)count;
    lock_take(gate.lock);
    while (gate.closed) {
        gate.held = true;
        lock_wake_all(gate.lock);
        (void)lock_wait(gate.lock, -1);
    }
    gate.held = false;
    lock_release(gate.lock);
}

static void open_log(struct pair *pair, const char *directory, int which, bool synchronous)
{
    static const struct clock clock = {.wall_ms = tick, .monotonic_ms = tick};
    struct error error = {""};
    char *path = memory_format("%s/%s-%d", directory, pair->name, which);
    struct event_log_options options = {.directory = path,
                                        .community_id = pair->keys[WRITER].node_id,
                                        .key = &pair->keys[which],
                                        .clock = &clock,
                                        .synchronous = synchronous,
                                        .answers_messages = true,
                                        .keeps_keys = pair->keeps_keys,
                                        .on_commit = pass_gate};
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

static int64_t last_seq(struct event_log *log)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    int64_t seq = snapshot->last_seq;
    log_snapshot_release(log, &snapshot);
    return seq;
}

/* What the log `to` has not been given of the other one's. */
static struct gathered fetch(struct pair *pair, int to)
{
    struct event_log *from = pair->logs[1 - to];
    size_t most = (size_t)(last_seq(from) - pair->given[to]);
    struct gathered gathered = {.events = memory_allocate(most + 1, sizeof(void *))};
    require(event_reader_after_seq(from, pair->given[to], most + 1, gather, &gathered) == RESULT_OK,
            "A log can't be read.");
    pair->given[to] += (int64_t)most;
    return gathered;
}

static void take(struct pair *pair, int to, struct gathered gathered)
{
    size_t accepted = 0;
    (void)log_wait_receive(pair->logs[to], gathered.events, gathered.count,
                           &pair->keys[1 - to].node_id, &accepted, NULL);
}

static void give(struct pair *pair, int to)
{
    take(pair, to, fetch(pair, to));
}

static struct event_draft next_message(struct pair *pair)
{
    char client_id[32];
    char body[128];
    int number = pair->serial++;
    (void)snprintf(client_id, sizeof client_id, "guard-%d", number);
    (void)snprintf(body, sizeof body, "Message %d: shall I bring %s to the party?", number,
                   number % 400 == 0 ? "plumcake" : "cake");
    return event_draft_message(client_id, &pair->keys[READER].node_id, body, NULL);
}

static struct append_answer append(struct pair *pair, int who, struct event_draft draft)
{
    struct append_answer answer = {0};
    require(log_wait_append(pair->logs[who], &draft, &answer) == RESULT_OK, answer.error.message);
    return answer;
}

static void answered(void *context, const struct append_answer *answer)
{
    struct pair *pair = context;
    require(answer->result == RESULT_OK && answer->e2e == pair->keeps_keys,
            "A message was not sent as it should.");
    lock_take(gate.lock);
    gate.waiting--;
    lock_wake_all(gate.lock);
    lock_release(gate.lock);
}

static void post(struct pair *pair, int count)
{
    for (int i = 0; i < count; i++) {
        struct event_draft draft = next_message(pair);
        require(log_append_event(pair->logs[WRITER], &draft, answered, pair) == RESULT_OK,
                "A message is refused.");
    }
}

/* One alone, behind which the others make up a batch. */
static void send_batch(struct pair *pair)
{
    lock_take(gate.lock);
    gate.closed = true;
    gate.waiting = BATCH;
    lock_release(gate.lock);
    post(pair, 1);
    lock_take(gate.lock);
    while (!gate.held) {
        (void)lock_wait(gate.lock, -1);
    }
    lock_release(gate.lock);
    post(pair, BATCH - 1);
    lock_take(gate.lock);
    gate.closed = false;
    lock_wake_all(gate.lock);
    while (gate.waiting > 0) {
        (void)lock_wait(gate.lock, -1);
    }
    lock_release(gate.lock);
}

static void join(struct pair *pair)
{
    struct endpoints endpoints = {.count = 1, .list = {{.host = "127.0.0.1", .port = 9}}};
    json_t *capabilities = json_array();
    const struct node_manifest_content content = {.display_name = "Reader",
                                                  .profile = "hearth",
                                                  .endpoints = &endpoints,
                                                  .capabilities = capabilities};
    json_t *manifest = node_manifest_make(&content, &pair->keys[READER], first_ms / 1000);
    struct append_answer invited =
        append(pair, WRITER,
               event_draft_invited(&pair->keys[READER].node_id, "Reader", LEVEL_MEMBER,
                                   first_ms / 1000 + 86400));
    give(pair, READER);
    (void)append(pair, READER, event_draft_joined(invited.event_id, manifest));
    json_decref(manifest);
    json_decref(capabilities);
}

/* Until what is written is sealed, where it is to be; then the logs fill. */
static void begin(struct pair *pair, const char *directory)
{
    const struct policy policy = policy_default();
    for (int who = 0; who < 2; who++) {
        uint8_t seed[SIGNING_SEED_BYTES];
        memset(seed, 2 * who + pair->keeps_keys + 1, sizeof seed);
        signing_key_init(&pair->keys[who], seed);
    }
    open_log(pair, directory, WRITER, true);
    open_log(pair, directory, READER, true);
    (void)append(pair, WRITER, event_draft_created("Guard", &pair->keys[WRITER].node_id, &policy));
    join(pair);
    bool sealed = !pair->keeps_keys;
    for (int i = 0; i < 100 && (i == 0 || !sealed); i++) {
        give(pair, WRITER);
        give(pair, READER);
        sealed = append(pair, WRITER, next_message(pair)).e2e == pair->keeps_keys;
    }
    require(sealed, "What is written is not sealed.");
    event_log_close(&pair->logs[WRITER]);
    open_log(pair, directory, WRITER, false);
    while (pair->serial < (pair->keeps_keys ? BATCH : FILLED)) {
        send_batch(pair);
    }
    give(pair, READER);
    give(pair, WRITER);
    pair->given[READER] = last_seq(pair->logs[WRITER]);
}

static void visit(void *context, const struct history_message *message)
{
    (void)message;
    ++*(size_t *)context;
}

static void visit_found(void *context, const struct history_message *message,
                        const struct search_found *found)
{
    (void)found;
    visit(context, message);
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static void read_page(struct pair *pair)
{
    size_t count = 0;
    bool more = false;
    const struct history_query query = {.peer = &pair->keys[READER].node_id,
                                        .before_lamport = FILLED / 2,
                                        .newest = true,
                                        .limit = 50};
    require(history_page(pair->logs[WRITER], &query, visit, &count, &more) == RESULT_OK &&
                count == 50 && more,
            "There is no page.");
}

static void search_for(struct pair *pair, const char *text, size_t expected)
{
    size_t count = 0;
    bool more = false;
    const struct search_query query = {.text = text, .limit = 20};
    struct search *search = search_begin(pair->logs[WRITER], &query);
    require(search_go_on(search, never, NULL) &&
                search_end(&search, visit_found, &count, &more) == RESULT_OK && count == expected,
            "It is not found.");
}

static void search_common(struct pair *pair)
{
    search_for(pair, "party", 20);
}

static void search_rare(struct pair *pair)
{
    search_for(pair, "plumcake", (size_t)(pair->serial + 399) / 400);
}

static void let_in(struct writer_job *job, struct event_log *log)
{
    (void)job;
    log_search_catch_up(log);
}

static void end_job(struct writer_job *job, struct event_log *log, enum result commit)
{
    (void)job, (void)log;
    require(commit == RESULT_OK, "The index can't be written.");
    lock_take(gate.lock);
    gate.waiting--;
    lock_wake_all(gate.lock);
    lock_release(gate.lock);
}

/* All that waits for the index comes into it. */
static void index_all(struct pair *pair)
{
    static struct writer_job job = {.run = let_in, .done = end_job};
    lock_take(gate.lock);
    gate.waiting = 1;
    lock_release(gate.lock);
    require(log_writer_submit(pair->logs[WRITER], &job) == RESULT_OK, "The index is refused.");
    lock_take(gate.lock);
    while (gate.waiting > 0) {
        (void)lock_wait(gate.lock, -1);
    }
    lock_release(gate.lock);
}

static void fill_waiting(struct pair *pair)
{
    index_all(pair);
    for (int i = 0; i < LOG_SEARCH_MOST_WAITING / BATCH; i++) {
        send_batch(pair);
    }
}

/* Of a batch alone: those are made meanwhile. Many, for now and then the index merges its parts. */
static void index_batch(struct pair *pair)
{
    CALLGRIND_STOP_INSTRUMENTATION;
    fill_waiting(pair);
    CALLGRIND_START_INSTRUMENTATION;
    index_all(pair);
}

static void send_alone(struct pair *pair)
{
    (void)append(pair, WRITER, next_message(pair));
}

static struct gathered fetched;

static void receive(struct pair *pair)
{
    take(pair, READER, fetched);
}

static void fetch_sent(struct pair *pair)
{
    fetched = fetch(pair, READER);
    require(fetched.count == SENT, "Something else was sent, too.");
}

static void begin_count(void)
{
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
}

static void end_count(const char *name, int of)
{
    char *text = memory_format("%s/%d", name, of);
    CALLGRIND_DUMP_STATS_AT(text);
    CALLGRIND_STOP_INSTRUMENTATION;
    memory_free(text);
}

static uint32_t draw_below(void *context, uint32_t below)
{
    (void)context;
    return draw() % below;
}

/* Everything that is to be done now, and done well; subscriptions go on. */
static void do_all(struct gossip_state *state, int64_t now_ms)
{
    static struct gossip_action action;
    while (gossip_state_next(state, now_ms, &action)) {
        const struct gossip_outcome outcome = {
            .pushed = action.kind == GOSSIP_PUSH, .succeeded = true, .through = action.cursor};
        if (action.kind == GOSSIP_PUSH || action.kind == GOSSIP_RECONCILE ||
            action.kind == GOSSIP_CURSOR) {
            gossip_state_finished(state, &action.peer, &outcome, now_ms);
        }
    }
}

/* One stored event after the other, to members who are all there. */
static void pass_on(const char *name, int members)
{
    enum { APART_MS = 20, STORED = 50, SETTLING_STEP_MS = 100, SETTLING_MS = 120000 };
    int64_t now_ms = 1;
    struct gossip_state *state = gossip_state_create(draw_below, NULL, now_ms);
    for (int i = 0; i < members; i++) {
        struct node_id peer;
        draw_bytes(&peer, sizeof peer);
        gossip_state_add_peer(state, &peer, 0, true, now_ms);
        gossip_state_peer_called(state, &peer, now_ms);
    }
    for (int64_t until_ms = now_ms + SETTLING_MS; now_ms < until_ms; now_ms += SETTLING_STEP_MS) {
        do_all(state, now_ms);
    }
    begin_count();
    for (int64_t seq = 1; seq <= STORED; seq++) {
        gossip_state_event_stored(state, seq, NULL, NULL);
        do_all(state, now_ms);
        now_ms += APART_MS;
    }
    end_count(name, STORED);
    gossip_state_destroy(&state);
}

int main(int argc, char **argv)
{
    static struct randombytes_implementation drawn = {
        .implementation_name = implementation, .random = draw, .buf = draw_bytes};
    static struct pair clear = {.name = "clear"};
    static struct pair sealed = {.name = "sealed", .keeps_keys = true};
    static const struct {
        const char *name;
        struct pair *pair;
        void (*prepare)(struct pair *pair);
        void (*run)(struct pair *pair);
        int times;
        int of; /* that many a time */
    } all[] = {{"send", &clear, index_all, send_batch, SENT / BATCH, BATCH},
               {"receive", &clear, fetch_sent, receive, 1, SENT},
               {"sealed send", &sealed, NULL, send_batch, SENT / BATCH, BATCH},
               {"sealed receive", &sealed, fetch_sent, receive, 1, SENT},
               {"send alone", &clear, NULL, send_alone, READS, 1},
               {"page", &clear, NULL, read_page, READS, 1},
               {"search of a rare word", &clear, index_all, search_rare, READS, 1},
               {"search of a common word", &clear, NULL, search_common, READS, 1},
               {"search beside 256 waiting", &clear, fill_waiting, search_rare, READS, 1},
               {"indexing", &clear, index_all, index_batch, 8, LOG_SEARCH_MOST_WAITING}};
    require(argc == 2 && randombytes_set_implementation(&drawn) == 0 &&
                signing_start() == RESULT_OK,
            "usage: one_of_each DIRECTORY");
    json_object_seed(1);
    gate.lock = lock_create();
    begin(&clear, argv[1]);
    begin(&sealed, argv[1]);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].prepare != NULL) {
            all[i].prepare(all[i].pair);
        }
        begin_count();
        for (int j = 0; j < all[i].times; j++) {
            all[i].run(all[i].pair);
        }
        end_count(all[i].name, all[i].times * all[i].of);
    }
    pass_on("passing on among 10", 10);
    pass_on("passing on among 1,000", 1000);
    for (int who = 0; who < 2; who++) {
        event_log_close(&clear.logs[who]);
        event_log_close(&sealed.logs[who]);
    }
    lock_destroy(&gate.lock);
    return 0;
}
