#include "store/log_copy_private.h"

#include <sys/stat.h>

#include "store/database_private.h"
#include "store/log_schema_private.h"

enum result log_copy_make(const char *from, const char *to, struct error *error)
{
    struct database source;
    struct database target = {0};
    enum result result = database_open(&source, from, DATABASE_READS, error);
    if (result != RESULT_OK) {
        return result;
    }
    if (database_version(&source) == 0) {
        result = source.failed ? log_schema_explain(&source, "The event log can't be copied", error)
                               : error_set(error, RESULT_IO,
                                           "The event log is empty. Stop the node and run: "
                                           "hearthchat repair");
        database_close(&source);
        return result;
    }
    mode_t before = umask(0077);
    result = database_open(&target, to, DATABASE_WRITES, error);
    (void)umask(before);
    if (result == RESULT_OK) {
        sqlite3_backup *backup = sqlite3_backup_init(target.handle, "main", source.handle, "main");
        int status = backup == NULL ? SQLITE_ERROR : sqlite3_backup_step(backup, -1);
        if (sqlite3_backup_finish(backup) != SQLITE_OK || status != SQLITE_DONE) {
            result = error_set(error, RESULT_IO, "The event log can't be copied: %s.",
                               sqlite3_errmsg(target.handle));
        }
    }
    database_close(&target);
    database_close(&source);
    return result;
}
