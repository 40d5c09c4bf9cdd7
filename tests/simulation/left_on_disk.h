/* What lies in the files of a neighbourhood's logs, and must not (§24): words that were sealed for
 * others, and secrets that were deleted.
 *
 * Thread: one.
 */
#ifndef HEARTHCHAT_TESTS_LEFT_ON_DISK_H
#define HEARTHCHAT_TESTS_LEFT_ON_DISK_H

#include "history_of_seed.h"

/* Remembers the receiving secrets that this node (up) has just now. */
void left_on_disk_look(struct chronicle *chronicle, const struct sim_node *node);

/* Ends all nodes, and counts and prints what is left. `gone_out`: how many remembered secrets their
 * nodes have deleted. */
unsigned left_on_disk_check(struct chronicle *chronicle, size_t *gone_out);

#endif
