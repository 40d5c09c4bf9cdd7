/* A short history on a disk that can be made to fail, step by step: Alice founds a community, Bob,
 * Carol and Dave come and go, messages and receipts are written, some of them late.
 *
 * Thread: the test's. Steps are taken in order, each as often as it takes until it is answered
 * RESULT_OK; what is wrong is kept as the disk's complaint.
 */
#ifndef HEARTHCHAT_TESTS_DISK_HISTORY_H
#define HEARTHCHAT_TESTS_DISK_HISTORY_H

#include "core/memory.h"
#include "support/failing_vfs.h"
#include "support/test_support.h"

enum { DISK_HISTORY_STEPS = 20, DISK_HISTORY_MOST_TAKEN = 64, DISK_HISTORY_OWN_IDS = 3 };
enum { DISK_HISTORY_ALICE = 1, DISK_HISTORY_BOB = 2 }; /* Alice's is the disk */

struct disk {
    char *place;
    char *directory; /* on the disk that fails */
    char *copy;      /* not on it */
    struct signing_key key;
    struct event_log *log; /* NULL: it could not be opened */
    bool synchronous;
    char own_ids[DISK_HISTORY_OWN_IDS][ULID_TEXT_BYTES];
    int64_t lamports[DISK_HISTORY_MOST_TAKEN]; /* of own events that were answered RESULT_OK */
    int64_t seqs[DISK_HISTORY_MOST_TAKEN];
    size_t own_count;
    /* Of others' events that were accepted. */
    uint8_t hashes[DISK_HISTORY_MOST_TAKEN][BLAKE3_HASH_BYTES];
    size_t hash_count;
    int64_t told; /* events that on_commit told of since the log was made */
    char *complaint;
};

struct disk_answer {
    enum result result;
    bool in_part;   /* RESULT_IO, but some of it was answered RESULT_OK */
    char text[256]; /* what of it must be the same whenever the step is taken */
};

/* Keeps the first only. */
#define DISK_COMPLAIN(disk, ...)                                                                   \
    ((disk)->complaint = (disk)->complaint == NULL ? memory_format(__VA_ARGS__) : (disk)->complaint)

struct disk_history_step {
    const char *name;
    void (*take)(struct disk *disk, struct disk_answer *answer);
};
extern const struct disk_history_step disk_history_steps[DISK_HISTORY_STEPS];

/* A clock that stands still, so that histories are the same. */
const struct clock *disk_history_clock(void);

/* A fresh disk, watched by failing_vfs, and its end. */
void disk_history_begin(struct disk *disk, bool synchronous);
void disk_history_end(struct disk *disk);
void disk_history_remove_files(const char *directory);

/* A failed opening says why, and never that the log is somebody else's. */
void disk_history_open(struct disk *disk, struct disk_answer *answer);
void disk_history_open_again(struct disk *disk, struct disk_answer *answer);

#endif
