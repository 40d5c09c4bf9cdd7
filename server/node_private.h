/* What the files of a node share (node.c, listeners.c, whereabouts.c).
 *
 * Thread: as each member says.
 */
#ifndef HEARTHCHAT_SERVER_NODE_PRIVATE_H
#define HEARTHCHAT_SERVER_NODE_PRIVATE_H

#include <stdatomic.h>

#include "gossip/gossip.h"
#include "handlers/node_parts.h"
#include "protocol/ulid.h"
#include "server/configuration.h"
#include "server/gate_peer.h"
#include "server/http_listener.h"
#include "server/websocket.h"

struct coming_back;
struct lan_discovery;
struct lock;
struct own_addresses;
struct own_name;
struct thread;

struct node {
    const struct configuration *configuration;
    char *data_directory;
    int lock_file;
    bool same_user_only;  /* configured, and this system can tell */
    atomic_bool stopping; /* a join gives up */
    struct signing_key key;
    struct tls_certificate tls;
    struct http_identity identity;
    struct node_parts parts;
    struct readers *own_readers;  /* who read and work for the owner */
    struct readers *peer_readers; /* … and for all others */
    struct websocket_hub *hub;
    struct gate_peer *gate;
    struct callers *peer_callers;
    struct account_table *peer_accounts; /* of who calls, and whom we call */
    struct account_table *own_accounts;
    struct http_listener *local;
    struct http_listener *peer;
    struct own_name *own_name;
    char suggested_name[PERSON_NAME_BYTES];
    struct own_addresses *own_addresses;
    struct lan_discovery *discovery; /* NULL: switched off, or there is nobody to hear it */
    struct coming_back *coming_back; /* NULL: nothing is missing */
    struct event_log *_Atomic log;
    struct gossip *_Atomic gossip;
    struct thread *joiner;
    struct lock *lock; /* guards what follows */
    struct ulid_source ulids;
    bool changing; /* a community is being founded or joined */
    json_t *manifest;
    int64_t manifest_ms;
    bool manifest_in_community;
};

#endif
