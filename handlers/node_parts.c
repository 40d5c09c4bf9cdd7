#include "handlers/node_parts.h"

#include "protocol/json_build.h"

struct event_log *node_parts_log(const struct node_parts *parts, struct request *request)
{
    struct event_log *log = parts->log(parts->node);
    if (log == NULL) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            parts->has_lost
                                ? "This node's log is lost: join with any invite that it ever got, "
                                  "or with one that a member makes for it now."
                                : "This node is in no community yet: create one, or join with an "
                                  "invite.");
    }
    return log;
}

bool node_parts_resolve(const struct node_parts *parts, struct request *request, const char *text,
                        struct node_id *node_id_out)
{
    struct event_log *log = parts->log(parts->node);
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    enum result result = membership_resolve(snapshot->membership, text, node_id_out);
    log_snapshot_release(log, &snapshot);
    if (result == RESULT_NOT_FOUND) {
        request_reply_error(request, WIRE_NOT_FOUND, "No member has this short id.");
    } else if (result == RESULT_MISMATCH) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Several members share this short id; use the full NodeID.");
    } else if (result != RESULT_OK) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "This is no NodeID: expected ed25519: and 43 characters, or "
                            "ed25519:XXXX-XXXX-XXXX-XXXX.");
    }
    return result == RESULT_OK;
}

/* Who was shut out keeps the name it had. */
static const char *name_of(const struct membership *membership, const struct node_id *node_id,
                           const struct member *member)
{
    const struct revocation *revoked =
        membership == NULL ? NULL : membership_find_revoked(membership, node_id);
    if (member == NULL && revoked == NULL) {
        return "";
    }
    return member_profile_name(
        membership_profile(membership, member != NULL ? member->person : revoked->person));
}

json_t *node_parts_describe_node(const struct node_parts *parts, const struct node_id *node_id,
                                 const struct membership *membership)
{
    static const char *const namesakes[] = {
        [NAMESAKE_NONE] = NULL, [NAMESAKE_SAME] = "same", [NAMESAKE_ALIKE] = "alike"};
    const struct member *member = membership == NULL ? NULL : membership_find(membership, node_id);
    char id[NODE_ID_TEXT_BYTES];
    char short_id[NODE_ID_SHORT_BYTES];
    char last_seen[WALL_CLOCK_TEXT_BYTES];
    struct gossip *gossip = parts->gossip(parts->node);
    struct peer_presence presence = {0};
    if (node_id_equal(node_id, &parts->key->node_id)) {
        presence.online = true;
        presence.last_seen = clock_wall_ms(parts->clock) / 1000;
    } else if (gossip != NULL) {
        presence = gossip_presence(gossip, node_id);
    }
    node_id_format(node_id, id);
    node_id_format_short(node_id, short_id);
    wall_clock_format(presence.last_seen, last_seen);
    return json_build_pack(
        "{s:s,s:s,s:s,s:s?,s:s?,s:b,s:s?}", "node_id", id, "short_id", short_id, "display_name",
        name_of(membership, node_id, member), "namesake",
        namesakes[membership == NULL ? NAMESAKE_NONE : membership_namesake(membership, node_id)],
        "level", member == NULL ? NULL : member_level_name(member->level), "online",
        (int)presence.online, "last_seen", presence.last_seen == 0 ? NULL : last_seen);
}
