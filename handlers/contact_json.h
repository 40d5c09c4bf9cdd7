/* What the owner keeps of others, as programs are told of it.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_HANDLERS_CONTACT_JSON_H
#define HEARTHCHAT_HANDLERS_CONTACT_JSON_H

#include <jansson.h>

#include "store/log_contacts.h"

/* Into `entry`: "nickname", "muted", "blocked", "pinned". */
void contact_json_set(json_t *entry, const struct log_contact *contact);

/* The same into what node_parts_describe_node() made of that node. Its "namesake" is that of its
 * nickname then; of who has none it is also one whose nickname reads the same, or looks alike. */
void contact_json_describe(json_t *entry, const struct log_contacts *contacts,
                           const struct node_id *node_id);

#endif
