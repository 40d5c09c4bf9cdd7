/* A backup made a data directory again (§22).
 *
 * Thread: any; blocks. What is not a backup changes nothing: it is unpacked beside the place,
 * synced, and moved there by one rename. What was sealed is opened into a file without a name
 * first, so nothing of one that is cut is taken; that takes its room twice.
 */
#ifndef HEARTHCHAT_STORE_RESTORE_H
#define HEARTHCHAT_STORE_RESTORE_H

#include "core/error.h"
#include "protocol/sealed_stream.h"

/* Asks for the passphrase of a sealed backup; the caller wipes it. Any result but RESULT_OK, with
 * its reason, ends it. */
typedef enum result restore_ask(void *context,
                                char passphrase_out[static SEALED_STREAM_MOST_PASSPHRASE_BYTES + 1],
                                struct error *error);

/* `ask` is called for a sealed backup alone. `directory` is absent, or empty but for what a node
 * that ended leaves. Of the tar only what a backup has is taken; the log begins another life.
 * RESULT_EXISTS: there are keys, or anything else. RESULT_INVALID: no backup. RESULT_UNAUTHORIZED:
 * not its passphrase. RESULT_UNSUPPORTED, RESULT_FULL, RESULT_IO, RESULT_NOT_FOUND. */
enum result restore_run(const char *file, const char *directory, restore_ask *ask, void *context,
                        struct error *error);

#endif
