/* Whose safety number the owner compared, and when: marks of this node alone, in no event (§24.12).
 *
 * Thread: any that may read the log. A mark is a member's: of who was revoked it counts no more,
 * so whoever asks for it brings the membership.
 */
#ifndef HEARTHCHAT_STORE_LOG_VERIFIED_H
#define HEARTHCHAT_STORE_LOG_VERIFIED_H

#include "store/event_log.h"

/* Marks that member, as of now, or takes the mark away; nothing else of the answer is set but
 * `result` and `error`. RESULT_NOT_FOUND: that is no member. RESULT_IO. `done` runs on the writer's
 * thread, after the commit, and must not block; when this returns anything but RESULT_OK it is
 * never called. */
enum result log_verified_mark(struct event_log *log, const struct node_id *member, bool verified,
                              event_log_answered *done, void *context);

/* All marks there are. */
struct log_verified_mark {
    struct node_id node_id;
    int64_t at; /* seconds since 1970 */
};
struct log_verified_marks {
    struct log_verified_mark *list; /* in the order of NodeIDs */
    size_t count;
};

/* RESULT_IO: they can't be read, and there are none of them. To be freed in any case. */
enum result log_verified_read(struct event_log *log, struct log_verified_marks *marks_out);
void log_verified_free(struct log_verified_marks *marks);

/* When that member was marked; 0: it is not, or is no member. */
int64_t log_verified_find(const struct log_verified_marks *marks,
                          const struct membership *membership, const struct node_id *node_id);

#endif
