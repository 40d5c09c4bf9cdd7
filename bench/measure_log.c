/* What the store takes for what it does, on a log of make_log: `measure_log WHAT DIRECTORY …`
 * prints figures on one line. Run by bench/store.sh; all but `state`, `memory` and `reads` change
 * the log. */
#include <malloc.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "population.h"
#include "protocol/hex.h"
#include "store/event_reader.h"
#include "store/history_conversations.h"
#include "store/log_wait.h"
#include "store/search.h"

enum { FOUNDER, NEIGHBOUR, MALLORY };

static void sleep_ms(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&pause, NULL);
}

/* Where the log stands: what an upgrade leaves as it is. */
static void print_state(struct population *population, char **arguments)
{
    char fingerprint[2 * FINGERPRINT_BYTES + 1];
    (void)arguments;
    const struct log_snapshot *snapshot = log_snapshot_acquire(population->log);
    hex_format(snapshot->fingerprint, FINGERPRINT_BYTES, fingerprint);
    (void)printf("%lld %llu %s\n", (long long)snapshot->head,
                 (unsigned long long)snapshot->event_count, fingerprint);
    log_snapshot_release(population->log, &snapshot);
}

/* What SQLite holds, counted at its door: the log switches SQLite's own count off. */
static sqlite3_mem_methods counted;
static _Atomic size_t sqlite_bytes;

static void *count_allocated(int bytes)
{
    void *memory = counted.xMalloc(bytes);
    sqlite_bytes += memory == NULL ? 0 : (size_t)counted.xSize(memory);
    return memory;
}

static void count_freed(void *memory)
{
    sqlite_bytes -= memory == NULL ? 0 : (size_t)counted.xSize(memory);
    counted.xFree(memory);
}

static void *count_resized(void *memory, int bytes)
{
    size_t before = memory == NULL ? 0 : (size_t)counted.xSize(memory);
    void *resized = counted.xRealloc(memory, bytes);
    if (resized != NULL) {
        sqlite_bytes += (size_t)counted.xSize(resized) - before;
    }
    return resized;
}

static void count_sqlite(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_GETMALLOC, &counted);
    sqlite3_mem_methods counting = counted;
    counting.xMalloc = count_allocated;
    counting.xFree = count_freed;
    counting.xRealloc = count_resized;
    (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &counting);
}

/* SQLite's caches are left out: they have a size of their own and keep it. */
static size_t held_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd - sqlite_bytes;
}

static void measure_memory(const char *directory)
{
    struct population population;
    count_sqlite();
    population_start(&population);
    (void)population_key(&population, 0);
    size_t before = held_bytes();
    population_open(&population, directory, FOUNDER, true);
    (void)printf("%zu\n", held_bytes() - before);
    population_end(&population);
}

static int compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The median of a read in us of work, of as many as half a second holds. */
static double time_read(struct population *population, void (*read)(struct population *population))
{
    enum { MOST = 2000 };
    double took[MOST];
    size_t count = 0;
    double end = population_now() + 0.5;
    read(population); /* a cold cache is another figure */
    while (count < MOST && (count < 3 || population_now() < end)) {
        double begun = population_worked();
        read(population);
        took[count++] = population_worked() - begun;
    }
    qsort(took, count, sizeof took[0], compare_numbers);
    return took[count / 2] * 1e6;
}

static void pass_message(void *context, const struct history_message *message)
{
    (void)context;
    (void)message;
}

static void pass_conversation(void *context, const struct history_conversation *conversation)
{
    (void)context;
    (void)conversation;
}

static void pass_found(void *context, const struct history_message *message,
                       const struct search_found *found)
{
    (void)message;
    (void)found;
    ++*(size_t *)context;
}

static void page(struct population *population, int64_t before)
{
    bool more = false;
    struct history_query query = {.peer = &population_key(population, NEIGHBOUR)->node_id,
                                  .before_lamport = before,
                                  .newest = true,
                                  .limit = 200};
    population_require(
        history_page(population->log, &query, pass_message, NULL, &more) == RESULT_OK && more,
        "There is no page.");
}

static void read_newest(struct population *population)
{
    page(population, 0);
}

static void read_middle(struct population *population)
{
    page(population, population->lamport / 2);
}

