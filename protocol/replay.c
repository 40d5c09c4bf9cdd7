#include "protocol/replay.h"

#include <string.h>

#include "core/memory.h"

static const struct standing nobody = {
    .joined = FACT_NONE, .invitation = FACT_NONE, .revoked = FACT_NONE, .level = REPLAY_NO_LEVEL};

void replay_init(struct replay *replay, const struct fact_table *facts, const struct people *people)
{
    *replay = (struct replay){
        .facts = facts, .people = people, .policy = policy_default(), .created = FACT_NONE};
    replay_extend(replay);
}

struct unused_invitations *replay_share_unused(struct unused_invitations *unused)
{
    if (unused != NULL) {
        unused->references++;
    }
    return unused;
}

void replay_release_unused(struct unused_invitations **unused)
{
    if (*unused != NULL && --(*unused)->references == 0) {
        memory_free(*unused);
    }
    *unused = NULL;
}

void replay_copy(const struct replay *replay, struct replay *copy_out)
{
    *copy_out = *replay;
    copy_out->pages = memory_allocate(replay->page_count, sizeof(struct standing_page *));
    for (uint32_t i = 0; i < replay->page_count; i++) {
        copy_out->pages[i] = replay->pages[i];
        copy_out->pages[i]->references++;
    }
}

static void release_page(struct standing_page *page)
{
    if (--page->references == 0) {
        for (size_t i = 0; i < REPLAY_PAGE_PEOPLE; i++) {
            replay_release_unused(&page->standings[i].unused);
        }
        memory_free(page);
    }
}

void replay_deinit(struct replay *replay)
{
    for (uint32_t i = 0; i < replay->page_count; i++) {
        release_page(replay->pages[i]);
    }
    memory_free(replay->pages);
    *replay = (struct replay){0};
}

void replay_extend(struct replay *replay)
{
    uint32_t needed = (replay->people->count + REPLAY_PAGE_PEOPLE - 1) / REPLAY_PAGE_PEOPLE;
    if (needed > replay->page_count) {
        replay->pages = memory_resize(replay->pages, needed, sizeof(struct standing_page *));
    }
    while (replay->page_count < needed) {
        struct standing_page *page = memory_allocate(1, sizeof *page);
        page->references = 1;
        for (size_t i = 0; i < REPLAY_PAGE_PEOPLE; i++) {
            page->standings[i] = nobody;
        }
        replay->pages[replay->page_count++] = page;
    }
}

struct standing replay_standing(const struct replay *replay, uint32_t person)
{
    uint32_t page = person / REPLAY_PAGE_PEOPLE;
    return page < replay->page_count ? replay->pages[page]->standings[person % REPLAY_PAGE_PEOPLE]
                                     : nobody;
}

/* To be changed: this state's own. Good until the next one is asked for. */
static struct standing *own_standing(struct replay *replay, uint32_t person)
{
    struct standing_page **page = &replay->pages[person / REPLAY_PAGE_PEOPLE];
    if ((*page)->references > 1) {
        struct standing_page *copy = memory_allocate(1, sizeof *copy);
        *copy = **page;
        copy->references = 1;
        for (size_t i = 0; i < REPLAY_PAGE_PEOPLE; i++) {
            (void)replay_share_unused(copy->standings[i].unused);
        }
        (*page)->references--;
        *page = copy;
    }
    return &(*page)->standings[person % REPLAY_PAGE_PEOPLE];
}

static bool is_trusted(const struct replay *replay, uint32_t person)
{
    return replay_standing(replay, person).level >= LEVEL_TRUSTED;
}

bool replay_may_invite(const struct replay *replay, uint32_t inviter, enum member_level level)
{
    return is_trusted(replay, inviter) ||
           (level == LEVEL_MEMBER && replay->policy.default_member_can_invite &&
            replay_standing(replay, inviter).level == LEVEL_MEMBER);
}

int64_t replay_needed_signers(const struct replay *replay, bool revokes, uint32_t target)
{
    const struct policy *policy = &replay->policy;
    int64_t wanted = revokes ? policy->min_signatures_to_revoke : policy->min_signatures_to_demote;
    int64_t there = (int64_t)replay->trusted_count - (is_trusted(replay, target) ? 1 : 0);
    return target == 0 || wanted < there ? wanted : there;
}

