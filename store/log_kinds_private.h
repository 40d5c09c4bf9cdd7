/* What each kind of event does to the tables: the store's half of the table of kinds
 * (protocol/event_kind.h has the other). A new kind is a row here and its file.
 *
 * Thread: writer, inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_KINDS_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_KINDS_PRIVATE_H

#include "store/log_private.h"

struct log_kind { /* NULL: nothing is to be done */
    /* Enters an accepted event into the views, and whom it concerns; true: it concerns us. */
    bool (*apply)(struct event_log *log, const struct event *event, int64_t seq,
                  struct parties *parties);
    /* The way back. */
    void (*take_back)(struct event_log *log, const struct event *event, int64_t seq);
    /* Completes an own draft by what the log says in this transaction, and refuses what would
     * change nothing, with what is missing. `data` is the
     * draft's, decoded. A repeat of what was appended gets the first answer (`repeated`). */
    enum result (*complete)(struct event_log *log, struct event_draft *draft,
                            const union event_data *data, struct append_answer *answer);
    /* The last in replay order counts, whatever its id: no twin hides it. */
    bool last_counts;
};

/* Never NULL: a kind that is only kept and relayed has a row that does nothing. */
const struct log_kind *log_kinds_find(enum event_type type);

/* log_messages.c, log_receipts.c, log_questions.c, log_manifests.c, log_standing_rules.c: the rows.
 */
extern const struct log_kind log_messages_sent;
extern const struct log_kind log_receipts_delivered;
extern const struct log_kind log_receipts_read;
extern const struct log_kind log_questions_broken;
extern const struct log_kind log_manifests_updated;
extern const struct log_kind log_manifests_joined;
extern const struct log_kind log_standing_rules_invited;
extern const struct log_kind log_standing_rules_changed;

#endif
