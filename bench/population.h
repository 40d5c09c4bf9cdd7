/* People who write events into a log, the same ones every time: what the benchmarks of the store
 * make their logs from and attack them with.
 *
 * Thread: one. Person 0 is the founder and the device whose log it is. Signing overlaps with
 * storing: population_settle() waits for the log.
 * Any failure that is not the log's refusal of an event ends the program: there is nothing to
 * measure then.
 */
#ifndef HEARTHCHAT_BENCH_POPULATION_H
#define HEARTHCHAT_BENCH_POPULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/thread.h"
#include "protocol/event_draft.h"
#include "store/event_log.h"

struct population {
    struct signing_key *keys;
    size_t key_count;
    struct signing_key self; /* whose log it is */
    struct event_log *log;
    int64_t lamport; /* of the newest event */
    uint64_t serial; /* of the next event id */
    uint64_t random;
    size_t unsigned_count; /* events that this version won't even sign */
    struct verified_event **batch;
    size_t batched;
    struct lock *lock; /* guards what follows */
    size_t waiting;    /* batches that the log has not answered */
    size_t accepted;
};

void population_start(struct population *population);

/* Waits for the log, closes it and frees. */
void population_end(struct population *population);

double population_now(void);

/* Of this process, in seconds: others use the machine too. */
double population_worked(void);
void population_require(bool holds, const char *what);

/* 0 … most-1. */
size_t population_draw(struct population *population, size_t most);

const struct signing_key *population_key(struct population *population, size_t person);

/* A data directory of that person's key, and the log of person 0's community in it. */
void population_open(struct population *population, const char *directory, size_t self,
                     bool synchronous);

/* An event with the next id and lamport goes into the next batch. False when this version refuses
 * to sign it. */
bool population_write(struct population *population, size_t person, struct event_draft draft,
                      char event_id_out[static ULID_TEXT_BYTES]);
void population_settle(struct population *population);

/* An event that comes late: of that lamport, with an id smaller than all of population_write(). */
struct verified_event *population_sign_late(struct population *population, size_t person,
                                            struct event_draft draft, uint64_t serial,
                                            int64_t lamport);

/* A stored event's text again. */
struct verified_event *population_verify(const char *text, size_t length_bytes);

void population_found(struct population *population);
void population_invite(struct population *population, size_t inviter, size_t person,
                       char event_id_out[static ULID_TEXT_BYTES]);
void population_join(struct population *population, size_t person, const char *invite_event_id);

/* A manifest of that person with so many empty capabilities; the caller owns it. */
json_t *population_manifest(struct population *population, size_t person, size_t padding);

/* A change of level by the founder, another one each time. */
struct event_draft population_draft_level(struct population *population, size_t person,
                                          bool promoted);
struct event_draft population_draft_revocation(struct population *population, size_t person);

#endif
