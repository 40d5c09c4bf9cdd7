#include "store/history_conversations.h"

#include <string.h>

#include "store/history_private.h"
#include "store/log_lost_private.h"
#include "store/log_offers_private.h"
#include "store/log_readers_private.h"

/* What is behind the place up to which we read has no mark of ours. */
#define READ_AT                                                                                    \
    "CASE WHEN m.recipient=?1 AND (m.lamport,m.event_id)>(c.read_lamport,c.read_event_id)"         \
    " THEN NULL ELSE (SELECT r.at FROM read_marks r INDEXED BY read_marks_steps WHERE "            \
    "r.conversation=m.conversation"                                                                \
    " AND r.reader=m.recipient AND r.step=1"                                                       \
    " AND (r.target_lamport,r.target_event_id)>=(m.lamport,m.event_id)"                            \
    " ORDER BY r.target_lamport,r.target_event_id LIMIT 1) END"

/* The number of the peer: the last message has it. */
#define NUMBER                                                                                     \
    "coalesce(CASE m.author WHEN ?1 THEN m.recipient ELSE m.author END,"                           \
    "(SELECT n.id FROM nodes n WHERE n.key=c.key))"

enum {
    COLUMN_READ_AT = HISTORY_COLUMN_COUNT,
    COLUMN_KEY,
    COLUMN_IS_SEALED,
    COLUMN_LOST_THERE,
    COLUMN_UNREAD,
    COLUMN_FIRST_LAMPORT,
    COLUMN_FIRST_EVENT_ID
};

#define CONVERSATION                                                                               \
    "SELECT " HISTORY_COLUMNS "," READ_AT ",c.key," LOG_OFFERS_IS_ANY(                             \
        NUMBER, "?1") "," LOG_LOST_COUNT(NUMBER) ",c.unread,c.first_lamport,c.first_event_id FROM" \
                                                 " conversations c LEFT JOIN messages m"           \
                                                 " ON m.seq=c.last_seq "
/* In the order in which they are found, so that nothing that is long is sorted. */
static const char every_conversation[] = CONVERSATION "WHERE c.key<>?3 ORDER BY c.key";
static const char one_conversation[] = CONVERSATION "WHERE c.key=?3";

/* Of somebody with whom there is none. */
static const char no_conversation[] = "SELECT " LOG_OFFERS_IS_ANY("n.id", "?1") "," LOG_LOST_COUNT(
    "n.id") " FROM nodes n WHERE n.key=?2";

struct listing {
    struct event_log *log;
    struct database *reader;
    struct history_rows rows;
    const struct membership *membership;
    size_t next_member; /* the first that was not visited yet; they are in the order of NodeIDs */
    history_visit_conversation *visit;
    void *context;
};

static void visit_row(struct listing *listing, sqlite3_stmt *row, const struct node_id *peer,
                      const struct member *member)
{
    struct history_rows *rows = &listing->rows;
    struct history_message last;
    struct history_conversation conversation = {
        .peer = *peer,
        .member = member,
        .is_sealed = sqlite3_column_int(row, COLUMN_IS_SEALED) != 0,
        .lost_there = sqlite3_column_int64(row, COLUMN_LOST_THERE),
        .unread = sqlite3_column_int64(row, COLUMN_UNREAD),
        .first_unread = history_rows_text(row, COLUMN_FIRST_EVENT_ID),
        .first_unread_lamport = sqlite3_column_int64(row, COLUMN_FIRST_LAMPORT)};
    rows->conversation = sqlite3_column_int64(row, 2);
    memcpy(rows->peer, peer->key, NODE_ID_BYTES);
    if (rows->conversation != 0 && history_rows_read(rows, row, &last)) {
        conversation.last_message = &last;
    }
    listing->visit(listing->context, &conversation);
}

static void visit_alone(struct listing *listing, const struct node_id *peer,
                        const struct member *member)
{
    struct history_conversation nothing = {.peer = *peer, .member = member};
    sqlite3_stmt *row = database_query(listing->reader, no_conversation, "ib", listing->log->self,
                                       peer->key, NODE_ID_BYTES);
    if (database_next(listing->reader, row)) {
        nothing.is_sealed = sqlite3_column_int(row, 0) != 0;
        nothing.lost_there = sqlite3_column_int64(row, 1);
    }
    database_done(row);
    listing->visit(listing->context, &nothing);
}

/* The members before that node, with whom there is no conversation; NULL: all that are left. What
 * the node itself is. */
static const struct member *visit_members_before(struct listing *listing,
                                                 const struct node_id *peer)
{
    const struct membership *membership = listing->membership;
    while (membership != NULL && listing->next_member < membership->member_count) {
        const struct member *member = &membership->members[listing->next_member];
        int order = peer == NULL ? -1 : node_id_compare(&member->node_id, peer);
        if (order > 0) {
            return NULL;
        }
        listing->next_member++;
        if (order == 0) {
            return member;
        }
        if (!node_id_equal(&member->node_id, &listing->log->options.key->node_id)) {
            visit_alone(listing, &member->node_id, member);
        }
    }
    return NULL;
}

static void visit_all(struct listing *listing)
{
    struct database *reader = listing->reader;
    struct node_id peer;
    sqlite3_stmt *row = database_query(reader, every_conversation, "iib", listing->log->self,
                                       (int64_t)EVENT_MESSAGE_DELIVERED,
                                       listing->log->options.key->node_id.key, NODE_ID_BYTES);
    while (database_next(reader, row)) {
        if (sqlite3_column_bytes(row, COLUMN_KEY) != NODE_ID_BYTES) {
            continue; /* of a damaged log */
        }
        memcpy(peer.key, sqlite3_column_blob(row, COLUMN_KEY), NODE_ID_BYTES);
        visit_row(listing, row, &peer, visit_members_before(listing, &peer));
    }
    visit_members_before(listing, NULL);
    database_done(row);
}

static void visit_one(struct listing *listing, const struct node_id *peer)
{
    const struct member *member =
        listing->membership == NULL ? NULL : membership_find(listing->membership, peer);
    sqlite3_stmt *row = database_query(listing->reader, one_conversation, "iib", listing->log->self,
                                       (int64_t)EVENT_MESSAGE_DELIVERED, peer->key, NODE_ID_BYTES);
    if (database_next(listing->reader, row)) {
        visit_row(listing, row, peer, member);
    } else {
        visit_alone(listing, peer, member);
    }
    database_done(row);
}

enum result history_conversations(struct event_log *log, const struct membership *membership,
                                  const struct node_id *peer, history_visit_conversation *visit,
                                  void *context)
{
    struct listing listing = {.log = log,
                              .reader = log_readers_acquire(log),
                              .membership = membership,
                              .visit = visit,
                              .context = context};
    listing.rows =
        (struct history_rows){.reader = listing.reader, .read_at_column = COLUMN_READ_AT};
    if (peer == NULL) {
        visit_all(&listing);
    } else {
        visit_one(&listing, peer);
    }
    return log_readers_release(log, &listing.reader);
}
