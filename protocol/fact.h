/* Facts: what the replay of the membership needs of a community event, and nothing else of it (§7).
 *
 * Thread: one at a time. A table owns its facts; a fact is named by its place in the table (its
 * handle), which never changes. Persons are numbers of people.h.
 * Limits: a fact takes at most 200 bytes of memory, its place in the table included, and four for
 * each person that signed with its author; who signed and never was a member is not kept.
 */
#ifndef HEARTHCHAT_PROTOCOL_FACT_H
#define HEARTHCHAT_PROTOCOL_FACT_H

#include "protocol/event.h"

#define FACT_NONE UINT32_MAX
#define FACT_HASH_BYTES 16 /* its beginning: who wants two alike has 2^64 to try */

/* A fact as it is read from an event, or from where it was kept. */
struct fact_record {
    int64_t seq; /* arrival number; 0: not stored yet */
    int64_t lamport;
    int64_t wall_seconds;
    int64_t expires_at; /* of an invitation */
    enum event_type type;
    enum member_level level; /* that is given */
    char event_id[ULID_TEXT_BYTES];
    char invite_event_id[ULID_TEXT_BYTES]; /* of a joining, else "" */
    uint8_t hash[BLAKE3_HASH_BYTES];
    struct node_id author;
    struct node_id target;         /* who is invited, or whose standing changes */
    const struct policy *policy;   /* that is set, else NULL; borrowed */
    const struct node_id *signers; /* distinct; borrowed */
    size_t signer_count;
};

/* Of an event whose kind drives the membership. Borrows from the event. */
void fact_record_of(const struct event *event, struct fact_record *record_out);

/* Facts are found by their event id together with whom they are of: an id alone says little, for
 * thousands can write events with it. */
enum fact_chain {
    FACT_BY_AUTHOR,
    FACT_BY_INVITEE, /* invitations alone */
};

struct fact {
    int64_t lamport;
    int64_t seq; /* INT64_MAX: not stored yet */
    int64_t wall_seconds;
    int64_t expires_at;
    uint8_t hash[FACT_HASH_BYTES];
    uint8_t event_id[ULID_BYTES];
    union {
        struct node_id target;
        uint8_t invite_id[ULID_BYTES];
    } about;
    uint32_t *signers; /* persons; the author, who always is one, is left out */
    uint32_t author;   /* person */
    uint32_t policy;   /* place in the table's policies, else FACT_NONE */
    uint32_t next[2];  /* the next fact of the same bucket, by enum fact_chain */
    uint32_t twin;     /* another fact with its author and event id, else FACT_NONE */
    uint16_t signer_count;
    uint8_t type;
    uint8_t level : 4;
    uint8_t shadowed : 1; /* a twin comes before it in replay order */
};

/* Of an author's facts with one event id the first in replay order counts: if a later one is
 * accepted in the end, so is that one, and what is not accepted never decides what is. The others
 * are shadowed: nobody finds them, and they hang at the first as a list, so that ten thousand twins
 * cost no more than two. */
struct fact_table {
    struct fact *facts; /* by handle, ascending by seq */
    uint32_t count;
    uint32_t capacity;
    uint32_t *buckets[2]; /* by enum fact_chain */
    uint32_t bucket_count;
    struct policy *policies;
    uint32_t policy_count;
    uint64_t seed;
};

void fact_table_init(struct fact_table *table);
void fact_table_deinit(struct fact_table *table);

/* Its handle. Signers are added apart. */
uint32_t fact_table_add(struct fact_table *table, const struct fact_record *record,
                        uint32_t author);
void fact_table_sign(struct fact_table *table, uint32_t handle, uint32_t signer);

/* Signers from `first` on get the number that stands for them in `numbers`; where that is FACT_NONE
 * they are forgotten. */
void fact_table_renumber_signers(struct fact_table *table, uint32_t first, const uint32_t *numbers);

/* Takes back the newest. */
void fact_table_remove_last(struct fact_table *table);

/* An invitation of that node with that event id that is not shadowed, and another one, in no order;
 * FACT_NONE at the end. */
uint32_t fact_table_find_invitation(const struct fact_table *table,
                                    const uint8_t event_id[static ULID_BYTES],
                                    const struct node_id *invitee);
uint32_t fact_table_find_next_invitation(const struct fact_table *table, uint32_t handle);

/* FACT_NONE when there is none with this arrival number. */
uint32_t fact_table_find_seq(const struct fact_table *table, int64_t seq);

/* Replay order: (lamport, event_id, hash) (§6). */
int fact_table_compare(const struct fact_table *table, uint32_t left, uint32_t right);

#endif
