/* The passphrase of a backup: typed on the terminal, unseen, or the line of a file that nobody else
 * can read.
 *
 * Thread: main; waits for who types. The caller wipes what it got, on failure too.
 */
#ifndef HEARTHCHAT_SERVER_CLI_PASSPHRASE_H
#define HEARTHCHAT_SERVER_CLI_PASSPHRASE_H

#include "core/error.h"
#include "protocol/sealed_stream.h"

#define CLI_PASSPHRASE_BYTES (SEALED_STREAM_MOST_PASSPHRASE_BYTES + 1)
#define CLI_PASSPHRASE_LEAST_CHARACTERS 8 /* of a new one */

/* `path` NULL: asks on the terminal. RESULT_INVALID: none, or one that can't be. RESULT_IO. */
enum result cli_passphrase_get(const char *path, char passphrase_out[static CLI_PASSPHRASE_BYTES],
                               struct error *error);

/* The same for what is to be sealed: asks twice, and takes no short one. */
enum result cli_passphrase_choose(const char *path,
                                  char passphrase_out[static CLI_PASSPHRASE_BYTES],
                                  struct error *error);

#endif
