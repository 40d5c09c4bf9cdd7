#include "store/journal_file_private.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/signing.h"

/* Of SQLite's format of the journal: before each page stands its head, with the size of the
 * database in the last of a transaction and 0 in the others. */
enum { HEAD_BYTES = 24, HEAD_SIZE_AT = 4, HEAD_SIZE_BYTES = 4 };

enum { WRITER_LOCK = 0 }; /* of the locks on what connections share */

enum { MOST_BYTES = 128 * 1024 - 1 }; /* SQLite's files take no more at once */

static sqlite3_vfs *beneath; /* the system's files */
static sqlite3_vfs ours;

/* Stands behind a file of the VFS beneath, whose methods are replaced where they are ours. */
struct part {
    const sqlite3_io_methods *beneath;
    sqlite3_io_methods methods;
    sqlite3_file *other; /* the journal of a database, the database of a journal. NULL: closed */
    unsigned char *gathered; /* what comes from here on: of a journal */
    int gathered_bytes;
    sqlite3_int64 gathered_from; /* their place, or where they would begin; -1: unknown */
    bool has_head;               /* what comes next is the page of a head */
    bool is_last;                /* and the last page of its transaction */
};

static size_t size_beneath(void)
{
    const size_t align = _Alignof(max_align_t);
    return ((size_t)beneath->szOsFile + align - 1) / align * align;
}

static struct part *part_of(sqlite3_file *file)
{
    return (struct part *)(void *)((unsigned char *)file + size_beneath());
}

/* Pages hold keys that may be deleted next. */
static void keep_gathered(struct part *part, int bytes)
{
    signing_wipe(part->gathered + bytes, (size_t)(part->gathered_bytes - bytes));
    part->gathered_bytes = bytes;
}

static void drop_gathered(struct part *part)
{
    if (part->gathered_bytes > 0) {
        keep_gathered(part, 0);
    }
}

static int write_gathered(sqlite3_file *file)
{
    struct part *part = part_of(file);
    int count = part->gathered_bytes;
    if (count == 0) {
        return SQLITE_OK;
    }
    int status = part->beneath->xWrite(file, part->gathered, count, part->gathered_from);
    if (status == SQLITE_OK) {
        part->gathered_from += count;
        drop_gathered(part);
    }
    return status;
}

static void gather(struct part *part, const void *bytes, int count)
{
    if (part->gathered == NULL) {
        part->gathered = memory_allocate(MOST_BYTES, 1);
    }
    memcpy(part->gathered + part->gathered_bytes, bytes, (size_t)count);
    part->gathered_bytes += count;
}

static void note_head(struct part *part, const unsigned char *head)
{
    static const unsigned char none[HEAD_SIZE_BYTES];
    part->has_head = true;
    part->is_last = memcmp(head + HEAD_SIZE_AT, none, sizeof none) != 0;
}

static int take_page(sqlite3_file *file, const void *page, int count)
{
    struct part *part = part_of(file);
    int before = part->gathered_bytes;
    part->has_head = false;
    gather(part, page, count);
    if (!part->is_last && part->gathered_bytes + HEAD_BYTES + count <= MOST_BYTES) {
        return SQLITE_OK;
    }
    int status = write_gathered(file);
    if (status != SQLITE_OK) { /* SQLite takes this page alone for not written */
        keep_gathered(part, before);
    }
    return status;
}

/* The journal's own head; what SQLite changes of a transaction that it had to begin writing early;
 * the first frame's head, behind which the place of the others is known. */
static int write_at_once(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    struct part *part = part_of(file);
    int status = write_gathered(file);
    part->has_head = false;
    if (status != SQLITE_OK) {
        return status;
    }
    status = part->beneath->xWrite(file, bytes, count, offset);
    bool is_head = status == SQLITE_OK && count == HEAD_BYTES;
    part->gathered_from = is_head ? offset + count : -1;
    if (is_head) {
        note_head(part, bytes);
    }
    return status;
}

static int write_journal(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    struct part *part = part_of(file);
    bool is_next = offset == part->gathered_from + part->gathered_bytes &&
                   part->gathered_bytes + count <= MOST_BYTES;
    if (is_next && part->has_head && count > HEAD_BYTES) {
        return take_page(file, bytes, count);
    }
    if (is_next && !part->has_head && count == HEAD_BYTES) {
        gather(part, bytes, count);
        note_head(part, bytes);
        return SQLITE_OK;
    }
    return write_at_once(file, bytes, count, offset);
}

