/* Reading stored events: by arrival, by lamport, by hash.
 *
 * Thread: any; each call uses a read-only connection of its own and sees the last commit.
 * Texts that a visitor gets are borrowed for the call of the visitor.
 */
#ifndef HEARTHCHAT_STORE_EVENT_READER_H
#define HEARTHCHAT_STORE_EVENT_READER_H

#include "store/log_peers.h"

/* One stored event, as canonical text. Return false to stop. */
typedef bool event_reader_visit(void *context, int64_t seq, int64_t lamport, const char *text,
                                size_t length_bytes);

/* Accepted events with seq above `after_seq`, in arrival order, at most `limit`. */
enum result event_reader_after_seq(struct event_log *log, int64_t after_seq, size_t limit,
                                   event_reader_visit *visit, void *context);

/* Accepted events with lamport above `after_lamport`, in replay order, until the visitor stops. */
enum result event_reader_after_lamport(struct event_log *log, int64_t after_lamport,
                                       event_reader_visit *visit, void *context);

/* The same, of the events alone that say who belongs to the community, and of each node's last word
 * on its addresses: a handful where the log is long. */
enum result event_reader_membership(struct event_log *log, int64_t after_lamport,
                                    event_reader_visit *visit, void *context);

/* Those of the `count` arrival numbers that are accepted events. */
enum result event_reader_by_seq(struct event_log *log, const int64_t *seqs, size_t count,
                                event_reader_visit *visit, void *context);

/* The accepted ones of these hashes, in the order given; taken[i] says whether the visitor took it.
 */
enum result event_reader_by_hash(struct event_log *log, const uint8_t (*hashes)[BLAKE3_HASH_BYTES],
                                 size_t count, event_reader_visit *visit, void *context,
                                 bool *taken);

/* Messages to or from that node and receipts that count for one of them (§15), with seq above
 * `after_seq`, in arrival order, at most `limit`. *through_out: all up to this seq was given. */
enum result event_reader_concerning(struct event_log *log, const struct node_id *node_id,
                                    int64_t after_seq, size_t limit, event_reader_visit *visit,
                                    void *context, int64_t *through_out);

/* The same of this node itself, each with what it opened to (§24.14): JSON; NULL: nothing. */
typedef bool event_reader_visit_opened(void *context, int64_t seq, const char *text,
                                       size_t length_bytes, const char *opened);
enum result event_reader_concerning_us(struct event_log *log, int64_t after_seq, size_t limit,
                                       event_reader_visit_opened *visit, void *context,
                                       int64_t *through_out);

/* True when an event with this hash is stored, aside or not. */
bool event_reader_holds(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* The same of many, each in its place. */
void event_reader_holds_each(struct event_log *log, const uint8_t (*hashes)[BLAKE3_HASH_BYTES],
                             size_t count, bool *holds_out);

/* True when the message has a chat.message.delivered of its recipient. */
bool event_reader_is_delivered(struct event_log *log, const char *event_id);

/* True when this node has used the client_id, for a message or for what it said of one (§14). */
bool event_reader_has_used(struct event_log *log, const char *client_id);

/* The greatest lamport of each type of accepted event. */
typedef void event_reader_visit_head(void *context, enum event_type type, int64_t lamport);
enum result event_reader_heads(struct event_log *log, event_reader_visit_head *visit,
                               void *context);

/* What the log takes on the disk, and how it grew: the events and bytes of text that arrived today
 * and within 30 days (UTC), by our own clock. */
struct event_reader_usage {
    int64_t file_bytes;
    int64_t day_events;
    int64_t day_bytes;
    int64_t month_events;
    int64_t month_bytes;
};
enum result event_reader_usage(struct event_log *log, struct event_reader_usage *usage_out);

/* What is remembered of the peers. */
typedef void event_reader_visit_peer(void *context, const struct peer_record *record);
enum result event_reader_peers(struct event_log *log, event_reader_visit_peer *visit,
                               void *context);

/* Where one of them was reached, longest ago first. */
typedef void event_reader_visit_address(void *context, const struct peer_address *address);
enum result event_reader_addresses(struct event_log *log, const struct node_id *peer,
                                   event_reader_visit_address *visit, void *context);

#endif
