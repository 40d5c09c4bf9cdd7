#include "support/disk_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/co_signature.h"
#include "store/log_private.h"
#include "store/log_wait.h"
#include "support/log_describe.h"

enum { ALICE = DISK_HISTORY_ALICE, BOB = DISK_HISTORY_BOB, CAROL = 3, DAVE = 4 };
enum { INVITE_BOB, INVITE_DAVE, FIRST_MESSAGE, OWN_IDS };
_Static_assert((int)OWN_IDS == (int)DISK_HISTORY_OWN_IDS, "as many as the disk keeps");

static int64_t standing_still(void *context)
{
    (void)context;
    return 1800000000000;
}

static const struct clock still = {standing_still, standing_still, NULL};

const struct clock *disk_history_clock(void)
{
    return &still;
}

static void on_commit(void *context, const struct committed_event *events, size_t count)
{
    struct disk *disk = context;
    for (size_t i = 0; i < count; i++) {
        disk->told++;
        if (events[i].seq != disk->told) {
            DISK_COMPLAIN(disk, "told of seq %lld as the event number %lld",
                          (long long)events[i].seq, (long long)disk->told);
        }
    }
}

static enum result open_log(struct disk *disk, struct error *error)
{
    struct event_log_options options = {.directory = disk->directory,
                                        .community_id = *test_id(ALICE),
                                        .key = &disk->key,
                                        .clock = disk_history_clock(),
                                        .synchronous = disk->synchronous,
                                        .answers_messages = true,
                                        .on_commit = on_commit,
                                        .context = disk};
    enum result result = event_log_open(&options, &disk->log, error);
    if (result == RESULT_OK) {
        disk->log->search_may_wait = 1; /* so that batches fail */
    }
    return result;
}

void disk_history_open(struct disk *disk, struct disk_answer *answer)
{
    struct error error = {""};
    answer->result = open_log(disk, &error);
    answer->result = answer->result == RESULT_FULL ? RESULT_IO : answer->result;
    if (answer->result != RESULT_OK && answer->result != RESULT_IO) {
        DISK_COMPLAIN(disk, "opening is answered %s: %s", result_name(answer->result),
                      error.message);
    }
    if (answer->result != RESULT_OK && error.message[0] == '\0') {
        DISK_COMPLAIN(disk, "opening fails without a word");
    }
    (void)snprintf(answer->text, sizeof answer->text, "open");
}

static void note_own(struct disk *disk, const struct append_answer *appended)
{
    for (size_t i = 0; i < disk->own_count; i++) {
        if (disk->lamports[i] >= appended->lamport) {
            DISK_COMPLAIN(disk, "own lamport %lld after %lld", (long long)appended->lamport,
                          (long long)disk->lamports[i]);
        }
    }
    disk->lamports[disk->own_count] = appended->lamport;
    disk->seqs[disk->own_count++] = appended->seq;
}

static void append(struct disk *disk, struct event_draft draft, int own_id,
                   struct disk_answer *answer)
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
                    struct disk_answer *answer)
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

static void make_log(struct disk *disk, struct disk_answer *answer)
{
    disk_history_open(disk, answer);
}

static void found(struct disk *disk, struct disk_answer *answer)
{
    struct policy policy = policy_default();
    policy.min_signatures_to_revoke = policy.min_signatures_to_demote = 1;
    append(disk, event_draft_created("Street", test_id(ALICE), &policy), OWN_IDS, answer);
}

static void invite_bob(struct disk *disk, struct disk_answer *answer)
{
    append(disk, event_draft_invited(test_id(BOB), "Bob", LEVEL_MEMBER, 1900000000), INVITE_BOB,
           answer);
}

static void bob_joins(struct disk *disk, struct disk_answer *answer)
{
    struct verified_event *events[] = {joining(BOB, disk->own_ids[INVITE_BOB], 10, 100)};
    receive(disk, events, 1, answer);
}

static void batch_arrives(struct disk *disk, struct disk_answer *answer)
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

static void answer_bob(struct disk *disk, struct disk_answer *answer)
{
    append(disk, event_draft_message("one", test_id(BOB), "Hello Bob", NULL), FIRST_MESSAGE,
           answer);
}

static void receipts_arrive(struct disk *disk, struct disk_answer *answer)
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
static void mark(struct disk *disk, uint8_t peer, unsigned id, bool silently,
                 struct disk_answer *answer)
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
        DISK_COMPLAIN(disk, "a mark is not answered");
    }
}

