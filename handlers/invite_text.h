/* What the texts of all invites have in common: where a guest finds us, how long they are good, and
 * how they are answered.
 *
 * Thread: a listener's, or the writer's.
 */
#ifndef HEARTHCHAT_HANDLERS_INVITE_TEXT_H
#define HEARTHCHAT_HANDLERS_INVITE_TEXT_H

#include "handlers/node_parts.h"
#include "protocol/invite.h"

#define INVITE_TEXT_DEFAULT_TTL_SECONDS 604800 /* a week */
#define INVITE_TEXT_MOST_TTL_SECONDS 31536000  /* a year */

/* Our addresses, best first. False, and answered, when there is none. */
bool invite_text_endpoints(struct request *request, const struct node_parts *parts,
                           struct endpoints *endpoints_out);

/* Signs it and answers {"invite","expires_at","already"}. */
void invite_text_reply(struct request *request, const struct node_parts *parts,
                       const struct invite *invite);

#endif
