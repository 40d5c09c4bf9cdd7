/* The two sockets of LAN discovery: to and from everybody on a link, IPv4 and IPv6 (§19).
 *
 * Two nodes of one machine have both of them. A port that another program keeps to itself leaves us
 * speaking without hearing. Thread: the owner's.
 */
#ifndef HEARTHCHAT_SERVER_LAN_SOCKET_H
#define HEARTHCHAT_SERVER_LAN_SOCKET_H

#include "server/lan_links.h"

#define LAN_SOCKET_PORT 42424

struct lan_datagram {
    const char *bytes;
    size_t length_bytes; /* SIZE_MAX: longer than a hint may be */
    sa_family_t family;
    uint8_t address[NETWORK_PICTURE_ADDRESS_BYTES]; /* who sent it; a machine's, not of this one */
    unsigned link;                                  /* of an IPv6 link-local address; else 0 */
};

/* A descriptor for AF_INET or AF_INET6; -1 where the system gives none. *hears_out: whether the
 * port is ours too. */
int lan_socket_open(sa_family_t family, bool *hears_out);

/* Listens to the link; RESULT_IO when that can't be (too many, no multicast). Twice is fine. */
enum result lan_socket_join(int socket, sa_family_t family, unsigned link);
void lan_socket_leave(int socket, sa_family_t family, unsigned link);

/* False when it could not be sent: then the next beat may. */
bool lan_socket_send(int socket, sa_family_t family, const struct lan_link *link, const char *bytes,
                     size_t length_bytes);

/* Gives each datagram that waits, `most` of them, to `take`; returns how many there were. Those
 * that come from no machine's address are left out. */
size_t lan_socket_receive(int socket, size_t most,
                          void (*take)(void *context, const struct lan_datagram *datagram),
                          void *context);

#endif
