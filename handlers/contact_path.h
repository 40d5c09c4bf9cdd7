/* Paths about one other node: /api/v1/contacts/{peer}…
 *
 * Thread: a listener's.
 */
#ifndef HEARTHCHAT_HANDLERS_CONTACT_PATH_H
#define HEARTHCHAT_HANDLERS_CONTACT_PATH_H

#include "handlers/node_parts.h"

/* The path's {peer}, who is not this node; false after answering what is wrong. */
bool contact_path_find(struct request *request, const struct node_parts *parts,
                       struct node_id *peer_out);

/* The same of a name that stands elsewhere. */
bool contact_path_resolve(struct request *request, const struct node_parts *parts, const char *text,
                          struct node_id *peer_out);

#endif
