#include "gossip/gossip_private.h"

enum {
    WORTH_TELLING = 100, /* events; or what takes … */
    WORTH_TELLING_S = 5, /* … so long */
    BREATH_MS = 30000,   /* a session that broke off is begun again within this time */
};

static int64_t still_to_come(const struct peer_link *link)
{
    return (int64_t)(hash_list_left(&link->session.need) + link->session.asked.count);
}

static int64_t still_to_send(const struct peer_link *link)
{
    return (int64_t)hash_list_left(&link->session.have);
}

/* Several peers have the same to offer: whose is most says how much that is. */
static const struct peer_link *find_busiest(const struct gossip *gossip,
                                            int64_t (*count)(const struct peer_link *link))
{
    const struct peer_link *busiest = NULL;
    for (const struct peer_link *link = gossip->sessions; link != NULL; link = link->next_session) {
        int64_t least = busiest == NULL ? 0 : count(busiest);
        busiest = !link->removed && count(link) > least ? link : busiest;
    }
    return busiest;
}

static void estimate(struct gossip_progress *progress, const struct page_size *size, int64_t events)
{
    progress->bytes_a_second = (int64_t)size->bytes_a_second;
    progress->seconds_left =
        size->bytes_a_second == 0
            ? -1
            : events * (int64_t)page_size_event_bytes(size) / progress->bytes_a_second;
}

void gossip_progress_update(struct gossip *gossip)
{
    struct gossip_progress progress = {0};
    const struct peer_link *from = find_busiest(gossip, still_to_come);
    const struct peer_link *to = find_busiest(gossip, still_to_send);
    int64_t now_ms = gossip_io_now(gossip);
    if (from != NULL) {
        progress.peer = from->node_id;
        progress.to_come = still_to_come(from);
        estimate(&progress, &from->fetching, progress.to_come);
        gossip->caught_ms = now_ms;
    } else if (to != NULL) {
        progress.peer = to->node_id;
        estimate(&progress, &to->sending, still_to_send(to));
    }
    if (now_ms - gossip->caught_ms > BREATH_MS) {
        gossip->caught_events = 0;
    }
    progress.to_send = to == NULL ? 0 : still_to_send(to);
    progress.received = from == NULL ? 0 : gossip->caught_events;
    bool worth = progress.received + progress.to_come + progress.to_send >= WORTH_TELLING ||
                 progress.seconds_left >= WORTH_TELLING_S;
    lock_take(gossip->lock);
    gossip->progress = worth ? progress : (struct gossip_progress){0};
    lock_release(gossip->lock);
}

struct gossip_progress gossip_progress(struct gossip *gossip)
{
    lock_take(gossip->lock);
    struct gossip_progress progress = gossip->progress;
    lock_release(gossip->lock);
    return progress;
}
