/* What one seed does to a neighbourhood, and what must hold when it is left in peace again.
 *
 * Thread: one.
 */
#ifndef HEARTHCHAT_TESTS_HISTORY_OF_SEED_H
#define HEARTHCHAT_TESTS_HISTORY_OF_SEED_H

#include "protocol/hpke.h"
#include "world.h"

#define HISTORY_BODY "words of message " /* before its number in the chronicle: what it says */

/* A message that was acknowledged to its sender. */
struct sent_message {
    unsigned from;
    unsigned to;
    char event_id[ULID_TEXT_BYTES];
    int64_t lamport;
    bool e2e; /* as its sender was told */
};

/* A receiving secret that a node had at some time (§24.1). */
struct kept_secret {
    unsigned node;
    uint8_t secret[HPKE_KEY_BYTES];
};

/* Up to where a reader says it has read what a peer wrote. */
struct read_mark {
    int64_t lamport;
    char event_id[ULID_TEXT_BYTES];
};

struct chronicle {
    struct world *world;
    struct sent_message *messages;
    size_t message_count;
    struct kept_secret *secrets;
    size_t secret_count;
    struct read_mark read[MOST_NODES][MOST_NODES]; /* [reader][writer] */
    bool revoked[MOST_NODES];                      /* somebody tried to */
    unsigned set_back[MOST_NODES];                 /* to an older state of itself, so often */
    char *copy;                                    /* a directory; NULL: none was taken */
    unsigned most_nodes;
    int64_t ends_ms;
    bool clocks_jump;
    bool revokes;
};

/* Plays the seed's history and heals the world. */
void history_play(struct chronicle *chronicle, uint64_t seed);

/* Waits until all logs are one, for a bounded time. False: they don't become one. */
bool invariants_converge(struct chronicle *chronicle);

/* Counts and prints what does not hold. */
unsigned invariants_check(struct chronicle *chronicle);

#endif
