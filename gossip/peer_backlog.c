#include "gossip/gossip_private.h"

enum {
    CALLS_MS = 35000,              /* who called us so recently can, … */
    FIRST_CALL_MS = 5000,          /* … and who did not has so long to begin; … */
    LEFT_TO_IT_MS = 12000,         /* … it is left to fetch for so long without … */
    LEFT_TO_IT_UNSEEN_MS = 600000, /* … lacking less; longer where that can't be seen, … */
    LEFT_TO_IT_BEGUN_MS = 60000,   /* … or where it began */
};

size_t peer_backlog_soon_bytes(const struct peer_link *link)
{
    return hash_list_left(&link->session.have) > page_size_soon_events(&link->sending)
               ? 0
               : page_size_soon(&link->sending);
}

/* All of us who have it would send the same. Who can't be seen to get anything is sent it all the
 * same. */
bool peer_backlog_is_left(struct peer_link *link)
{
    int64_t now_ms = gossip_io_now(link->gossip);
    size_t lacks = hash_list_left(&link->session.have);
    bool calls = link->called_us_ms != 0 && now_ms - link->called_us_ms < CALLS_MS;
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
