/* Which user of this machine owns the other end of a loopback connection (§9), asked of the kernel
 * through NETLINK_SOCK_DIAG.
 *
 * Thread: any; no state.
 */
#ifndef HEARTHCHAT_SERVER_SOCKET_OWNER_H
#define HEARTHCHAT_SERVER_SOCKET_OWNER_H

#include <sys/socket.h>
#include <sys/types.h>

#include "core/result.h"

/* `ours` is the socket of our end, `theirs` the other's address. That stays so for as long as the
 * connection lives: a socket is whose it was made by, whoever holds it later. RESULT_NOT_FOUND when
 * the kernel knows no such socket, or one that was closed and is nobody's any more;
 * RESULT_UNSUPPORTED when it does not answer such questions here, RESULT_FULL when it can't be
 * asked just now: there is no descriptor or no memory. `uid_out` is set with RESULT_OK alone. */
enum result socket_owner_find(int ours, const struct sockaddr *theirs, uid_t *uid_out);

/* Whether it can be asked at all: asks for a connection of our own. RESULT_UNSUPPORTED: it can't;
 * RESULT_FULL: not just now. */
enum result socket_owner_probe(void);

#endif
