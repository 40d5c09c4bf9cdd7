/* What this machine's network looks like in one moment, and by which addresses others reach it
 * (§8).
 *
 * Pure: who looks at the system are network_reader.c and, where there is no rtnetlink,
 * network_files.c. Thread: any. Limits: what lies beyond NETWORK_PICTURE_MOST_LINKS and
 * NETWORK_PICTURE_MOST_ADDRESSES is not seen; a machine with more is no neighbour's.
 */
#ifndef HEARTHCHAT_SERVER_NETWORK_PICTURE_H
#define HEARTHCHAT_SERVER_NETWORK_PICTURE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "protocol/node_manifest.h"

#define NETWORK_PICTURE_MOST_LINKS 256
#define NETWORK_PICTURE_MOST_ADDRESSES 512
#define NETWORK_PICTURE_ADDRESS_BYTES 16
#define NETWORK_PICTURE_TEXT_BYTES 46 /* INET6_ADDRSTRLEN */

enum network_link_kind {
    NETWORK_HARDWARE, /* or what is stacked on it: VLANs, bonds */
    NETWORK_BRIDGE,
    NETWORK_OTHER /* tunnels, ends of cables that only software has */
};

struct network_link {
    unsigned index;  /* as the kernel counts interfaces */
    unsigned master; /* the bridge or bond that it is a port of; 0: none */
    char name[IF_NAMESIZE];
    enum network_link_kind kind;
    bool up; /* switched on, and with a carrier */
    bool loopback;
    bool multicast;
    bool default_route;
};

struct network_address {
    unsigned link;      /* its index */
    sa_family_t family; /* AF_INET, AF_INET6 */
    uint8_t bytes[NETWORK_PICTURE_ADDRESS_BYTES];
    bool tentative;  /* nobody knows yet whether another machine has it too */
    bool deprecated; /* on its way out */
    bool temporary;  /* another one tomorrow */
};

struct network_picture {
    size_t link_count;
    size_t address_count;
    struct network_link links[NETWORK_PICTURE_MOST_LINKS];
    struct network_address addresses[NETWORK_PICTURE_MOST_ADDRESSES];
};

/* Adds a zeroed one for the caller to fill; NULL at the limit. */
struct network_link *network_picture_add_link(struct network_picture *picture);
struct network_address *network_picture_add_address(struct network_picture *picture);

/* NULL: there is none. */
struct network_link *network_picture_find_link(struct network_picture *picture, unsigned index);

bool network_picture_equal(const struct network_picture *left, const struct network_picture *right);

/* Whether both have the same ways out: the links that lead a default route and are up. */
bool network_picture_same_ways_out(const struct network_picture *left,
                                   const struct network_picture *right);

/* The addresses by which others reach this machine, best first, NODE_MANIFEST_MOST_ENDPOINTS at the
 * most (§8): of links with a default route, of hardware with a carrier, of other links, link-local
 * ones, those of bridges that lead nowhere. Loopback never, nor what is tentative, deprecated, or
 * temporary beside one of the same network that stays. The same picture gives the same order,
 * whatever the order in which the kernel told it. */
void network_picture_order(const struct network_picture *picture, bool with_ipv6, uint16_t port,
                           struct endpoints *endpoints_out);

/* Whether others on that link can reach the address: up, no loopback, neither tentative nor on its
 * way out. */
bool network_picture_is_usable(const struct network_link *link,
                               const struct network_address *address);
bool network_picture_is_link_local(const struct network_address *address);

/* How far down the link's addresses stand; the lower the better. */
int network_picture_rank_link(const struct network_picture *picture,
                              const struct network_link *link);

#endif
