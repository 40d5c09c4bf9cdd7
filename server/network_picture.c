#include "server/network_picture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANK_DEFAULT_ROUTE, RANK_HARDWARE, RANK_OTHER, RANK_LINK_LOCAL, RANK_BRIDGE };
enum { V6_NETWORK_BYTES = 8 };

struct network_link *network_picture_add_link(struct network_picture *picture)
{
    if (picture->link_count == NETWORK_PICTURE_MOST_LINKS) {
        return NULL;
    }
    struct network_link *link = &picture->links[picture->link_count++];
    *link = (struct network_link){.kind = NETWORK_OTHER};
    return link;
}

struct network_address *network_picture_add_address(struct network_picture *picture)
{
    if (picture->address_count == NETWORK_PICTURE_MOST_ADDRESSES) {
        return NULL;
    }
    struct network_address *address = &picture->addresses[picture->address_count++];
    *address = (struct network_address){0};
    return address;
}

static const struct network_link *find(const struct network_picture *picture, unsigned index)
{
    for (size_t i = 0; i < picture->link_count; i++) {
        if (picture->links[i].index == index) {
            return &picture->links[i];
        }
    }
    return NULL;
}

struct network_link *network_picture_find_link(struct network_picture *picture, unsigned index)
{
    const struct network_link *link = find(picture, index);
    return link == NULL ? NULL : &picture->links[link - picture->links];
}

static bool same_link(const struct network_link *left, const struct network_link *right)
{
    return left->index == right->index && left->master == right->master &&
           left->kind == right->kind && left->up == right->up &&
           left->loopback == right->loopback && left->multicast == right->multicast &&
           left->default_route == right->default_route && strcmp(left->name, right->name) == 0;
}

static bool same_address(const struct network_address *left, const struct network_address *right)
{
    return left->link == right->link && left->family == right->family &&
           left->tentative == right->tentative && left->deprecated == right->deprecated &&
           left->temporary == right->temporary &&
           memcmp(left->bytes, right->bytes, sizeof left->bytes) == 0;
}

