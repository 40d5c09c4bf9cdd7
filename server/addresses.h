/* Where others can reach this machine.
 *
 * Thread: startup.
 */
#ifndef HEARTHCHAT_SERVER_ADDRESSES_H
#define HEARTHCHAT_SERVER_ADDRESSES_H

#include "protocol/node_manifest.h"

/* The machine's own addresses with that port when `host` means all of them, else the one; loopback
 * only when there is nothing else. */
void addresses_detect(const char *host, uint16_t port, struct endpoints *endpoints_out);

#endif
