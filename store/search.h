/* Full text over the owner's messages: bodies and the names of attachments (§13).
 *
 * A word that is everywhere takes a while, so a search is done in pieces.
 * Thread: any; uses read-only connections of its own. What a visitor gets is borrowed for the call
 * of the visitor. What a query means: protocol/search_words.h; what is one to people:
 * protocol/search_text.h.
 * Limits: a query has at most SEARCH_MOST_QUERY_BYTES: a sentence, and more than anybody types. Of
 * one text the first SEARCH_MOST_RANGES places are told.
 */
#ifndef HEARTHCHAT_STORE_SEARCH_H
#define HEARTHCHAT_STORE_SEARCH_H

#include "protocol/search_words.h"
#include "store/history.h"

#define SEARCH_MOST_QUERY_BYTES 512
#define SEARCH_MOST_RANGES 256

struct search_query {
    const char *text;
    const struct node_id *peer; /* NULL: all conversations */
    size_t limit;
};

struct search_found {
    const char *text; /* the body; the names of attachments when nothing of it stands there */
    bool in_body;
    const struct search_range *ranges; /* of the text */
    size_t range_count;
};

typedef void search_visit(void *context, const struct history_message *message,
                          const struct search_found *found);

/* A search that is under way. Thread: one at a time. */
struct search;

/* The query is copied. */
struct search *search_begin(struct event_log *log, const struct search_query *query);

/* Looks until `is_over` says so, which is asked after each message, or to the end: true. What is
 * stored meanwhile may be found. A few searches at a time keep a connection between their steps. */
bool search_go_on(struct search *search, bool (*is_over)(void *context), void *context);

/* Visits what was found, the newest first by (lamport, event_id), and ends the search. `more_out`:
 * there are more than `limit`. */
enum result search_end(struct search **search, search_visit *visit, void *context, bool *more_out);

#endif
