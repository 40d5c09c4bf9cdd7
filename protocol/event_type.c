#include "protocol/event_type.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {
    [EVENT_COMMUNITY_CREATED] = "community.created",
    [EVENT_MEMBER_INVITED] = "community.member.invited",
    [EVENT_MEMBER_JOINED] = "community.member.joined",
    [EVENT_MEMBER_REVOKED] = "community.member.revoked",
    [EVENT_MEMBER_PROMOTED] = "community.member.promoted",
    [EVENT_MEMBER_DEMOTED] = "community.member.demoted",
    [EVENT_POLICY_UPDATED] = "community.policy.updated",
    [EVENT_MANIFEST_UPDATED] = "node.manifest.updated",
    [EVENT_MESSAGE_SENT] = "chat.message.sent",
    [EVENT_MESSAGE_DELIVERED] = "chat.message.delivered",
    [EVENT_MESSAGE_READ] = "chat.message.read",
    [EVENT_OTHER_SERVICE] = "market.post.created",
    "market.post.updated",
    "market.post.expired",
    "file.cid.advertised",
    "file.cid.unpinned",
    "rag.document.ingested",
    "federation.peer.added",
    "federation.peer.removed",
    "federation.heartbeat",
    "auth.token.issued",
    "auth.token.revoked",
    "chat.thread.created",
    "chat.thread.member.added",
    "chat.thread.member.removed",
    "chat.thread.message.sent",
    "chat.thread.message.delivered",
    "chat.thread.archived",
    "e2e.prekeys.published",
    "e2e.session.established",
    "e2e.session.broken",
    "file.replication.scheduled",
    "file.replication.completed",
    "ocr.document.indexed",
};

enum { NAME_COUNT = sizeof names / sizeof names[0] };

bool event_type_parse(const char *name, enum event_type *type_out)
{
    for (size_t i = 1; i < NAME_COUNT; i++) {
        if (strcmp(names[i], name) == 0) {
            *type_out = (enum event_type)i;
            return true;
        }
    }
    return false;
}

const char *event_type_name(enum event_type type)
{
    size_t index = (size_t)type;
    return index >= 1 && index < NAME_COUNT ? names[index] : "";
}

bool event_type_is_community(enum event_type type)
{
    return type >= EVENT_COMMUNITY_CREATED && type <= EVENT_MANIFEST_UPDATED;
}