static void read_bob(struct disk *disk, struct disk_answer *answer)
{
    mark(disk, BOB, 23, false, answer);
}

static void read_carol_silently(struct disk *disk, struct disk_answer *answer)
{
    mark(disk, CAROL, 22, true, answer);
}

static void carol_goes_on(struct disk *disk, struct disk_answer *answer)
{
    struct verified_event *events[] = {message(CAROL, ALICE, "Still a member", 40, 400),
                                       message(CAROL, ALICE, "Not any more", 41, 410),
                                       message(CAROL, BOB, "Nor here", 42, 411)};
    receive(disk, events, 3, answer);
}

static void promote_bob(struct disk *disk, struct disk_answer *answer)
{
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers,
        co_signature_make(&disk->key, event_data_level_statement(LEVEL_TRUSTED, test_id(BOB))));
    append(disk, event_draft_level(true, test_id(BOB), LEVEL_TRUSTED, signers), OWN_IDS, answer);
    json_decref(signers);
}

static void revocation_comes_late(struct disk *disk, struct disk_answer *answer)
{
    struct verified_event *events[] = {of(BOB, revocation(BOB, CAROL), 50, 405)};
    receive(disk, events, 1, answer);
}

static void read_back(struct disk *disk, struct disk_answer *answer)
{
    char *conversations = log_describe_conversations(disk->log, false);
    bool whole = strstr(conversations, "can't be read") == NULL;
    answer->result = whole ? RESULT_OK : RESULT_IO;
    (void)snprintf(answer->text, sizeof answer->text, "%.200s", conversations);
    memory_free(conversations);
}

static void invite_dave(struct disk *disk, struct disk_answer *answer)
{
    append(disk, event_draft_invited(test_id(DAVE), "Dave", LEVEL_MEMBER, 1900000000), INVITE_DAVE,
           answer);
}

static void dave_joins_and_a_twin(struct disk *disk, struct disk_answer *answer)
{
    struct verified_event *events[] = {
        joining(DAVE, disk->own_ids[INVITE_DAVE], 60, 600),
        message(DAVE, ALICE, "Hello from Dave", 61, 601),
        of(BOB, event_draft_invited(test_id(7), "Twin", LEVEL_MEMBER, 1900000000), 20, 201),
    };
    receive(disk, events, 3, answer);
}

static void revoke_bob(struct disk *disk, struct disk_answer *answer)
{
    append(disk, revocation(ALICE, BOB), OWN_IDS, answer);
}

static void bob_stillwrites(struct disk *disk, struct disk_answer *answer)
{
    struct verified_event *events[] = {message(BOB, ALICE, "From before", 70, 500),
                                       message(BOB, ALICE, "From after", 71, 700)};
    receive(disk, events, 2, answer);
}

void disk_history_open_again(struct disk *disk, struct disk_answer *answer)
{
    event_log_close(&disk->log);
    disk_history_open(disk, answer);
}

static void write_to_dave(struct disk *disk, struct disk_answer *answer)
{
    append(disk, event_draft_message("two", test_id(DAVE), "Hello Dave", NULL), OWN_IDS, answer);
}

/* Three jobs that may share a commit; those that were taken before are repeated. */
static void write_three(struct disk *disk, struct disk_answer *answer)
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

const struct disk_history_step disk_history_steps[DISK_HISTORY_STEPS] = {
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
    {"Bob still writes", bob_stillwrites},
    {"open again", disk_history_open_again},
    {"write to Dave", write_to_dave},
    {"write three at once", write_three},
};

void disk_history_remove_files(const char *directory)
{
    static const char *const names[] = {"events.sqlite", "events.sqlite-wal", "events.sqlite-shm",
                                        "events.sqlite-journal"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = memory_format("%s/%s", directory, names[i]);
        (void)unlink(path);
        memory_free(path);
    }
}

void disk_history_begin(struct disk *disk, bool synchronous)
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

void disk_history_end(struct disk *disk)
{
    failing_vfs_heal();
    event_log_close(&disk->log);
    disk_history_remove_files(disk->directory);
    disk_history_remove_files(disk->copy);
    (void)rmdir(disk->directory);
    (void)rmdir(disk->copy);
    (void)rmdir(disk->place);
    memory_free(disk->directory);
    memory_free(disk->copy);
    memory_free(disk->place);
    memory_free(disk->complaint);
    *disk = (struct disk){0};
}
