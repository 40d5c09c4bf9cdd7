#include "protocol/fact.h"

#include <string.h>

#include "core/memory.h"
#include "core/seeded_hash.h"
#include "protocol/signing.h"

void fact_record_of(const struct event *event, struct fact_record *record_out)
{
    struct fact_record record = {.lamport = event->lamport, .type = event->type};
    (void)wall_clock_parse(event->wall_clock, &record.wall_seconds);
    memcpy(record.event_id, event->event_id, sizeof record.event_id);
    memcpy(record.hash, event->hash, sizeof record.hash);
    record.author = event->author;
    if (event->type == EVENT_COMMUNITY_CREATED) {
        record.policy = &event->data.created.policy;
    } else if (event->type == EVENT_POLICY_UPDATED) {
        record.policy = &event->data.policy.policy;
    } else if (event->type == EVENT_MEMBER_INVITED) {
        record.target = event->data.invited.invitee;
        record.level = event->data.invited.initial_level;
        (void)wall_clock_parse(event->data.invited.expires_at, &record.expires_at);
    } else if (event->type == EVENT_MEMBER_JOINED) {
        memcpy(record.invite_event_id, event->data.joined.invite_event_id, ULID_TEXT_BYTES);
    } else if (event->type == EVENT_MEMBER_REVOKED) {
        record.target = event->data.revoked.target;
        record.signers = event->data.revoked.co_signers.node_ids;
        record.signer_count = event->data.revoked.co_signers.count;
    } else {
        record.target = event->data.level.target;
        record.level = event->data.level.new_level;
        record.signers = event->data.level.co_signers.node_ids;
        record.signer_count = event->data.level.co_signers.count;
    }
    *record_out = record;
}

void fact_table_init(struct fact_table *table)
{
    *table = (struct fact_table){0};
    signing_random((uint8_t *)&table->seed, sizeof table->seed);
}

void fact_table_deinit(struct fact_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        memory_free(table->facts[i].signers);
    }
    memory_free(table->facts);
    memory_free(table->buckets[FACT_BY_AUTHOR]);
    memory_free(table->buckets[FACT_BY_INVITEE]);
    memory_free(table->policies);
    *table = (struct fact_table){0};
}

static uint32_t *bucket_of(const struct fact_table *table, enum fact_chain chain,
                           const struct fact *fact)
{
    uint8_t key[ULID_BYTES + NODE_ID_BYTES] = {0};
    memcpy(key, fact->event_id, ULID_BYTES);
    if (chain == FACT_BY_AUTHOR) {
        memcpy(key + ULID_BYTES, &fact->author, sizeof fact->author);
    } else {
        memcpy(key + ULID_BYTES, fact->about.target.key, NODE_ID_BYTES);
    }
    uint64_t hash = seeded_hash_bytes(table->seed, key, sizeof key);
    return &table->buckets[chain][hash & (table->bucket_count - 1)];
}

static bool is_in(const struct fact *fact, enum fact_chain chain)
{
    return chain == FACT_BY_AUTHOR || fact->type == EVENT_MEMBER_INVITED;
}

static void link_fact(struct fact_table *table, uint32_t handle)
{
    struct fact *fact = &table->facts[handle];
    for (enum fact_chain chain = FACT_BY_AUTHOR; chain <= FACT_BY_INVITEE; chain++) {
        if (is_in(fact, chain)) {
            uint32_t *bucket = bucket_of(table, chain, fact);
            fact->next[chain] = *bucket;
            *bucket = handle;
        }
    }
}

static void unlink_fact(struct fact_table *table, uint32_t handle)
{
    const struct fact *fact = &table->facts[handle];
    for (enum fact_chain chain = FACT_BY_AUTHOR; chain <= FACT_BY_INVITEE; chain++) {
        if (is_in(fact, chain)) {
            uint32_t *link = bucket_of(table, chain, fact);
            while (*link != handle) {
                link = &table->facts[*link].next[chain];
            }
            *link = fact->next[chain];
        }
    }
}

/* An eighth at a time, so that little of it is empty. */
static void make_room(struct fact_table *table)
{
    if (table->count < table->capacity) {
        return;
    }
    table->capacity += table->capacity / 8 + 16;
    table->facts = memory_resize(table->facts, table->capacity, sizeof *table->facts);
    if (table->bucket_count >= table->capacity / 2) {
        return;
    }
    table->bucket_count = table->bucket_count == 0 ? 16 : table->bucket_count * 2;
    for (enum fact_chain chain = FACT_BY_AUTHOR; chain <= FACT_BY_INVITEE; chain++) {
        uint32_t **buckets = &table->buckets[chain];
        *buckets = memory_resize(*buckets, table->bucket_count, sizeof **buckets);
        memset(*buckets, 0xff, table->bucket_count * sizeof **buckets);
    }
    for (uint32_t i = 0; i < table->count; i++) {
        if (!table->facts[i].shadowed) {
            link_fact(table, i);
        }
    }
}

/* The fact that counts of those with this author and event id. */
static uint32_t find_twin(const struct fact_table *table, const struct fact *fact)
{
    uint32_t twin = *bucket_of(table, FACT_BY_AUTHOR, fact);
    while (twin != FACT_NONE &&
           (table->facts[twin].author != fact->author ||
            memcmp(table->facts[twin].event_id, fact->event_id, ULID_BYTES) != 0)) {
        twin = table->facts[twin].next[FACT_BY_AUTHOR];
    }
    return twin;
}

