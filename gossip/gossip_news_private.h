/* How another thread has something done on the gossip thread: what its inbox holds.
 *
 * Thread: any. Ownership: what was posted is take()'s or forget()'s to free.
 */
#ifndef HEARTHCHAT_GOSSIP_GOSSIP_NEWS_PRIVATE_H
#define HEARTHCHAT_GOSSIP_GOSSIP_NEWS_PRIVATE_H

#include "core/result.h"

struct gossip;

/* The first member of what is told. */
struct gossip_news {
    void (*take)(struct gossip *gossip, struct gossip_news *news); /* on the gossip thread */
    void (*forget)(struct gossip_news *news); /* instead: gossip was dropped without a stop */
};

/* RESULT_FULL or RESULT_UNSUPPORTED (the inbox is full, or closed): they are the caller's still. */
enum result gossip_post(struct gossip *gossip, struct gossip_news *news);

#endif
