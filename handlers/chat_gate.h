/* What the owner's settings let out of a conversation (§14): asked before anything is written.
 *
 * Thread: any. False after answering why not.
 */
#ifndef HEARTHCHAT_HANDLERS_CHAT_GATE_H
#define HEARTHCHAT_HANDLERS_CHAT_GATE_H

#include "handlers/node_parts.h"

/* [chat] enabled. */
bool chat_gate_is_open(struct request *request, const struct node_parts *parts);

/* [chat] store_and_forward: without it only who is there now is written to. */
bool chat_gate_reaches(struct request *request, const struct node_parts *parts,
                       const struct node_id *recipient);

/* Whether there are words to answer, edit or react to: not in a message that can't be opened, which
 * is final (§24.4); in one that waits for its key there will be. `peer`: of whose conversation;
 * NULL: of any. */
bool chat_gate_has_words(struct request *request, struct event_log *log, const struct node_id *peer,
                         const char *event_id);

#endif