static void read_conversations(struct population *population)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(population->log);
    enum result result =
        history_conversations(population->log, snapshot->membership, NULL, pass_conversation, NULL);
    log_snapshot_release(population->log, &snapshot);
    population_require(result == RESULT_OK, "There are no conversations.");
}

static void read_unread(struct population *population)
{
    int64_t unread = 0;
    population_require(history_count_unread(population->log,
                                            &population_key(population, NEIGHBOUR)->node_id,
                                            &unread) == RESULT_OK,
                       "There is no unread count.");
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static size_t search_for(struct population *population, const struct search_query *query)
{
    bool more = false;
    size_t found = 0;
    struct search *search = search_begin(population->log, query);
    population_require(search_go_on(search, never, NULL) &&
                           search_end(&search, pass_found, &found, &more) == RESULT_OK,
                       "The messages can't be searched.");
    return found;
}

static void read_rare_word(struct population *population)
{
    const struct search_query query = {.text = "plumcake", .limit = 50};
    population_require(search_for(population, &query) > 0, "The rare word is not found.");
}

static void measure_reads(struct population *population, char **arguments)
{
    (void)arguments;
    (void)printf("%.1f %.1f %.1f %.1f %.1f\n", time_read(population, read_newest),
                 time_read(population, read_middle), time_read(population, read_conversations),
                 time_read(population, read_unread), time_read(population, read_rare_word));
}

/* What is looked for in make_letters(), and with whom. */
static const struct {
    const char *text;
    size_t peer; /* 0: in all conversations */
} searches[] = {{"plumcake", 0}, {"baser", 0},       {"baser plumcake", 0}, {"ba pe", 0},
                {"plum", 0},     {"pumpewa", 0},     {"lumcak", 0},         {"e", 0},
                {"pu", 0},       {"wasserpumpe", 0}, {"baser", MALLORY},    {"zzz", 0}};
static size_t searched;

static void read_search(struct population *population)
{
    struct search_query query = {.text = searches[searched].text, .limit = 50};
    if (searches[searched].peer != 0) {
        query.peer = &population_key(population, searches[searched].peer)->node_id;
    }
    (void)search_for(population, &query);
}

static void measure_searches(struct population *population, char **arguments)
{
    (void)arguments;
    for (searched = 0; searched < sizeof searches / sizeof searches[0]; searched++) {
        (void)printf("%.1f ", time_read(population, read_search));
    }
    (void)printf("\n");
}

/* Event number `i` of those that come: letters that are news at the end, the others late, at any
 * lamport of the last two thirds. Twins: two at a time have one id. */
static struct verified_event *make_late(struct population *population, const char *kind, size_t i)
{
    enum { NEWS = 1000000000 }; /* no late one has such a number */
    int64_t third = population->lamport / 3;
    int64_t lamport = third + (int64_t)population_draw(population, (size_t)(2 * third));
    uint64_t serial = strcmp(kind, "twins") == 0 ? i / 2 : i;
    if (strcmp(kind, "news") == 0) {
        lamport = population->lamport + 1 + (int64_t)i;
        serial += NEWS;
    }
    if (strcmp(kind, "letters") == 0 || strcmp(kind, "news") == 0) {
        char client_id[32];
        (void)snprintf(client_id, sizeof client_id, "late %s %zu", kind, i);
        return population_sign_late(
            population, NEIGHBOUR,
            event_draft_message(client_id, &population_key(population, FOUNDER)->node_id,
                                "Hello neighbour, do you have power today?", NULL),
            serial, lamport);
    }
    struct event_draft draft =
        strcmp(kind, "invitations") == 0
            ? event_draft_invited(&population_key(population, 100000 + i)->node_id, "Late",
                                  LEVEL_MEMBER, 4000000000)
            : population_draft_level(population, 1 + i % 5, i / 5 % 2 == 0);
    return population_sign_late(population, FOUNDER, draft, serial, lamport);
}

static void measure_late(struct population *population, char **arguments)
{
    const char *kind = arguments[0];
    size_t count = strtoull(arguments[1], NULL, 10);
    size_t batch = strtoull(arguments[2], NULL, 10);
    struct verified_event **events = memory_allocate(count, sizeof(struct verified_event *));
    size_t accepted = 0;
    for (size_t i = 0; i < count; i++) {
        events[i] = make_late(population, kind, i);
    }
    double begun = population_worked();
    for (size_t i = 0; i < count; i += batch) {
        size_t taken = 0;
        struct verified_event **part = memory_allocate(batch, sizeof(struct verified_event *));
        memcpy(part, events + i, batch * sizeof(struct verified_event *));
        population_require(log_wait_receive(population->log, part, batch, NULL, &taken, NULL) ==
                               RESULT_OK,
                           "The log can't be written.");
        accepted += taken;
    }
    double took = population_worked() - begun;
    population_require(accepted == count, "Late events were refused.");
    (void)printf("%.1f\n", took / (double)count * 1e6);
    memory_free(events);
}

/* One who sends without a break while something else goes on. */
struct sender {
    struct event_log *log;
    struct node_id recipient;
    atomic_bool stopping;
    atomic_llong sent;
    _Atomic double longest;
};

static void send_on(void *context)
{
    struct sender *sender = context;
    while (!atomic_load(&sender->stopping)) {
        char client_id[32];
        struct append_answer answer;
        (void)snprintf(client_id, sizeof client_id, "sent %lld", atomic_load(&sender->sent));
        struct event_draft draft =
            event_draft_message(client_id, &sender->recipient, "Is anybody there?", NULL);
        double begun = population_now();
        population_require(log_wait_append(sender->log, &draft, &answer) == RESULT_OK,
                           answer.error.message);
        double took = population_now() - begun;
        (void)atomic_fetch_add(&sender->sent, 1);
        if (took > atomic_load(&sender->longest)) {
            atomic_store(&sender->longest, took);
        }
    }
}

struct authored {
    char author[80]; /* as it stands in the text of an event */
    int64_t *lamports;
    size_t count;
};

static bool note_authored(void *context, int64_t seq, int64_t lamport, const char *text,
                          size_t length_bytes)
{
    struct authored *authored = context;
    (void)seq;
    (void)length_bytes;
    if (strstr(text, authored->author) != NULL) {
        authored->lamports =
            memory_resize(authored->lamports, authored->count + 1, sizeof(int64_t));
        authored->lamports[authored->count++] = lamport;
    }
    return true;
}

/* Before which lamport Mallory's newest `*moving` events begin; fewer if there are fewer. */
static int64_t find_revocation(struct population *population, size_t *moving)
{
    struct authored authored = {.count = 0};
    char mallory[NODE_ID_TEXT_BYTES];
    node_id_format(&population_key(population, MALLORY)->node_id, mallory);
    (void)snprintf(authored.author, sizeof authored.author, "\"author\":\"%s\"", mallory);
    population_require(event_reader_after_lamport(population->log, 0, note_authored, &authored) ==
                           RESULT_OK,
                       "The log can't be read.");
    population_require(authored.count > 1, "Mallory wrote nothing.");
    *moving = *moving < authored.count ? *moving : authored.count - 1;
    int64_t lamport = authored.lamports[authored.count - *moving] - 1;
    memory_free(authored.lamports);
    return lamport;
}

static void on_revoked(void *context, const struct receive_answer *answer)
{
    population_require(answer->accepted == 1, "The revocation was refused.");
    atomic_store((atomic_bool *)context, true);
}

static bool is_moved(struct event_log *log, const struct sender *sender, int64_t expected)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    int64_t count = (int64_t)snapshot->event_count;
    log_snapshot_release(log, &snapshot);
    /* One more may be on its way. */
    return count <= expected + atomic_load(&sender->sent) + 1;
}

