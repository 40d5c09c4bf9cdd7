#include "gossip/peer_table.h"

#include "core/memory.h"
#include "core/seeded_hash.h"

enum { FIRST_BUCKETS = 16 };

void peer_table_init(struct peer_table *table, uint64_t seed)
{
    *table = (struct peer_table){.seed = seed, .bucket_count = FIRST_BUCKETS};
    table->buckets = memory_allocate(table->bucket_count, sizeof(struct peer_entry *));
}

void peer_table_deinit(struct peer_table *table)
{
    memory_free(table->buckets);
    *table = (struct peer_table){0};
}

static struct peer_entry **bucket_of(const struct peer_table *table, const struct node_id *node_id)
{
    uint64_t hash = seeded_hash_bytes(table->seed, node_id->key, sizeof node_id->key);
    return &table->buckets[hash % table->bucket_count];
}

struct peer_entry *peer_table_find(const struct peer_table *table, const struct node_id *node_id)
{
    struct peer_entry *entry = *bucket_of(table, node_id);
    while (entry != NULL && !node_id_equal(&entry->node_id, node_id)) {
        entry = entry->next;
    }
    return entry;
}

static void insert(const struct peer_table *table, struct peer_entry *entry)
{
    struct peer_entry **bucket = bucket_of(table, &entry->node_id);
    entry->next = *bucket;
    *bucket = entry;
}

static void grow(struct peer_table *table)
{
    struct peer_table larger = *table;
    larger.bucket_count = 2 * table->bucket_count;
    larger.buckets = memory_allocate(larger.bucket_count, sizeof(struct peer_entry *));
    for (size_t i = 0; i < table->bucket_count; i++) {
        struct peer_entry *entry = table->buckets[i];
        while (entry != NULL) {
            struct peer_entry *next = entry->next;
            insert(&larger, entry);
            entry = next;
        }
    }
    memory_free(table->buckets);
    *table = larger;
}

void peer_table_add(struct peer_table *table, struct peer_entry *entry)
{
    if (table->count == table->bucket_count) {
        grow(table);
    }
    insert(table, entry);
    table->count++;
}

void peer_table_remove(struct peer_table *table, const struct peer_entry *entry)
{
    struct peer_entry **at = bucket_of(table, &entry->node_id);
    while (*at != entry) {
        at = &(*at)->next;
    }
    *at = entry->next;
    table->count--;
}
