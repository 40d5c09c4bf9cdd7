#include "support/disk_looks.h"

#include <stdio.h>
#include <string.h>

#include "store/event_reader.h"
#include "store/maintenance.h"
#include "support/log_describe.h"

enum { ALICE = DISK_HISTORY_ALICE };

void disk_looks_forget(struct disk_look *look)
{
    memory_free(look->state);
    memory_free(look->set);
    memory_free(look->arrivals);
    memory_free(look->conversations);
    *look = (struct disk_look){0};
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
            DISK_COMPLAIN(disk, "own lamport %lld after %lld on the disk", lamport,
                          (long long)greatest);
        }
        greatest = strcmp(author, self) == 0 ? lamport : greatest;
        for (size_t i = 0; i < disk->own_count; i++) {
            found += disk->seqs[i] == seq && disk->lamports[i] == lamport ? 1 : 0;
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    if (found != disk->own_count) {
        DISK_COMPLAIN(disk, "of %zu own events that were acknowledged %zu are there",
                      disk->own_count, found);
    }
    for (size_t i = 0; i < disk->hash_count; i++) {
        if (!event_reader_holds(log, disk->hashes[i])) {
            DISK_COMPLAIN(disk, "an acknowledged event of a peer is gone");
        }
    }
}

/* Whether a fresh derivation from the copy says what the copy says. */
static void derive_afresh(struct disk *disk, struct disk_look *look)
{
    struct error error = {""};
    struct maintenance_report report = {0};
    if (maintenance_verify(disk->copy, test_id(ALICE), &disk->key, disk_history_clock(), &report,
                           &error) != RESULT_OK) {
        DISK_COMPLAIN(disk, "verify: %s", error.message);
    } else if (report.differing[0] != '\0' || report.damaged != 0 || report.wrong_keys != 0 ||
               !report.database_is_sound) {
        DISK_COMPLAIN(disk, "a fresh derivation differs: %s, %lld damaged", report.differing,
                      (long long)report.damaged);
    }
    look->aside = report.aside;
}

/* What the disk says, by a copy that is opened. */
static void look_at_disk(struct disk *disk, struct disk_look *look)
{
    struct event_log *log = NULL;
    struct error error = {""};
    struct event_log_options options = {.directory = disk->copy,
                                        .community_id = *test_id(ALICE),
                                        .key = &disk->key,
                                        .clock = disk_history_clock(),
                                        .synchronous = true};
    char *from = memory_format("%s/events.sqlite", disk->directory);
    char *to = memory_format("%s/events.sqlite", disk->copy);
    disk_history_remove_files(disk->copy);
    bool copied = failing_vfs_copy_database(from, to);
    memory_free(from);
    memory_free(to);
    if (!copied || event_log_open(&options, &log, &error) != RESULT_OK) {
        DISK_COMPLAIN(disk, "the disk can't be read: %s", error.message);
        return;
    }
    look->state = log_describe_state(log);
    look->set = log_describe_set(log);
    look->arrivals = log_describe_arrivals(log, false);
    look->conversations = log_describe_conversations(log, false);
    check_kept(disk, log, look->arrivals);
    event_log_close(&log);
}

void disk_looks_check_memory(struct disk *disk, const struct disk_look *look)
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
        DISK_COMPLAIN(disk, "memory differs from the disk:\n%s  and the disk:\n%s", state,
                      look->state);
    } else if (strcmp(set, look->set) != 0) {
        DISK_COMPLAIN(disk, "the set in memory differs from the disk's");
    } else if (last_seq != disk->told) {
        DISK_COMPLAIN(disk, "told of %lld events of %lld", (long long)disk->told,
                      (long long)last_seq);
    }
    memory_free(state);
    memory_free(set);
}

static void compare(struct disk *disk, const char *what, const char *is, const char *should)
{
    if (is == NULL || strcmp(is, should) != 0) {
        DISK_COMPLAIN(disk, "%s are not what they should be:\n%s  but:\n%s", what,
                      is == NULL ? "" : is, should);
    }
}

