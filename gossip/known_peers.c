#include "gossip/known_peers.h"

#include <stdlib.h>

#include "core/memory.h"
#include "store/event_reader.h"

enum { AT_ONCE = 16 };

void known_peers_add(struct known_peers *known, const struct node_id *node_id)
{
    known->list = memory_resize(known->list, known->count + 1, sizeof *known->list);
    known->list[known->count++] = (struct known_peer){.record.node_id = *node_id};
}

static int compare(const void *left, const void *right)
{
    return node_id_compare(&((const struct known_peer *)left)->record.node_id,
                           &((const struct known_peer *)right)->record.node_id);
}

static struct known_peer *find(const struct known_peers *known, const struct node_id *node_id)
{
    const struct known_peer wanted = {.record.node_id = *node_id};
    return known->count == 0
               ? NULL
               : bsearch(&wanted, known->list, known->count, sizeof *known->list, compare);
}

const struct known_peer *known_peers_find(const struct known_peers *known,
                                          const struct node_id *node_id)
{
    return find(known, node_id);
}

static void take_record(void *context, const struct peer_record *record)
{
    struct known_peer *peer = find(context, &record->node_id);
    if (peer != NULL) {
        peer->record = *record;
    }
}

static void take_address(void *context, const struct peer_address *address)
{
    struct known_peer *peer = context;
    peer->addresses =
        memory_resize(peer->addresses, peer->address_count + 1, sizeof *peer->addresses);
    peer->addresses[peer->address_count++] = *address;
}

bool known_peers_read(struct known_peers *known, struct event_log *log)
{
    if (known->read == 0 && known->count > 0) {
        qsort(known->list, known->count, sizeof *known->list, compare);
        (void)event_reader_peers(log, take_record, known);
    }
    for (size_t i = 0; i < AT_ONCE && known->read < known->count; i++) {
        struct known_peer *peer = &known->list[known->read++];
        (void)event_reader_addresses(log, &peer->record.node_id, take_address, peer);
    }
    return known->read == known->count;
}

void known_peers_deinit(struct known_peers *known)
{
    for (size_t i = 0; i < known->count; i++) {
        memory_free(known->list[i].addresses);
    }
    memory_free(known->list);
    *known = (struct known_peers){0};
}
