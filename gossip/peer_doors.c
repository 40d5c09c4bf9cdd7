#include "gossip/peer_doors_private.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "core/limits.h"
#include "gossip/gossip_private.h"
#include "protocol/signing.h"

enum { NETWORK_BYTES = 8 };

struct knocks *peer_doors_create(void)
{
    uint64_t seed = 0;
    signing_random(&seed, sizeof seed);
    return knocks_create(seed);
}

/* Neighbours of one link share its network. */
static bool is_on_our_link(const struct gossip *gossip, const struct in6_addr *address)
{
    const struct local_interfaces *ours = &gossip->self.interfaces;
    bool found = IN6_IS_ADDR_LINKLOCAL(address);
    for (size_t i = 0; i < ours->address_count && !found; i++) {
        struct in6_addr own;
        found = inet_pton(AF_INET6, ours->addresses[i], &own) == 1 &&
                memcmp(&own, address, NETWORK_BYTES) == 0;
    }
    return found;
}

/* How much of the address is the door; an IPv4 one is in IPv6's clothes. */
static size_t measure(const struct gossip *gossip, const struct in6_addr *address)
{
    return IN6_IS_ADDR_V4MAPPED(address) || is_on_our_link(gossip, address) ? sizeof *address
                                                                            : NETWORK_BYTES;
}

static struct in6_addr map_v4(const struct in_addr *v4)
{
    struct in6_addr mapped = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(mapped.s6_addr + 12, v4, sizeof *v4);
    return mapped;
}

/* False: the host is a name. */
static bool read_host(const char *host, struct in6_addr *address_out)
{
    char bare[NODE_MANIFEST_HOST_BYTES];
    struct in_addr v4;
    size_t length = strcspn(host, "%");
    memcpy(bare, host, length);
    bare[length] = '\0';
    if (inet_pton(AF_INET, bare, &v4) == 1) {
        *address_out = map_v4(&v4);
        return true;
    }
    return inet_pton(AF_INET6, bare, address_out) == 1;
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
    struct in6_addr address;
    return !is_counted(gossip, book, endpoint) || !read_host(endpoint->host, &address) ||
           knocks_take(gossip->doors, &address, measure(gossip, &address), gossip_io_now(gossip));
}

void peer_doors_opened(struct gossip *gossip, const struct address_book *book,
                       const struct endpoint *endpoint)
{
    struct in6_addr address;
    if (is_counted(gossip, book, endpoint) && read_host(endpoint->host, &address)) {
        knocks_forgive(gossip->doors, &address, measure(gossip, &address));
    }
}

/* The host of a URL that node_manifest_format_url() wrote. False: it is an address. */
static bool read_name(const char *url, char name[static NODE_MANIFEST_HOST_BYTES])
{
    struct in6_addr address;
    const char *host = strstr(url, "//");
    size_t length = host == NULL ? 0 : strcspn(host + 2, ":/");
    if (length == 0 || length >= NODE_MANIFEST_HOST_BYTES || host[2] == '[') {
        return false;
    }
    memcpy(name, host + 2, length);
    name[length] = '\0';
    return !read_host(name, &address);
}

static bool is_here(const struct gossip *gossip, const struct in6_addr *address)
{
    struct endpoint endpoint = {.port = 1};
    (void)inet_ntop(AF_INET6, address, endpoint.host, sizeof endpoint.host);
    return address_book_normalise(&endpoint) && address_book_is_here(&gossip->self, &endpoint);
}

/* Where a name led when the peer answered. */
static size_t join(const char *name, const struct in6_addr *address,
                   uint8_t way[static NODE_MANIFEST_HOST_BYTES + sizeof *address])
{
    size_t name_bytes = strlen(name) + 1;
    memcpy(way, name, name_bytes);
    memcpy(way + name_bytes, address, sizeof *address);
    return name_bytes + sizeof *address;
}

static bool may_open(void *context, const char *url, const struct sockaddr *address)
{
    struct gossip *gossip = context;
    struct in6_addr at;
    char name[NODE_MANIFEST_HOST_BYTES];
    uint8_t way[sizeof name + sizeof at];
    if (!read_name(url, name)) {
        return true; /* it was counted when it was decided to go there */
    }
    if (address->sa_family == AF_INET) {
        at = map_v4(&((const struct sockaddr_in *)(const void *)address)->sin_addr);
    } else if (address->sa_family == AF_INET6) {
        at = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    } else {
        return false;
    }
    return is_here(gossip, &at) || knocks_is_open(gossip->doors, way, join(name, &at, way)) ||
           knocks_take(gossip->doors, &at, measure(gossip, &at), gossip_io_now(gossip));
}

static void answered(void *context, const char *url, const char *address)
{
    struct gossip *gossip = context;
    struct in6_addr at;
    char name[NODE_MANIFEST_HOST_BYTES];
    uint8_t way[sizeof name + sizeof at];
    if (read_name(url, name) && read_host(address, &at)) {
        knocks_open(gossip->doors, way, join(name, &at, way));
        knocks_forgive(gossip->doors, &at, measure(gossip, &at));
    }
}

struct http_guard peer_doors_guard(struct gossip *gossip)
{
    return (struct http_guard){.may_open = may_open, .answered = answered, .context = gossip};
}