int64_t replay_count_signers(const struct replay *replay, uint32_t author, const uint32_t *signers,
                             size_t count)
{
    int64_t valid = 0;
    if (!is_trusted(replay, author)) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        valid += is_trusted(replay, signers[i]) ? 1 : 0;
    }
    return valid;
}

static bool has_signers(const struct replay *replay, const struct fact *fact, int64_t needed)
{
    int64_t others = replay_count_signers(replay, fact->author, fact->signers, fact->signer_count);
    return others >= 0 && others + 1 >= needed; /* the author signs, too */
}

static void set_level(struct replay *replay, uint32_t person, int level)
{
    struct standing *standing = own_standing(replay, person);
    replay->trusted_count -= standing->level >= LEVEL_TRUSTED ? 1 : 0;
    standing->level = (int8_t)level;
    replay->trusted_count += standing->level >= LEVEL_TRUSTED ? 1 : 0;
}

static void apply_created(struct replay *replay, const struct fact *fact, uint32_t handle)
{
    if (replay->created != FACT_NONE || fact->policy == FACT_NONE) {
        return;
    }
    replay->created = handle;
    replay->policy = replay->facts->policies[fact->policy];
    own_standing(replay, fact->author)->joined = handle;
    set_level(replay, fact->author, LEVEL_ANCHOR);
}

/* This state's own, with room for one more. */
static struct unused_invitations *own_unused(struct standing *author)
{
    struct unused_invitations *old = author->unused;
    uint32_t count = old == NULL ? 0 : old->count;
    if (old != NULL && old->references == 1 && count < old->capacity) {
        return old;
    }
    uint32_t capacity = count < 4                        ? 4
                        : count * 2 > REPLAY_MOST_UNUSED ? REPLAY_MOST_UNUSED
                                                         : count * 2;
    struct unused_invitations *own =
        memory_allocate(1, sizeof *own + capacity * sizeof own->facts[0]);
    *own = (struct unused_invitations){.references = 1, .count = count, .capacity = capacity};
    if (count > 0) {
        memcpy(own->facts, old->facts, count * sizeof own->facts[0]);
    }
    replay_release_unused(&author->unused);
    author->unused = own;
    return own;
}

static void forget_unused(struct standing *author, uint32_t place)
{
    struct unused_invitations *own = author->unused;
    if (own->references > 1) {
        struct unused_invitations *copy =
            memory_allocate(1, sizeof *own + own->capacity * sizeof own->facts[0]);
        memcpy(copy, own, sizeof *own + own->count * sizeof own->facts[0]);
        copy->references = 1;
        own->references--;
        own = author->unused = copy;
    }
    memmove(own->facts + place, own->facts + place + 1,
            (own->count - place - 1) * sizeof own->facts[0]);
    own->count--;
}

static void apply_invited(struct replay *replay, const struct fact *fact, uint32_t handle)
{
    if (!replay_may_invite(replay, fact->author, (enum member_level)fact->level)) {
        return;
    }
    struct standing *author = own_standing(replay, fact->author);
    if (author->unused != NULL && author->unused->count == REPLAY_MOST_UNUSED) {
        forget_unused(author, 0);
    }
    struct unused_invitations *own = own_unused(author);
    own->facts[own->count++] = handle;
}

/* The place of an invitation among its author's unused ones; FACT_NONE: it is none of them. */
static uint32_t place_of_unused(const struct replay *replay, uint32_t invitation)
{
    const struct unused_invitations *unused =
        replay_standing(replay, replay->facts->facts[invitation].author).unused;
    for (uint32_t i = 0; unused != NULL && i < unused->count; i++) {
        if (unused->facts[i] == invitation) {
            return i;
        }
    }
    return FACT_NONE;
}

