#include "protocol/community_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct community *community_create(const struct node_id *community_id)
{
    struct community *community = memory_allocate(1, sizeof *community);
    people_init(&community->people);
    fact_table_init(&community->facts);
    (void)people_add(&community->people, community_id);
    community->people_before = 1;
    replay_init(&community->now, &community->facts, &community->people);
    return community;
}

static void forget_checkpoints(struct community *community, size_t from)
{
    while (community->checkpoint_count > from) {
        replay_deinit(&community->checkpoints[--community->checkpoint_count].state);
    }
}

void community_destroy(struct community **community_pointer)
{
    struct community *community = *community_pointer;
    if (community == NULL) {
        return;
    }
    forget_checkpoints(community, 0);
    replay_deinit(&community->now);
    for (uint32_t i = 0; i < community->profile_count; i++) {
        member_profile_release(&community->profiles[i]);
        replay_release_unused(&community->published[i].of);
        membership_release_invitations(&community->published[i].list);
    }
    people_deinit(&community->people);
    fact_table_deinit(&community->facts);
    memory_free(community->order);
    memory_free(community->checkpoints);
    memory_free(community->offered);
    memory_free(community->changes);
    memory_free(community->profiles);
    memory_free(community->published);
    memory_free(community);
    *community_pointer = NULL;
}

void community_keep(struct community *community, const struct fact_record *record)
{
    (void)fact_table_add(&community->facts, record,
                         people_add(&community->people, &record->author));
    community->offered_count++;
}

static bool is_invited(const struct community *community, const struct fact_record *record)
{
    uint8_t invite_id[ULID_BYTES];
    if (record->type != EVENT_MEMBER_JOINED) {
        return false;
    }
    ulid_to_bytes(record->invite_event_id, invite_id);
    return fact_table_find_invitation(&community->facts, invite_id, &record->author) != FACT_NONE;
}

bool community_offer(struct community *community, const struct fact_record *record)
{
    uint32_t author = people_find(&community->people, &record->author);
    if (author == PEOPLE_NOBODY && is_invited(community, record)) {
        author = people_add(&community->people, &record->author);
    }
    if (author == PEOPLE_NOBODY) {
        return false;
    }
    (void)fact_table_add(&community->facts, record, author);
    if ((community->offered_count & (community->offered_count - 1)) == 0) {
        size_t capacity = community->offered_count == 0 ? 1 : community->offered_count * 2U;
        community->offered =
            memory_resize(community->offered, capacity, sizeof *community->offered);
    }
    community->offered[community->offered_count++] = *record;
    return true;
}

