#include "server/lan_links.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ranked {
    const struct network_link *link;
    int rank;
};

/* What the owner has it listen on. */
struct own_host {
    bool any;
    sa_family_t family;
    uint8_t bytes[NETWORK_PICTURE_ADDRESS_BYTES];
};

static struct own_host read_host(const char *host)
{
    struct own_host own = {.any = strcmp(host, "::") == 0 || strcmp(host, "0.0.0.0") == 0};
    if (inet_pton(AF_INET, host, own.bytes) == 1) {
        own.family = AF_INET;
    } else if (inet_pton(AF_INET6, host, own.bytes) == 1) {
        own.family = AF_INET6;
    }
    return own;
}

static bool is_own(const struct own_host *host, const struct network_address *address)
{
    return host->any || (host->family == address->family &&
                         memcmp(host->bytes, address->bytes, sizeof host->bytes) == 0);
}

/* Link-local addresses speak best IPv6, and worst IPv4. */
static bool speaks_better(const struct network_address *one, const struct network_address *other)
{
    bool local = network_picture_is_link_local(one);
    return other == NULL ||
           (local != network_picture_is_link_local(other) && local == (one->family == AF_INET6));
}

/* An address of the link to speak from. */
static bool find_source(const struct network_picture *picture, const struct network_link *link,
                        sa_family_t family, const struct own_host *host, uint8_t *bytes_out)
{
    const struct network_address *best = NULL;
    for (size_t i = 0; i < picture->address_count; i++) {
        const struct network_address *address = &picture->addresses[i];
        if (address->link == link->index && address->family == family &&
            network_picture_is_usable(link, address) && is_own(host, address) &&
            speaks_better(address, best)) {
            best = address;
        }
    }
    if (best != NULL) {
        memcpy(bytes_out, best->bytes, family == AF_INET ? 4 : NETWORK_PICTURE_ADDRESS_BYTES);
    }
    return best != NULL;
}

/* Neither the ports of a bridge or bond, nor what can't send to many. */
static bool is_for_hints(const struct network_link *link)
{
    return link->up && link->multicast && !link->loopback && link->master == 0;
}

static int compare(const void *left_pointer, const void *right_pointer)
{
    const struct ranked *left = left_pointer;
    const struct ranked *right = right_pointer;
    if (left->rank != right->rank) {
        return left->rank - right->rank;
    }
    return left->link->index < right->link->index ? -1 : 1;
}

void lan_links_choose(const struct network_picture *picture, const char *host, bool with_ipv6,
                      struct lan_links *links_out)
{
    struct ranked ranked[NETWORK_PICTURE_MOST_LINKS] = {0};
    const struct own_host own = read_host(host);
    size_t count = 0;
    for (size_t i = 0; i < picture->link_count; i++) {
        if (is_for_hints(&picture->links[i])) {
            ranked[count++] = (struct ranked){
                &picture->links[i], network_picture_rank_link(picture, &picture->links[i])};
        }
    }
    qsort(ranked, count, sizeof ranked[0], compare);
    *links_out = (struct lan_links){0};
    for (size_t i = 0; i < count && links_out->count < LIMITS_HINT_LINKS; i++) {
        struct lan_link link = {.index = ranked[i].link->index};
        (void)snprintf(link.name, sizeof link.name, "%s", ranked[i].link->name);
        link.has_v4 = find_source(picture, ranked[i].link, AF_INET, &own, link.v4);
        link.has_v6 = with_ipv6 && find_source(picture, ranked[i].link, AF_INET6, &own, link.v6);
        if (link.has_v4 || link.has_v6) {
            links_out->list[links_out->count++] = link;
        }
    }
}

const struct lan_link *lan_links_find(const struct lan_links *links, unsigned index)
{
    for (size_t i = 0; i < links->count; i++) {
        if (links->list[i].index == index) {
            return &links->list[i];
        }
    }
    return NULL;
}

bool lan_links_have_new(const struct lan_links *before, const struct lan_links *now)
{
    for (size_t i = 0; i < now->count; i++) {
        const struct lan_link *link = &now->list[i];
        const struct lan_link *old = lan_links_find(before, link->index);
        if (old == NULL ||
            (link->has_v4 && (!old->has_v4 || memcmp(link->v4, old->v4, sizeof link->v4) != 0)) ||
            (link->has_v6 && (!old->has_v6 || memcmp(link->v6, old->v6, sizeof link->v6) != 0))) {
            return true;
        }
    }
    return false;
}
