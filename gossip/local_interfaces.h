/* What this machine's interfaces are in this moment: its own addresses, which are never called, and
 * the links on which an IPv6 link-local address of a peer may lie (§8).
 *
 * Thread: any. A plain value. Limits: what lies beyond the arrays is left out; that costs a call to
 * ourselves, which the pinned key ends, or a link that is not tried.
 */
#ifndef HEARTHCHAT_GOSSIP_LOCAL_INTERFACES_H
#define HEARTHCHAT_GOSSIP_LOCAL_INTERFACES_H

#include <stdbool.h>
#include <stddef.h>

#define LOCAL_INTERFACES_MOST_ADDRESSES 128
#define LOCAL_INTERFACES_MOST_LINKS 16
#define LOCAL_INTERFACES_ADDRESS_BYTES 46 /* INET6_ADDRSTRLEN */
#define LOCAL_INTERFACES_NAME_BYTES 16    /* IF_NAMESIZE */

struct local_interfaces {
    char addresses[LOCAL_INTERFACES_MOST_ADDRESSES][LOCAL_INTERFACES_ADDRESS_BYTES];
    size_t address_count;
    /* Up, with a link-local address; those with another address first: the others are mostly ports
     * of bridges. */
    char links[LOCAL_INTERFACES_MOST_LINKS][LOCAL_INTERFACES_NAME_BYTES];
    size_t link_count;
};

/* Asks the system. Empty when it doesn't say. */
void local_interfaces_read(struct local_interfaces *interfaces_out);

/* Without an interface ("%name"). */
bool local_interfaces_have(const struct local_interfaces *interfaces, const char *address);

#endif
