/* What an own invitation, revocation or change of level must have, lest it change nothing (§7). */
#include "store/log_standing_rules_private.h"

#include "core/memory.h"
#include "store/log_kinds_private.h"

enum result log_standing_rules_may_invite(const struct event_log *log, enum member_level level,
                                          struct error *error)
{
    const struct community *community = log->state.community;
    return replay_may_invite(community_replay(community),
                             community_find(community, &log->options.key->node_id), level)
               ? RESULT_OK
               : error_set(error, RESULT_UNAUTHORIZED,
                           "This node may not invite somebody as %s here; ask a trusted member.",
                           member_level_name(level));
}

static enum result complete_invited(struct event_log *log, struct event_draft *draft,
                                    const union event_data *data, struct append_answer *answer)
{
    const struct community *community = log->state.community;
    const struct replay *replay = community_replay(community);
    const struct member_invited *invited = &data->invited;
    (void)draft;
    if (community_is_member(community, &invited->invitee)) {
        return error_set(&answer->error, RESULT_EXISTS,
                         "This node has become a member just now; whoever lost its log gets "
                         "a way back when you ask again.");
    }
    if (replay_standing(replay, community_find(community, &invited->invitee)).revoked !=
        FACT_NONE) {
        return error_set(&answer->error, RESULT_UNAUTHORIZED,
                         "This node was revoked; its device needs a new key to come back.");
    }
    return log_standing_rules_may_invite(log, invited->initial_level, &answer->error);
}

static int64_t count_signers(const struct community *community, uint32_t author,
                             const struct co_signers *co_signers)
{
    uint32_t *signers = memory_allocate(co_signers->count, sizeof *signers);
    for (size_t i = 0; i < co_signers->count; i++) {
        signers[i] = community_find(community, &co_signers->node_ids[i]);
    }
    int64_t valid =
        replay_count_signers(community_replay(community), author, signers, co_signers->count);
    memory_free(signers);
    return valid;
}

static enum result complete_changed(struct event_log *log, struct event_draft *draft,
                                    const union event_data *data, struct append_answer *answer)
{
    const struct community *community = log->state.community;
    const struct replay *replay = community_replay(community);
    const struct node_id *self = &log->options.key->node_id;
    bool revokes = draft->type == EVENT_MEMBER_REVOKED;
    const struct node_id *key = revokes ? &data->revoked.target : &data->level.target;
    uint32_t target = community_find(community, key);
    int64_t needed =
        draft->type == EVENT_MEMBER_PROMOTED ? 1 : replay_needed_signers(replay, revokes, target);
    int64_t valid = count_signers(community, community_find(community, self),
                                  revokes ? &data->revoked.co_signers : &data->level.co_signers);
    if (!community_is_member(community, key)) {
        return error_set(&answer->error, RESULT_NOT_FOUND,
                         "That node is not a member of this community.");
    }
    if (revokes && node_id_equal(key, self)) {
        return error_set(&answer->error, RESULT_INVALID,
                         "A node can't revoke itself; ask another member.");
    }
    if (valid < 0) {
        return error_set(&answer->error, RESULT_UNAUTHORIZED,
                         "Only trusted members and anchors may do this; ask one of them.");
    }
    return valid >= needed
               ? RESULT_OK
               : error_set(
                     &answer->error, RESULT_UNAUTHORIZED,
                     "This takes the word of %lld trusted members, and has that of %lld. Others "
                     "agree with: hearthchat co-sign there; what it prints goes behind "
                     "--co-signature. If there are too few, make members trusted first.",
                     (long long)needed, (long long)valid);
}

const struct log_kind log_standing_rules_invited = {.complete = complete_invited};
const struct log_kind log_standing_rules_changed = {.complete = complete_changed};
