/* The node's two listeners, with their gates and doors (§9, §10, §13).
 *
 * Thread: main.
 */
#ifndef HEARTHCHAT_SERVER_LISTENERS_H
#define HEARTHCHAT_SERVER_LISTENERS_H

#include "core/error.h"

struct node;

/* Takes both ports. */
enum result listeners_open(struct node *node, struct error *error);

/* Begins to answer. */
enum result listeners_start(struct node *node, struct error *error);

void listeners_quiesce(struct node *node);
void listeners_drain(struct node *node);
void listeners_stop(struct node *node);

#endif