static uint32_t position_of(const struct community *community, uint32_t handle)
{
    uint32_t low = 0;
    uint32_t high = community->order_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (fact_table_compare(&community->facts, community->order[middle], handle) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void community_add_signer(struct community *community, int64_t seq, uint32_t person)
{
    uint32_t handle = fact_table_find_seq(&community->facts, seq);
    if (handle != FACT_NONE) {
        uint32_t position = position_of(community, handle);
        fact_table_sign(&community->facts, handle, person);
        community->earliest = position < community->earliest ? position : community->earliest;
    }
}

uint32_t community_count_people(const struct community *community)
{
    return community->people.count;
}

const struct node_id *community_key(const struct community *community, uint32_t person)
{
    return &community->people.keys[person];
}

uint32_t community_find(const struct community *community, const struct node_id *key)
{
    return people_find(&community->people, key);
}

static int compare_handles(const void *left, const void *right, void *table)
{
    return fact_table_compare(table, *(const uint32_t *)left, *(const uint32_t *)right);
}

/* What is offered, merged from the back into the order. */
static void merge_offered(struct community *community)
{
    struct fact_table *table = &community->facts;
    uint32_t first = table->count - community->offered_count;
    uint32_t *sorted = memory_allocate(community->offered_count, sizeof *sorted);
    uint32_t left = community->order_count;
    for (uint32_t i = 0; i < community->offered_count; i++) {
        sorted[i] = first + i;
    }
    qsort_r(sorted, community->offered_count, sizeof *sorted, compare_handles, table);
    community->order = memory_resize(community->order, table->count, sizeof *community->order);
    for (uint32_t waiting = community->offered_count; waiting > 0;) {
        if (left > 0 &&
            fact_table_compare(table, community->order[left - 1], sorted[waiting - 1]) > 0) {
            community->order[left + waiting - 1] = community->order[left - 1];
            left--;
        } else {
            community->order[left + waiting - 1] = sorted[waiting - 1];
            waiting--;
            community->earliest =
                left + waiting < community->earliest ? left + waiting : community->earliest;
        }
    }
    community->order_count = table->count;
    memory_free(sorted);
}

/* Keeps those near the end, and of the others one in ever longer stretches. */
static void thin_out(struct community *community)
{
    struct checkpoint *checkpoints = community->checkpoints;
    uint32_t end = community->order_count;
    for (size_t i = 1; i + 1 < community->checkpoint_count;) {
        uint32_t stretch = checkpoints[i + 1].position - checkpoints[i - 1].position;
        if (stretch > end - checkpoints[i + 1].position) {
            i++;
            continue;
        }
        replay_deinit(&checkpoints[i].state);
        memmove(checkpoints + i, checkpoints + i + 1,
                (community->checkpoint_count - i - 1) * sizeof *checkpoints);
        community->checkpoint_count--;
    }
}

static void keep_checkpoint(struct community *community, const struct replay *state,
                            uint32_t position)
{
    community->checkpoints = memory_resize(community->checkpoints, community->checkpoint_count + 1,
                                           sizeof *community->checkpoints);
    struct checkpoint *checkpoint = &community->checkpoints[community->checkpoint_count++];
    checkpoint->position = position;
    replay_copy(state, &checkpoint->state);
    thin_out(community);
}

/* The state after all facts, from the checkpoint before the earliest that changed. */
static void replay_from_earliest(struct community *community, struct replay *state_out)
{
    uint32_t position = 0;
    size_t kept = community->checkpoint_count;
    while (kept > 0 && community->checkpoints[kept - 1].position > community->earliest) {
        kept--;
    }
    forget_checkpoints(community, kept);
    if (kept > 0) {
        position = community->checkpoints[kept - 1].position;
        replay_copy(&community->checkpoints[kept - 1].state, state_out);
        replay_extend(state_out);
    } else {
        replay_init(state_out, &community->facts, &community->people);
    }
    for (uint32_t at = position; at < community->order_count; at++) {
        if (at > position && at % COMMUNITY_CHECKPOINT_FACTS == 0) {
            keep_checkpoint(community, state_out, at);
        }
        replay_apply(state_out, community->order[at]);
    }
}

static enum membership_answer answer_of(const struct fact_table *facts,
                                        const struct standing *standing, int64_t lamport)
{
    if (standing->level != REPLAY_NO_LEVEL) {
        return MEMBERSHIP_ADMITS;
    }
    if (standing->revoked == FACT_NONE) {
        return MEMBERSHIP_UNKNOWN;
    }
    return lamport > facts->facts[standing->revoked].lamport ? MEMBERSHIP_REVOKED
                                                             : MEMBERSHIP_ADMITS;
}

static int64_t revoked_at(const struct fact_table *facts, const struct standing *standing)
{
    return standing->revoked == FACT_NONE ? -1 : facts->facts[standing->revoked].lamport;
}

static void note_changes(struct community *community, const struct replay *after)
{
    const struct fact_table *facts = &community->facts;
    community->change_count = 0;
    community->changes =
        memory_resize(community->changes, community->people.count, sizeof *community->changes);
    for (uint32_t person = 0; person < community->people.count; person++) {
        struct standing old = replay_standing(&community->now, person);
        struct standing new = replay_standing(after, person);
        struct community_change change = {
            .person = person,
            .admission = (old.level == REPLAY_NO_LEVEL) != (new.level == REPLAY_NO_LEVEL) ||
                         revoked_at(facts, &old) != revoked_at(facts, &new),
            .profile = old.joined != new.joined || old.invitation != new.invitation};
        if (change.admission || change.profile) {
            community->changes[community->change_count++] = change;
        }
    }
}

/* Whoever came with the batch and has no fact left of it: else keys that nobody invited, which cost
 * nothing, would stay for good. */
static void forget_strangers(struct community *community, const enum membership_answer *answers)
{
    struct people *people = &community->people;
    uint32_t before = community->people_before;
    uint32_t fresh = people->count - before;
    uint32_t *numbers = memory_allocate(fresh, sizeof *numbers);
    struct node_id *keys = memory_allocate(fresh, sizeof *keys);
    for (uint32_t i = 0; i < fresh; i++) {
        numbers[i] = FACT_NONE;
        keys[i] = people->keys[before + i];
    }
    for (uint32_t i = 0; i < community->offered_count; i++) {
        uint32_t author = people_find(people, &community->offered[i].author);
        if (answers[i] == MEMBERSHIP_ADMITS && author >= before) {
            numbers[author - before] = 0;
        }
    }
    people_keep_first(people, before);
    for (uint32_t i = 0; i < fresh; i++) {
        if (numbers[i] != FACT_NONE) {
            numbers[i] = people_add(people, &keys[i]);
        }
    }
    fact_table_renumber_signers(&community->facts, before, numbers);
    memory_free(numbers);
    memory_free(keys);
}

/* Those that are not admitted have changed nothing, but they stand in the order and at twins. */
static void forget_refused(struct community *community, const enum membership_answer *answers)
{
    struct fact_table *table = &community->facts;
    uint32_t first = table->count - community->offered_count;
    uint32_t kept = 0;
    uint32_t left = 0;
    while (table->count > first) {
        fact_table_remove_last(table);
    }
    for (uint32_t i = 0; i < community->order_count; i++) {
        if (community->order[i] < first) {
            community->order[left++] = community->order[i];
        }
    }
    community->order_count = left;
    if (community->people.count > community->people_before) {
        forget_strangers(community, answers);
    }
    for (uint32_t i = 0; i < community->offered_count; i++) {
        if (answers[i] == MEMBERSHIP_ADMITS) {
            const struct fact_record *record = &community->offered[i];
            (void)fact_table_add(table, record, people_find(&community->people, &record->author));
            community->offered[kept++] = *record;
        }
    }
    community->offered_count = kept;
}

static void sign_offered(struct community *community)
{
    uint32_t first = community->facts.count - community->offered_count;
    for (uint32_t i = 0; i < community->offered_count; i++) {
        for (size_t at = 0; at < community->offered[i].signer_count; at++) {
            uint32_t signer = people_find(&community->people, &community->offered[i].signers[at]);
            if (signer != PEOPLE_NOBODY) {
                fact_table_sign(&community->facts, first + i, signer);
            }
        }
    }
}

static void adopt(struct community *community, struct replay *after)
{
    note_changes(community, after);
    replay_deinit(&community->now);
    community->now = *after;
    community->settled_first = community->facts.count - community->offered_count;
    community->earliest = community->order_count;
    community->offered_count = 0;
    community->people_before = community->people.count;
}

void community_settle_kept(struct community *community)
{
    struct replay after;
    merge_offered(community);
    replay_from_earliest(community, &after);
    adopt(community, &after);
}

void community_settle(struct community *community, enum membership_answer *answers_out)
{
    struct replay after;
    uint32_t offered = community->offered_count;
    bool refused = false;
    merge_offered(community);
    sign_offered(community);
    replay_from_earliest(community, &after);
    for (uint32_t i = 0; i < offered; i++) {
        const struct fact *fact = &community->facts.facts[community->facts.count - offered + i];
        struct standing author = replay_standing(&after, fact->author);
        answers_out[i] = answer_of(&community->facts, &author, fact->lamport);
        refused = refused || answers_out[i] != MEMBERSHIP_ADMITS;
    }
    if (refused) {
        replay_deinit(&after);
        forget_refused(community, answers_out);
        merge_offered(community);
        sign_offered(community);
        replay_from_earliest(community, &after);
    }
    adopt(community, &after);
}

void community_set_seq(struct community *community, size_t admitted, int64_t seq)
{
    community->facts.facts[community->settled_first + admitted].seq = seq;
}

const struct community_change *community_changes(const struct community *community,
                                                 size_t *count_out)
{
    *count_out = community->change_count;
    return community->changes;
}

enum membership_answer community_admits(const struct community *community,
                                        const struct node_id *author, int64_t lamport)
{
    struct standing standing =
        replay_standing(&community->now, people_find(&community->people, author));
    return answer_of(&community->facts, &standing, lamport);
}

bool community_is_member(const struct community *community, const struct node_id *key)
{
    return replay_standing(&community->now, people_find(&community->people, key)).level !=
           REPLAY_NO_LEVEL;
}

const struct replay *community_replay(const struct community *community)
{
    return &community->now;
}

const struct fact *community_fact(const struct community *community, uint32_t handle)
{
    return &community->facts.facts[handle];
}
