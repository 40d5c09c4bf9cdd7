/* Reads a tar that anybody may have made: files and directories, nothing else.
 *
 * Thread: any; blocks. Every entry is checked before it is given out: its header's sum, that its
 * content is all there, that its path stays inside. Formats: ustar, GNU, pax, as far as paths of a
 * data directory need them.
 */
#ifndef HEARTHCHAT_STORE_TAR_READER_H
#define HEARTHCHAT_STORE_TAR_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

#define TAR_READER_PATH_BYTES 258

struct tar_reader {
    int descriptor;
    int64_t length_bytes;
    int64_t next; /* where the next header is */
    const char *file;
};

struct tar_entry {
    char path[TAR_READER_PATH_BYTES]; /* relative, without "." and ".."; "": the top itself */
    bool is_directory;
    int64_t at; /* of the content */
    int64_t size_bytes;
};

/* `file` is borrowed. RESULT_IO, RESULT_NOT_FOUND, RESULT_INVALID: no plain file. */
enum result tar_reader_open(struct tar_reader *reader, const char *file, struct error *error);
void tar_reader_close(struct tar_reader *reader);

/* Has it read another file instead, which is its own from now on; from the beginning. */
void tar_reader_replace(struct tar_reader *reader, int descriptor);

/* From the beginning again. */
void tar_reader_rewind(struct tar_reader *reader);

/* RESULT_NOT_FOUND at the end. RESULT_INVALID: no tar, a cut one, or an entry that is refused. */
enum result tar_reader_next(struct tar_reader *reader, struct tar_entry *entry_out,
                            struct error *error);

/* Writes the content. RESULT_IO, RESULT_FULL. */
enum result tar_reader_copy(const struct tar_reader *reader, const struct tar_entry *entry,
                            int target, struct error *error);

#endif
