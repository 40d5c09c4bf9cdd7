/* What this node says of itself to others, and where it can be reached: its manifest, always as the
 * network is now, and the log's word of it (§8).
 *
 * Thread: start/stop/destroy: main; everything else: any.
 */
#ifndef HEARTHCHAT_SERVER_WHEREABOUTS_H
#define HEARTHCHAT_SERVER_WHEREABOUTS_H

#include "core/error.h"
#include "protocol/node_manifest.h"

struct node;

/* From here on the node's addresses are known; the peer listener has its port. */
enum result whereabouts_start(struct node *node, struct error *error);

/* Tells nobody anything any more. */
void whereabouts_stop(struct node *node);
void whereabouts_destroy(struct node *node);

/* The community's log is open: it is told where we are when it says something else. */
void whereabouts_follow_log(struct node *node);

/* The node has another name, and everybody is told. */
void whereabouts_rename(struct node *node);

/* The addresses by which others reach us; none while there is no network. `node` is the node. */
void whereabouts_list(void *node, struct endpoints *endpoints_out);

/* A signed manifest of this moment; the caller owns it. */
json_t *whereabouts_make_manifest(struct node *node);

/* One that was signed within 10 s and since the network changed; the caller owns it. */
json_t *whereabouts_get_manifest(void *node);

#endif
