/* The n-th call to the disk fails, for every n over a short history. After each step from then on
 * memory, disk and a fresh derivation say the same, and it is what the same history without any
 * failure made: what was answered RESULT_OK is there, what was answered RESULT_IO is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "core/memory.h"
#include "protocol/co_signature.h"
#include "store/event_reader.h"
#include "store/log_wait.h"
#include "store/maintenance.h"
#include "support/failing_vfs.h"
#include "support/log_describe.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAVE = 4 };
enum { MOST_STEPS = 32, MOST_TAKEN = 64, MOST_TRIES = 3, MOST_COMPLAINTS = 12 };
enum { STEPS_AFTERWARDS = 3, FEWER = 11 };
enum { INVITE_BOB, INVITE_DAVE, FIRST_MESSAGE, OWN_IDS };

/* Under sanitizers all this takes ten times as long. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { STRIDE = 11 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { STRIDE = 11 };
#else
enum { STRIDE = 1 };
#endif
#else
enum { STRIDE = 1 };
#endif

/* What one look at the log saw. */
struct look {
    char *state;
    char *set;
    char *arrivals;
    char *conversations;
    int64_t aside;
};

/* What the history makes when nothing fails: after each step, and what the step was answered. */
struct expected {
    struct look looks[MOST_STEPS];
    char *answers[MOST_STEPS];
    size_t count; /* of steps that were played */
};

struct disk {
    char *place;
    char *directory; /* on the disk that fails */
    char *copy;      /* not on it */
    struct signing_key key;
    struct event_log *log; /* NULL: it could not be opened */
    bool synchronous;
    char own_ids[OWN_IDS][ULID_TEXT_BYTES];
    int64_t lamports[MOST_TAKEN]; /* of own events that were answered RESULT_OK */
    int64_t seqs[MOST_TAKEN];
    size_t own_count;
    uint8_t hashes[MOST_TAKEN][BLAKE3_HASH_BYTES]; /* of others' events that were accepted */
    size_t hash_count;
    int64_t told; /* events that on_commit told of since the log was made */
    char *complaint;
};

struct answer {
    enum result result;
    bool in_part;   /* RESULT_IO, but some of it was answered RESULT_OK */
    char text[256]; /* what of it must be the same whenever the step is taken */
};

/* Keeps the first only. */
#define COMPLAIN(disk, ...)                                                                        \
    ((disk)->complaint = (disk)->complaint == NULL ? memory_format(__VA_ARGS__) : (disk)->complaint)

static int64_t standing_still(void *context)
{
    (void)context;
    return 1800000000000;
}

static const struct clock still = {standing_still, standing_still, NULL};

static void on_commit(void *context, const struct committed_event *events, size_t count)
{
    struct disk *disk = context;
    for (size_t i = 0; i < count; i++) {
        disk->told++;
        if (events[i].seq != disk->told) {
            COMPLAIN(disk, "told of seq %lld as the event number %lld", (long long)events[i].seq,
                     (long long)disk->told);
        }
    }
}

static enum result open_log(struct disk *disk, struct error *error)
{
    struct event_log_options options = {.directory = disk->directory,
                                        .community_id = *test_id(ALICE),
                                        .key = &disk->key,
                                        .clock = &still,
                                        .synchronous = disk->synchronous,
                                        .answers_messages = true,
                                        .on_commit = on_commit,
                                        .context = disk};
    return event_log_open(&options, &disk->log, error);
}

/* A failed opening says why, and never that the log is somebody else's. */
static void try_open(struct disk *disk, struct answer *answer)
{
    struct error error = {""};
    answer->result = open_log(disk, &error);
    answer->result = answer->result == RESULT_FULL ? RESULT_IO : answer->result;
    if (answer->result != RESULT_OK && answer->result != RESULT_IO) {
        COMPLAIN(disk, "opening is answered %s: %s", result_name(answer->result), error.message);
    }
    if (answer->result != RESULT_OK && error.message[0] == '\0') {
        COMPLAIN(disk, "opening fails without a word");
    }
    (void)snprintf(answer->text, sizeof answer->text, "open");
}

