/* A running node: its listeners, its threads, its community; started and stopped in order.
 *
 * Thread: main.
 */
#ifndef HEARTHCHAT_SERVER_NODE_H
#define HEARTHCHAT_SERVER_NODE_H

#include "protocol/signing.h"
#include "server/configuration.h"

#define NODE_VERSION "0.1.0"

struct node;

struct node_options {
    const char *data_directory;
    const struct configuration *configuration; /* borrowed, outlives the node */
    const char *configuration_path;            /* where another name is kept; NULL: nowhere */
};

/* Takes the data directory, makes keys on first start, opens what is there and listens. When it
 * returns RESULT_OK the node answers. */
enum result node_start(const struct node_options *options, struct node **node_out,
                       struct error *error);

/* Stops accepting, finishes what is in flight, commits, frees; within 5 s. */
void node_stop(struct node **node);

uint16_t node_ui_port(const struct node *node);
uint16_t node_peer_port(const struct node *node);
const struct node_id *node_id_of(const struct node *node);

#endif
