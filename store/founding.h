/* Founding a community: all or nothing (§7, §17).
 *
 * Thread: any; blocks for disk syncs. The log is built in communities/joining and becomes the
 * community's by one rename.
 */
#ifndef HEARTHCHAT_STORE_FOUNDING_H
#define HEARTHCHAT_STORE_FOUNDING_H

#include "store/event_log.h"

/* Makes the community whose root key is `key`. RESULT_EXISTS when the directory is in one already.
 */
enum result founding_run(const char *data_directory, const struct signing_key *key,
                         const struct clock *clock, const char *name, const struct policy *policy,
                         struct error *error);

#endif
