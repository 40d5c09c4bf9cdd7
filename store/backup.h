/* The whole node in one file: a tar of its data directory, or that sealed with a passphrase (§22,
 * §24.11).
 *
 * Thread: any; blocks. Works beside a running node: the log in it is one moment of it. The file
 * has its name once all of it is on the disk; until then what there is of it is called
 * "FILE.part-<process>", and stays if the process is killed.
 */
#ifndef HEARTHCHAT_STORE_BACKUP_H
#define HEARTHCHAT_STORE_BACKUP_H

#include "core/error.h"

/* `passphrase` NULL: in clear, and unpacked it is a data directory. `file` must not exist:
 * RESULT_EXISTS. RESULT_IO, RESULT_FULL: there is no file then either. */
enum result backup_run(const char *data_directory, const char *file, const char *passphrase,
                       struct error *error);

#endif
