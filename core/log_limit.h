/* How often the log says what somebody else can make it say: one line of a kind about one caller,
 * and a few about all, in a while.
 *
 * Thread: any. Limits: LIMITS_REFUSAL_LINE_MS, LIMITS_REFUSAL_LINES; 512 kinds are remembered.
 */
#ifndef HEARTHCHAT_CORE_LOG_LIMIT_H
#define HEARTHCHAT_CORE_LOG_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_limit;

struct log_limit *log_limit_create(uint64_t seed);
void log_limit_destroy(struct log_limit **limit);

/* True when a line about `who` and `why` is to be written now. *left_out: how many were not written
 * since the last that was, by anybody. */
bool log_limit_admit(struct log_limit *limit, const char *who, const char *why, int64_t now_ms,
                     size_t *left_out);

#endif
