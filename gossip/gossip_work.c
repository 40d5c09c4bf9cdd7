#include "gossip/gossip_work_private.h"

#include <stddef.h>

#include "core/memory.h"
#include "gossip/gossip_private.h"

static void destroy(struct gossip_work *work)
{
    work->discard(work);
    memory_free(work);
}

static struct gossip_work *work_of(struct gossip_news *news)
{
    return (void *)((char *)news - offsetof(struct gossip_work, news));
}

static void take(struct gossip *gossip, struct gossip_news *news)
{
    struct gossip_work *work = work_of(news);
    gossip->working--;
    if (!gossip->finishing) {
        work->end(work);
    }
    destroy(work);
}

static void forget(struct gossip_news *news)
{
    destroy(work_of(news));
}

/* Beside the inbox where that is full or closed: whoever waits for it would wait for ever. */
static void keep_end(struct gossip *gossip, struct gossip_work *work)
{
    lock_take(gossip->lock);
    struct gossip_work **last = &gossip->ended;
    while (*last != NULL) {
        last = &(*last)->following;
    }
    *last = work;
    gossip_io_wake(gossip);
    lock_wake_all(gossip->lock);
    lock_release(gossip->lock);
}

static bool run(struct reader_job *job)
{
    struct gossip_work *work = (void *)((char *)job - offsetof(struct gossip_work, job));
    struct gossip *gossip = work->gossip;
    if (!work->run(work)) {
        return false;
    }
    if (inbox_post(gossip->inbox, &work->news) != RESULT_OK) {
        keep_end(gossip, work);
    }
    return true;
}

void gossip_work_begin(struct gossip *gossip, struct gossip_work *work,
                       const struct peer_link *link, enum urgency urgency)
{
    struct readers *readers =
        urgency == URGENCY_OWNER ? gossip->options.own_readers : gossip->options.peer_readers;
    work->news = (struct gossip_news){take, forget};
    work->gossip = gossip;
    work->job = (struct reader_job){.run = run,
                                    .payer = link == NULL ? 0 : (uint32_t)link->number,
                                    .goes_first = urgency == URGENCY_OWNER};
    gossip->working++;
    if (readers != NULL) {
        readers_post(readers, &work->job);
        return;
    }
    work->job.until_ms = INT64_MAX;
    for (bool done = false; !done;) {
        done = run(&work->job);
    }
}

bool gossip_work_is_over(const struct gossip_work *work)
{
    return readers_is_over(&work->job);
}

static struct gossip_work *take_kept(struct gossip *gossip)
{
    lock_take(gossip->lock);
    struct gossip_work *work = gossip->ended;
    if (work != NULL) {
        gossip->ended = work->following;
        work->following = NULL;
    }
    lock_release(gossip->lock);
    return work;
}

void gossip_work_take(struct gossip *gossip)
{
    for (struct gossip_work *work = take_kept(gossip); work != NULL; work = take_kept(gossip)) {
        take(gossip, &work->news);
    }
}

bool gossip_work_has_ended(const struct gossip *gossip)
{
    return gossip->options.peer_readers == NULL && gossip->working > 0;
}

void gossip_work_forget(struct gossip *gossip)
{
    for (struct gossip_work *work = take_kept(gossip); work != NULL; work = take_kept(gossip)) {
        destroy(work);
    }
}