static void note_own(struct disk *disk, const struct append_answer *appended)
{
    for (size_t i = 0; i < disk->own_count; i++) {
        if (disk->lamports[i] >= appended->lamport) {
            COMPLAIN(disk, "own lamport %lld after %lld", (long long)appended->lamport,
                     (long long)disk->lamports[i]);
        }
    }
    disk->lamports[disk->own_count] = appended->lamport;
    disk->seqs[disk->own_count++] = appended->seq;
}

static void append(struct disk *disk, struct event_draft draft, int own_id, struct answer *answer)
{
    struct append_answer appended = {0};
    answer->result = log_wait_append(disk->log, &draft, &appended);
    if (answer->result != RESULT_OK) {
        return;
    }
    (void)snprintf(answer->text, sizeof answer->text, "lamport %lld seq %lld%s",
                   (long long)appended.lamport, (long long)appended.seq,
                   appended.repeated ? " repeated" : "");
    if (own_id < OWN_IDS) {
        memcpy(disk->own_ids[own_id], appended.event_id, ULID_TEXT_BYTES);
    }
    note_own(disk, &appended);
}

static void receive(struct disk *disk, struct verified_event **events, size_t count,
                    struct answer *answer)
{
    struct verified_event **batch = memory_allocate(count, sizeof(struct verified_event *));
    uint8_t hashes[8][BLAKE3_HASH_BYTES];
    enum event_refusal refusals[8] = {EVENT_ACCEPTABLE};
    size_t accepted = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(hashes[i], event_verified_get(events[i])->hash, BLAKE3_HASH_BYTES);
        batch[i] = events[i];
    }
    answer->result = log_wait_receive(disk->log, batch, count, test_id(9), &accepted, refusals);
    int used = snprintf(answer->text, sizeof answer->text, "%zu accepted:", accepted);
    for (size_t i = 0; i < count && answer->result == RESULT_OK; i++) {
        used += snprintf(answer->text + used, sizeof answer->text - (size_t)used, " %s",
                         refusals[i] == EVENT_ACCEPTABLE ? "-" : event_refusal_name(refusals[i]));
        if (refusals[i] == EVENT_ACCEPTABLE) {
            memcpy(disk->hashes[disk->hash_count++], hashes[i], BLAKE3_HASH_BYTES);
        }
    }
}

static struct verified_event *of(uint8_t author, struct event_draft draft, unsigned id,
                                 int64_t lamport)
{
    char event_id[ULID_TEXT_BYTES];
    const struct signing_key key = test_key(author);
    return test_event(draft, &key, test_id(ALICE), test_ulid(id, event_id), lamport);
}

static struct verified_event *message(uint8_t author, uint8_t recipient, const char *body,
                                      unsigned id, int64_t lamport)
{
    return of(author, event_draft_message(body, test_id(recipient), body, NULL), id, lamport);
}

static struct verified_event *joining(uint8_t author, const char *invite, unsigned id,
                                      int64_t lamport)
{
    const struct signing_key key = test_key(author);
    json_t *manifest = test_manifest(&key, "Neighbour", (uint16_t)(7000 + author));
    struct verified_event *event = of(author, event_draft_joined(invite, manifest), id, lamport);
    json_decref(manifest);
    return event;
}

static struct event_draft revocation(uint8_t author, uint8_t target)
{
    char client_id[CO_SIGNATURE_CLIENT_ID_BYTES];
    const struct signing_key key = test_key(author);
    co_signature_client_id(test_id(target), "other", client_id);
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers, co_signature_make(
                     &key, event_data_revocation_statement(client_id, "other", test_id(target))));
    struct event_draft draft = event_draft_revoked(client_id, test_id(target), "other", signers);
    json_decref(signers);
    return draft;
}

/* The history, step by step. Others' lamports are in hundreds, so ours lie between. */

static void make_log(struct disk *disk, struct answer *answer)
{
    try_open(disk, answer);
}

static void found(struct disk *disk, struct answer *answer)
{
    struct policy policy = policy_default();
    policy.min_signatures_to_revoke = policy.min_signatures_to_demote = 1;
    append(disk, event_draft_created("Street", test_id(ALICE), &policy), OWN_IDS, answer);
}

static void invite_bob(struct disk *disk, struct answer *answer)
{
    append(disk, event_draft_invited(test_id(BOB), "Bob", LEVEL_MEMBER, 1900000000), INVITE_BOB,
           answer);
}

