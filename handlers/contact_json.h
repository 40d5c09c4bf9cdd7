/* What the owner keeps of others, as programs are told of it.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_HANDLERS_CONTACT_JSON_H
#define HEARTHCHAT_HANDLERS_CONTACT_JSON_H

#include <jansson.h>

#include "handlers/node_parts.h"
#include "store/log_contacts.h"

/* Into `entry`: "nickname", "muted", "blocked", "pinned". */
void contact_json_set(json_t *entry, const struct log_contact *contact);

/* The namesake of a node that looks like this: that of its nickname; of who has none it is also one
 * whose nickname reads the same, or looks alike. NULL: none. */
const char *contact_json_namesake(const struct log_contacts *contacts,
                                  const struct node_id *node_id, const struct node_look *look);

#endif
