/* The owner's conversations, one behind the other: what is last in each and what waits in it (§14).
 *
 * Thread: any; a call uses a read-only connection of its own. What a visitor gets is borrowed for
 * the call of the visitor.
 */
#ifndef HEARTHCHAT_STORE_HISTORY_CONVERSATIONS_H
#define HEARTHCHAT_STORE_HISTORY_CONVERSATIONS_H

#include "store/history.h"

/* What is known of a peer, and of the conversation with it. */
struct history_conversation {
    struct node_id peer;
    const struct member *member; /* what it is; NULL: no member */
    bool is_sealed;              /* what is written to it now would be (§24.5): it offers a key */
    int64_t lost_there;          /* keys that it had and lost, and can be given (§24.8) */
    int64_t unread;              /* how many messages from it wait to be read */
    const char *first_unread;    /* event_id; NULL: none */
    int64_t first_unread_lamport;
    const struct history_message *last_message; /* NULL: there are no messages */
};
typedef void history_visit_conversation(void *context,
                                        const struct history_conversation *conversation);

/* Every member, and every other node that there is a conversation with, but our own, in the order
 * of NodeIDs; or `peer` alone, whatever is known of it. `membership` NULL: nobody is a member. */
enum result history_conversations(struct event_log *log, const struct membership *membership,
                                  const struct node_id *peer, history_visit_conversation *visit,
                                  void *context);

#endif
