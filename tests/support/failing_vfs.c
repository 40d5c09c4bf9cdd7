#include "support/failing_vfs.h"

#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "core/lock.h"

enum { MOST_ALIKE = 2 };

static sqlite3_vfs *sound;
static sqlite3_vfs failing;
static char watched[512];

/* The plan and what became of it. */
static struct lock *lock; /* guards what follows */
static enum failing_vfs_kind plan_kind;
static int64_t plan_nth; /* 0: nothing fails */
static int64_t counted;
static int64_t failed;
static char first[128];
static const char *last_call;
static char last_name[128];
static const unsigned char *last_written;
static int last_count;
static int alike; /* calls in unbroken succession of one kind to one file */

/* A file on the failing disk, with that of the VFS beneath behind it. */
struct failing_file {
    sqlite3_file base;
    const char *name;
    sqlite3_file *file;
};

static bool is_watched(const char *path)
{
    size_t length = strlen(watched);
    return path != NULL && length > 0 && strncmp(path, watched, length) == 0 && path[length] == '/';
}

static bool is_full(enum failing_vfs_kind kind)
{
    return kind == FAILING_VFS_FULL || kind == FAILING_VFS_FULL_ONCE;
}

/* With the lock taken. */
static bool counts(const char *call, const char *name, bool writes)
{
    if (is_full(plan_kind)) {
        return writes;
    }
    alike = call == last_call && strcmp(name, last_name) == 0 ? alike + 1 : 1;
    last_call = call;
    (void)snprintf(last_name, sizeof last_name, "%s", name);
    return alike <= MOST_ALIKE;
}

/* With the lock taken. */
static bool is_struck(bool is_counted)
{
    bool lasting = plan_kind == FAILING_VFS_LASTING || plan_kind == FAILING_VFS_FULL;
    if (plan_nth == 0 || (is_full(plan_kind) && !is_counted)) {
        return false;
    }
    return lasting ? counted >= plan_nth : is_counted && counted == plan_nth;
}

/* Counts one call; whether it is to fail. */
static bool fails(const char *call, const char *path, bool writes)
{
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    const char *name = slash == NULL ? "" : slash + 1;
    lock_take(lock);
    bool is_counted = counts(call, name, writes);
    counted += is_counted ? 1 : 0;
    bool struck = is_struck(is_counted);
    if (struck && failed++ == 0) {
        (void)snprintf(first, sizeof first, "%s %s", call, name);
    }
    lock_release(lock);
    return struck;
}

/* How much of it the disk has taken when it fails: by turns half, all but a byte, nothing. */
static int written_of(int count)
{
    lock_take(lock);
    int64_t turn = plan_nth % 3;
    lock_release(lock);
    return turn == 1 ? count / 2 : turn == 2 ? count - 1 : 0;
}

/* What a write is answered that fails by the plan. */
static int write_failure(void)
{
    lock_take(lock);
    int status = is_full(plan_kind) ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    lock_release(lock);
    return status;
}

static struct failing_file *failing_of(sqlite3_file *base)
{
    return (struct failing_file *)base;
}

static sqlite3_file *sound_of(sqlite3_file *base)
{
    return failing_of(base)->file;
}

static bool file_fails(sqlite3_file *base, const char *call, bool writes)
{
    return fails(call, failing_of(base)->name, writes);
}

static int close_file(sqlite3_file *base)
{
    return sound_of(base)->pMethods->xClose(sound_of(base));
}

static int read_file(sqlite3_file *base, void *bytes, int count, sqlite3_int64 offset)
{
    return file_fails(base, "xRead", false)
               ? SQLITE_IOERR_READ
               : sound_of(base)->pMethods->xRead(sound_of(base), bytes, count, offset);
}

static int write_file(sqlite3_file *base, const void *bytes, int count, sqlite3_int64 offset)
{
    lock_take(lock);
    last_written = bytes;
    last_count = count;
    lock_release(lock);
    if (!file_fails(base, "xWrite", true)) {
        return sound_of(base)->pMethods->xWrite(sound_of(base), bytes, count, offset);
    }
    int written = written_of(count);
    if (written > 0) {
        (void)sound_of(base)->pMethods->xWrite(sound_of(base), bytes, written, offset);
    }
    return write_failure();
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size)
{
    return file_fails(base, "xTruncate", false)
               ? SQLITE_IOERR_TRUNCATE
               : sound_of(base)->pMethods->xTruncate(sound_of(base), size);
}

static int sync_file(sqlite3_file *base, int flags)
{
    return file_fails(base, "xSync", false)
               ? SQLITE_IOERR_FSYNC
               : sound_of(base)->pMethods->xSync(sound_of(base), flags);
}

static int size_file(sqlite3_file *base, sqlite3_int64 *size_out)
{
    return file_fails(base, "xFileSize", false)
               ? SQLITE_IOERR_FSTAT
               : sound_of(base)->pMethods->xFileSize(sound_of(base), size_out);
}

static int lock_file(sqlite3_file *base, int level)
{
    return file_fails(base, "xLock", false)
               ? SQLITE_IOERR_LOCK
               : sound_of(base)->pMethods->xLock(sound_of(base), level);
}

static int unlock_file(sqlite3_file *base, int level)
{
    return sound_of(base)->pMethods->xUnlock(sound_of(base), level);
}

