/* Logs that were set aside: "events.sqlite.damaged-<date>", and "…-wal" for the journal.
 *
 * A journal may stand alone: the file that it belonged to is lost. SQLite must never meet it
 * beside another log, whose pages it would overwrite; what is in it can still be read.
 * Thread: any; blocks. The data directory is the caller's alone (data_directory_lock()).
 */
#ifndef HEARTHCHAT_STORE_DAMAGED_FILES_H
#define HEARTHCHAT_STORE_DAMAGED_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/clock.h"
#include "core/error.h"

#define DAMAGED_FILES_NAME_BYTES 64

struct damaged_files {
    char **names; /* each once, without its "-wal", whichever of the two there is */
    size_t count;
};

/* The newest first. damaged_files_deinit() frees. */
void damaged_files_list(const char *directory, struct damaged_files *files_out);
void damaged_files_deinit(struct damaged_files *files);

/* Whether a log, or a journal alone, is in its place. */
bool damaged_files_is_any_in_place(const char *directory);

/* Moves what is in its place; `name_out`: the log's name now, or the journal's when it is alone.
 * RESULT_IO: some of it is still there, and it can be tried again. */
enum result damaged_files_set_aside(const char *directory, const struct clock *clock,
                                    char name_out[static DAMAGED_FILES_NAME_BYTES],
                                    struct error *error);

#endif
