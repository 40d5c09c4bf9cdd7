/* How often, how soon and how many: the numbers by which gossip decides (§11).
 *
 * Thread: any; constants. Milliseconds, where it says so.
 */
#ifndef HEARTHCHAT_GOSSIP_GOSSIP_NUMBERS_H
#define HEARTHCHAT_GOSSIP_GOSSIP_NUMBERS_H

#define GOSSIP_FAN_OUT 9       /* others that a new event is passed to, besides whom it concerns */
#define GOSSIP_ONLINE_MS 60000 /* a call to it or from it succeeded within this time */
#define GOSSIP_CALLS_ONLY_MS 35000 /* … of who calls us and can't be called: polls last 30 s */
#define GOSSIP_ASK_MS 12000        /* who is watched, online and silent for so long is asked */
#define GOSSIP_MOST_WATCHED 32     /* all peers, or those with whom there was a conversation last */
#define GOSSIP_EXCHANGE_EVERY_MS 30000 /* ±10% */
#define GOSSIP_BY_CURSOR_MS 600000     /* a peer without reconciliation is asked again then */
#define GOSSIP_LONELY_MS 60000         /* nobody called for so long: subscribe */
#define GOSSIP_MOST_SUBSCRIPTIONS 8
#define GOSSIP_DELIVERY_WAIT_MS 1500 /* how long a send waits for "direct" */
#define GOSSIP_BACK_OFF_FIRST_MS 1000
#define GOSSIP_RECALL_MS 250   /* a peer that calls us is tried again at once, but not more often */
#define GOSSIP_WRITTEN_MS 2000 /* … and one that the owner writes to, that can't be reached */
#define GOSSIP_START_OVER_MS 2000
#define GOSSIP_CATCH_UP_MS 5000 /* while we catch up with another peer */
#define GOSSIP_BACK_OFF_MOST_MS 30000
#define GOSSIP_STRANGER_MS 2000        /* a peer that has not heard yet that we joined, at most */
#define GOSSIP_MOST_QUEUED 512         /* events for one peer; above it, the exchange brings them */
#define GOSSIP_GONE_MS 3600000         /* a peer that failed for so long … */
#define GOSSIP_BACK_OFF_GONE_MS 600000 /* … is asked this seldom */
#define GOSSIP_FEW_LOST 16             /* above so many that can't be reached, all of them … */
#define GOSSIP_LOST_EVERY_MS 600       /* … together are tried so often: each the more seldom */
#define GOSSIP_BEAT_MS 1000            /* such tries fall together, at multiples of it */
#define GOSSIP_DIFFERS_MS 2000 /* who found a difference has sent by then what is soon sent */

#endif
