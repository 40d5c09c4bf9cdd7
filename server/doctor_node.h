/* What `hearthchat doctor` makes of a running node's answers: its addresses, whether neighbours
 * reach it, its clock beside theirs, and each neighbour.
 *
 * Thread: main.
 * Whether a neighbour can call back is not tried but seen: each member exchanges with
 * each other one about twice a minute, so that somebody calls soon.
 */
#ifndef HEARTHCHAT_SERVER_DOCTOR_NODE_H
#define HEARTHCHAT_SERVER_DOCTOR_NODE_H

#include "server/doctor_findings.h"

/* `node`, `members`, `peers`: what GET /api/v1/node, /members and /peers gave; of the last two NULL
 * when there is no community. */
void doctor_node_examine(const json_t *node, const json_t *members, const json_t *peers,
                         struct doctor_findings *findings);

/* No node runs: whether this machine has an address in a network. */
void doctor_node_examine_machine(struct doctor_findings *findings);

/* What a member calls itself, its NodeID when nothing is known of it. Borrowed. */
const char *doctor_node_name(const json_t *members, const char *node_id);

#endif
