/* On which links this machine speaks to its local network, and as whom (§19).
 *
 * Pure. Thread: any. Limits: LIMITS_HINT_LINKS, those where neighbours are first.
 */
#ifndef HEARTHCHAT_SERVER_LAN_LINKS_H
#define HEARTHCHAT_SERVER_LAN_LINKS_H

#include "core/limits.h"
#include "server/network_picture.h"

struct lan_link {
    unsigned index;
    char name[IF_NAMESIZE];
    bool has_v4;
    bool has_v6;
    uint8_t v4[4]; /* whom hints come from */
    uint8_t v6[NETWORK_PICTURE_ADDRESS_BYTES];
};

struct lan_links {
    size_t count;
    struct lan_link list[LIMITS_HINT_LINKS];
};

/* `host` as the peer listener has it: where that is one address, hints come from it and no other,
 * for there nobody would be answered. Of IPv6 link-local ones come first: every neighbour on the
 * link can reach them. */
void lan_links_choose(const struct network_picture *picture, const char *host, bool with_ipv6,
                      struct lan_links *links_out);

/* Whether there is an address to speak from that was not there before. */
bool lan_links_have_new(const struct lan_links *before, const struct lan_links *now);

/* NULL: none of ours. */
const struct lan_link *lan_links_find(const struct lan_links *links, unsigned index);

#endif
