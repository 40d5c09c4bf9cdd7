/* What a disk says beside what memory says, and beside what the same history without any failure
 * made (disk_history.h).
 *
 * Thread: the test's. What is wrong becomes the disk's complaint; looks are forgotten by who asked
 * for them.
 */
#ifndef HEARTHCHAT_TESTS_DISK_LOOKS_H
#define HEARTHCHAT_TESTS_DISK_LOOKS_H

#include "support/disk_history.h"

enum { DISK_LOOKS_MOST_COMPLAINTS = 12 };

/* Under sanitizers all this takes ten times as long. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { DISK_STRIDE = 11 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { DISK_STRIDE = 11 };
#else
enum { DISK_STRIDE = 1 };
#endif
#else
enum { DISK_STRIDE = 1 };
#endif

/* What one look at the log saw. */
struct disk_look {
    char *state;
    char *set;
    char *arrivals;
    char *conversations;
    int64_t aside;
};

/* What the history makes when nothing fails: after each step, and what the step was answered. */
struct disk_expected {
    struct disk_look looks[DISK_HISTORY_STEPS];
    char *answers[DISK_HISTORY_STEPS];
    size_t count; /* of steps that were played */
};

/* `should` NULL: only that memory and disk agree. */
struct disk_look disk_looks_check(struct disk *disk, const struct disk_look *should);
void disk_looks_check_memory(struct disk *disk, const struct disk_look *look);

/* After a step was answered. */
void disk_looks_check_answered(struct disk *disk, size_t step, const struct disk_answer *answer,
                               const struct disk_expected *expected);

/* The disk and all that is derived from it, and a log that is opened again. */
void disk_looks_check_at_end(struct disk *disk, const struct disk_look *should);

void disk_looks_forget(struct disk_look *look);

/* Plays the history without a failure. */
void disk_looks_record(struct disk_expected *expected_out, bool synchronous);
void disk_looks_forget_expected(struct disk_expected *expected);

/* Tells of each complaint once, with the first n that brought it. */
struct disk_complaints {
    char *told[DISK_LOOKS_MOST_COMPLAINTS];
    size_t count; /* of those told */
    int64_t runs;
    int64_t bad;
};

void disk_looks_tell(struct disk_complaints *complaints, const char *complaint, int64_t n,
                     const char *step);

/* Fails the test when there was one, or nothing was tried. */
void disk_looks_conclude(struct disk_complaints *complaints, const char *name);

#endif
