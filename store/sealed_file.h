/* Files sealed with a passphrase (protocol/sealed_stream.h), from one descriptor to another.
 *
 * Thread: any; blocks. Holds one piece at a time. `file` is how errors call it.
 */
#ifndef HEARTHCHAT_STORE_SEALED_FILE_H
#define HEARTHCHAT_STORE_SEALED_FILE_H

#include "core/error.h"
#include "protocol/sealed_stream.h"

/* Seals all that comes of `from`, to its end. RESULT_FULL: no room, or no memory. RESULT_IO. */
enum result sealed_file_write(int from, int to, const char *passphrase,
                              const struct sealed_stream_cost *cost, const char *file,
                              struct error *error);

/* Whether it begins as one; reads by place, so that where it is read on stays. */
bool sealed_file_is(int descriptor);

/* Reads the head. RESULT_UNAUTHORIZED: that is not its passphrase. RESULT_UNSUPPORTED,
 * RESULT_INVALID, RESULT_FULL. */
enum result sealed_file_open(int from, const char *passphrase, const char *file,
                             struct sealed_stream **stream_out, struct error *error);

/* Writes what is behind the head. RESULT_INVALID: it is cut or damaged; what was written of it
 * until then is as it was sealed, and not all. RESULT_FULL, RESULT_IO. */
enum result sealed_file_read(int from, int to, struct sealed_stream *stream, const char *file,
                             struct error *error);

#endif