struct disk_look disk_looks_check(struct disk *disk, const struct disk_look *should)
{
    struct disk_look look = {0};
    look_at_disk(disk, &look);
    disk_looks_check_memory(disk, &look);
    if (should != NULL && disk->complaint == NULL) {
        compare(disk, "numbers and members", look.state, should->state);
        compare(disk, "events", look.arrivals, should->arrivals);
        compare(disk, "conversations", look.conversations, should->conversations);
    }
    return look;
}

void disk_looks_check_answered(struct disk *disk, size_t step, const struct disk_answer *answer,
                               const struct disk_expected *expected)
{
    struct disk_look look = {0};
    if (answer->result == RESULT_OK) {
        look = disk_looks_check(disk, &expected->looks[step]);
    } else if (answer->in_part) {
        look = disk_looks_check(disk, NULL);
    } else if (step > 0) { /* before the log was made there is nothing to look at */
        look = disk_looks_check(disk, &expected->looks[step - 1]);
    }
    disk_looks_forget(&look);
}

void disk_looks_check_at_end(struct disk *disk, const struct disk_look *should)
{
    struct disk_answer answer = {0};
    struct disk_look look = disk_looks_check(disk, should);
    if (disk->complaint == NULL) {
        derive_afresh(disk, &look);
    }
    if (look.aside != should->aside) {
        DISK_COMPLAIN(disk, "%lld events are aside, not %lld", (long long)look.aside,
                      (long long)should->aside);
    }
    disk_history_open_again(disk, &answer);
    disk_looks_check_memory(disk, &look);
    disk_looks_forget(&look);
}

void disk_looks_record(struct disk_expected *expected, bool synchronous)
{
    struct disk disk;
    disk_history_begin(&disk, synchronous);
    failing_vfs_arm(FAILING_VFS_ONCE, 0);
    for (size_t i = 0; i < DISK_HISTORY_STEPS; i++) {
        struct disk_answer answer = {0};
        disk_history_steps[i].take(&disk, &answer);
        expected->looks[i] = disk_looks_check(&disk, NULL);
        derive_afresh(&disk, &expected->looks[i]);
        expected->answers[i] = memory_duplicate_string(answer.text);
        if (answer.result != RESULT_OK || disk.complaint != NULL) {
            fail_msg("without a failure, %s: %s %s", disk_history_steps[i].name,
                     result_name(answer.result), disk.complaint == NULL ? "" : disk.complaint);
        }
    }
    disk_history_end(&disk);
}

void disk_looks_forget_expected(struct disk_expected *expected)
{
    for (size_t i = 0; i < DISK_HISTORY_STEPS; i++) {
        disk_looks_forget(&expected->looks[i]);
        memory_free(expected->answers[i]);
    }
}

void disk_looks_tell(struct disk_complaints *complaints, const char *complaint, int64_t n,
                     const char *step)
{
    complaints->bad++;
    for (size_t i = 0; i < complaints->count; i++) {
        if (strcmp(complaints->told[i], complaint) == 0) {
            return;
        }
    }
    if (complaints->count < DISK_LOOKS_MOST_COMPLAINTS) {
        complaints->told[complaints->count++] = memory_duplicate_string(complaint);
        print_message("call %lld (%s), %s: %s\n", (long long)n, failing_vfs_first(), step,
                      complaint);
    }
}

void disk_looks_conclude(struct disk_complaints *complaints, const char *name)
{
    for (size_t i = 0; i < complaints->count; i++) {
        memory_free(complaints->told[i]);
    }
    print_message("%s: %lld of %lld calls that failed did harm\n", name, (long long)complaints->bad,
                  (long long)complaints->runs);
    assert_int_equal(complaints->bad, 0);
    assert_true(complaints->runs > 20 / DISK_STRIDE); /* there were calls to fail */
}
