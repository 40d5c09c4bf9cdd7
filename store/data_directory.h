/* The data directory: its place, its modes, its lock (§21).
 *
 * Thread: any; blocks for disk syncs. Directories are 0700, files 0600; what is laxer is refused,
 * not repaired.
 */
#ifndef HEARTHCHAT_STORE_DATA_DIRECTORY_H
#define HEARTHCHAT_STORE_DATA_DIRECTORY_H

#include <stddef.h>

#include "core/clock.h"
#include "core/error.h"
#include "protocol/node_id.h"

/* $XDG_DATA_HOME/hearthnet, else ~/.local/share/hearthnet; the caller frees. NULL without a home.
 */
char *data_directory_default(void);

/* $XDG_CONFIG_HOME/hearthnet/hearthchat.ini, else under ~/.config; the caller frees. NULL likewise.
 */
char *data_directory_default_configuration(void);

/* Makes the directory and those above it that are missing. RESULT_IO when it can't be made or
 * written, or others can look into it. */
enum result data_directory_prepare(const char *path, struct error *error);

/* `directory`/`relative`, the caller frees; makes the directories in between. */
char *data_directory_path(const char *directory, const char *relative);

/* Takes the directory for this process until data_directory_unlock() or its end. RESULT_BUSY when
 * another node has it. */
enum result data_directory_lock(const char *directory, int *lock_out, struct error *error);
void data_directory_unlock(int lock);

/* Writes a small file, whole or not at all, mode 0600, synced; makes the directories above it.
 * RESULT_FULL: there is no room; RESULT_IO. */
enum result data_directory_write_file(const char *path, const void *bytes, size_t length_bytes,
                                      struct error *error);

/* Reads a file of at most `limit_bytes`; the caller frees *bytes_out, which has a NUL behind its
 * end. RESULT_NOT_FOUND, RESULT_FULL when it is larger, RESULT_IO. */
enum result data_directory_read_file(const char *path, size_t limit_bytes, char **bytes_out,
                                     size_t *length_bytes_out);

/* The one community of this directory that has a log. RESULT_NOT_FOUND when there is none. */
enum result data_directory_find_community(const char *directory, struct node_id *community_id_out);

/* One whose directory is there, and its log is not: it was lost, or set aside and not made anew. */
enum result data_directory_find_lost(const char *directory, struct node_id *community_id_out);

/* "communities/<id>" for a community, or the place where a join is prepared; the caller frees. */
char *data_directory_community_path(const char *directory, const struct node_id *community_id);
char *data_directory_joining_path(const char *directory);

/* Deletes a joining directory, if there is one. */
void data_directory_discard_joining(const char *directory);

/* Makes the joined community this directory's own; one that is there without a log gets it, and
 * what was left of its old log is set aside (damaged_files.h), by the date that `clock` says. */
enum result data_directory_adopt_joining(const char *directory, const struct node_id *community_id,
                                         const struct clock *clock, struct error *error);

#endif