static int read_journal(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
    struct part *part = part_of(file);
    bool is_gathered =
        offset < part->gathered_from + part->gathered_bytes && offset + count > part->gathered_from;
    int status = is_gathered ? write_gathered(file) : SQLITE_OK;
    return status == SQLITE_OK ? part->beneath->xRead(file, bytes, count, offset) : status;
}

static int truncate_journal(sqlite3_file *file, sqlite3_int64 size)
{
    int status = write_gathered(file);
    return status == SQLITE_OK ? part_of(file)->beneath->xTruncate(file, size) : status;
}

static int sync_journal(sqlite3_file *file, int flags)
{
    int status = write_gathered(file);
    return status == SQLITE_OK ? part_of(file)->beneath->xSync(file, flags) : status;
}

static int size_journal(sqlite3_file *file, sqlite3_int64 *size_out)
{
    int status = write_gathered(file);
    return status == SQLITE_OK ? part_of(file)->beneath->xFileSize(file, size_out) : status;
}

static int close_journal(sqlite3_file *file)
{
    struct part *part = part_of(file);
    if (part->other != NULL) {
        part_of(part->other)->other = NULL;
    }
    memory_free(part->gathered);
    file->pMethods = part->beneath;
    return file->pMethods->xClose(file);
}

static int lock_shared(sqlite3_file *file, int offset, int count, int flags)
{
    struct part *part = part_of(file);
    if (part->other != NULL && offset == WRITER_LOCK && (flags & SQLITE_SHM_UNLOCK) != 0) {
        drop_gathered(part_of(part->other));
    }
    return part->beneath->xShmLock(file, offset, count, flags);
}

static int close_database(sqlite3_file *file)
{
    struct part *part = part_of(file);
    if (part->other != NULL) {
        part_of(part->other)->other = NULL;
    }
    file->pMethods = part->beneath;
    return file->pMethods->xClose(file);
}

static struct part *adopt(sqlite3_file *file)
{
    struct part *part = part_of(file);
    *part =
        (struct part){.beneath = file->pMethods, .methods = *file->pMethods, .gathered_from = -1};
    file->pMethods = &part->methods;
    return part;
}

static void adopt_database(sqlite3_file *file)
{
    struct part *part = adopt(file);
    part->methods.xClose = close_database;
    part->methods.xShmLock = lock_shared;
}

static void adopt_journal(sqlite3_file *file, sqlite3_file *database)
{
    struct part *part = adopt(file);
    part->methods.xClose = close_journal;
    part->methods.xRead = read_journal;
    part->methods.xWrite = write_journal;
    part->methods.xTruncate = truncate_journal;
    part->methods.xSync = sync_journal;
    part->methods.xFileSize = size_journal;
    part->other = database;
    part_of(database)->other = file;
}

/* Else SQLite fills up sectors behind a transaction, with pieces of frames. */
static bool comes_in_frames(sqlite3_file *database)
{
    return (database->pMethods->xDeviceCharacteristics(database) &
            SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0;
}

static int open_file(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                     int *flags_out)
{
    (void)vfs;
    int status = beneath->xOpen(beneath, name, file, flags, flags_out);
    if (status == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
        adopt_database(file);
    } else if (status == SQLITE_OK && (flags & SQLITE_OPEN_WAL) != 0) {
        sqlite3_file *database = sqlite3_database_file_object(name);
        if (comes_in_frames(database)) {
            adopt_journal(file, database);
        }
    }
    return status;
}

const char *journal_file_vfs(void)
{
    if (sqlite3_initialize() != SQLITE_OK) {
        return NULL;
    }
    sqlite3_mutex *once = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_APP1);
    sqlite3_mutex_enter(once);
    if (beneath == NULL) {
        beneath = sqlite3_vfs_find(NULL);
        ours = *beneath; /* the clock, randomness and paths are its */
        ours.pNext = NULL;
        ours.zName = "journal";
        ours.szOsFile = (int)(size_beneath() + sizeof(struct part));
        ours.xOpen = open_file;
        (void)sqlite3_vfs_register(&ours, 0);
    }
    sqlite3_mutex_leave(once);
    return ours.zName;
}