/* Events moved; the longest wait of a send in ms, before and while they are moved; seconds until
 * they are. */
static void measure_revocation(struct population *population, char **arguments)
{
    size_t moving = strtoull(arguments[0], NULL, 10);
    atomic_bool answered = false;
    struct sender sender = {.log = population->log,
                            .recipient = population_key(population, NEIGHBOUR)->node_id};
    struct thread *thread = NULL;
    struct verified_event **revocation = memory_allocate(1, sizeof(struct verified_event *));
    int64_t lamport = find_revocation(population, &moving);
    revocation[0] = population_sign_late(
        population, FOUNDER, population_draft_revocation(population, MALLORY), 0, lamport);
    const struct log_snapshot *snapshot = log_snapshot_acquire(population->log);
    int64_t expected = (int64_t)snapshot->event_count - (int64_t)moving + 1;
    log_snapshot_release(population->log, &snapshot);
    population_require(thread_start("sender", send_on, &sender, &thread) == RESULT_OK,
                       "No thread.");
    sleep_ms(999);
    double quiet = atomic_exchange(&sender.longest, 0.0);
    double begun = population_now();
    population_require(log_receive_events(population->log, revocation, 1, NULL, on_revoked,
                                          &answered) == RESULT_OK,
                       "The log takes no events.");
    while (!atomic_load(&answered) || !is_moved(population->log, &sender, expected)) {
        sleep_ms(2);
        population_require(population_now() - begun < 300, "The events do not move.");
    }
    double took = population_now() - begun;
    atomic_store(&sender.stopping, true);
    thread_join(&thread);
    (void)printf("%zu %.1f %.1f %.2f\n", moving, quiet * 1e3, atomic_load(&sender.longest) * 1e3,
                 took);
}

