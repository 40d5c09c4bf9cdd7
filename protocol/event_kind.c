#include "protocol/event_kind.h"

#include <string.h>

#include "protocol/event_kind_private.h"

static const struct event_kind *const kinds[] = {
    [EVENT_COMMUNITY_CREATED] = &event_kind_community_created,
    [EVENT_MEMBER_INVITED] = &event_kind_member_invited,
    [EVENT_MEMBER_JOINED] = &event_kind_member_joined,
    [EVENT_MEMBER_REVOKED] = &event_kind_member_revoked,
    [EVENT_MEMBER_PROMOTED] = &event_kind_member_promoted,
    [EVENT_MEMBER_DEMOTED] = &event_kind_member_demoted,
    [EVENT_POLICY_UPDATED] = &event_kind_policy_updated,
    [EVENT_MANIFEST_UPDATED] = &event_kind_manifest_updated,
    [EVENT_MESSAGE_SENT] = &event_kind_message_sent,
    [EVENT_MESSAGE_DELIVERED] = &event_kind_message_delivered,
    [EVENT_MESSAGE_READ] = &event_kind_message_read,
    [EVENT_MARKET_CREATED] = &event_kind_market_created,
    [EVENT_MARKET_UPDATED] = &event_kind_market_updated,
    [EVENT_MARKET_EXPIRED] = &event_kind_market_expired,
    [EVENT_FILE_ADVERTISED] = &event_kind_file_advertised,
    [EVENT_FILE_UNPINNED] = &event_kind_file_unpinned,
    [EVENT_DOCUMENT_INGESTED] = &event_kind_document_ingested,
    [EVENT_FEDERATION_ADDED] = &event_kind_federation_added,
    [EVENT_FEDERATION_REMOVED] = &event_kind_federation_removed,
    [EVENT_FEDERATION_HEARTBEAT] = &event_kind_federation_heartbeat,
    [EVENT_TOKEN_ISSUED] = &event_kind_token_issued,
    [EVENT_TOKEN_REVOKED] = &event_kind_token_revoked,
    [EVENT_THREAD_CREATED] = &event_kind_thread_created,
    [EVENT_THREAD_MEMBER_ADDED] = &event_kind_thread_member_added,
    [EVENT_THREAD_MEMBER_REMOVED] = &event_kind_thread_member_removed,
    [EVENT_THREAD_MESSAGE_SENT] = &event_kind_thread_message_sent,
    [EVENT_THREAD_MESSAGE_DELIVERED] = &event_kind_thread_message_delivered,
    [EVENT_THREAD_ARCHIVED] = &event_kind_thread_archived,
    [EVENT_PREKEYS_PUBLISHED] = &event_kind_prekeys_published,
    [EVENT_SESSION_ESTABLISHED] = &event_kind_session_established,
    [EVENT_SESSION_BROKEN] = &event_kind_session_broken,
    [EVENT_REPLICATION_SCHEDULED] = &event_kind_replication_scheduled,
    [EVENT_REPLICATION_COMPLETED] = &event_kind_replication_completed,
    [EVENT_DOCUMENT_INDEXED] = &event_kind_document_indexed,
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* Every event that arrives comes by here. The names have one size, so that the compiler compares
 * each in a few instructions: a thousandth of what the event's signature takes. */
const struct event_kind *event_kind_find(const char *name, size_t length_bytes)
{
    char key[EVENT_KIND_NAME_BYTES] = "";
    if (length_bytes >= sizeof key || memchr(name, '\0', length_bytes) != NULL) {
        return NULL;
    }
    memcpy(key, name, length_bytes);
    for (size_t i = 1; i < KIND_COUNT; i++) {
        if (memcmp(kinds[i]->name, key, sizeof key) == 0) {
            return kinds[i];
        }
    }
    return NULL;
}

const struct event_kind *event_kind_get(enum event_type type)
{
    size_t index = (size_t)type;
    return index < KIND_COUNT ? kinds[index] : NULL;
}

const char *event_kind_name(enum event_type type)
{
    const struct event_kind *kind = event_kind_get(type);
    return kind != NULL ? kind->name : "";
}

static const char breaks_rules[] = "The event's data breaks the rules of its type.";

enum result event_kind_decode(const struct event_kind *kind, const json_t *data,
                              const struct node_id *author, const struct node_id *community_id,
                              union event_data *data_out, struct error *error)
{
    struct error reason = {""};
    memset(data_out, 0, sizeof *data_out);
    if (kind->decode(data, author, community_id, data_out, &reason)) {
        return RESULT_OK;
    }
    return error_set(error, RESULT_INVALID, "%s",
                     reason.message[0] != '\0' ? reason.message : breaks_rules);
}

enum result event_kind_prove(const struct event_kind *kind, const struct node_id *author,
                             union event_data *data, struct error *error)
{
    return kind->prove == NULL || kind->prove(data, author)
               ? RESULT_OK
               : error_set(error, RESULT_INVALID, "%s", breaks_rules);
}

void event_kind_release(enum event_type type, union event_data *data)
{
    const struct event_kind *kind = event_kind_get(type);
    if (kind != NULL && kind->release != NULL) {
        kind->release(data);
    }
}
