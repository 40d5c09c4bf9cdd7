/* What an accepted event changes in the views, and back (§6).
 *
 * Of an author's two accepted events with one id, the one with the smaller hash is shown. Another
 * author's event with this id is another event: nobody can hide what somebody else wrote.
 * Thread: writer.
 */
#ifndef HEARTHCHAT_STORE_LOG_VIEWS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_VIEWS_PRIVATE_H

#include "store/log_private.h"

/* Whether events of that type change any. */
bool log_views_has(enum event_type type);

/* True when it concerns us; *parties is written when it concerns anybody. `alone`: its id is nobody
 * else's. */
bool log_views_apply(struct event_log *log, const struct event *event, int64_t seq, bool alone,
                     struct parties *parties);
void log_views_take_back(struct event_log *log, const struct event *event, int64_t seq);

#endif
