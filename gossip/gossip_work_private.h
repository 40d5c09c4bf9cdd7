/* What the gossip thread has done elsewhere, since no loop waits: reading the log, parsing what a
 * peer wrote, comparing sets. A reader does it, in slices; its end comes back through gossip's
 * inbox, in order with everything else.
 *
 * Thread: gossip, except `run`. Without readers (struct gossip_options) `run` runs at once, to its
 * end, and the end comes through the inbox all the same.
 * Ownership: the first member of what is on the heap; from gossip_work_begin() on it is ours, and
 * freed after its end. What it points at stays until then: a lane by being busy.
 * Limits: one a lane, a subscription, a question to an address. An end is never lost, however full
 * the inbox.
 */
#ifndef HEARTHCHAT_GOSSIP_GOSSIP_WORK_PRIVATE_H
#define HEARTHCHAT_GOSSIP_GOSSIP_WORK_PRIVATE_H

#include "core/readers.h"
#include "gossip/gossip_news_private.h"
#include "gossip/urgency.h"

struct peer_link;

struct gossip_work {
    /* On a reader, with what is the work's own and what any thread may have. False: its slice is
     * over, and it is called again. */
    bool (*run)(struct gossip_work *work);
    void (*end)(struct gossip_work *work);     /* on the gossip thread; not when it finishes */
    void (*discard)(struct gossip_work *work); /* in any case: what is in it, not itself */

    struct gossip_news news; /* these are gossip_work.c's */
    struct gossip *gossip;
    struct reader_job job;
    struct gossip_work *following;
};

/* What the owner waits for (URGENCY_OWNER) is done by the owner's readers, everything else by those
 * for peers, who take turns by peer. `link` NULL: for none of them. */
void gossip_work_begin(struct gossip *gossip, struct gossip_work *work,
                       const struct peer_link *link, enum urgency urgency);

/* For `run`: whether its slice is over. */
bool gossip_work_is_over(const struct gossip_work *work);

/* Takes the ends that found the inbox full. */
void gossip_work_take(struct gossip *gossip);

/* Whether ends wait to be taken that were begun since: without readers alone. */
bool gossip_work_has_ended(const struct gossip *gossip);

/* Frees what nobody takes any more. */
void gossip_work_forget(struct gossip *gossip);

#endif
