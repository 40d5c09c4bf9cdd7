/* What this node may do by the membership of this moment (§7).
 *
 * Thread: writer, inside a transaction.
 */
#ifndef HEARTHCHAT_STORE_LOG_STANDING_RULES_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_STANDING_RULES_PRIVATE_H

#include "store/log_private.h"

/* RESULT_UNAUTHORIZED, with whom to ask, when an invitation by this node would not count. */
enum result log_standing_rules_may_invite(const struct event_log *log, enum member_level level,
                                          struct error *error);

#endif