static int check_reserved_lock(sqlite3_file *base, int *held_out)
{
    return file_fails(base, "xCheckReservedLock", false)
               ? SQLITE_IOERR_CHECKRESERVEDLOCK
               : sound_of(base)->pMethods->xCheckReservedLock(sound_of(base), held_out);
}

static int control_file(sqlite3_file *base, int operation, void *argument)
{
    return sound_of(base)->pMethods->xFileControl(sound_of(base), operation, argument);
}

static int sector_size(sqlite3_file *base)
{
    return sound_of(base)->pMethods->xSectorSize(sound_of(base));
}

static int characteristics(sqlite3_file *base)
{
    return sound_of(base)->pMethods->xDeviceCharacteristics(sound_of(base));
}

static int map_shared(sqlite3_file *base, int page, int size, int extend, void volatile **out)
{
    if (file_fails(base, "xShmMap", false)) {
        *out = NULL;
        return SQLITE_IOERR_SHMMAP;
    }
    return sound_of(base)->pMethods->xShmMap(sound_of(base), page, size, extend, out);
}

static int lock_shared(sqlite3_file *base, int offset, int count, int flags)
{
    return (flags & SQLITE_SHM_UNLOCK) == 0 && file_fails(base, "xShmLock", false)
               ? SQLITE_IOERR_SHMLOCK
               : sound_of(base)->pMethods->xShmLock(sound_of(base), offset, count, flags);
}

static void order_shared(sqlite3_file *base)
{
    sound_of(base)->pMethods->xShmBarrier(sound_of(base));
}

static int unmap_shared(sqlite3_file *base, int delete)
{
    return sound_of(base)->pMethods->xShmUnmap(sound_of(base), delete);
}

/* Version 2: shared memory for the WAL's index, but no mapping of the database: each read is a
 * call. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_file,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = order_shared,
    .xShmUnmap = unmap_shared,
};

static int open_file(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *base, int flags,
                     int *flags_out)
{
    (void)vfs;
    if (!is_watched(name)) {
        return sound->xOpen(sound, name, base, flags, flags_out);
    }
    struct failing_file *file = failing_of(base);
    file->base.pMethods = NULL;
    if (fails("xOpen", name, false)) {
        return SQLITE_CANTOPEN;
    }
    file->name = name;
    file->file = (sqlite3_file *)(file + 1);
    int status = sound->xOpen(sound, name, file->file, flags, flags_out);
    if (file->file->pMethods != NULL) {
        file->base.pMethods = &methods;
    }
    return status;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    (void)vfs;
    return is_watched(name) && fails("xDelete", name, false)
               ? SQLITE_IOERR_DELETE
               : sound->xDelete(sound, name, sync_directory);
}

static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *result_out)
{
    (void)vfs;
    return is_watched(name) && fails("xAccess", name, false)
               ? SQLITE_IOERR_ACCESS
               : sound->xAccess(sound, name, flags, result_out);
}

void failing_vfs_install(void)
{
    if (sound != NULL) {
        return;
    }
    lock = lock_create();
    sound = sqlite3_vfs_find(NULL);
    failing = *sound; /* the clock, randomness and paths are its */
    failing.pNext = NULL;
    failing.zName = "failing";
    failing.szOsFile = (int)sizeof(struct failing_file) + sound->szOsFile;
    failing.xOpen = open_file;
    failing.xDelete = delete_file;
    failing.xAccess = access_file;
    (void)sqlite3_vfs_register(&failing, 1);
}

void failing_vfs_watch(const char *directory)
{
    (void)snprintf(watched, sizeof watched, "%s", directory);
}

void failing_vfs_arm(enum failing_vfs_kind kind, int64_t nth)
{
    lock_take(lock);
    plan_kind = kind;
    plan_nth = nth;
    counted = failed = 0;
    first[0] = last_name[0] = '\0';
    last_call = NULL;
    lock_release(lock);
}

void failing_vfs_heal(void)
{
    lock_take(lock);
    plan_nth = 0;
    lock_release(lock);
}

int64_t failing_vfs_count(void)
{
    lock_take(lock);
    int64_t count = counted;
    lock_release(lock);
    return count;
}

int64_t failing_vfs_failures(void)
{
    lock_take(lock);
    int64_t failures = failed;
    lock_release(lock);
    return failures;
}

const unsigned char *failing_vfs_written(int *count_out)
{
    lock_take(lock);
    const unsigned char *bytes = last_written;
    *count_out = last_count;
    lock_release(lock);
    return bytes;
}

const char *failing_vfs_first(void)
{
    return first;
}

static bool open_sound(const char *path, int flags, sqlite3 **database_out)
{
    return sqlite3_open_v2(path, database_out, flags, sound->zName) == SQLITE_OK &&
           sqlite3_db_config(*database_out, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) == SQLITE_OK;
}

bool failing_vfs_copy_database(const char *from, const char *to)
{
    sqlite3 *source = NULL;
    sqlite3 *target = NULL;
    sqlite3_backup *backup = NULL;
    bool copied = open_sound(from, SQLITE_OPEN_READONLY, &source) &&
                  open_sound(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &target);
    if (copied) {
        backup = sqlite3_backup_init(target, "main", source, "main");
        copied = sqlite3_backup_step(backup, -1) == SQLITE_DONE;
        (void)sqlite3_backup_finish(backup);
    }
    (void)sqlite3_close(target);
    (void)sqlite3_close(source);
    return copied;
}
