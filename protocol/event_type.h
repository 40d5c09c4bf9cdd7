/* The closed set of event types (§5).
 *
 * Thread: any. The numbers are stored on disk: append, never renumber.
 */
#ifndef HEARTHCHAT_PROTOCOL_EVENT_TYPE_H
#define HEARTHCHAT_PROTOCOL_EVENT_TYPE_H

#include <stdbool.h>

enum event_type {
    EVENT_COMMUNITY_CREATED = 1,
    EVENT_MEMBER_INVITED = 2,
    EVENT_MEMBER_JOINED = 3,
    EVENT_MEMBER_REVOKED = 4,
    EVENT_MEMBER_PROMOTED = 5,
    EVENT_MEMBER_DEMOTED = 6,
    EVENT_POLICY_UPDATED = 7,
    EVENT_MANIFEST_UPDATED = 8,
    EVENT_MESSAGE_SENT = 9,
    EVENT_MESSAGE_DELIVERED = 10,
    EVENT_MESSAGE_READ = 11,
    EVENT_OTHER_SERVICE = 12, /* the first of those that are only kept and relayed */
};

/* False: not in the set (`schema_unknown`). */
bool event_type_parse(const char *name, enum event_type *type_out);

/* "" for a number that is no type. */
const char *event_type_name(enum event_type type);

/* True for the types that membership is derived from, node manifests included (§7, §8). */
bool event_type_is_community(enum event_type type);

#endif
