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
#include "gossip/fresh_events.h"
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
    uint64_t chances[64];         /* drawn, and not used yet: the first so many */
    size_t chances_left;
    struct fresh_events *fresh;
    struct refused_hashes *refused;
    struct verifier *verifier;
    struct clock_skew *skew;
    bool finishing;             /* nothing new is begun */
    struct peer_link *links;    /* the newest first; those that are no members any more, too */
    struct peer_link *sessions; /* … with whom one is under way */
    struct peer_asking *asking;
    struct peer_addresses *addresses; /* that are searched for, or go with their last probes */
    bool addresses_held;              /* none of them goes */
    uint64_t links_made;
    bool reads_of_members; /* what the log knows of some that came, just now */
    struct knocks *doors;  /* hosts at which a key that was never met may be looked for */
    struct address_book_self self;
    int64_t self_until_ms;   /* our interfaces are looked at again then */
    int64_t caught_events;   /* received in sessions since then */
    int64_t caught_ms;       /* when events were last known to be lacking */
    struct peer_turns turns; /* to fetch much */
    int64_t save_at_ms;      /* what changed; INT64_MAX: nothing */
    int64_t save_records_at_ms;
    int64_t caught_up_at_ms; /* the log is told at the latest; INT64_MAX: it does not wait */
    struct lock *lock;       /* guards what follows, the presence in the links, and who is a peer */
    bool stopping;
    bool missed; /* the inbox was full */
    bool reached_anybody;
    struct gossip_progress progress;
    int64_t called_at_ms; /* monotonic; 0: nobody called yet */
    struct received_batch *received;
    size_t receiving;          /* batches that the verifier or the writer has */
    struct gossip_work *ended; /* that found the inbox full, oldest first */
    size_t working; /* pieces of work whose end was not taken; the gossip thread's alone */
};

/* gossip_io.c: monotonic time, and the calendar's; a call on the transport that there is, when it
 * is its turn, or at once; rouses the gossip thread, from any. */
int64_t gossip_io_now(const struct gossip *gossip);
int64_t gossip_io_wall_seconds(const struct gossip *gossip);
void gossip_io_send(struct gossip *gossip, enum urgency urgency, const struct http_call *call,
                    http_client_done *done, void *context);
void gossip_io_begin(void *gossip, const struct http_call *call, http_client_done *done,
                     void *context);
void gossip_io_wake(void *context);

/* Where we are ourselves, just now; not asked for anew each time. A simulated node has no machine.
 */
const struct address_book_self *gossip_io_self(struct gossip *gossip);

/* Something is to be saved then, or in a few seconds; INT64_MAX: nothing is. */
void gossip_io_save_by(struct gossip *gossip, int64_t at_ms);

/* Nothing is left to be fetched from somebody: the log may answer messages. */
void gossip_io_tell_caught_up(struct gossip *gossip);

/* peer_links.c. NULL: no such member. With the lock taken it may be called from any thread. */
struct peer_link *peer_links_find(const struct gossip *gossip, const struct node_id *node_id);

/* Frees it when it is removed and nothing of it is under way. */
void peer_links_release(struct peer_link *link);
void peer_links_free(struct peer_link *link);
void peer_links_free_call(struct peer_call *call);

/* The members that the log knows at the start; reads it. Thread: startup. */
void peer_links_restore(struct gossip *gossip);

/* Members come, go and move; who came is called as soon as it is read what is known of them. */
void peer_links_follow_members(struct gossip *gossip);

/* It came or went. */
void peer_links_tell_presence(struct peer_link *link, bool online);

/* The peer was heard of just now; a session with it begins, or goes on; is forgotten. */
void peer_links_seen(struct peer_link *link);
void peer_links_note_session(struct peer_link *link);
void peer_links_forget_session(struct peer_link *link);

/* Logs what the peer does wrong, now and then; that a thin wire stalls, which is nobody's fault. */
void peer_links_report(struct peer_link *link, const char *reason);
void peer_links_report_stall(struct peer_link *link);

/* Has the log remember what changed: where somebody was reached soon, when they were seen not so
 * often, for each time is a write to the disk. */
void peer_links_save(struct gossip *gossip);

/* peer_backlog.c: what the peer lacks is soon sent if it has at most so many bytes (0: there are
 * too many for that); and if it has more, whether it is left to the peer to fetch it from one of
 * those who have it. */
size_t peer_backlog_soon_bytes(const struct peer_link *link);
bool peer_backlog_is_left(struct peer_link *link);

/* peer_session.c: does the next step of a RECONCILE. */
void peer_session_step(struct peer_link *link);
/* Ends the session, whatever its call was, and that without success: peer_call_fail(). */
void peer_session_give_up(struct peer_link *link, enum result result, struct http_answer *answer);

/* peer_leaving.c: tells who is online that this node stops; returns within a second or so. */
void peer_leaving_tell(struct gossip *gossip);

/* gossip_progress.c: looks at how far the sessions are. */
void gossip_progress_update(struct gossip *gossip);

/* peer_push.c: does what a PUSH or CURSOR says. */
void peer_push_start(struct gossip *gossip, const struct gossip_action *action);

/* peer_subscription.c: does what a SUBSCRIBE says. */
void peer_subscription_start(struct peer_link *link);

#endif
