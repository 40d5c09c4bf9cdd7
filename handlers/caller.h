/* Who is calling, as the listener established it (§9). Handlers read it; only the gates in server/
 * make one.
 *
 * Thread: any; a plain value.
 */
#ifndef HEARTHCHAT_HANDLERS_CALLER_H
#define HEARTHCHAT_HANDLERS_CALLER_H

#include <stdbool.h>

#include "protocol/node_id.h"

/* Who stands higher may do more. */
enum caller_level {
    CALLER_REVOKED = -1, /* nothing at all */
    CALLER_ANONYMOUS,    /* no identity, or one that means nothing here */
    CALLER_INVITEE,      /* an unexpired invitation in our log, not joined yet */
    CALLER_MEMBER,
    CALLER_SELF, /* this machine's owner, on loopback */
};

struct caller {
    enum caller_level level;
    bool identified; /* node_id is proven */
    bool is_tab;     /* SELF, from a page of ours in a browser: somebody waits, so it goes first */
    struct node_id node_id;
};

#endif
