#include "support/log_describe.h"

#include <string.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "store/event_reader.h"
#include "store/event_set.h"
#include "store/history_conversations.h"

static void append_key(struct buffer *text, const struct node_id *node_id)
{
    char short_id[NODE_ID_SHORT_BYTES];
    node_id_format_short(node_id, short_id);
    buffer_append_format(text, "%s", short_id);
}

static void append_hex(struct buffer *text, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_format(text, "%02x", ((const uint8_t *)bytes)[i]);
    }
}

void log_describe_members(const struct membership *membership, struct buffer *text)
{
    for (size_t i = 0; i < membership->member_count; i++) {
        const struct member *member = &membership->members[i];
        const struct member_profile *profile = membership_profile(membership, member->person);
        struct endpoints endpoints;
        append_key(text, &member->node_id);
        buffer_append_format(text, " %s \"%s\" since %lld by ", member_level_name(member->level),
                             member_profile_name(profile),
                             (long long)member_profile_added_at(profile));
        append_key(text, member_profile_added_by(profile));
        member_profile_read_endpoints(profile, &endpoints);
        for (size_t j = 0; j < endpoints.count; j++) {
            buffer_append_format(text, " %s:%u", endpoints.list[j].host,
                                 (unsigned)endpoints.list[j].port);
        }
        buffer_append_text(text, "\n");
    }
    for (size_t i = 0; i < membership->revoked_count; i++) {
        const struct revocation *revocation = &membership->revoked[i];
        append_key(text, &revocation->node_id);
        buffer_append_format(
            text, " revoked at %lld, %lld, \"%s\"\n", (long long)revocation->lamport,
            (long long)revocation->revoked_at,
            member_profile_name(membership_profile(membership, revocation->person)));
    }
}

char *log_describe_state(struct event_log *log)
{
    struct buffer text;
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    const struct policy *policy = &snapshot->membership->policy;
    buffer_init(&text);
    buffer_append_format(
        &text, "head %lld, clock %lld, last_seq %lld, %llu events, policy %lld/%lld\n",
        (long long)snapshot->head, (long long)snapshot->clock, (long long)snapshot->last_seq,
        (unsigned long long)snapshot->event_count, (long long)policy->min_signatures_to_revoke,
        (long long)policy->min_signatures_to_demote);
    log_describe_members(snapshot->membership, &text);
    log_snapshot_release(log, &snapshot);
    return buffer_take(&text);
}

char *log_describe_set(struct event_log *log)
{
    struct buffer text;
    struct buffer message;
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    buffer_init(&text);
    buffer_init(&message);
    append_hex(&text, snapshot->fingerprint, sizeof snapshot->fingerprint);
    log_snapshot_release(log, &snapshot);
    buffer_append_text(&text, " ");
    if (event_set_initiate(log, &message) == RESULT_OK) {
        append_hex(&text, message.data, message.length_bytes);
    } else {
        buffer_append_text(&text, "not read yet");
    }
    buffer_deinit(&message);
    return buffer_take(&text);
}

struct describing {
    struct buffer text;
    bool ids;
};

static json_t *parse(const char *text, size_t length)
{
    json_t *json = NULL;
    (void)canonical_parse(text, length, CANONICAL_MOST_NESTING, &json, NULL);
    return json;
}

static const char *member_text(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text == NULL ? "?" : text;
}

static bool describe_arrival(void *context, int64_t seq, int64_t lamport, const char *text,
                             size_t length)
{
    struct describing *describing = context;
    json_t *json = parse(text, length);
    buffer_append_format(&describing->text, "%lld %lld %s %s %s\n", (long long)seq,
                         (long long)lamport, member_text(json, "event_type"),
                         member_text(json, "author"),
                         describing->ids ? member_text(json, "event_id") : "");
    json_decref(json);
    return true;
}

char *log_describe_arrivals(struct event_log *log, bool ids)
{
    struct describing describing = {.ids = ids};
    buffer_init(&describing.text);
    if (event_reader_after_seq(log, 0, SIZE_MAX / 2, describe_arrival, &describing) != RESULT_OK) {
        buffer_append_text(&describing.text, "the events can't be read\n");
    }
    return buffer_take(&describing.text);
}

static bool describe_accepted(void *context, int64_t seq, int64_t lamport, const char *text,
                              size_t length)
{
    struct describing *describing = context;
    uint8_t hash[BLAKE3_HASH_BYTES];
    json_t *json = parse(text, length);
    (void)seq;
    event_hash_json(json, hash);
    buffer_append_format(&describing->text, "%lld %s ", (long long)lamport,
                         member_text(json, "event_id"));
    append_hex(&describing->text, hash, sizeof hash);
    buffer_append_text(&describing->text, "\n");
    json_decref(json);
    return true;
}

char *log_describe_accepted(struct event_log *log)
{
    struct describing describing = {.ids = true};
    buffer_init(&describing.text);
    if (event_reader_after_lamport(log, 0, describe_accepted, &describing) != RESULT_OK) {
        buffer_append_text(&describing.text, "the events can't be read\n");
    }
    return buffer_take(&describing.text);
}

static void describe_message(void *context, const struct history_message *message)
{
    struct describing *describing = context;
    struct node_id peer;
    memcpy(peer.key, message->peer, sizeof peer.key);
    append_key(&describing->text, &peer);
    buffer_append_format(&describing->text, " %lld %s %s \"%s\" %s %s delivered %s read %s\n",
                         (long long)message->lamport, message->outgoing ? "out" : "in",
                         describing->ids ? message->event_id : "", message->body,
                         message->attachments, message->created_at,
                         message->delivered_at == NULL ? "-" : message->delivered_at,
                         message->read_at == NULL ? "-" : message->read_at);
}

static void describe_conversation(void *context, const struct history_conversation *conversation)
{
    struct describing *describing = context;
    if (conversation->last_message != NULL) {
        append_key(&describing->text, &conversation->peer);
        buffer_append_format(
            &describing->text, " %lld unread from %s, last %s\n", (long long)conversation->unread,
            conversation->first_unread != NULL && describing->ids ? conversation->first_unread
                                                                  : "-",
            describing->ids ? conversation->last_message->event_id : "");
    }
}

char *log_describe_conversations(struct event_log *log, bool ids)
{
    bool more = false;
    struct describing describing = {.ids = ids};
    const struct history_query all = {.limit = HISTORY_MOST_LIMIT};
    buffer_init(&describing.text);
    if (history_page(log, &all, describe_message, &describing, &more) != RESULT_OK ||
        history_conversations(log, NULL, NULL, describe_conversation, &describing) != RESULT_OK) {
        buffer_append_text(&describing.text, "the conversations can't be read\n");
    }
    return buffer_take(&describing.text);
}
