/* A picture of a network, drawn by hand.
 *
 * Thread: the test's.
 */
#ifndef HEARTHCHAT_TESTS_DRAW_H
#define HEARTHCHAT_TESTS_DRAW_H

#include "server/network_picture.h"

/* A link that is up and carries multicast; in the picture, to be changed. */
struct network_link *draw_link(struct network_picture *picture, unsigned index,
                               enum network_link_kind kind);

/* An address of that link, IPv4 or IPv6; in the picture, to be changed. */
struct network_address *draw_address(struct network_picture *picture, unsigned link,
                                     const char *text);

#endif