/* The first in replay order with that id for that node. */
static uint32_t find_invitation(const struct replay *replay, const struct fact *joining)
{
    const struct fact_table *table = replay->facts;
    const struct node_id *invitee = &replay->people->keys[joining->author];
    uint32_t first = FACT_NONE;
    for (uint32_t at = fact_table_find_invitation(table, joining->about.invite_id, invitee);
         at != FACT_NONE; at = fact_table_find_next_invitation(table, at)) {
        if (place_of_unused(replay, at) != FACT_NONE &&
            (first == FACT_NONE || fact_table_compare(table, at, first) < 0)) {
            first = at;
        }
    }
    return first;
}

static void apply_joined(struct replay *replay, const struct fact *fact, uint32_t handle)
{
    struct standing before = replay_standing(replay, fact->author);
    uint32_t found = before.level != REPLAY_NO_LEVEL || before.revoked != FACT_NONE
                         ? FACT_NONE
                         : find_invitation(replay, fact);
    if (found == FACT_NONE || fact->wall_seconds >= replay->facts->facts[found].expires_at) {
        return;
    }
    const struct fact *invitation = &replay->facts->facts[found];
    struct standing *inviter = own_standing(replay, invitation->author);
    int most =
        inviter->level >= LEVEL_TRUSTED ? REPLAY_MOST_BROUGHT_BY_TRUSTED : REPLAY_MOST_BROUGHT;
    if (inviter->brought >= most) {
        return;
    }
    inviter->brought++;
    forget_unused(inviter, place_of_unused(replay, found));
    struct standing *author = own_standing(replay, fact->author);
    author->joined = handle;
    author->invitation = found;
    set_level(replay, fact->author, invitation->level);
}

/* A member, or PEOPLE_NOBODY. */
static uint32_t find_target(const struct replay *replay, const struct fact *fact)
{
    uint32_t target = people_find(replay->people, &fact->about.target);
    return replay_standing(replay, target).level == REPLAY_NO_LEVEL ? PEOPLE_NOBODY : target;
}

static void apply_revoked(struct replay *replay, const struct fact *fact, uint32_t handle)
{
    uint32_t target = find_target(replay, fact);
    if (target == PEOPLE_NOBODY ||
        !has_signers(replay, fact, replay_needed_signers(replay, true, target))) {
        return;
    }
    set_level(replay, target, REPLAY_NO_LEVEL);
    own_standing(replay, target)->revoked = handle;
    uint32_t invitation = replay_standing(replay, target).invitation;
    if (invitation != FACT_NONE) {
        own_standing(replay, replay->facts->facts[invitation].author)->brought--;
    }
}

static void apply_level(struct replay *replay, const struct fact *fact, bool promotes)
{
    uint32_t target = find_target(replay, fact);
    int64_t needed = promotes ? 1 : replay_needed_signers(replay, false, target);
    if (target == PEOPLE_NOBODY || !has_signers(replay, fact, needed)) {
        return;
    }
    enum member_level level = (enum member_level)replay_standing(replay, target).level;
    if (promotes ? fact->level > level : fact->level < level) {
        set_level(replay, target, fact->level);
    }
}

void replay_apply(struct replay *replay, uint32_t handle)
{
    const struct fact *fact = &replay->facts->facts[handle];
    if (fact->shadowed && fact->type != EVENT_MEMBER_JOINED) {
        return; /* a joining is never void for a twin, or the twin could undo what lets it in */
    }
    if (fact->type == EVENT_COMMUNITY_CREATED) {
        apply_created(replay, fact, handle);
    } else if (fact->type == EVENT_MEMBER_INVITED) {
        apply_invited(replay, fact, handle);
    } else if (fact->type == EVENT_MEMBER_JOINED) {
        apply_joined(replay, fact, handle);
    } else if (fact->type == EVENT_MEMBER_REVOKED) {
        apply_revoked(replay, fact, handle);
    } else if (fact->type == EVENT_MEMBER_PROMOTED || fact->type == EVENT_MEMBER_DEMOTED) {
        apply_level(replay, fact, fact->type == EVENT_MEMBER_PROMOTED);
    } else if (fact->policy != FACT_NONE && fact->author == 0 &&
               replay_standing(replay, 0).level != REPLAY_NO_LEVEL) {
        replay->policy = replay->facts->policies[fact->policy];
    }
}