static void bob_joins(struct disk *disk, struct answer *answer)
{
    struct verified_event *events[] = {joining(BOB, disk->own_ids[INVITE_BOB], 10, 100)};
    receive(disk, events, 1, answer);
}

static void batch_arrives(struct disk *disk, struct answer *answer)
{
    char invite[ULID_TEXT_BYTES];
    struct verified_event *events[] = {
        message(CAROL, ALICE, "Before I joined", 22, 190),
        joining(CAROL, test_ulid(20, invite), 21, 202),
        of(BOB, event_draft_invited(test_id(CAROL), "Carol", LEVEL_MEMBER, 1900000000), 20, 201),
        message(BOB, ALICE, "Hello Alice", 23, 203),
        message(BOB, ALICE, "Hello twin", 23, 203),
        message(BOB, CAROL, "Not for Alice", 24, 204),
    };
    receive(disk, events, 6, answer);
}

static void answer_bob(struct disk *disk, struct answer *answer)
{
    append(disk, event_draft_message("one", test_id(BOB), "Hello Bob", NULL), FIRST_MESSAGE,
           answer);
}

static void receipts_arrive(struct disk *disk, struct answer *answer)
{
    const char *target = disk->own_ids[FIRST_MESSAGE];
    struct verified_event *events[] = {of(BOB, event_draft_delivered(target, 1800000300), 30, 300),
                                       of(BOB, event_draft_read(target, 1800000301), 31, 301)};
    receive(disk, events, 2, answer);
}

static void keep_answer(void *context, const struct append_answer *answer)
{
    *(struct append_answer *)context = *answer;
}

/* Waits by an append of what is there already, which is answered after the mark. */
static void mark(struct disk *disk, uint8_t peer, unsigned id, bool silently, struct answer *answer)
{
    char event_id[ULID_TEXT_BYTES];
    struct append_answer met = {.lamport = -1};
    struct append_answer behind = {0};
    struct event_draft draft = event_draft_message("one", test_id(BOB), "Hello Bob", NULL);
    enum result result = log_mark_read_up_to(disk->log, test_id(peer), test_ulid(id, event_id),
                                             silently, keep_answer, &met);
    (void)log_wait_append(disk->log, &draft, &behind);
    answer->result = result == RESULT_OK ? met.result : result;
    (void)snprintf(answer->text, sizeof answer->text, "%s", met.repeated ? "repeated" : "");
    if (result == RESULT_OK && met.lamport == -1) {
        COMPLAIN(disk, "a mark is not answered");
    }
}

static void read_bob(struct disk *disk, struct answer *answer)
{
    mark(disk, BOB, 23, false, answer);
}

static void read_carol_silently(struct disk *disk, struct answer *answer)
{
    mark(disk, CAROL, 22, true, answer);
}

static void carol_goes_on(struct disk *disk, struct answer *answer)
{
    struct verified_event *events[] = {message(CAROL, ALICE, "Still a member", 40, 400),
                                       message(CAROL, ALICE, "Not any more", 41, 410),
                                       message(CAROL, BOB, "Nor here", 42, 411)};
    receive(disk, events, 3, answer);
}

static void promote_bob(struct disk *disk, struct answer *answer)
{
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers,
        co_signature_make(&disk->key, event_data_level_statement(LEVEL_TRUSTED, test_id(BOB))));
    append(disk, event_draft_level(true, test_id(BOB), LEVEL_TRUSTED, signers), OWN_IDS, answer);
    json_decref(signers);
}

static void revocation_comes_late(struct disk *disk, struct answer *answer)
{
    struct verified_event *events[] = {of(BOB, revocation(BOB, CAROL), 50, 405)};
    receive(disk, events, 1, answer);
}

static void read_back(struct disk *disk, struct answer *answer)
{
    char *conversations = log_describe_conversations(disk->log, false);
    bool whole = strstr(conversations, "can't be read") == NULL;
    answer->result = whole ? RESULT_OK : RESULT_IO;
    (void)snprintf(answer->text, sizeof answer->text, "%.200s", conversations);
    memory_free(conversations);
}

static void invite_dave(struct disk *disk, struct answer *answer)
{
    append(disk, event_draft_invited(test_id(DAVE), "Dave", LEVEL_MEMBER, 1900000000), INVITE_DAVE,
           answer);
}

