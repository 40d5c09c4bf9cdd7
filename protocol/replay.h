/* The replay of the membership: where every person stands after the facts so far (§7).
 *
 * Thread: one at a time. A state is cheap to copy (what did not change since is shared), so
 * that a replay can begin again in the middle.
 * Limits: of an author's unused invitations the newest REPLAY_MOST_UNUSED count; a joining counts
 * while fewer than REPLAY_MOST_BROUGHT members whom its inviter brought are members
 * (REPLAY_MOST_BROUGHT_BY_TRUSTED if the inviter is trusted or above).
 */
#ifndef HEARTHCHAT_PROTOCOL_REPLAY_H
#define HEARTHCHAT_PROTOCOL_REPLAY_H

#include "protocol/fact.h"
#include "protocol/people.h"

#define REPLAY_MOST_UNUSED 256
#define REPLAY_MOST_BROUGHT 64
#define REPLAY_MOST_BROUGHT_BY_TRUSTED 4096
#define REPLAY_NO_LEVEL (-1)

/* Facts in replay order; shared by states, changed only by the one that has it alone. */
struct unused_invitations {
    uint32_t references;
    uint32_t count;
    uint32_t capacity;
    uint32_t facts[];
};

struct unused_invitations *replay_share_unused(struct unused_invitations *unused);
void replay_release_unused(struct unused_invitations **unused); /* NULL is fine */

struct standing {
    struct unused_invitations *unused; /* that this person wrote; NULL: none */
    uint32_t joined;                   /* fact that made it a member; FACT_NONE: never was */
    uint32_t invitation;               /* fact that it joined by */
    uint32_t revoked;                  /* fact that ended it; FACT_NONE: none did */
    int16_t brought;                   /* members whom it brought */
    int8_t level;                      /* REPLAY_NO_LEVEL: no member */
};

/* Standings of people that follow each other; shared by states, changed only by the one that has it
 * alone. */
#define REPLAY_PAGE_PEOPLE 32
struct standing_page {
    uint32_t references;
    struct standing standings[REPLAY_PAGE_PEOPLE];
};

struct replay {
    const struct fact_table *facts; /* borrowed */
    const struct people *people;    /* borrowed; number 0 is the root key */
    struct policy policy;
    uint32_t created; /* fact; FACT_NONE: not yet */
    uint32_t trusted_count;
    uint32_t page_count; /* standings: of the first people */
    struct standing_page **pages;
};

void replay_init(struct replay *replay, const struct fact_table *facts,
                 const struct people *people);
void replay_copy(const struct replay *replay, struct replay *copy_out);
void replay_deinit(struct replay *replay);

/* Room for all people there are now. */
void replay_extend(struct replay *replay);

/* The next fact in replay order. One whose author may not do that changes nothing. */
void replay_apply(struct replay *replay, uint32_t fact);

/* That of nobody when the person came later. */
struct standing replay_standing(const struct replay *replay, uint32_t person);

bool replay_may_invite(const struct replay *replay, uint32_t inviter, enum member_level level);

/* How many signatures a revocation or a demotion of that person needs. */
int64_t replay_needed_signers(const struct replay *replay, bool revokes, uint32_t target);

/* How many of the signers are trusted or above; -1 when the author is not. */
int64_t replay_count_signers(const struct replay *replay, uint32_t author, const uint32_t *signers,
                             size_t count);

#endif
