/* A backup made a data directory again (§22).
 *
 * Thread: any; blocks. What is not a backup changes nothing: it is unpacked beside the place,
 * synced, and moved there by one rename.
 */
#ifndef HEARTHCHAT_STORE_RESTORE_H
#define HEARTHCHAT_STORE_RESTORE_H

#include "core/error.h"

/* `directory` is absent, or empty but for what a node that ended leaves. Of the tar only what a
 * backup has is taken; the log begins another life. RESULT_EXISTS: there are keys, or anything
 * else. RESULT_INVALID: no backup. RESULT_FULL, RESULT_IO, RESULT_NOT_FOUND. */
enum result restore_run(const char *file, const char *directory, struct error *error);

#endif
