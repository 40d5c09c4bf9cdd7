/* Invites for whoever has the text (§17): made for the owner, redeemed by a guest's node.
 *
 * Thread: a listener's; answers come from the writer's.
 */
#ifndef HEARTHCHAT_HANDLERS_OPEN_INVITE_H
#define HEARTHCHAT_HANDLERS_OPEN_INVITE_H

#include "handlers/node_parts.h"

/* Its text is to fit into a QR code that a phone reads from a screen: so many of our addresses,
 * the best. The guest's node learns the others from the log. */
#define OPEN_INVITE_MOST_ENDPOINTS 3

/* POST /api/v1/invites with "open". */
void open_invite_make(struct request *request, const struct node_parts *parts);

#endif
