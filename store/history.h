/* The owner's conversations: messages in order, receipts filled in, unread counts (§13, §14).
 *
 * Thread: any; each call uses a read-only connection of its own. Texts that a visitor gets are
 * borrowed for the call of the visitor.
 */
#ifndef HEARTHCHAT_STORE_HISTORY_H
#define HEARTHCHAT_STORE_HISTORY_H

#include "store/event_log.h"

#define HISTORY_MOST_LIMIT 1000

struct history_query {
    const struct node_id *peer; /* NULL: all conversations */
    int64_t since_lamport;      /* exclusive; 0: from the first */
    int64_t before_lamport;     /* exclusive; 0: to the last */
    bool newest;                /* the last ones of these, not the first */
    size_t limit; /* 1 to HISTORY_MOST_LIMIT; a page is lengthened to its last lamport */
};

struct history_message {
    const char *event_id;
    int64_t lamport;
    const uint8_t *peer; /* NODE_ID_BYTES */
    bool outgoing;
    bool sealed; /* an envelope that nobody can open yet (§24); its body is "" */
    const char *body;
    const char *attachments; /* canonical JSON */
    const char *created_at;
    const char *delivered_at; /* NULL: not yet */
    const char *read_at;      /* NULL: not yet */
};
typedef void history_visit(void *context, const struct history_message *message);

/* Visits in ascending (lamport, event_id) order. `more_out`: there is more in the direction of
 * paging. */
enum result history_page(struct event_log *log, const struct history_query *query,
                         history_visit *visit, void *context, bool *more_out);

struct history_conversation {
    struct node_id peer;
    int64_t unread;
};
typedef void history_visit_conversation(void *context,
                                        const struct history_conversation *conversation);

/* Every peer with at least one message, in the order of their NodeIDs. */
enum result history_conversations(struct event_log *log, history_visit_conversation *visit,
                                  void *context);

/* How many messages from that peer wait to be read. */
enum result history_count_unread(struct event_log *log, const struct node_id *peer,
                                 int64_t *unread_out);

/* The first of them; not visited when there is none. */
enum result history_first_unread(struct event_log *log, const struct node_id *peer,
                                 history_visit *visit, void *context);

/* The newest message with that peer; not visited when there is none. */
enum result history_last_message(struct event_log *log, const struct node_id *peer,
                                 history_visit *visit, void *context);

#endif
