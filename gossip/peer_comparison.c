#include "gossip/peer_comparison_private.h"

#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "gossip/gossip_work_private.h"
#include "store/event_set.h"

struct comparing {
    struct gossip_work work;
    struct peer_link *link;
    struct event_log *log;
    struct buffer answer;
    struct peer_comparison comparison;
    peer_comparison_done *done;
};

static void note(void *context, bool ours, const uint8_t id[static ITEM_ID_BYTES])
{
    struct peer_comparison *comparison = context;
    struct hash_list *list = ours ? &comparison->ours : &comparison->theirs;
    if (list->count < PEER_COMPARISON_MOST_LACKING) {
        hash_list_add(list, id);
    } else {
        comparison->left_out = true;
    }
}

static bool initiate(struct gossip_work *work)
{
    struct comparing *comparing = (struct comparing *)work;
    struct peer_comparison *comparison = &comparing->comparison;
    comparison->result = event_set_initiate(comparing->log, &comparison->message);
    return true;
}

static bool go_on(struct gossip_work *work)
{
    struct comparing *comparing = (struct comparing *)work;
    struct peer_comparison *comparison = &comparing->comparison;
    comparison->result =
        event_set_continue(comparing->log, comparing->answer.data, comparing->answer.length_bytes,
                           note, comparison, &comparison->message, NULL);
    return true;
}

static void end(struct gossip_work *work)
{
    struct comparing *comparing = (struct comparing *)work;
    comparing->done(comparing->link, &comparing->comparison);
}

static void discard(struct gossip_work *work)
{
    struct comparing *comparing = (struct comparing *)work;
    buffer_deinit(&comparing->answer);
    buffer_deinit(&comparing->comparison.message);
    hash_list_clear(&comparing->comparison.ours);
    hash_list_clear(&comparing->comparison.theirs);
}

static struct comparing *create(struct peer_link *link, bool (*run)(struct gossip_work *work),
                                peer_comparison_done *done)
{
    struct comparing *comparing = memory_allocate(1, sizeof *comparing);
    comparing->work = (struct gossip_work){.run = run, .end = end, .discard = discard};
    comparing->link = link;
    comparing->log = link->gossip->options.log;
    comparing->done = done;
    link->exchange.busy = true;
    return comparing;
}

void peer_comparison_begin(struct peer_link *link, peer_comparison_done *done)
{
    struct comparing *comparing = create(link, initiate, done);
    gossip_work_begin(link->gossip, &comparing->work, link, URGENCY_KNOWN);
}

void peer_comparison_go_on(struct peer_link *link, const struct buffer *answer,
                           peer_comparison_done *done)
{
    struct comparing *comparing = create(link, go_on, done);
    buffer_append(&comparing->answer, answer->data, answer->length_bytes);
    gossip_work_begin(link->gossip, &comparing->work, link, URGENCY_KNOWN);
}
