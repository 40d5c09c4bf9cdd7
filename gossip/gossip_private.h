/* What the files of the gossip thread share. README.md says what each is for and in what order they
 * call each other.
 *
 * Thread: gossip, except where it says otherwise.
 */
#ifndef HEARTHCHAT_GOSSIP_GOSSIP_PRIVATE_H
#define HEARTHCHAT_GOSSIP_GOSSIP_PRIVATE_H

#include "core/inbox.h"
#include "core/lock.h"
#include "core/thread.h"
#include "gossip/clock_skew.h"
#include "gossip/event_batch.h"
#include "gossip/gossip.h"
#include "gossip/gossip_state.h"
#include "gossip/knocks.h"
#include "gossip/outward_calls.h"
#include "gossip/peer_link_private.h"
#include "gossip/peer_receiving_private.h"
#include "gossip/peer_turn_private.h"
#include "gossip/refused_hashes.h"
#include "gossip/verifier.h"

#define GOSSIP_REPORT_EVERY_MS 600000 /* a peer that misbehaves is logged this often */
/* Who fetched from us so recently is still at it: a page takes PAGE_SIZE_MS, and longer on a wire
 * that is not known yet. */
#define GOSSIP_FETCHING_MS 10000

struct gossip {
    struct gossip_options options;
    struct node_id community_id;
    struct inbox *inbox;
    struct thread *thread;
    struct http_client *client; /* NULL: another one was handed in */
    struct outward_calls *outward;
    struct gossip_state *state;
    struct gossip_action *action; /* large; reused */
    struct refused_hashes *refused;
    struct verifier *verifier;
    struct clock_skew *skew;
    bool finishing; /* nothing new is begun */
    struct peer_link **links;
    size_t link_count;
    struct peer_asking *asking;
    struct peer_addresses *addresses; /* of all links */
    bool addresses_held;              /* none of them goes */
    uint64_t links_made;
    struct knocks *doors; /* hosts at which a key that was never met may be looked for */
    struct address_book_self self;
    int64_t self_until_ms;   /* our interfaces are looked at again then */
    int64_t caught_events;   /* received in sessions since then */
    int64_t caught_ms;       /* when events were last known to be lacking */
    struct peer_turns turns; /* to fetch much */
    int64_t save_at_ms;
    int64_t save_records_at_ms;
    int64_t caught_up_at_ms; /* the log is told at the latest; INT64_MAX: it does not wait */
    struct lock *lock;       /* guards what follows, and the presence in the links */
    bool stopping;
    bool missed; /* the inbox was full */
    bool reached_anybody;
    struct gossip_progress progress;
    int64_t called_at_ms; /* monotonic; 0: nobody called yet */
    struct received_batch *received;
    size_t receiving; /* batches that the verifier or the writer has */
};

/* gossip_io.c: monotonic time; a call on the transport that there is, when it is its turn, or at
 * once; rouses the gossip thread, from any. */
int64_t gossip_io_now(const struct gossip *gossip);
void gossip_io_send(struct gossip *gossip, enum urgency urgency, const struct http_call *call,
                    http_client_done *done, void *context);
void gossip_io_begin(void *gossip, const struct http_call *call, http_client_done *done,
                     void *context);
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

/* The peer was heard of just now; forgets the session with it: the log may be gone. */
void peer_links_seen(struct peer_link *link);
void peer_links_forget_session(struct peer_link *link);

/* Logs what the peer does wrong, now and then. */
void peer_links_report(struct peer_link *link, const char *reason);

/* The same of the link to it: that a thin wire stalls is nobody's fault. */
void peer_links_report_stall(struct peer_link *link);

/* Has the log remember what changed: where somebody was reached at once, when they were seen not so
 * often, for each time is a write to the disk. */
void peer_links_save(struct gossip *gossip);

/* peer_call.c: posts lane->body to the path, wherever the peer answers. */
void peer_call_post(struct peer_lane *lane, const char *path, const char *content_type,
                    size_t most_answer_bytes, peer_answered *answered);

/* How long the call took that was answered, apart from finding the peer. */
int64_t peer_call_took(const struct peer_lane *lane, const struct http_answer *answer);

/* What it shows of the link that the events in its body arrived. */
void peer_call_note_sent(struct peer_lane *lane, const struct http_answer *answer);

/* Ends what the state machine asked for. */
void peer_call_conclude(struct peer_lane *lane, const struct gossip_outcome *outcome);

/* The same, in vain. `answer` is what can't be used of the peer's; NULL: it is not to blame. */
void peer_call_fail(struct peer_lane *lane, enum result result, const struct http_answer *answer);

/* Logs what is wrong with an answer that can't be used; that a peer is off or refuses is not. */
void peer_call_report(struct peer_link *link, enum result result, const struct http_answer *answer);

/* Reads an answer of /sync/v1/events; json_decref(*json_out) in any case. */
bool peer_call_read_answer(const struct http_answer *answer, json_t **json_out,
                           struct gossip_outcome *outcome);

/* peer_backlog.c: whether what the peer lacks is left to it to fetch from one of those who have it,
 * since it is more than what is soon sent. */
bool peer_backlog_is_left(struct peer_link *link);

/* peer_session.c: does the next step of a RECONCILE. */
void peer_session_step(struct peer_link *link);
/* Ends the session, whatever its call was, and that without success: peer_call_fail(). */
void peer_session_give_up(struct peer_link *link, enum result result,
                          const struct http_answer *answer);

/* peer_leaving.c: tells who is online that this node stops; returns within a second or so. */
void peer_leaving_tell(struct gossip *gossip);

/* gossip_progress.c: looks at how far the sessions are. */
void gossip_progress_update(struct gossip *gossip);

/* peer_push.c: does what a PUSH or CURSOR says. */
void peer_push_start(struct gossip *gossip, const struct gossip_action *action);

/* peer_subscription.c: does what a SUBSCRIBE says. */
void peer_subscription_start(struct peer_link *link);

#endif
