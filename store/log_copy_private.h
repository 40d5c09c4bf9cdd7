/* A copy of a log's database, for a backup or to be worked on.
 *
 * Thread: any; blocks. The log may be in use: it is one moment of it.
 */
#ifndef HEARTHCHAT_STORE_LOG_COPY_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_COPY_PRIVATE_H

#include "core/error.h"

/* A new file, 0600. RESULT_IO. */
enum result log_copy_make(const char *from, const char *to, struct error *error);

#endif
