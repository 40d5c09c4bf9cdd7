/* Whom a WHO on the command line means.
 *
 * Thread: main.
 */
#ifndef HEARTHCHAT_SERVER_CLI_WHO_H
#define HEARTHCHAT_SERVER_CLI_WHO_H

#include "server/cli.h"

/* A NodeID or a short one, with or without "ed25519:", or the name of one member. The NodeID, full
 * or short, is the caller's to free. Otherwise it was said what is wrong, and the exit code is
 * returned. */
int cli_who_find(const struct cli *cli, const char *who, char **node_id_out);

#endif
