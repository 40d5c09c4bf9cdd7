/* What the files of the gossip thread share; each calls those behind it alone: gossip.c (the thread
 * and its inbox), peer_push.c (pushes, and the cursor for those who can't reconcile),
 * peer_session.c (reconciliation), peer_subscription.c (long-polls), peer_receiving.c (events on
 * their way to the log), peer_call.c (one call at a time a peer), peer_links.c, gossip_io.c.
 *
 * Thread: gossip, except where it says otherwise.
 */
#ifndef HEARTHCHAT_GOSSIP_GOSSIP_PRIVATE_H
#define HEARTHCHAT_GOSSIP_GOSSIP_PRIVATE_H

#include "core/inbox.h"
#include "core/lock.h"
#include "core/thread.h"
#include "gossip/event_batch.h"
#include "gossip/gossip.h"
#include "gossip/gossip_state.h"
#include "gossip/peer_receiving_private.h"
#include "gossip/refused_hashes.h"
#include "gossip/session_state.h"
#include "gossip/verifier.h"
#include "protocol/node_manifest.h"

#define GOSSIP_REPORT_EVERY_MS 600000 /* a peer that misbehaves is logged this often */
#define GOSSIP_FETCHING_MS 1000       /* who fetched from us so recently is still at it */

/* The answer to a link's call; borrowed for the call. RESULT_OK with any HTTP status. */
typedef void peer_answered(struct peer_link *link, enum result result,
                           const struct http_answer *answer);

/* What the driver knows of a peer; the state machine knows the rest. */
struct peer_link {
    struct gossip *gossip;
    struct node_id node_id;
    struct endpoints endpoints;
    size_t endpoint; /* the one that worked last */
    bool removed;    /* no member any more; freed when its calls have ended */

    bool busy; /* a call is under way: */
    size_t tried;
    const char *path;
    const char *content_type; /* NULL: JSON */
    size_t most_answer_bytes;
    struct buffer body;
    peer_answered *answered;
    int64_t through; /* PUSH, CURSOR */
    bool more;

    struct session_state session;

    int64_t fetches_until_ms; /* the peer fetches from us just now */
    bool polling;             /* a long-poll is under way */
    int64_t polled_seq;

    struct peer_presence presence;
    bool dirty;
    int64_t report_at_ms; /* what it does wrong is logged from then on */
};

struct gossip {
    struct gossip_options options;
    struct node_id community_id;
    struct inbox *inbox;
    struct thread *thread;
    struct http_client *client; /* NULL: another one was handed in */
    struct gossip_state *state;
    struct gossip_action *action; /* large; reused */
    struct refused_hashes *refused;
    struct verifier *verifier;
    bool finishing; /* nothing new is begun */
    struct peer_link **links;
    size_t link_count;
    const struct peer_link *catching_up; /* the one session that fetches much; NULL: none */
    int64_t save_at_ms;
    int64_t caught_up_at_ms; /* the log is told at the latest; INT64_MAX: it does not wait */
    struct lock *lock;       /* guards what follows, and the presence in the links */
    bool stopping;
    bool missed; /* the inbox was full */
    bool reached_anybody;
    struct received_batch *received;
    size_t receiving; /* batches that the verifier or the writer has */
};

/* gossip_io.c. Monotonic, of the clock that was handed in. */
int64_t gossip_io_now(const struct gossip *gossip);

/* Sends a call on the transport that there is. */
void gossip_io_send(struct gossip *gossip, const struct http_call *call, http_client_done *done,
                    void *context);

/* Rouses the gossip thread; any thread. */
void gossip_io_wake(void *context);

/* Nothing is left to be fetched from somebody: the log may answer messages. */
void gossip_io_tell_caught_up(struct gossip *gossip);

/* peer_links.c. NULL: no such member. With the lock taken it may be called from any thread. */
struct peer_link *peer_links_find(const struct gossip *gossip, const struct node_id *node_id);

/* Frees it when it is removed and nothing of it is under way. */
void peer_links_release(struct peer_link *link);
void peer_links_free(struct gossip *gossip, struct peer_link *link);

/* Members come, go and move. */
void peer_links_follow_members(struct gossip *gossip);

/* The peer was heard of just now. */
void peer_links_seen(struct peer_link *link);

/* Forgets the session with it: the log may be gone. */
void peer_links_forget_session(struct peer_link *link);

/* Logs what the peer does wrong, now and then. */
void peer_links_report(struct peer_link *link, const char *reason);

/* Has the log remember what changed. */
void peer_links_save(struct gossip *gossip);

/* peer_call.c: posts link->body to the path, at each endpoint in turn until one answers. */
void peer_call_post(struct peer_link *link, const char *path, const char *content_type,
                    size_t most_answer_bytes, peer_answered *answered);

/* Ends what the state machine asked for. */
void peer_call_conclude(struct peer_link *link, const struct gossip_outcome *outcome);

/* The same, without success. `answer` is what can't be used of the peer's; NULL: it is not to
 * blame. */
void peer_call_fail(struct peer_link *link, enum result result, const struct http_answer *answer);

/* Logs what is wrong with an answer that can't be used; that a peer is off or refuses is not. */
void peer_call_report(struct peer_link *link, enum result result, const struct http_answer *answer);

/* Reads an answer of /sync/v1/events; json_decref(*json_out) in any case. */
bool peer_call_read_answer(const struct http_answer *answer, json_t **json_out,
                           struct gossip_outcome *outcome);

/* peer_session.c: does the next step of a RECONCILE. */
void peer_session_step(struct peer_link *link);

/* Ends the session, whatever its call was, and that one without success: peer_call_fail(). */
void peer_session_give_up(struct peer_link *link, enum result result,
                          const struct http_answer *answer);

/* peer_push.c: does what a PUSH or CURSOR says. */
void peer_push_start(struct gossip *gossip, const struct gossip_action *action);

/* peer_subscription.c: does what a SUBSCRIBE says. */
void peer_subscription_start(struct peer_link *link);

#endif
