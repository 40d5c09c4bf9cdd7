/* Calls of the running node for who goes on after a failure; who ends with it takes
 * cli_call_node() (cli.h).
 *
 * Thread: main.
 */
#ifndef HEARTHCHAT_SERVER_CLI_CALL_H
#define HEARTHCHAT_SERVER_CLI_CALL_H

#include "server/cli.h"

struct cli_failure {
    char code[32]; /* of the answer; "": there was none */
    char *sentence;
};

/* As cli_call_node(), but says nothing: unless CLI_DONE, *failure has it and is given to
 * cli_call_complain() or cli_call_forget(). */
int cli_call_try(const struct cli *cli, const char *path, json_t *body, json_t **output_out,
                 struct cli_failure *failure);

/* Says it; returns `exit_code`. */
int cli_call_complain(int exit_code, struct cli_failure *failure);
void cli_call_forget(struct cli_failure *failure);

#endif
