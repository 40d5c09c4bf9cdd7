/* Asks the kernel what the network looks like, and hears when it changes (rtnetlink).
 *
 * Thread: one at a time. Ownership: the descriptor is the caller's to close.
 */
#ifndef HEARTHCHAT_SERVER_NETWORK_READER_H
#define HEARTHCHAT_SERVER_NETWORK_READER_H

#include "core/result.h"
#include "server/network_picture.h"

/* A descriptor that becomes readable when links, addresses or routes change; -1 where the system
 * has none. */
int network_reader_watch(void);

/* Takes what made it readable: what changed is asked anew, not told here. */
void network_reader_drain(int watch);

/* RESULT_UNSUPPORTED where the system has no rtnetlink. */
enum result network_reader_read(struct network_picture *picture_out);

#endif
