/* The rows of the table of kinds, defined in kinds_*.c.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_PROTOCOL_EVENT_KIND_PRIVATE_H
#define HEARTHCHAT_PROTOCOL_EVENT_KIND_PRIVATE_H

#include "protocol/event_kind.h"

extern const struct event_kind event_kind_community_created;
extern const struct event_kind event_kind_member_invited;
extern const struct event_kind event_kind_member_joined;
extern const struct event_kind event_kind_member_revoked;
extern const struct event_kind event_kind_member_promoted;
extern const struct event_kind event_kind_member_demoted;
extern const struct event_kind event_kind_policy_updated;
extern const struct event_kind event_kind_manifest_updated;
extern const struct event_kind event_kind_message_sent;
extern const struct event_kind event_kind_message_delivered;
extern const struct event_kind event_kind_message_read;
extern const struct event_kind event_kind_market_created;
extern const struct event_kind event_kind_market_updated;
extern const struct event_kind event_kind_market_expired;
extern const struct event_kind event_kind_file_advertised;
extern const struct event_kind event_kind_file_unpinned;
extern const struct event_kind event_kind_document_ingested;
extern const struct event_kind event_kind_federation_added;
extern const struct event_kind event_kind_federation_removed;
extern const struct event_kind event_kind_federation_heartbeat;
extern const struct event_kind event_kind_token_issued;
extern const struct event_kind event_kind_token_revoked;
extern const struct event_kind event_kind_thread_created;
extern const struct event_kind event_kind_thread_member_added;
extern const struct event_kind event_kind_thread_member_removed;
extern const struct event_kind event_kind_thread_message_sent;
extern const struct event_kind event_kind_thread_message_delivered;
extern const struct event_kind event_kind_thread_archived;
extern const struct event_kind event_kind_prekeys_published;
extern const struct event_kind event_kind_session_established;
extern const struct event_kind event_kind_session_broken;
extern const struct event_kind event_kind_replication_scheduled;
extern const struct event_kind event_kind_replication_completed;
extern const struct event_kind event_kind_document_indexed;

#endif