static void dave_joins_and_a_twin(struct disk *disk, struct answer *answer)
{
    struct verified_event *events[] = {
        joining(DAVE, disk->own_ids[INVITE_DAVE], 60, 600),
        message(DAVE, ALICE, "Hello from Dave", 61, 601),
        of(BOB, event_draft_invited(test_id(7), "Twin", LEVEL_MEMBER, 1900000000), 20, 201),
    };
    receive(disk, events, 3, answer);
}

static void revoke_bob(struct disk *disk, struct answer *answer)
{
    append(disk, revocation(ALICE, BOB), OWN_IDS, answer);
}

static void bob_still_writes(struct disk *disk, struct answer *answer)
{
    struct verified_event *events[] = {message(BOB, ALICE, "From before", 70, 500),
                                       message(BOB, ALICE, "From after", 71, 700)};
    receive(disk, events, 2, answer);
}

static void open_again(struct disk *disk, struct answer *answer)
{
    event_log_close(&disk->log);
    try_open(disk, answer);
}

static void write_to_dave(struct disk *disk, struct answer *answer)
{
    append(disk, event_draft_message("two", test_id(DAVE), "Hello Dave", NULL), OWN_IDS, answer);
}

/* Three jobs that may share a commit; those that were taken before are repeated. */
static void write_three(struct disk *disk, struct answer *answer)
{
    static const char *const client_ids[] = {"a", "b", "c"};
    struct append_answer met[3] = {{0}};
    struct append_answer behind = {0};
    struct event_draft last = event_draft_message("one", test_id(BOB), "Hello Bob", NULL);
    size_t taken = 0;
    for (size_t i = 0; i < 3; i++) {
        struct event_draft draft =
            event_draft_message(client_ids[i], test_id(DAVE), "One of three", NULL);
        enum result result = log_append_event(disk->log, &draft, keep_answer, &met[i]);
        met[i].result = result == RESULT_OK ? met[i].result : result;
    }
    (void)log_wait_append(disk->log, &last, &behind);
    answer->result = RESULT_OK;
    for (size_t i = 0; i < 3; i++) {
        if (met[i].result != RESULT_OK) {
            answer->result = met[i].result;
            continue;
        }
        taken++;
        if (!met[i].repeated) {
            note_own(disk, &met[i]);
        }
    }
    answer->in_part = answer->result != RESULT_OK && taken > 0;
}

static const struct {
    const char *name;
    void (*take)(struct disk *disk, struct answer *answer);
} steps[] = {
    {"open", make_log},
    {"found", found},
    {"invite Bob", invite_bob},
    {"Bob joins", bob_joins},
    {"a batch arrives", batch_arrives},
    {"answer Bob", answer_bob},
    {"promote Bob", promote_bob},
    {"receipts arrive", receipts_arrive},
    {"read Bob", read_bob},
    {"read Carol silently", read_carol_silently},
    {"Carol goes on", carol_goes_on},
    {"a revocation comes late", revocation_comes_late},
    {"read back", read_back},
    {"invite Dave", invite_dave},
    {"Dave joins, and a twin", dave_joins_and_a_twin},
    {"revoke Bob", revoke_bob},
    {"Bob still writes", bob_still_writes},
    {"open again", open_again},
    {"write to Dave", write_to_dave},
    {"write three at once", write_three},
};

enum { STEPS = sizeof steps / sizeof steps[0] };

static void look_forget(struct look *look)
{
    memory_free(look->state);
    memory_free(look->set);
    memory_free(look->arrivals);
    memory_free(look->conversations);
    *look = (struct look){0};
}

static void remove_files(const char *directory)
{
    static const char *const names[] = {"events.sqlite", "events.sqlite-wal", "events.sqlite-shm",
                                        "events.sqlite-journal"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = memory_format("%s/%s", directory, names[i]);
        (void)unlink(path);
        memory_free(path);
    }
}

