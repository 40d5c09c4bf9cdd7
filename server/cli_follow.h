/* `history --follow`: messages as they arrive, over restarts of the node, each once.
 *
 * Within one life of the log (§15) arrival numbers miss nothing. In another one history is read
 * again above `floor`, and of it is shown what was not.
 * Thread: main.
 */
#ifndef HEARTHCHAT_SERVER_CLI_FOLLOW_H
#define HEARTHCHAT_SERVER_CLI_FOLLOW_H

#include "server/cli.h"

#define CLI_FOLLOW_REMEMBERED 10000 /* and up to as many more */

typedef void cli_follow_show(void *context, const json_t *message);

struct cli_follow {
    const struct cli *cli;
    const char *self;
    const char *peer; /* NULL: all conversations */
    cli_follow_show *show;
    void *context;
    json_t *seen; /* event ids; of those before them, too */
    json_t *seen_before;
    json_t *waiting;       /* lamports of messages that wait for their keys, by event id */
    int64_t newest;        /* lamport of what was shown */
    int64_t newest_before; /* … when what is in `seen_before` was full */
    int64_t floor;         /* lamport; what was shown above it is remembered */
};

void cli_follow_init(struct cli_follow *follow);
void cli_follow_deinit(struct cli_follow *follow);

/* Shows a message as chat.history gives it, unless it was shown. */
void cli_follow_offer(struct cli_follow *follow, const json_t *message);

/* Shows what arrives behind `seq`, until the output can't be written or the node refuses. The exit
 * code. */
int cli_follow_run(struct cli_follow *follow, int64_t seq);

#endif