static void take_place(struct fact_table *table, uint32_t handle)
{
    struct fact *fact = &table->facts[handle];
    uint32_t first = find_twin(table, fact);
    if (first == FACT_NONE) {
        link_fact(table, handle);
    } else if (fact_table_compare(table, handle, first) < 0) {
        fact->twin = first;
        table->facts[first].shadowed = 1;
        unlink_fact(table, first);
        link_fact(table, handle);
    } else {
        fact->shadowed = 1;
        fact->twin = table->facts[first].twin;
        table->facts[first].twin = handle;
    }
}

/* As take_place() found it, for it is the newest. */
static void leave_place(struct fact_table *table, uint32_t handle)
{
    struct fact *fact = &table->facts[handle];
    if (fact->shadowed) {
        table->facts[find_twin(table, fact)].twin = fact->twin;
        return;
    }
    unlink_fact(table, handle);
    if (fact->twin != FACT_NONE) {
        table->facts[fact->twin].shadowed = 0;
        link_fact(table, fact->twin);
    }
}

uint32_t fact_table_add(struct fact_table *table, const struct fact_record *record, uint32_t author)
{
    make_room(table);
    uint32_t handle = table->count++;
    struct fact *fact = &table->facts[handle];
    *fact = (struct fact){.lamport = record->lamport,
                          .seq = record->seq == 0 ? INT64_MAX : record->seq,
                          .wall_seconds = record->wall_seconds,
                          .expires_at = record->expires_at,
                          .author = author,
                          .policy = FACT_NONE,
                          .twin = FACT_NONE,
                          .type = (uint8_t)record->type,
                          .level = (uint8_t)record->level & 0xfU};
    memcpy(fact->hash, record->hash, FACT_HASH_BYTES);
    ulid_to_bytes(record->event_id, fact->event_id);
    if (record->type == EVENT_MEMBER_JOINED) {
        ulid_to_bytes(record->invite_event_id, fact->about.invite_id);
    } else {
        fact->about.target = record->target;
    }
    if (record->policy != NULL) {
        table->policies =
            memory_resize(table->policies, table->policy_count + 1, sizeof *table->policies);
        table->policies[table->policy_count] = *record->policy;
        fact->policy = table->policy_count++;
    }
    take_place(table, handle);
    return handle;
}

void fact_table_sign(struct fact_table *table, uint32_t handle, uint32_t signer)
{
    struct fact *fact = &table->facts[handle];
    for (uint16_t i = 0; i < fact->signer_count; i++) {
        if (fact->signers[i] == signer) {
            return;
        }
    }
    if (signer == fact->author) {
        return;
    }
    fact->signers =
        memory_resize(fact->signers, (size_t)fact->signer_count + 1, sizeof *fact->signers);
    fact->signers[fact->signer_count++] = signer;
}

static void renumber_signers(struct fact *fact, uint32_t first, const uint32_t *numbers)
{
    uint16_t left = 0;
    for (uint16_t i = 0; i < fact->signer_count; i++) {
        uint32_t signer = fact->signers[i];
        uint32_t number = signer < first ? signer : numbers[signer - first];
        if (number != FACT_NONE) {
            fact->signers[left++] = number;
        }
    }
    fact->signer_count = left;
}

void fact_table_renumber_signers(struct fact_table *table, uint32_t first, const uint32_t *numbers)
{
    for (uint32_t i = 0; i < table->count; i++) {
        renumber_signers(&table->facts[i], first, numbers);
    }
}

void fact_table_remove_last(struct fact_table *table)
{
    uint32_t handle = table->count - 1;
    struct fact *fact = &table->facts[handle];
    leave_place(table, handle);
    if (fact->policy != FACT_NONE) {
        table->policy_count--;
    }
    memory_free(fact->signers);
    table->count--;
}

/* From that one on. */
static uint32_t first_like(const struct fact_table *table, uint32_t handle, const uint8_t *event_id,
                           const struct node_id *invitee)
{
    while (handle != FACT_NONE &&
           (memcmp(table->facts[handle].event_id, event_id, ULID_BYTES) != 0 ||
            !node_id_equal(&table->facts[handle].about.target, invitee))) {
        handle = table->facts[handle].next[FACT_BY_INVITEE];
    }
    return handle;
}

uint32_t fact_table_find_invitation(const struct fact_table *table,
                                    const uint8_t event_id[static ULID_BYTES],
                                    const struct node_id *invitee)
{
    struct fact like = {.about.target = *invitee};
    memcpy(like.event_id, event_id, ULID_BYTES);
    return table->bucket_count == 0
               ? FACT_NONE
               : first_like(table, *bucket_of(table, FACT_BY_INVITEE, &like), event_id, invitee);
}

uint32_t fact_table_find_next_invitation(const struct fact_table *table, uint32_t handle)
{
    const struct fact *fact = &table->facts[handle];
    return first_like(table, fact->next[FACT_BY_INVITEE], fact->event_id, &fact->about.target);
}

uint32_t fact_table_find_seq(const struct fact_table *table, int64_t seq)
{
    uint32_t low = 0;
    uint32_t high = table->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (table->facts[middle].seq < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < table->count && table->facts[low].seq == seq ? low : FACT_NONE;
}

int fact_table_compare(const struct fact_table *table, uint32_t left, uint32_t right)
{
    const struct fact *a = &table->facts[left];
    const struct fact *b = &table->facts[right];
    if (a->lamport != b->lamport) {
        return a->lamport < b->lamport ? -1 : 1;
    }
    int order = memcmp(a->event_id, b->event_id, ULID_BYTES);
    return order != 0 ? order : memcmp(a->hash, b->hash, FACT_HASH_BYTES);
}
