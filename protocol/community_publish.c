#include "core/memory.h"
#include "protocol/community_private.h"

static void extend(struct community *community)
{
    uint32_t count = community->people.count;
    if (community->profile_count < count) {
        community->profiles =
            memory_resize(community->profiles, count, sizeof(struct member_profile *));
        community->published =
            memory_resize(community->published, count, sizeof *community->published);
        while (community->profile_count < count) {
            community->profiles[community->profile_count] = NULL;
            community->published[community->profile_count++] = (struct published_list){0};
        }
    }
}

void community_publish_profile(struct community *community, uint32_t person,
                               struct member_profile *profile)
{
    extend(community);
    member_profile_release(&community->profiles[person]);
    community->profiles[person] = profile;
}

static struct invitation_list *make_list(const struct community *community,
                                         const struct unused_invitations *unused)
{
    struct invitation_list *list =
        memory_allocate(1, sizeof *list + unused->count * sizeof list->invitations[0]);
    atomic_init(&list->references, 1);
    list->count = unused->count;
    for (uint32_t i = 0; i < unused->count; i++) {
        const struct fact *fact = &community->facts.facts[unused->facts[i]];
        ulid_from_bytes(fact->event_id, list->invitations[i].event_id);
        list->invitations[i].invitee = fact->about.target;
        list->invitations[i].expires_at = fact->expires_at;
    }
    return list;
}

/* The list of an inviter is made anew when it is another than the last time. */
static void add_list(struct community *community, uint32_t person, struct membership *membership)
{
    struct published_list *published = &community->published[person];
    struct unused_invitations *unused = replay_standing(&community->now, person).unused;
    if (published->of != unused) {
        replay_release_unused(&published->of);
        membership_release_invitations(&published->list);
        published->of = replay_share_unused(unused);
        published->list = unused == NULL ? NULL : make_list(community, unused);
    }
    if (published->list != NULL && published->list->count > 0) {
        membership->invitations[membership->invitation_list_count++] =
            membership_share_invitations(published->list);
    }
}

static void add_person(const struct community *community, uint32_t person,
                       struct membership *membership)
{
    struct standing standing = replay_standing(&community->now, person);
    const struct node_id *key = &community->people.keys[person];
    if (standing.level != REPLAY_NO_LEVEL) {
        membership->members[membership->member_count++] =
            (struct member){*key, (enum member_level)standing.level, person};
    } else if (standing.revoked != FACT_NONE) {
        const struct fact *revoked = &community->facts.facts[standing.revoked];
        membership->revoked[membership->revoked_count++] =
            (struct revocation){*key, revoked->lamport, revoked->wall_seconds, person};
    }
}

static void count_people(const struct community *community, struct membership *membership)
{
    size_t members = 0;
    size_t revoked = 0;
    size_t lists = 0;
    for (uint32_t person = 0; person < community->people.count; person++) {
        struct standing standing = replay_standing(&community->now, person);
        members += standing.level != REPLAY_NO_LEVEL ? 1 : 0;
        revoked += standing.level == REPLAY_NO_LEVEL && standing.revoked != FACT_NONE ? 1 : 0;
        lists += standing.unused != NULL ? 1 : 0;
    }
    membership->members = memory_allocate(members, sizeof *membership->members);
    membership->revoked = memory_allocate(revoked, sizeof *membership->revoked);
    membership->invitations = memory_allocate(lists, sizeof(struct invitation_list *));
}

struct membership *community_publish(struct community *community, const char *name)
{
    struct membership *membership = memory_allocate(1, sizeof *membership);
    uint32_t created = community->now.created;
    extend(community);
    atomic_init(&membership->references, 1);
    membership->community_id = community->people.keys[0];
    membership->name = created == FACT_NONE ? NULL : memory_duplicate_string(name);
    wall_clock_format(created == FACT_NONE ? 0 : community->facts.facts[created].wall_seconds,
                      membership->created_at);
    membership->policy = community->now.policy;
    membership->trusted_count = community->now.trusted_count;
    count_people(community, membership);
    for (uint32_t i = 0; i < community->people.count; i++) {
        add_person(community, community->people.by_key[i], membership);
        add_list(community, i, membership);
    }
    membership->names = member_names_create();
    membership->profile_count = community->profile_count;
    membership->profiles =
        memory_allocate(membership->profile_count, sizeof(struct member_profile *));
    for (size_t i = 0; i < membership->profile_count; i++) {
        membership->profiles[i] = member_profile_share(community->profiles[i]);
    }
    return membership;
}
