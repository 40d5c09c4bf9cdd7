/* The n-th call to the disk fails, for every n over a short history. After each step from then on
 * memory, disk and a fresh derivation say the same, and it is what the same history without any
 * failure made: what was answered RESULT_OK is there, what was answered RESULT_IO is not. */
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "store/log_wait.h"
#include "support/disk_looks.h"

enum { MOST_TRIES = 3, STEPS_AFTERWARDS = 3 };

/* A message while nothing can be written: refused, and it leaves nothing behind. */
static void probe(struct disk *disk)
{
    struct append_answer appended = {0};
    struct event_draft draft =
        event_draft_message("probe", test_id(DISK_HISTORY_BOB), "Anybody?", NULL);
    if (disk->log == NULL) {
        event_draft_deinit(&draft);
        return;
    }
    enum result result = log_wait_append(disk->log, &draft, &appended);
    if (result == RESULT_OK) {
        DISK_COMPLAIN(disk, "a message was taken by a disk that takes nothing");
    }
}

/* Takes a step until it is answered RESULT_OK: refused, the disk is mended, and again. */
static void take_step(struct disk *disk, size_t step, bool lasting,
                      const struct disk_expected *expected)
{
    for (int tries = 0; disk->complaint == NULL; tries++) {
        struct disk_answer answer = {0};
        int64_t failures = failing_vfs_failures();
        disk_history_steps[step].take(disk, &answer);
        bool struck = failing_vfs_failures() > failures;
        if (answer.result == RESULT_OK) {
            if (disk->complaint == NULL && strcmp(answer.text, expected->answers[step]) != 0) {
                DISK_COMPLAIN(disk, "answered \"%s\", not \"%s\"", answer.text,
                              expected->answers[step]);
            }
            if (struck || tries > 0) {
                disk_looks_check_answered(disk, step, &answer, expected);
            }
            return;
        }
        if (answer.result != RESULT_IO || tries == MOST_TRIES || failing_vfs_failures() == 0) {
            DISK_COMPLAIN(disk, "answered %s at try %d", result_name(answer.result), tries + 1);
        }
        disk_looks_check_answered(disk, step, &answer, expected);
        if (lasting && tries == 0 && step > 1) {
            probe(disk);
            disk_looks_check_answered(disk, step, &answer, expected);
        }
        failing_vfs_heal();
    }
}

/* The history with its n-th call failing, and a few steps more. False: there is no n-th call. */
static bool play(enum failing_vfs_kind kind, int64_t n, bool synchronous,
                 const struct disk_expected *expected, struct disk_complaints *complaints)
{
    struct disk disk;
    size_t step = 0;
    size_t last = DISK_HISTORY_STEPS - 1;
    bool lasting = kind == FAILING_VFS_LASTING || kind == FAILING_VFS_FULL;
    disk_history_begin(&disk, synchronous);
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
        disk_looks_check_at_end(&disk, &expected->looks[last]);
    }
    if (disk.complaint != NULL) {
        disk_looks_tell(complaints, disk.complaint, n, disk_history_steps[step - 1].name);
    }
    disk_history_end(&disk);
    complaints->runs += failed ? 1 : 0;
    return failed;
}

static void play_all(enum failing_vfs_kind kind, bool synchronous, int64_t stride, const char *name)
{
    struct disk_expected expected = {0};
    struct disk_complaints complaints = {0};
    (void)log_open("/dev/null", LOG_ERROR, NULL); /* failures are what this is full of */
    failing_vfs_install();
    disk_looks_record(&expected, synchronous);
    for (int64_t n = 1; play(kind, n, synchronous, &expected, &complaints);
         n += stride * DISK_STRIDE) {
    }
    disk_looks_forget_expected(&expected);
    disk_looks_conclude(&complaints, name);
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
    play_all(FAILING_VFS_FULL_ONCE, true, 1, "full once");
}

static void failing_disk__is_full_from_one_write_on(void **state)
{
    (void)state;
    play_all(FAILING_VFS_FULL, true, 1, "full");
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

/* An argument: those alone whose names have it. */
int main(int count, char **arguments)
{
    char *pattern = memory_format("*%s*", count > 1 ? arguments[1] : "");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_disk__one_call_fails),
        cmocka_unit_test(failing_disk__every_call_from_one_on_fails),
        cmocka_unit_test(failing_disk__is_full_for_one_write),
        cmocka_unit_test(failing_disk__is_full_from_one_write_on),
        cmocka_unit_test(failing_disk__one_call_of_the_writer_thread_fails),
        cmocka_unit_test(failing_disk__every_call_of_the_writer_thread_fails),
    };
    cmocka_set_test_filter(pattern);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    memory_free(pattern);
    return failures;
}
