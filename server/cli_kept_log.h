/* The log that a command looks after, with the key that it is read by.
 *
 * Thread: main.
 */
#ifndef HEARTHCHAT_SERVER_CLI_KEPT_LOG_H
#define HEARTHCHAT_SERVER_CLI_KEPT_LOG_H

#include "protocol/signing.h"
#include "server/cli.h"

struct cli_kept_log {
    struct signing_key key;
    struct node_id community_id;
    char *directory;
};

/* Of --data. RESULT_NOT_FOUND: there is no key, or no log. RESULT_INVALID, RESULT_IO. After
 * RESULT_OK it is to be released. */
enum result cli_kept_log_find(const struct cli *cli, struct cli_kept_log *kept_out,
                              struct error *error);
void cli_kept_log_release(struct cli_kept_log *kept);

/* Prints why it can't be looked after. */
int cli_kept_log_fail(enum result result, const struct error *error);

#endif
