/* A neighbourhood in one process: the shipped gossip, store, handlers and protocol code on a
 * virtual clock and a virtual network. One seed is one history, exactly repeatable.
 *
 * Thread: one. Everything random comes from world_random(), libsodium's randomness too.
 */
#ifndef HEARTHCHAT_TESTS_WORLD_H
#define HEARTHCHAT_TESTS_WORLD_H

#include "handlers/node_parts.h"
#include "server/long_polls.h"

enum { MOST_NODES = 64 };

struct world;

/* What happens at a moment of virtual time; frees its context. */
typedef void moment(struct world *world, void *context);

struct sim_node {
    struct world *world;
    unsigned index;
    unsigned generation; /* grows with every start and stop: what was on its way is for nobody */
    bool up;
    bool hostile; /* answers and asks as it likes */
    bool hidden;  /* behind a router: it reaches others, nobody reaches it */
    char name[16];
    char *directory;
    struct signing_key key;
    struct clock clock;
    int64_t skew_ms; /* of its wall clock */
    struct event_log *log;
    struct gossip *gossip;
    struct node_parts parts;
    struct long_polls polls;
    struct gossip_transport transport;
    struct account_table *accounts;
    int64_t wake_at_ms;
};

struct weather {
    unsigned loss_percent; /* of requests, and of answers */
    unsigned duplicate_percent;
    int64_t delay_least_ms;
    int64_t delay_most_ms;
};

struct world {
    uint64_t random;
    int64_t now_ms;
    bool ending;                  /* nobody comes back any more */
    int64_t epoch_ms;             /* wall time at now_ms 0 */
    struct happening *happenings; /* heap by (at, order) */
    size_t happening_count;
    uint64_t order;
    struct sim_node *nodes[MOST_NODES];
    unsigned node_count;
    unsigned group[MOST_NODES]; /* nodes of one group reach each other */
    struct node_id community_id;
    struct weather weather;
    char *directory;
    unsigned directory_count;
    uint64_t trace; /* of everything that went over the network */
    uint64_t requests;
    uint64_t transfers; /* of them, those that bring events, between neighbours */
    uint64_t bytes;
};

struct world *world_create(uint64_t seed);
void world_destroy(struct world **world);

uint64_t world_random(struct world *world);
unsigned world_below(struct world *world, unsigned below);
bool world_chance(struct world *world, unsigned percent);

/* Has it happen in `in_ms`; things of one moment happen in the order they were asked for. */
void world_in(struct world *world, int64_t in_ms, moment *what, void *context);

/* Lets time pass until then. */
void world_run(struct world *world, int64_t until_ms);

/* sim_node.c: node 0 founds the community when it is created. */
struct sim_node *sim_node_create(struct world *world);
void sim_node_destroy(struct sim_node **node);
void sim_node_start(struct sim_node *node);

/* As kill -9 does: nothing is said, saved or answered any more. */
void sim_node_kill(struct sim_node *node);

/* The node deals with what came; called after everything that is done to it. */
void sim_node_step(struct sim_node *node);

/* `inviter` (up) lets `node` (created, not started) join, as joining.c does. False when it may not.
 */
bool sim_node_join(struct sim_node *node, struct sim_node *inviter);
bool sim_node_is_member(const struct sim_node *node, const struct sim_node *other);

/* virtual_network.c: what a node's gossip sends. */
void virtual_network_send(void *context, const struct http_call *request, http_client_done *done,
                          void *done_context);

/* The node died: those whose requests it holds learn of it. */
void virtual_network_drop_polls(struct sim_node *node);

#endif
