/* The community: its facts in replay order, and where every person stands after them (§7).
 *
 * Facts come in batches: offered, then settled by one replay from the checkpoint before the
 * earliest, which says of each whether its author belongs (§6 step 5); what does not is forgotten.
 * Thread: one at a time. Ownership: records are borrowed until the batch is settled.
 * Limits: memory is that of the facts (fact.h), 84 bytes a person, and checkpoints: one in
 * COMMUNITY_CHECKPOINT_FACTS near the end, ever fewer before, so that going back n facts replays
 * less than 2n, and their number grows like the logarithm.
 */
#ifndef HEARTHCHAT_PROTOCOL_COMMUNITY_H
#define HEARTHCHAT_PROTOCOL_COMMUNITY_H

#include "protocol/membership.h"
#include "protocol/replay.h"

#define COMMUNITY_CHECKPOINT_FACTS 256

struct community;

struct community *community_create(const struct node_id *community_id);
void community_destroy(struct community **community); /* NULL is fine */

/* Reading what is kept: the facts by arrival number, then their signers, then the one replay. */
void community_keep(struct community *community, const struct fact_record *record);
void community_settle_kept(struct community *community);

/* The next fact of a batch. False: its author is nobody and has no invitation among the facts so
 * far, so it can't belong (MEMBERSHIP_UNKNOWN) unless a later one of the batch makes it so. */
bool community_offer(struct community *community, const struct fact_record *record);

/* A kept fact, by arrival number, has this person among its signers: told for each new person, for
 * signers that nobody knew were not kept. */
void community_add_signer(struct community *community, int64_t seq, uint32_t person);

/* How many people there are: those from before an offer to after it are new. Of them those who
 * are not admitted are forgotten when the batch is settled, and others may get their numbers. */
uint32_t community_count_people(const struct community *community);
const struct node_id *community_key(const struct community *community, uint32_t person);
uint32_t community_find(const struct community *community, const struct node_id *key);

/* What a batch changed of a person. */
struct community_change {
    uint32_t person;
    bool admission; /* which of its events belong into the log */
    bool profile;   /* when and by whom it was brought */
};

/* Replays. answers_out[i] is that of the i-th offered fact; those that are not admitted are
 * forgotten, the others keep their order. */
void community_settle(struct community *community, enum membership_answer *answers_out);

/* The arrival number of the i-th admitted fact of the settled batch. Ascending. */
void community_set_seq(struct community *community, size_t admitted, int64_t seq);

/* Since the batch before. Borrowed until the next is settled. */
const struct community_change *community_changes(const struct community *community,
                                                 size_t *count_out);

/* Whether an event of that author with that lamport belongs into the log (§6 step 5). */
enum membership_answer community_admits(const struct community *community,
                                        const struct node_id *author, int64_t lamport);

bool community_is_member(const struct community *community, const struct node_id *key);

/* Where all stand now. Borrowed until the next batch is settled. */
const struct replay *community_replay(const struct community *community);
const struct fact *community_fact(const struct community *community, uint32_t handle);

/* community_publish.c. Consumes the profile; of everybody that is or was a member, before
 * publishing.
 */
void community_publish_profile(struct community *community, uint32_t person,
                               struct member_profile *profile);

/* A fresh membership of this moment, one reference. `name`: of the community, once it was created;
 * copied. */
struct membership *community_publish(struct community *community, const char *name);

#endif
