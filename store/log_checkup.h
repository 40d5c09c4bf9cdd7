/* A quick look at a log, for those who want to know now whether it is damaged; the whole answer is
 * maintenance_verify().
 *
 * Thread: any; blocks for seconds at most. Reads beside a running node and changes nothing.
 * Limits: SQLite's quick check, and LOG_CHECKUP_SAMPLE events, spread over the log.
 */
#ifndef HEARTHCHAT_STORE_LOG_CHECKUP_H
#define HEARTHCHAT_STORE_LOG_CHECKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "protocol/node_id.h"

#define LOG_CHECKUP_SAMPLE 1000

struct log_checkup {
    bool database_is_sound;
    int64_t looked_at; /* events */
    int64_t damaged;   /* of them: those whose text, hash or signature is not right */
};

/* `directory`: the community's. RESULT_OK when it could be looked at, whatever was found.
 * RESULT_IO, with the reason. */
enum result log_checkup_run(const char *directory, const struct node_id *community_id,
                            struct log_checkup *checkup_out, struct error *error);

#endif
