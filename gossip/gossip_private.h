/* What the files of the gossip thread share: gossip.c (the thread), peer_links.c (who there is),
 * peer_exchange.c (requests and their answers).
 *
 * Thread: gossip, except where it says otherwise.
 */
#ifndef HEARTHCHAT_GOSSIP_GOSSIP_PRIVATE_H
#define HEARTHCHAT_GOSSIP_GOSSIP_PRIVATE_H

#include "core/inbox.h"
#include "core/thread.h"
#include "gossip/gossip.h"
#include "gossip/gossip_state.h"
#include "protocol/node_manifest.h"

/* What the driver knows of a peer; the state machine knows the rest. */
struct peer_link {
    struct gossip *gossip;
    struct node_id node_id;
    struct endpoints endpoints;
    size_t endpoint; /* the one that worked last */
    size_t tried;    /* of the request under way */
    struct buffer body;
    int64_t through;
    bool more;
    bool removed; /* no member any more; freed when its request ends */
    bool busy;
    struct peer_presence presence;
    bool dirty;
};

struct gossip {
    struct gossip_options options;
    struct node_id community_id;
    struct inbox *inbox;
    struct thread *thread;
    struct http_transport *transport;
    struct gossip_state *state;
    struct peer_link **links;
    size_t link_count;
    int64_t save_at_ms;
    struct lock *lock; /* guards what follows, and the presence in the links */
    bool stopping;
    bool missed; /* the inbox was full */
    bool reached_anybody;
};

/* Monotonic, of the clock that was handed in. */
int64_t gossip_now(const struct gossip *gossip);

/* peer_links.c. NULL: no such member. With the lock taken it may be called from any thread. */
struct peer_link *peer_links_find(const struct gossip *gossip, const struct node_id *node_id);
void peer_links_free(struct gossip *gossip, struct peer_link *link);

/* Members come, go and move. */
void peer_links_follow_members(struct gossip *gossip);

/* The peer was heard of just now. */
void peer_links_seen(struct peer_link *link);

/* Has the log remember what changed. */
void peer_links_save(struct gossip *gossip);

/* peer_exchange.c: does what a PUSH or EXCHANGE says. */
void peer_exchange_start(struct gossip *gossip, const struct gossip_action *action);

#endif