struct texts {
    char **list;
    size_t count;
};

static bool keep_text(void *context, int64_t seq, int64_t lamport, const char *text,
                      size_t length_bytes)
{
    struct texts *texts = context;
    (void)seq;
    (void)lamport;
    texts->list = memory_resize(texts->list, texts->count + 1, sizeof(char *));
    texts->list[texts->count++] = memory_duplicate(text, length_bytes);
    return true;
}

/* Events a second of work that a fresh log of the neighbour takes in pages of 1,000; parsing and
 * verifying them is not in it. */
static void measure_receiving(struct population *population, char **arguments)
{
    enum { PAGE = 1000 };
    struct population receiver;
    struct texts texts = {NULL, 0};
    double took = 0;
    size_t accepted = 0;
    population_require(event_reader_after_lamport(population->log, 0, keep_text, &texts) ==
                           RESULT_OK,
                       "The log can't be read.");
    population_start(&receiver);
    population_open(&receiver, arguments[0], NEIGHBOUR, false);
    for (size_t i = 0; i < texts.count; i += PAGE) {
        size_t taken = 0;
        size_t count = texts.count - i < PAGE ? texts.count - i : PAGE;
        struct verified_event **events = memory_allocate(count, sizeof(struct verified_event *));
        for (size_t j = 0; j < count; j++) {
            events[j] = population_verify(texts.list[i + j], strlen(texts.list[i + j]));
            memory_free(texts.list[i + j]);
        }
        double begun = population_worked();
        population_require(log_wait_receive(receiver.log, events, count, NULL, &taken, NULL) ==
                               RESULT_OK,
                           "The log can't be written.");
        took += population_worked() - begun;
        accepted += taken;
    }
    population_require(accepted == texts.count, "Events were refused.");
    (void)printf("%.0f\n", (double)accepted / took);
    population_end(&receiver);
    memory_free(texts.list);
}

static void print_neighbour(struct population *population, char **arguments)
{
    char text[NODE_ID_TEXT_BYTES];
    (void)arguments;
    node_id_format(&population_key(population, NEIGHBOUR)->node_id, text);
    (void)printf("%s\n", text);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*measure)(struct population *population, char **arguments);
        int arguments;
        bool synchronous;
    } all[] = {
        {"state", print_state, 0, true},           {"neighbour", print_neighbour, 0, true},
        {"reads", measure_reads, 0, true},         {"searches", measure_searches, 0, true},
        {"late", measure_late, 3, true},           {"revocation", measure_revocation, 1, false},
        {"receiving", measure_receiving, 1, false}};
    population_require(argc >= 3, "measure_log WHAT DIRECTORY …");
    if (strcmp(argv[1], "memory") == 0) {
        measure_memory(argv[2]);
        return 0;
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(argv[1], all[i].name) == 0 && argc == 3 + all[i].arguments) {
            struct population population;
            population_start(&population);
            population_open(&population, argv[2], FOUNDER, all[i].synchronous);
            const struct log_snapshot *snapshot = log_snapshot_acquire(population.log);
            population.lamport = snapshot->head;
            log_snapshot_release(population.log, &snapshot);
            all[i].measure(&population, argv + 3);
            population_end(&population);
            return 0;
        }
    }
    population_require(false, "There is no such figure.");
}
