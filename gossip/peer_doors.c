#include "gossip/peer_doors_private.h"

#include <string.h>

#include "core/limits.h"
#include "gossip/gossip_private.h"
#include "protocol/signing.h"

struct buckets *peer_doors_create(void)
{
    uint64_t seed = 0;
    signing_random(&seed, sizeof seed);
    return buckets_create(seed, LIMITS_KNOCKED_HOSTS, LIMITS_KNOCKS, LIMITS_KNOCK_EVERY_MS);
}

static bool is_counted(const struct gossip *gossip, const struct address_book *book,
                       const struct endpoint *endpoint)
{
    struct endpoint named = *endpoint;
    const struct address *known =
        address_book_normalise(&named) ? address_book_find(book, &named) : NULL;
    return (known == NULL || (known->worked == 0 && known->source != ADDRESS_HAND)) &&
           !address_book_is_here(&gossip->self, endpoint);
}

bool peer_doors_knock(struct gossip *gossip, const struct address_book *book,
                      const struct endpoint *endpoint)
{
    return !is_counted(gossip, book, endpoint) ||
           buckets_take(gossip->doors, endpoint->host, strlen(endpoint->host),
                        gossip_io_now(gossip));
}

void peer_doors_opened(struct gossip *gossip, const struct address_book *book,
                       const struct endpoint *endpoint)
{
    if (is_counted(gossip, book, endpoint)) {
        buckets_give_back(gossip->doors, endpoint->host, strlen(endpoint->host));
    }
}
