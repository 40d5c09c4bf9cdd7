/* A disk that fails: SQLite's own VFS with the n-th call made to fail.
 *
 * Guarantee: calls for files below the watched directory are counted from failing_vfs_arm() on, and
 * those that the plan names fail as a disk does: a failed write has left half of its bytes, all but
 * one, or none, by turns of n, a failed sync may have synced nothing. Of calls of one kind to one
 * file in unbroken succession (the pages of a checkpoint) the first two count, for the others fail
 * no differently; where only writes count, each does. Files elsewhere are never touched, so a test
 * can look at copies while its disk is broken. Giving locks back and closing never fail. Thread:
 * install and watch before others start; the rest any.
 */
#ifndef HEARTHCHAT_TESTS_FAILING_VFS_H
#define HEARTHCHAT_TESTS_FAILING_VFS_H

#include <stdbool.h>
#include <stdint.h>

enum failing_vfs_kind {
    FAILING_VFS_ONCE,      /* the n-th call alone, with SQLITE_IOERR_* (SQLITE_CANTOPEN to open) */
    FAILING_VFS_LASTING,   /* the n-th and all after it until healed */
    FAILING_VFS_FULL_ONCE, /* only writes count; the n-th alone, with SQLITE_FULL */
    FAILING_VFS_FULL,      /* only writes count; the n-th and all after it until healed */
};

/* Makes it the VFS of all databases that are opened from now on: before the first that is opened to
 * be written, whose VFS stays. */
void failing_vfs_install(void);

/* Files below that absolute path are on the failing disk. Copied. */
void failing_vfs_watch(const char *directory);

/* Counts from 0 again and fails by this plan; `nth` 0: only counts. */
void failing_vfs_arm(enum failing_vfs_kind kind, int64_t nth);

/* Nothing fails any more. The count goes on. */
void failing_vfs_heal(void);

/* How many calls were counted since failing_vfs_arm(), and how many of them failed. */
int64_t failing_vfs_count(void);
int64_t failing_vfs_failures(void);

/* Where the bytes of the last write lay that was asked for: its caller's memory. */
const unsigned char *failing_vfs_written(int *count_out);

/* One moment of a database on it, as a new file; the disk is only read, and as it is, not as it
 * fails. False: it can't be read. */
bool failing_vfs_copy_database(const char *from, const char *to);

/* What failed first: "xSync events.sqlite-wal"; "" when nothing did. Static storage. */
const char *failing_vfs_first(void);

#endif
