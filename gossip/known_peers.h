/* What the log remembers of peers that are not called yet: where they were reached, how far they
 * have our events.
 *
 * Thread: known_peers_read() reads the log; one at a time. {0} is an empty list.
 */
#ifndef HEARTHCHAT_GOSSIP_KNOWN_PEERS_H
#define HEARTHCHAT_GOSSIP_KNOWN_PEERS_H

#include "store/log_peers.h"

struct known_peer {
    struct peer_record record; /* zeros: nothing is remembered */
    struct peer_address *addresses;
    size_t address_count;
};

struct known_peers {
    struct known_peer *list;
    size_t count;
    size_t read;
};

/* Adds one, before they are read. */
void known_peers_add(struct known_peers *known, const struct node_id *node_id);

/* Looks them up; true when it is done, false to be called again. What can't be read is not known.
 */
bool known_peers_read(struct known_peers *known, struct event_log *log);

/* NULL: it was not added. Once they are read. */
const struct known_peer *known_peers_find(const struct known_peers *known,
                                          const struct node_id *node_id);

void known_peers_deinit(struct known_peers *known);

#endif
