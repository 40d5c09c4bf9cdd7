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
static void find_name(const struct membership *membership, const struct node_id *node_id,
                      const struct member *member, struct node_look *look)
{
    const struct revocation *revoked =
        member != NULL ? NULL : membership_find_revoked(membership, node_id);
    if (member != NULL || revoked != NULL) {
        uint32_t person = member != NULL ? member->person : revoked->person;
        look->display_name = member_profile_name(membership_profile(membership, person));
        look->name_keys = membership_name_keys(membership, person);
    }
}

static void find_presence(const struct node_parts *parts, const struct node_id *node_id,
                          struct node_look *look)
{
    struct gossip *gossip = parts->gossip(parts->node);
    struct peer_presence presence = {0};
    if (node_id_equal(node_id, &parts->key->node_id)) {
        presence.online = true;
        presence.last_seen = clock_wall_ms(parts->clock) / 1000;
    } else if (gossip != NULL) {
        presence = gossip_presence(gossip, node_id);
    }
    look->online = presence.online;
    if (presence.last_seen != 0) {
        wall_clock_format(presence.last_seen, look->last_seen);
    }
}

void node_parts_look_at_member(const struct node_parts *parts, const struct node_id *node_id,
                               const struct member *member, const struct membership *membership,
                               struct node_look *look_out)
{
    static const char *const namesakes[] = {
        [NAMESAKE_NONE] = NULL, [NAMESAKE_SAME] = "same", [NAMESAKE_ALIKE] = "alike"};
    *look_out = (struct node_look){.display_name = ""};
    if (membership != NULL) {
        find_name(membership, node_id, member, look_out);
    }
    if (member != NULL) {
        look_out->namesake = namesakes[membership_namesake(membership, member)];
        look_out->level = member_level_name(member->level);
    }
    find_presence(parts, node_id, look_out);
}

void node_parts_look_at(const struct node_parts *parts, const struct node_id *node_id,
                        const struct membership *membership, struct node_look *look_out)
{
    node_parts_look_at_member(parts, node_id,
                              membership == NULL ? NULL : membership_find(membership, node_id),
                              membership, look_out);
}

json_t *node_parts_describe_node(const struct node_parts *parts, const struct node_id *node_id,
                                 const struct membership *membership)
{
    char id[NODE_ID_TEXT_BYTES];
    char short_id[NODE_ID_SHORT_BYTES];
    struct node_look look;
    node_parts_look_at(parts, node_id, membership, &look);
    node_id_format(node_id, id);
    node_id_format_short(node_id, short_id);
    return json_build_pack("{s:s,s:s,s:s,s:s?,s:s?,s:b,s:s?}", "node_id", id, "short_id", short_id,
                           "display_name", look.display_name, "namesake", look.namesake, "level",
                           look.level, "online", (int)look.online, "last_seen",
                           look.last_seen[0] == '\0' ? NULL : look.last_seen);
}
