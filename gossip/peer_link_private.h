/* What the driver keeps of its connection to one peer.
 *
 * Thread: gossip; the presence with gossip's lock taken.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_LINK_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_LINK_PRIVATE_H

#include "gossip/gossip.h"
#include "gossip/page_size.h"
#include "gossip/peer_addresses_private.h"
#include "gossip/peer_turn_private.h"
#include "gossip/session_state.h"
#include "protocol/node_manifest.h"

struct peer_link;
struct peer_lane;

#define PEER_CALL_MOST_PAGE_BYTES (EVENT_BATCH_MOST_BYTES + 1048576) /* §12, and air */
#define PEER_CALL_MOST_ACKNOWLEDGEMENT_BYTES 262144 /* of 1,000 events, and why of each */
#define PEER_CALL_MOST_NOTHING_BYTES 16384          /* where the status is the answer */

/* What is asked of a peer, wherever it answers. */
struct peer_request {
    const char *method;
    const char *path;         /* with its query */
    const char *content_type; /* NULL: JSON */
    struct buffer body;       /* taken */
    size_t most_answer_bytes;
    int64_t quiet_ms; /* 0: as usual; longer where the peer waits before it answers */
    bool once;        /* not at another address when one failed */
    enum urgency urgency;
    void (*answered)(void *owner, enum result result, struct http_answer *answer);
    void *owner;
};

/* One of them under way: an object of its own, several a peer, none of which waits for another. */
struct peer_call {
    struct peer_link *link;
    struct peer_call *next; /* of the same peer's */
    struct peer_request request;
    char *path;
    struct endpoint called_at;
    int64_t called_ms;
    bool again; /* after another address failed */
};

/* The answer to a lane's call; borrowed, or taken. RESULT_OK with any HTTP status; without it, what
 * came of the answer before it broke off. */
typedef void peer_answered(struct peer_lane *lane, enum result result, struct http_answer *answer);

/* What the state machine has one of at a time. */
struct peer_lane {
    struct peer_link *link;
    enum urgency urgency;
    bool busy;          /* from when it is asked for to its end */
    struct buffer body; /* to be posted */
    size_t sent_bytes;
    peer_answered *answered;
    int64_t through; /* PUSH, CURSOR */
    size_t events;   /* in the body */
    bool more;
};

/* What the driver knows of a peer; the state machine knows the rest. */
struct peer_link {
    struct gossip *gossip;
    struct peer_link *next; /* of all, and of those in a session */
    struct peer_link **at;
    struct peer_link *next_session;
    struct peer_link **at_session; /* NULL: it is in none */
    struct node_id node_id;
    struct account *account; /* holds its answers */
    uint64_t number;         /* of all links that there were */
    struct peer_addresses *addresses;
    struct member_profile *profile; /* whose addresses are among them; NULL: none yet */
    struct peer_call *calls;
    struct endpoint called_at; /* last; port 0: nowhere */
    bool removed;              /* no member any more; freed when its calls have ended */

    /* Two connections: what is new goes out beside a page of a backlog. */
    struct peer_lane exchange; /* RECONCILE, CURSOR */
    struct peer_lane push;
    struct page_size sending; /* by either */
    struct page_size fetching;
    bool fetches_plainly; /* it does not know how to be asked for so many bytes at most */

    struct session_state session;
    struct peer_turn turn;

    int64_t fetches_until_ms; /* the peer fetches from us just now */
    int64_t called_us_ms;     /* monotonic; 0: never */
    int64_t left_to_it_ms; /* since when it is left to the peer to fetch what it lacks, and … */
    size_t left_to_it;     /* … how many events that was; 0: it is not */
    bool polling;          /* a long-poll is under way */
    int64_t polled_seq;
    size_t unasked_in_vain; /* events in a row that came unasked and were not accepted */

    struct peer_presence presence;
    int64_t presence_lines_until_ms; /* so many lines of its coming and going, until then */
    size_t presence_lines;
    bool dirty;
    int64_t report_at_ms;       /* what it does wrong is logged from then on, … */
    int64_t report_stall_at_ms; /* … and that the link to it stalled */
};

#endif