/* Own lamports rise with the arrival numbers; what was answered RESULT_OK is where it was said. */
static void check_kept(struct disk *disk, struct event_log *log, const char *arrivals)
{
    char self[NODE_ID_TEXT_BYTES];
    int64_t greatest = 0;
    size_t found = 0;
    node_id_format(test_id(ALICE), self);
    for (const char *line = arrivals; line != NULL && *line != '\0';) {
        char author[NODE_ID_TEXT_BYTES] = "";
        long long seq = 0;
        long long lamport = 0;
        (void)sscanf(line, "%lld %lld %*s %50s", &seq, &lamport, author); // NOLINT(cert-err34-c)
        if (strcmp(author, self) == 0 && lamport <= greatest) {
            COMPLAIN(disk, "own lamport %lld after %lld on the disk", lamport, (long long)greatest);
        }
        greatest = strcmp(author, self) == 0 ? lamport : greatest;
        for (size_t i = 0; i < disk->own_count; i++) {
            found += disk->seqs[i] == seq && disk->lamports[i] == lamport ? 1 : 0;
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    if (found != disk->own_count) {
        COMPLAIN(disk, "of %zu own events that were acknowledged %zu are there", disk->own_count,
                 found);
    }
    for (size_t i = 0; i < disk->hash_count; i++) {
        if (!event_reader_holds(log, disk->hashes[i])) {
            COMPLAIN(disk, "an acknowledged event of a peer is gone");
        }
    }
}

/* Whether a fresh derivation from the copy says what the copy says. */
static void derive_afresh(struct disk *disk, struct look *look)
{
    struct error error = {""};
    struct maintenance_report report = {0};
    if (maintenance_verify(disk->copy, test_id(ALICE), &disk->key, &still, &report, &error) !=
        RESULT_OK) {
        COMPLAIN(disk, "verify: %s", error.message);
    } else if (report.differing[0] != '\0' || report.damaged != 0 || !report.database_is_sound) {
        COMPLAIN(disk, "a fresh derivation differs: %s, %lld damaged", report.differing,
                 (long long)report.damaged);
    }
    look->aside = report.aside;
}

/* What the disk says, by a copy that is opened. */
static void look_at_disk(struct disk *disk, struct look *look)
{
    struct event_log *log = NULL;
    struct error error = {""};
    struct event_log_options options = {.directory = disk->copy,
                                        .community_id = *test_id(ALICE),
                                        .key = &disk->key,
                                        .clock = &still,
                                        .synchronous = true};
    char *from = memory_format("%s/events.sqlite", disk->directory);
    char *to = memory_format("%s/events.sqlite", disk->copy);
    remove_files(disk->copy);
    bool copied = failing_vfs_copy_database(from, to);
    memory_free(from);
    memory_free(to);
    if (!copied || event_log_open(&options, &log, &error) != RESULT_OK) {
        COMPLAIN(disk, "the disk can't be read: %s", error.message);
        return;
    }
    look->state = log_describe_state(log);
    look->set = log_describe_set(log);
    look->arrivals = log_describe_arrivals(log, false);
    look->conversations = log_describe_conversations(log, false);
    check_kept(disk, log, look->arrivals);
    event_log_close(&log);
}

static void check_memory(struct disk *disk, const struct look *look)
{
    if (disk->log == NULL || disk->complaint != NULL || look->state == NULL || look->set == NULL) {
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(disk->log);
    int64_t last_seq = snapshot->last_seq;
    log_snapshot_release(disk->log, &snapshot);
    char *state = log_describe_state(disk->log);
    char *set = log_describe_set(disk->log);
    if (strcmp(state, look->state) != 0) {
        COMPLAIN(disk, "memory differs from the disk:\n%s  and the disk:\n%s", state, look->state);
    } else if (strcmp(set, look->set) != 0) {
        COMPLAIN(disk, "the set in memory differs from the disk's");
    } else if (last_seq != disk->told) {
        COMPLAIN(disk, "told of %lld events of %lld", (long long)disk->told, (long long)last_seq);
    }
    memory_free(state);
    memory_free(set);
}

static void compare(struct disk *disk, const char *what, const char *is, const char *should)
{
    if (is == NULL || strcmp(is, should) != 0) {
        COMPLAIN(disk, "%s are not what they should be:\n%s  but:\n%s", what, is == NULL ? "" : is,
                 should);
    }
}

/* `should` NULL: only that memory and disk agree. The caller forgets the look. */
static struct look check(struct disk *disk, const struct look *should)
{
    struct look look = {0};
    look_at_disk(disk, &look);
    check_memory(disk, &look);
    if (should != NULL && disk->complaint == NULL) {
        compare(disk, "numbers and members", look.state, should->state);
        compare(disk, "events", look.arrivals, should->arrivals);
        compare(disk, "conversations", look.conversations, should->conversations);
    }
    return look;
}

static void check_answered(struct disk *disk, size_t step, const struct answer *answer,
                           const struct expected *expected)
{
    struct look look = {0};
    if (answer->result == RESULT_OK) {
        look = check(disk, &expected->looks[step]);
    } else if (answer->in_part) {
        look = check(disk, NULL);
    } else if (step > 0) { /* before the log was made there is nothing to look at */
        look = check(disk, &expected->looks[step - 1]);
    }
    look_forget(&look);
}

/* The disk and all that is derived from it, and a log that is opened again. */
static void check_at_end(struct disk *disk, const struct look *should)
{
    struct answer answer = {0};
    struct look look = check(disk, should);
    if (disk->complaint == NULL) {
        derive_afresh(disk, &look);
    }
    if (look.aside != should->aside) {
        COMPLAIN(disk, "%lld events are aside, not %lld", (long long)look.aside,
                 (long long)should->aside);
    }
    open_again(disk, &answer);
    check_memory(disk, &look);
    look_forget(&look);
}

/* A message while nothing can be written: refused, and it leaves nothing behind. */
static void probe(struct disk *disk)
{
    struct append_answer appended = {0};
    struct event_draft draft = event_draft_message("probe", test_id(BOB), "Anybody?", NULL);
    if (disk->log == NULL) {
        event_draft_deinit(&draft);
        return;
    }
    enum result result = log_wait_append(disk->log, &draft, &appended);
    if (result == RESULT_OK) {
        COMPLAIN(disk, "a message was taken by a disk that takes nothing");
    }
}

/* Takes a step until it is answered RESULT_OK: refused, the disk is mended, and again. */
static void take_step(struct disk *disk, size_t step, bool lasting, const struct expected *expected)
{
    for (int tries = 0; disk->complaint == NULL; tries++) {
        struct answer answer = {0};
        int64_t failures = failing_vfs_failures();
        steps[step].take(disk, &answer);
        bool struck = failing_vfs_failures() > failures;
        if (answer.result == RESULT_OK) {
            if (disk->complaint == NULL && strcmp(answer.text, expected->answers[step]) != 0) {
                COMPLAIN(disk, "answered \"%s\", not \"%s\"", answer.text, expected->answers[step]);
            }
            if (struck || tries > 0) {
                check_answered(disk, step, &answer, expected);
            }
            return;
        }
        if (answer.result != RESULT_IO || tries == MOST_TRIES || failing_vfs_failures() == 0) {
            COMPLAIN(disk, "answered %s at try %d", result_name(answer.result), tries + 1);
        }
        check_answered(disk, step, &answer, expected);
        if (lasting && tries == 0 && step > 1) {
            probe(disk);
            check_answered(disk, step, &answer, expected);
        }
        failing_vfs_heal();
    }
}

static void begin(struct disk *disk, bool synchronous)
{
    char place[64];
    *disk = (struct disk){.key = test_key(ALICE), .synchronous = synchronous};
    (void)snprintf(place, sizeof place, "%s/hearthchat-disk-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(place));
    disk->place = memory_duplicate_string(place);
    disk->directory = memory_format("%s/disk", place);
    disk->copy = memory_format("%s/copy", place);
    assert_int_equal(mkdir(disk->directory, 0700), 0);
    assert_int_equal(mkdir(disk->copy, 0700), 0);
    failing_vfs_watch(disk->directory);
}

static void end(struct disk *disk)
{
    failing_vfs_heal();
    event_log_close(&disk->log);
    remove_files(disk->directory);
    remove_files(disk->copy);
    (void)rmdir(disk->directory);
    (void)rmdir(disk->copy);
    (void)rmdir(disk->place);
    memory_free(disk->directory);
    memory_free(disk->copy);
    memory_free(disk->place);
    memory_free(disk->complaint);
    *disk = (struct disk){0};
}

static void record(struct expected *expected, bool synchronous)
{
    struct disk disk;
    begin(&disk, synchronous);
    failing_vfs_arm(FAILING_VFS_ONCE, 0);
    for (size_t i = 0; i < STEPS; i++) {
        struct answer answer = {0};
        steps[i].take(&disk, &answer);
        expected->looks[i] = check(&disk, NULL);
        derive_afresh(&disk, &expected->looks[i]);
        expected->answers[i] = memory_duplicate_string(answer.text);
        if (answer.result != RESULT_OK || disk.complaint != NULL) {
            fail_msg("without a failure, %s: %s %s", steps[i].name, result_name(answer.result),
                     disk.complaint == NULL ? "" : disk.complaint);
        }
    }
    end(&disk);
}

static void expected_forget(struct expected *expected)
{
    for (size_t i = 0; i < STEPS; i++) {
        look_forget(&expected->looks[i]);
        memory_free(expected->answers[i]);
    }
}

/* Tells of each complaint once, with the first n that brought it. */
struct complaints {
    char *told[MOST_COMPLAINTS];
    size_t count; /* of those told */
    int64_t runs;
    int64_t bad;
};

static void tell(struct complaints *complaints, const char *complaint, int64_t n, const char *step)
{
    complaints->bad++;
    for (size_t i = 0; i < complaints->count; i++) {
        if (strcmp(complaints->told[i], complaint) == 0) {
            return;
        }
    }
    if (complaints->count < MOST_COMPLAINTS) {
        complaints->told[complaints->count++] = memory_duplicate_string(complaint);
        print_message("call %lld (%s), %s: %s\n", (long long)n, failing_vfs_first(), step,
                      complaint);
    }
}

static void conclude(struct complaints *complaints, const char *name)
{
    for (size_t i = 0; i < complaints->count; i++) {
        memory_free(complaints->told[i]);
    }
    print_message("%s: %lld of %lld calls that failed did harm\n", name, (long long)complaints->bad,
                  (long long)complaints->runs);
    assert_int_equal(complaints->bad, 0);
    assert_true(complaints->runs > 20 / STRIDE); /* there were calls to fail */
}

/* The history with its n-th call failing, and a few steps more. False: there is no n-th call. */
static bool play(enum failing_vfs_kind kind, int64_t n, bool synchronous,
                 const struct expected *expected, struct complaints *complaints)
{
    struct disk disk;
    size_t step = 0;
    size_t last = STEPS - 1;
    bool lasting = kind == FAILING_VFS_LASTING || kind == FAILING_VFS_FULL;
    begin(&disk, synchronous);
    failing_vfs_arm(kind, n);
    for (; step <= last && disk.complaint == NULL; step++) {
        bool struck = failing_vfs_failures() > 0;
        take_step(&disk, step, lasting, expected);
        if (!struck && failing_vfs_failures() > 0) {
            last = step + STEPS_AFTERWARDS < last ? step + STEPS_AFTERWARDS : last;
        }
    }
    bool failed = failing_vfs_failures() > 0;
    failing_vfs_heal();
    if (failed && disk.complaint == NULL) {
        check_at_end(&disk, &expected->looks[last]);
    }
    if (disk.complaint != NULL) {
        tell(complaints, disk.complaint, n, steps[step - 1].name);
    }
    end(&disk);
    complaints->runs += failed ? 1 : 0;
    return failed;
}

static void play_all(enum failing_vfs_kind kind, bool synchronous, int64_t stride, const char *name)
{
    struct expected expected = {0};
    struct complaints complaints = {0};
    (void)log_open("/dev/null", LOG_ERROR, NULL); /* failures are what this is full of */
    failing_vfs_install();
    record(&expected, synchronous);
    for (int64_t n = 1; play(kind, n, synchronous, &expected, &complaints); n += stride * STRIDE) {
    }
    expected_forget(&expected);
    conclude(&complaints, name);
}

static void copy_file(const char *from_directory, const char *to_directory, const char *name)
{
    char bytes[65536];
    size_t count = 0;
    char *from = memory_format("%s/%s", from_directory, name);
    char *to = memory_format("%s/%s", to_directory, name);
    FILE *source = fopen(from, "rb");
    FILE *target = fopen(to, "wb");
    assert_non_null(source);
    assert_non_null(target);
    while ((count = fread(bytes, 1, sizeof bytes, source)) > 0) {
        assert_int_equal(fwrite(bytes, 1, count, target), count);
    }
    (void)fclose(source);
    assert_int_equal(fclose(target), 0);
    memory_free(from);
    memory_free(to);
}

/* What a node leaves that is killed after the whole history: a database and its WAL. */
static void leave_as_killed(const char *directory)
{
    struct disk disk;
    begin(&disk, true);
    failing_vfs_arm(FAILING_VFS_ONCE, 0);
    for (size_t i = 0; i < STEPS; i++) {
        struct answer answer = {0};
        steps[i].take(&disk, &answer);
    }
    copy_file(disk.directory, directory, "events.sqlite");
    copy_file(disk.directory, directory, "events.sqlite-wal");
    end(&disk);
}

/* The n-th call of opening it fails; then it is opened. False: there is no n-th call. */
static bool open_killed(enum failing_vfs_kind kind, int64_t n, const char *killed,
                        const struct look *should, struct complaints *complaints)
{
    struct disk disk;
    struct answer answer = {0};
    struct look look = {0};
    begin(&disk, true);
    copy_file(killed, disk.directory, "events.sqlite");
    copy_file(killed, disk.directory, "events.sqlite-wal");
    failing_vfs_arm(kind, n);
    try_open(&disk, &answer);
    bool failed = failing_vfs_failures() > 0;
    failing_vfs_heal();
    if (answer.result != RESULT_OK) {
        try_open(&disk, &answer);
    }
    if (answer.result != RESULT_OK) {
        COMPLAIN(&disk, "can't be opened after the disk was mended");
    } else {
        const struct log_snapshot *snapshot = log_snapshot_acquire(disk.log);
        disk.told = snapshot->last_seq; /* before it was killed */
        log_snapshot_release(disk.log, &snapshot);
        look = check(&disk, should);
    }
    look_forget(&look);
    if (disk.complaint != NULL) {
        tell(complaints, disk.complaint, n, "opening what was killed");
    }
    end(&disk);
    complaints->runs += failed ? 1 : 0;
    return failed;
}

static void failing_disk__opens_what_a_killed_node_left(void **state)
{
    static const enum failing_vfs_kind kinds[] = {FAILING_VFS_ONCE, FAILING_VFS_LASTING,
                                                  FAILING_VFS_FULL};
    struct expected expected = {0};
    struct complaints complaints = {0};
    char *killed = test_directory();
    (void)state;
    (void)log_open("/dev/null", LOG_ERROR, NULL);
    failing_vfs_install();
    record(&expected, true);
    leave_as_killed(killed);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (int64_t n = 1;
             open_killed(kinds[i], n, killed, &expected.looks[STEPS - 1], &complaints); n++) {
        }
    }
    expected_forget(&expected);
    test_remove_directory(&killed);
    conclude(&complaints, "opening what was killed");
}

static void failing_disk__one_call_fails(void **state)
{
    (void)state;
    play_all(FAILING_VFS_ONCE, true, 1, "one call");
}

static void failing_disk__every_call_from_one_on_fails(void **state)
{
    (void)state;
    play_all(FAILING_VFS_LASTING, true, 1, "every call");
}

static void failing_disk__is_full_for_one_write(void **state)
{
    (void)state;
    play_all(FAILING_VFS_FULL_ONCE, true, FEWER, "full once");
}

static void failing_disk__is_full_from_one_write_on(void **state)
{
    (void)state;
    play_all(FAILING_VFS_FULL, true, FEWER, "full");
}

static void failing_disk__one_call_of_the_writer_thread_fails(void **state)
{
    (void)state;
    play_all(FAILING_VFS_ONCE, false, 3, "one call, writer thread");
}

static void failing_disk__every_call_of_the_writer_thread_fails(void **state)
{
    (void)state;
    play_all(FAILING_VFS_LASTING, false, 3, "every call, writer thread");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_disk__opens_what_a_killed_node_left),
        cmocka_unit_test(failing_disk__one_call_fails),
        cmocka_unit_test(failing_disk__every_call_from_one_on_fails),
        cmocka_unit_test(failing_disk__is_full_for_one_write),
        cmocka_unit_test(failing_disk__is_full_from_one_write_on),
        cmocka_unit_test(failing_disk__one_call_of_the_writer_thread_fails),
        cmocka_unit_test(failing_disk__every_call_of_the_writer_thread_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
