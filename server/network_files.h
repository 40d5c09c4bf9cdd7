/* What the network looks like, where the system has no rtnetlink: from ioctl, /proc/net and /sys.
 *
 * Less is seen than by network_reader.c: of links that have no address nothing, of bridges not what
 * they lead to. (getifaddrs() is no way out: it asks rtnetlink itself.)
 * Thread: one at a time.
 */
#ifndef HEARTHCHAT_SERVER_NETWORK_FILES_H
#define HEARTHCHAT_SERVER_NETWORK_FILES_H

#include "server/network_picture.h"

void network_files_read(struct network_picture *picture_out);

#endif
