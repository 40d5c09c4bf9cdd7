#include "population.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/lock.h"
#include "core/memory.h"
#include "protocol/blake3.h"
#include "protocol/canonical.h"
#include "protocol/co_signature.h"
#include "protocol/node_manifest.h"
#include "store/data_directory.h"

enum { BATCH = 1000, MOST_WAITING = 3 };

static const int64_t first_second = 1700000000;
static const int64_t never = 4000000000;

double population_now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double population_worked(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void population_require(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "%s\n", what);
        exit(1);
    }
}

void population_start(struct population *population)
{
    *population = (struct population){.lock = lock_create()};
    population_require(signing_start() == RESULT_OK, "There is no randomness.");
    population->batch = memory_allocate(BATCH, sizeof(struct verified_event *));
}

void population_end(struct population *population)
{
    population_settle(population);
    event_log_close(&population->log);
    lock_destroy(&population->lock);
    memory_free(population->batch);
    memory_free(population->keys);
}

size_t population_draw(struct population *population, size_t most)
{
    uint64_t mixed = population->random += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return (size_t)(mixed ^ (mixed >> 31)) % most;
}

static struct signing_key make_key(uint64_t person)
{
    uint8_t seed[BLAKE3_HASH_BYTES];
    struct signing_key key;
    blake3_hash(&person, sizeof person, seed);
    signing_key_init(&key, seed);
    return key;
}

const struct signing_key *population_key(struct population *population, size_t person)
{
    if (person >= population->key_count) {
        size_t count = person + 1024;
        population->keys = memory_resize(population->keys, count, sizeof *population->keys);
        for (size_t i = population->key_count; i < count; i++) {
            population->keys[i] = make_key(i);
        }
        population->key_count = count;
    }
    return &population->keys[person];
}

void population_open(struct population *population, const char *directory, size_t self,
                     bool synchronous)
{
    struct error error = {""};
    uint64_t person = self;
    uint8_t seed[BLAKE3_HASH_BYTES];
    blake3_hash(&person, sizeof person, seed);
    population->self = make_key(self);
    population_require(data_directory_prepare(directory, &error) == RESULT_OK, error.message);
    char *key_path = data_directory_path(directory, "keys/device.ed25519");
    population_require(data_directory_write_file(key_path, seed, sizeof seed, &error) == RESULT_OK,
                       error.message);
    const struct node_id *founder = &population_key(population, 0)->node_id;
    char *path = data_directory_community_path(directory, founder);
    struct event_log_options options = {.directory = path,
                                        .community_id = *founder,
                                        .key = &population->self,
                                        .clock = clock_system(),
                                        .synchronous = synchronous,
                                        .keeps_keys = true};
    population_require(event_log_open(&options, &population->log, &error) == RESULT_OK,
                       error.message);
    memory_free(key_path);
    memory_free(path);
}

static void on_received(void *context, const struct receive_answer *answer)
{
    struct population *population = context;
    lock_take(population->lock);
    population->waiting--;
    population->accepted += answer->accepted;
    lock_wake_all(population->lock);
    lock_release(population->lock);
    population_require(answer->result == RESULT_OK, "The log can't be written.");
}

static void wait_for(struct population *population, size_t most)
{
    lock_take(population->lock);
    while (population->waiting > most) {
        (void)lock_wait(population->lock, -1);
    }
    lock_release(population->lock);
}

static void give_batch(struct population *population)
{
    if (population->batched == 0) {
        return;
    }
    struct verified_event **events =
        memory_allocate(population->batched, sizeof(struct verified_event *));
    memcpy(events, population->batch, population->batched * sizeof(struct verified_event *));
    wait_for(population, MOST_WAITING);
    lock_take(population->lock);
    population->waiting++;
    lock_release(population->lock);
    population_require(log_receive_events(population->log, events, population->batched, NULL,
                                          on_received, population) == RESULT_OK,
                       "The log takes no events.");
    population->batched = 0;
}

void population_settle(struct population *population)
{
    give_batch(population);
    wait_for(population, 0);
}

static bool sign(struct population *population, size_t person, struct event_draft *draft,
                 const char *event_id, int64_t lamport, struct verified_event **event_out)
{
    const struct signing_key *author = population_key(population, person);
    return event_sign(draft, author, &population_key(population, 0)->node_id, event_id, lamport,
                      first_second + 10 * lamport, event_out, NULL) == RESULT_OK;
}

