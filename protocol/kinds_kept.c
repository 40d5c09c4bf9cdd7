/* Other services' business, or a later version's: any object, kept and relayed untouched (§5). */
#include "protocol/event_kind_private.h"

static bool decode(const json_t *data, const struct node_id *author,
                   const struct node_id *community_id, union event_data *data_out,
                   struct error *error)
{
    (void)author;
    (void)community_id;
    (void)error;
    data_out->kept = data;
    return json_is_object(data);
}

const struct event_kind event_kind_market_created = {
    .type = EVENT_MARKET_CREATED, .name = "market.post.created", .decode = decode};

const struct event_kind event_kind_market_updated = {
    .type = EVENT_MARKET_UPDATED, .name = "market.post.updated", .decode = decode};

const struct event_kind event_kind_market_expired = {
    .type = EVENT_MARKET_EXPIRED, .name = "market.post.expired", .decode = decode};

const struct event_kind event_kind_file_advertised = {
    .type = EVENT_FILE_ADVERTISED, .name = "file.cid.advertised", .decode = decode};

const struct event_kind event_kind_file_unpinned = {
    .type = EVENT_FILE_UNPINNED, .name = "file.cid.unpinned", .decode = decode};

const struct event_kind event_kind_document_ingested = {
    .type = EVENT_DOCUMENT_INGESTED, .name = "rag.document.ingested", .decode = decode};

const struct event_kind event_kind_federation_added = {
    .type = EVENT_FEDERATION_ADDED, .name = "federation.peer.added", .decode = decode};

const struct event_kind event_kind_federation_removed = {
    .type = EVENT_FEDERATION_REMOVED, .name = "federation.peer.removed", .decode = decode};

const struct event_kind event_kind_federation_heartbeat = {
    .type = EVENT_FEDERATION_HEARTBEAT, .name = "federation.heartbeat", .decode = decode};

const struct event_kind event_kind_token_issued = {
    .type = EVENT_TOKEN_ISSUED, .name = "auth.token.issued", .decode = decode};

const struct event_kind event_kind_token_revoked = {
    .type = EVENT_TOKEN_REVOKED, .name = "auth.token.revoked", .decode = decode};

const struct event_kind event_kind_thread_created = {
    .type = EVENT_THREAD_CREATED, .name = "chat.thread.created", .decode = decode};

const struct event_kind event_kind_thread_member_added = {
    .type = EVENT_THREAD_MEMBER_ADDED, .name = "chat.thread.member.added", .decode = decode};

const struct event_kind event_kind_thread_member_removed = {
    .type = EVENT_THREAD_MEMBER_REMOVED, .name = "chat.thread.member.removed", .decode = decode};

const struct event_kind event_kind_thread_message_sent = {
    .type = EVENT_THREAD_MESSAGE_SENT, .name = "chat.thread.message.sent", .decode = decode};

const struct event_kind event_kind_thread_message_delivered = {
    .type = EVENT_THREAD_MESSAGE_DELIVERED,
    .name = "chat.thread.message.delivered",
    .decode = decode};

const struct event_kind event_kind_thread_archived = {
    .type = EVENT_THREAD_ARCHIVED, .name = "chat.thread.archived", .decode = decode};

const struct event_kind event_kind_prekeys_published = {
    .type = EVENT_PREKEYS_PUBLISHED, .name = "e2e.prekeys.published", .decode = decode};

const struct event_kind event_kind_session_established = {
    .type = EVENT_SESSION_ESTABLISHED, .name = "e2e.session.established", .decode = decode};

const struct event_kind event_kind_session_broken = {
    .type = EVENT_SESSION_BROKEN, .name = "e2e.session.broken", .decode = decode};

const struct event_kind event_kind_replication_scheduled = {
    .type = EVENT_REPLICATION_SCHEDULED, .name = "file.replication.scheduled", .decode = decode};

const struct event_kind event_kind_replication_completed = {
    .type = EVENT_REPLICATION_COMPLETED, .name = "file.replication.completed", .decode = decode};

const struct event_kind event_kind_document_indexed = {
    .type = EVENT_DOCUMENT_INDEXED, .name = "ocr.document.indexed", .decode = decode};
