#include "core/memory.h"
#include "gossip/gossip_news_private.h"
#include "gossip/gossip_private.h"
#include "gossip/peer_asking_private.h"

static bool is_gone(void *context, const char *url, const char *local_address)
{
    const struct local_interfaces *interfaces = context;
    (void)url;
    return local_address[0] != '\0' && !local_interfaces_have(interfaces, local_address);
}

/* Connections from addresses that are gone are cut, none that is older is used again. */
static void renew_connections(struct gossip *gossip)
{
    const struct local_interfaces *ours = &gossip->self.interfaces;
    if (gossip->client == NULL) {
        return;
    }
    http_client_renew(gossip->client);
    /* Only with all of them in sight is one known to be gone. */
    if (ours->address_count > 0 && ours->address_count < LOCAL_INTERFACES_MOST_ADDRESSES) {
        http_client_cut(gossip->client, is_gone, &gossip->self.interfaces);
    }
}

static void forget_news(struct gossip_news *news)
{
    memory_free(news);
}

static void start_over(struct gossip *gossip, struct gossip_news *news)
{
    forget_news(news);
    knocks_clear(gossip->doors);
    peer_addresses_start_over(gossip);
    renew_connections(gossip);
    peer_asking_start_over(gossip);
    gossip_state_start_over(gossip->state, gossip_io_now(gossip));
}

void gossip_network_changed(struct gossip *gossip)
{
    struct gossip_news *news = memory_allocate(1, sizeof *news);
    *news = (struct gossip_news){start_over, forget_news};
    if (gossip_post(gossip, news) != RESULT_OK) {
        memory_free(news); /* who can't be reached any more is tried again anyway */
    }
}
