/* The program's log: one JSON object a line, on stderr or in a file; on a terminal a line for the
 * reader. A file that is moved away, as when logs are rotated, is begun anew within a second. Never
 * a key, never a message body.
 *
 * Thread: any; a line is written with one write(2). log_open() once at start-up, before other
 * threads.
 */
#ifndef HEARTHCHAT_CORE_LOG_H
#define HEARTHCHAT_CORE_LOG_H

#include <stdbool.h>

#include "core/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* `path` NULL: stderr. RESULT_IO when the file can't be appended to. */
enum result log_open(const char *path, enum log_level level, struct error *error);
void log_close(void);

/* "debug", "info", "warning", "error". */
bool log_level_parse(const char *text, enum log_level *level_out);

/* log_write(LOG_INFO, "peer.online", "peer", short_id, NULL): `event` names what happened, then
 * pairs of name and text, ended by NULL. A NULL text is left out. Control characters are escaped
 * (on a terminal replaced), invalid UTF-8 is replaced by '?'. */
void log_write(enum log_level level, const char *event, ...) __attribute__((sentinel));

#endif
