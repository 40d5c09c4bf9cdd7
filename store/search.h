/* Full text over the owner's messages: bodies and the names of attachments (§13).
 *
 * Thread: any; uses a read-only connection of its own. Texts that a visitor gets are borrowed for
 * the call of the visitor. Words are compared without case and accents.
 * Limits: a query has at most SEARCH_MOST_QUERY_BYTES: a sentence, and more than anybody types.
 */
#ifndef HEARTHCHAT_STORE_SEARCH_H
#define HEARTHCHAT_STORE_SEARCH_H

#include "store/history.h"

#define SEARCH_MOST_QUERY_BYTES 512

/* In a snippet: around what was found. No byte of UTF-8, so no text holds them. */
#define SEARCH_MARK_BEGIN '\xfe'
#define SEARCH_MARK_END '\xff'

struct search_query {
    const char *text;           /* words: all of them, each or its beginning; "…": as it stands */
    const struct node_id *peer; /* NULL: all conversations */
    size_t limit;
};

/* `snippet`: about a dozen words around what was found, with the marks. */
typedef void search_visit(void *context, const struct history_message *message,
                          const char *snippet);

/* Visits the newest first, by (lamport, event_id). `more_out`: there are more than `limit`. */
enum result search_messages(struct event_log *log, const struct search_query *query,
                            search_visit *visit, void *context, bool *more_out);

#endif