bool population_write(struct population *population, size_t person, struct event_draft draft,
                      char event_id_out[static ULID_TEXT_BYTES])
{
    struct verified_event *event = NULL;
    (void)snprintf(event_id_out, ULID_TEXT_BYTES, "01HXR%021llu",
                   (unsigned long long)population->serial++);
    if (!sign(population, person, &draft, event_id_out, population->lamport + 1, &event)) {
        population->unsigned_count++;
        return false;
    }
    population->lamport++;
    population->batch[population->batched++] = event;
    if (population->batched == BATCH) {
        give_batch(population);
    }
    return true;
}

struct verified_event *population_sign_late(struct population *population, size_t person,
                                            struct event_draft draft, uint64_t serial,
                                            int64_t lamport)
{
    char event_id[ULID_TEXT_BYTES];
    struct verified_event *event = NULL;
    (void)snprintf(event_id, sizeof event_id, "01HXQ%021llu", (unsigned long long)serial);
    population_require(sign(population, person, &draft, event_id, lamport, &event),
                       "A late event can't be signed.");
    return event;
}

struct verified_event *population_verify(const char *text, size_t length_bytes)
{
    json_t *json = NULL;
    struct event *event = NULL;
    struct verified_event *verified = NULL;
    population_require(canonical_parse(text, length_bytes, CANONICAL_MOST_NESTING, &json, NULL) ==
                               RESULT_OK &&
                           event_parse(json, NULL, &event) == EVENT_ACCEPTABLE &&
                           event_verify(&event, &verified) == RESULT_OK,
                       "An event is damaged.");
    json_decref(json);
    return verified;
}

void population_found(struct population *population)
{
    char event_id[ULID_TEXT_BYTES];
    struct policy policy = policy_default();
    policy.min_signatures_to_revoke = policy.min_signatures_to_demote = 1;
    (void)population_write(
        population, 0,
        event_draft_created("Bench", &population_key(population, 0)->node_id, &policy), event_id);
}

void population_invite(struct population *population, size_t inviter, size_t person,
                       char event_id_out[static ULID_TEXT_BYTES])
{
    char name[32];
    (void)snprintf(name, sizeof name, "Neighbour %zu", person);
    (void)population_write(population, inviter,
                           event_draft_invited(&population_key(population, person)->node_id, name,
                                               LEVEL_MEMBER, never),
                           event_id_out);
}

json_t *population_manifest(struct population *population, size_t person, size_t padding)
{
    char name[32];
    struct endpoints endpoints = {
        .count = 2, .list = {{.host = "127.0.0.1", .port = 9}, {.host = "localhost", .port = 9}}};
    json_t *capabilities = json_array();
    for (size_t i = 0; i < padding; i++) {
        (void)json_array_append_new(capabilities, json_object());
    }
    (void)snprintf(name, sizeof name, "Neighbour %zu", person);
    struct node_manifest_content content = {.display_name = name,
                                            .profile = "hearth",
                                            .endpoints = &endpoints,
                                            .capabilities = capabilities};
    json_t *manifest = node_manifest_make(&content, population_key(population, person),
                                          first_second + 10 * population->lamport);
    json_decref(capabilities);
    population_require(manifest != NULL, "A manifest can't be made.");
    return manifest;
}

void population_join(struct population *population, size_t person, const char *invite_event_id)
{
    char event_id[ULID_TEXT_BYTES];
    json_t *manifest = population_manifest(population, person, 0);
    (void)population_write(population, person, event_draft_joined(invite_event_id, manifest),
                           event_id);
    json_decref(manifest);
}

struct event_draft population_draft_level(struct population *population, size_t person,
                                          bool promoted)
{
    enum member_level level = promoted ? LEVEL_TRUSTED : LEVEL_MEMBER;
    const struct node_id target = population_key(population, person)->node_id;
    json_t *signers = json_array();
    (void)json_array_append_new(signers,
                                co_signature_make(population_key(population, 0),
                                                  event_data_level_statement(level, &target)));
    struct event_draft draft = event_draft_level(promoted, &target, level, signers);
    json_decref(signers);
    return draft;
}

struct event_draft population_draft_revocation(struct population *population, size_t person)
{
    char client_id[CO_SIGNATURE_CLIENT_ID_BYTES];
    const struct node_id target = population_key(population, person)->node_id;
    json_t *signers = json_array();
    co_signature_client_id(&target, "other", client_id);
    (void)json_array_append_new(
        signers, co_signature_make(population_key(population, 0),
                                   event_data_revocation_statement(client_id, "other", &target)));
    struct event_draft draft = event_draft_revoked(client_id, &target, "other", signers);
    json_decref(signers);
    return draft;
}
