#include "core/memory.h"
#include "gossip/gossip_private.h"
#include "store/event_reader.h"

enum {
    CALLS_MS = 35000,              /* who called us so recently can, … */
    FIRST_CALL_MS = 5000,          /* … and who did not has so long to begin; … */
    LEFT_TO_IT_MS = 12000,         /* … it is left to fetch for so long without … */
    LEFT_TO_IT_UNSEEN_MS = 600000, /* … lacking less; longer where that can't be seen, … */
    LEFT_TO_IT_BEGUN_MS = 60000,   /* … or where it began */
};

struct weighing {
    size_t bytes;
    size_t most_bytes;
};

static bool weigh(void *context, int64_t seq, int64_t lamport, const char *text,
                  size_t length_bytes)
{
    struct weighing *weighing = context;
    (void)seq;
    (void)lamport;
    (void)text;
    weighing->bytes += length_bytes;
    return weighing->bytes <= weighing->most_bytes;
}

static bool is_soon_sent(struct peer_link *link)
{
    const struct hash_list *have = &link->session.have;
    size_t count = hash_list_left(have);
    struct weighing weighing = {.most_bytes = page_size_soon(&link->sending)};
    if (count > page_size_soon_events(&link->sending)) {
        return false;
    }
    bool *taken = memory_allocate(count, sizeof *taken);
    enum result result = event_reader_by_hash(link->gossip->options.log, hash_list_first(have),
                                              count, weigh, &weighing, taken);
    memory_free(taken);
    return result == RESULT_OK && (count == 1 || weighing.bytes <= weighing.most_bytes);
}

/* All of us who have it would send the same. Who can't be seen to get anything is sent it all the
 * same. */
bool peer_backlog_is_left(struct peer_link *link)
{
    int64_t now_ms = gossip_io_now(link->gossip);
    size_t lacks = hash_list_left(&link->session.have);
    bool calls = link->called_us_ms != 0 && now_ms - link->called_us_ms < CALLS_MS;
    if (is_soon_sent(link)) {
        link->left_to_it = 0;
        return false;
    }
    if (link->left_to_it == 0 || (calls && lacks < link->left_to_it)) {
        link->left_to_it = lacks;
        link->left_to_it_ms = now_ms;
    }
    int64_t patience_ms = !calls                                         ? FIRST_CALL_MS
                          : link->session.left_out                       ? LEFT_TO_IT_UNSEEN_MS
                          : link->fetches_until_ms > link->left_to_it_ms ? LEFT_TO_IT_BEGUN_MS
                                                                         : LEFT_TO_IT_MS;
    return now_ms < link->fetches_until_ms || now_ms - link->left_to_it_ms < patience_ms;
}
