/* What this node remembers of its peers between starts.
 *
 * Thread: any. Nobody waits for it: it is kept soon, and refused when the inbox is full; the next
 * one brings it.
 */
#ifndef HEARTHCHAT_STORE_LOG_PEERS_H
#define HEARTHCHAT_STORE_LOG_PEERS_H

#include "store/event_log.h"

struct peer_record {
    struct node_id node_id;
    int64_t cursor;    /* the peer has all our events with seq up to here */
    int64_t last_seen; /* seconds since 1970; 0: never */
};

enum result log_peers_save(struct event_log *log, const struct peer_record *records, size_t count);

/* An address at which a peer was reached. */
#define PEER_ADDRESS_SOURCE_BYTES 12
struct peer_address {
    struct endpoint endpoint;
    char source[PEER_ADDRESS_SOURCE_BYTES]; /* who named it; gossip's word */
    int64_t last_success;                   /* seconds since 1970 */
};

/* Instead of those that are kept of that peer; the first worked last. */
enum result log_peers_save_addresses(struct event_log *log, const struct node_id *peer,
                                     const struct peer_address *addresses, size_t count);

#endif
