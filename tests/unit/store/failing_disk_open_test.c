/* A log that a killed node left is opened, and the n-th call to the disk fails, for every n: opened
 * again it is what it was. */
#include <stdio.h>

#include "core/log.h"
#include "support/disk_looks.h"

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
    disk_history_begin(&disk, true);
    failing_vfs_arm(FAILING_VFS_ONCE, 0);
    for (size_t i = 0; i < DISK_HISTORY_STEPS; i++) {
        struct disk_answer answer = {0};
        disk_history_steps[i].take(&disk, &answer);
    }
    copy_file(disk.directory, directory, "events.sqlite");
    copy_file(disk.directory, directory, "events.sqlite-wal");
    disk_history_end(&disk);
}

/* The n-th call of opening it fails; then it is opened. False: there is no n-th call. */
static bool open_killed(enum failing_vfs_kind kind, int64_t n, const char *killed,
                        const struct disk_look *should, struct disk_complaints *complaints)
{
    struct disk disk;
    struct disk_answer answer = {0};
    struct disk_look look = {0};
    disk_history_begin(&disk, true);
    copy_file(killed, disk.directory, "events.sqlite");
    copy_file(killed, disk.directory, "events.sqlite-wal");
    failing_vfs_arm(kind, n);
    disk_history_open(&disk, &answer);
    bool failed = failing_vfs_failures() > 0;
    failing_vfs_heal();
    if (answer.result != RESULT_OK) {
        disk_history_open(&disk, &answer);
    }
    if (answer.result != RESULT_OK) {
        DISK_COMPLAIN(&disk, "can't be opened after the disk was mended");
    } else {
        const struct log_snapshot *snapshot = log_snapshot_acquire(disk.log);
        disk.told = snapshot->last_seq; /* before it was killed */
        log_snapshot_release(disk.log, &snapshot);
        look = disk_looks_check(&disk, should);
    }
    disk_looks_forget(&look);
    if (disk.complaint != NULL) {
        disk_looks_tell(complaints, disk.complaint, n, "opening what was killed");
    }
    disk_history_end(&disk);
    complaints->runs += failed ? 1 : 0;
    return failed;
}

static void failing_disk_open__finds_what_a_killed_node_left(void **state)
{
    static const enum failing_vfs_kind kinds[] = {FAILING_VFS_ONCE, FAILING_VFS_LASTING,
                                                  FAILING_VFS_FULL};
    struct disk_expected expected = {0};
    struct disk_complaints complaints = {0};
    char *killed = test_directory();
    (void)state;
    (void)log_open("/dev/null", LOG_ERROR, NULL);
    failing_vfs_install();
    disk_looks_record(&expected, true);
    leave_as_killed(killed);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (int64_t n = 1;
             open_killed(kinds[i], n, killed, &expected.looks[DISK_HISTORY_STEPS - 1], &complaints);
             n++) {
        }
    }
    disk_looks_forget_expected(&expected);
    test_remove_directory(&killed);
    disk_looks_conclude(&complaints, "opening what was killed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_disk_open__finds_what_a_killed_node_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