bool network_picture_equal(const struct network_picture *left, const struct network_picture *right)
{
    if (left->link_count != right->link_count || left->address_count != right->address_count) {
        return false;
    }
    for (size_t i = 0; i < left->link_count; i++) {
        if (!same_link(&left->links[i], &right->links[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < left->address_count; i++) {
        if (!same_address(&left->addresses[i], &right->addresses[i])) {
            return false;
        }
    }
    return true;
}

static bool leads_out(const struct network_link *link)
{
    return link != NULL && link->up && link->default_route;
}

static bool has_ways_out_of(const struct network_picture *picture,
                            const struct network_picture *other)
{
    for (size_t i = 0; i < other->link_count; i++) {
        const struct network_link *link = &other->links[i];
        if (leads_out(link) && !leads_out(find(picture, link->index))) {
            return false;
        }
    }
    return true;
}

bool network_picture_same_ways_out(const struct network_picture *left,
                                   const struct network_picture *right)
{
    return has_ways_out_of(left, right) && has_ways_out_of(right, left);
}

bool network_picture_is_link_local(const struct network_address *address)
{
    return address->family == AF_INET
               ? address->bytes[0] == 169 && address->bytes[1] == 254
               : address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

/* Neither loopback nor the absence of an address, whatever the link. */
static bool is_of_a_machine(const struct network_address *address)
{
    static const uint8_t none[NETWORK_PICTURE_ADDRESS_BYTES];
    static const uint8_t loopback[NETWORK_PICTURE_ADDRESS_BYTES] = {[15] = 1};
    return address->family == AF_INET ? address->bytes[0] != 127 && address->bytes[0] != 0
                                      : memcmp(address->bytes, none, sizeof none) != 0 &&
                                            memcmp(address->bytes, loopback, sizeof loopback) != 0;
}

bool network_picture_is_usable(const struct network_link *link,
                               const struct network_address *address)
{
    return link != NULL && link->up && !link->loopback && !address->tentative &&
           !address->deprecated && is_of_a_machine(address);
}

/* A bridge between this machine's own cable and whatever else is the machine's way to others. */
static bool has_hardware(const struct network_picture *picture, const struct network_link *bridge)
{
    for (size_t i = 0; i < picture->link_count; i++) {
        if (picture->links[i].master == bridge->index && picture->links[i].up &&
            picture->links[i].kind == NETWORK_HARDWARE) {
            return true;
        }
    }
    return false;
}

int network_picture_rank_link(const struct network_picture *picture,
                              const struct network_link *link)
{
    if (link->default_route) {
        return RANK_DEFAULT_ROUTE;
    }
    const struct network_link *master = link->master == 0 ? NULL : find(picture, link->master);
    if (master != NULL && master->kind == NETWORK_BRIDGE) {
        return RANK_BRIDGE;
    }
    switch (link->kind) {
    case NETWORK_HARDWARE:
        return RANK_HARDWARE;
    case NETWORK_BRIDGE:
        return has_hardware(picture, link) ? RANK_HARDWARE : RANK_BRIDGE;
    case NETWORK_OTHER:
        return RANK_OTHER;
    }
    return RANK_BRIDGE;
}

struct candidate {
    const struct network_address *address;
    int rank;
    int link_rank;
};

/* Whether an address of the same link and network stays while this one is another tomorrow. */
static bool has_lasting_sibling(const struct network_picture *picture,
                                const struct network_link *link,
                                const struct network_address *address)
{
    for (size_t i = 0; i < picture->address_count; i++) {
        const struct network_address *other = &picture->addresses[i];
        if (other->link == link->index && other->family == AF_INET6 && !other->temporary &&
            network_picture_is_usable(link, other) &&
            memcmp(other->bytes, address->bytes, V6_NETWORK_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static bool consider(const struct network_picture *picture, const struct network_address *address,
                     struct candidate *candidate_out)
{
    const struct network_link *link = find(picture, address->link);
    if (!network_picture_is_usable(link, address) ||
        (address->temporary && has_lasting_sibling(picture, link, address))) {
        return false;
    }
    bool local = network_picture_is_link_local(address);
    int link_rank = network_picture_rank_link(picture, link);
    *candidate_out = (struct candidate){
        .address = address,
        .rank = local && link_rank < RANK_LINK_LOCAL ? RANK_LINK_LOCAL : link_rank,
        .link_rank = link_rank};
    /* A link-local address of such a bridge would be tried on every link of whoever reads it. */
    return !(local && link_rank == RANK_BRIDGE);
}

static int compare(const void *left_pointer, const void *right_pointer)
{
    const struct candidate *left = left_pointer;
    const struct candidate *right = right_pointer;
    if (left->rank != right->rank) {
        return left->rank - right->rank;
    }
    if (left->address->family != right->address->family) {
        return left->address->family == AF_INET ? -1 : 1;
    }
    if (left->link_rank != right->link_rank) {
        return left->link_rank - right->link_rank;
    }
    if (left->address->link != right->address->link) {
        return left->address->link < right->address->link ? -1 : 1;
    }
    return memcmp(left->address->bytes, right->address->bytes, sizeof left->address->bytes);
}

static bool is_listed(const struct endpoints *endpoints, const char *host)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        if (strcmp(endpoints->list[i].host, host) == 0) {
            return true;
        }
    }
    return false;
}

static void format_address(const struct network_address *address,
                           char text_out[static NETWORK_PICTURE_TEXT_BYTES])
{
    if (inet_ntop(address->family, address->bytes, text_out, NETWORK_PICTURE_TEXT_BYTES) == NULL) {
        text_out[0] = '\0';
    }
}

void network_picture_order(const struct network_picture *picture, bool with_ipv6, uint16_t port,
                           struct endpoints *endpoints_out)
{
    struct candidate candidates[NETWORK_PICTURE_MOST_ADDRESSES] = {0};
    size_t count = 0;
    for (size_t i = 0; i < picture->address_count; i++) {
        if ((with_ipv6 || picture->addresses[i].family == AF_INET) &&
            consider(picture, &picture->addresses[i], &candidates[count])) {
            count++;
        }
    }
    qsort(candidates, count, sizeof candidates[0], compare);
    *endpoints_out = (struct endpoints){0};
    for (size_t i = 0; i < count && endpoints_out->count < NODE_MANIFEST_MOST_ENDPOINTS; i++) {
        struct endpoint *endpoint = &endpoints_out->list[endpoints_out->count];
        char text[NETWORK_PICTURE_TEXT_BYTES];
        format_address(candidates[i].address, text);
        if (!is_listed(endpoints_out, text)) {
            (void)snprintf(endpoint->host, sizeof endpoint->host, "%s", text);
            endpoint->port = port;
            endpoints_out->count++;
        }
    }
}
