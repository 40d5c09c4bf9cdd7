#include "protocol/event_data.h"

#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/fields.h"
#include "protocol/node_manifest.h"
#include "protocol/signing.h"
#include "protocol/ulid.h"
#include "protocol/wall_clock.h"

static const char *const level_names[] = {"member", "trusted", "anchor"};

bool member_level_parse(const char *text, enum member_level *level_out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *level_out = (enum member_level)i;
            return true;
        }
    }
    return false;
}

const char *member_level_name(enum member_level level)
{
    return level_names[level];
}

bool event_data_is_cid(const char *text)
{
    static const char prefix[] = "blake3:";
    return strlen(text) == EVENT_DATA_CID_TEXT_BYTES - 1 &&
           strncmp(text, prefix, sizeof prefix - 1) == 0 &&
           strspn(text + sizeof prefix - 1, "0123456789abcdef") == 64;
}

static enum result check_attachment(const json_t *attachment, struct error *error)
{
    static const char *const members[] = {"cid", "name", NULL};
    const char *cid = NULL;
    const char *name = NULL;
    size_t name_bytes = 0;
    if (!fields_are(attachment, members) || !fields_string(attachment, "cid", &cid, NULL) ||
        !event_data_is_cid(cid)) {
        return error_set(error, RESULT_INVALID,
                         "An attachment is {\"cid\":\"blake3:<64 hex>\",\"name\":\"…\"}.");
    }
    if (!fields_string(attachment, "name", &name, &name_bytes) || name_bytes < 1 ||
        name_bytes > EVENT_DATA_MOST_NAME_BYTES || strchr(name, '/') != NULL ||
        fields_has_control_character(name)) {
        return error_set(error, RESULT_INVALID,
                         "An attachment's name has 1 to %d bytes, no / and no control characters.",
                         EVENT_DATA_MOST_NAME_BYTES);
    }
    return RESULT_OK;
}

enum result event_data_check_message(const char *client_id, const char *body, size_t body_bytes,
                                     const json_t *attachments, struct error *error)
{
    size_t index;
    json_t *attachment;
    size_t client_id_bytes = strlen(client_id);
    (void)body;
    if (client_id_bytes < 1 || client_id_bytes > EVENT_DATA_MOST_CLIENT_ID_BYTES) {
        return error_set(error, RESULT_INVALID, "The client_id must have 1 to %d bytes.",
                         EVENT_DATA_MOST_CLIENT_ID_BYTES);
    }
    if (body_bytes > EVENT_DATA_MOST_BODY_BYTES) {
        return error_set(error, RESULT_INVALID,
                         "The body has %zu bytes; the most is %d. Send it in parts or as a file.",
                         body_bytes, EVENT_DATA_MOST_BODY_BYTES);
    }
    if (json_array_size(attachments) > EVENT_DATA_MOST_ATTACHMENTS) {
        return error_set(error, RESULT_INVALID, "A message carries at most %d attachments.",
                         EVENT_DATA_MOST_ATTACHMENTS);
    }
    if (body_bytes == 0 && json_array_size(attachments) == 0) {
        return error_set(error, RESULT_INVALID,
                         "The message is empty: write something or attach a file.");
    }
    json_array_foreach(attachments, index, attachment)
    {
        enum result result = check_attachment(attachment, error);
        if (result != RESULT_OK) {
            return result;
        }
    }
    return RESULT_OK;
}

void event_data_write_attachments(const struct message_sent *message, struct buffer *text)
{
    (void)canonical_write(message->attachments, text);
}

static bool is_wall_clock(const json_t *data, const char *name, const char **text_out)
{
    int64_t seconds = 0;
    return fields_string(data, name, text_out, NULL) &&
           wall_clock_parse(*text_out, &seconds) == RESULT_OK;
}

static bool is_name(const json_t *data, const char *name, const char **text_out)
{
    return fields_string(data, name, text_out, NULL) && (*text_out)[0] != '\0' &&
           fields_count_characters(*text_out) <= EVENT_DATA_MOST_NAME_CHARACTERS;
}

static bool is_level(const json_t *data, const char *name, enum member_level *level_out)
{
    const char *text = NULL;
    return fields_string(data, name, &text, NULL) && member_level_parse(text, level_out);
}

static bool decode_message(const json_t *data, const struct node_id *author,
                           struct message_sent *out, struct error *error)
{
    static const char *const members[] = {"client_id", "recipient", "body", "attachments", NULL};
    return fields_are(data, members) && fields_node_id(data, "recipient", &out->recipient) &&
           !node_id_equal(&out->recipient, author) &&
           fields_string(data, "client_id", &out->client_id, NULL) &&
           fields_string(data, "body", &out->body, &out->body_bytes) &&
           fields_array(data, "attachments", &out->attachments) &&
           event_data_check_message(out->client_id, out->body, out->body_bytes, out->attachments,
                                    error) == RESULT_OK;
}

static bool decode_receipt(const json_t *data, const char *at_name, struct receipt *out)
{
    const char *const members[] = {"target_event_id", at_name, NULL};
    return fields_are(data, members) &&
           fields_string(data, "target_event_id", &out->target_event_id, NULL) &&
           ulid_is_valid(out->target_event_id) && is_wall_clock(data, at_name, &out->at);
}

static bool decode_created(const json_t *data, const struct node_id *community_id,
                           struct community_created *out, struct error *error)
{
    static const char *const members[] = {"name", "founder_node_id", "policy", NULL};
    struct node_id founder;
    return fields_are(data, members) && is_name(data, "name", &out->name) &&
           fields_node_id(data, "founder_node_id", &founder) &&
           node_id_equal(&founder, community_id) &&
           policy_parse(json_object_get(data, "policy"), &out->policy, error) == RESULT_OK;
}

static bool decode_invited(const json_t *data, struct member_invited *out)
{
    static const char *const members[] = {"invitee_node_id", "display_name", "initial_level",
                                          "expires_at", NULL};
    return fields_are(data, members) && fields_node_id(data, "invitee_node_id", &out->invitee) &&
           fields_string(data, "display_name", &out->display_name, NULL) &&
           is_level(data, "initial_level", &out->initial_level) &&
           out->initial_level != LEVEL_ANCHOR &&
           is_wall_clock(data, "expires_at", &out->expires_at);
}

static bool is_manifest_of(const json_t *manifest, const struct node_id *author,
                           const struct node_id *community_id)
{
    struct node_manifest decoded;
    return node_manifest_parse(manifest, &decoded) == RESULT_OK &&
           node_id_equal(&decoded.node_id, author) &&
           (!decoded.has_community || node_id_equal(&decoded.community_id, community_id)) &&
           signing_verify_object(author, manifest) == RESULT_OK;
}

static bool decode_joined(const json_t *data, const struct node_id *author,
                          const struct node_id *community_id, struct member_joined *out)
{
    static const char *const members[] = {"invite_event_id", "node_manifest", NULL};
    return fields_are(data, members) &&
           fields_string(data, "invite_event_id", &out->invite_event_id, NULL) &&
           ulid_is_valid(out->invite_event_id) &&
           fields_object(data, "node_manifest", &out->manifest) &&
           is_manifest_of(out->manifest, author, community_id);
}

static bool contains(const struct co_signers *signers, const struct node_id *node_id)
{
    for (size_t i = 0; i < signers->count; i++) {
        if (node_id_equal(&signers->node_ids[i], node_id)) {
            return true;
        }
    }
    return false;
}

/* Keeps the distinct signers whose signature of `statement` holds; the shape must be right for all.
 */
static bool decode_co_signers(const json_t *data, const struct node_id *author, json_t *statement,
                              struct co_signers *out)
{
    static const char *const members[] = {"node_id", "signature", NULL};
    const json_t *array = NULL;
    struct buffer text;
    size_t index;
    json_t *entry;
    buffer_init(&text);
    bool fits = fields_array(data, "co_signers", &array) &&
                json_array_size(array) <= EVENT_DATA_MOST_CO_SIGNERS &&
                canonical_write(statement, &text) == RESULT_OK;
    out->count = 0;
    out->node_ids = memory_allocate(fits ? json_array_size(array) : 0, sizeof *out->node_ids);
    json_array_foreach(array, index, entry)
    {
        struct node_id node_id;
        struct signature signature;
        const char *signature_text = NULL;
        fits = fits && fields_are(entry, members) && fields_node_id(entry, "node_id", &node_id) &&
               fields_string(entry, "signature", &signature_text, NULL) &&
               signing_parse_signature(signature_text, &signature) == RESULT_OK;
        if (!fits) {
            break;
        }
        if (!contains(out, &node_id) &&
            signing_verify(&node_id, text.data, text.length_bytes, &signature) == RESULT_OK) {
            out->node_ids[out->count++] = node_id;
        }
    }
    fits = fits && contains(out, author);
    if (!fits) {
        memory_free(out->node_ids);
        *out = (struct co_signers){0};
    }
    buffer_deinit(&text);
    json_decref(statement);
    return fits;
}

json_t *event_data_revocation_statement(const char *client_id, const char *reason,
                                        const struct node_id *target)
{
    char target_text[NODE_ID_TEXT_BYTES];
    node_id_format(target, target_text);
    return json_pack("{s:s,s:s,s:s}", "client_id", client_id, "reason", reason, "target_node_id",
                     target_text);
}

json_t *event_data_level_statement(enum member_level new_level, const struct node_id *target)
{
    char target_text[NODE_ID_TEXT_BYTES];
    node_id_format(target, target_text);
    return json_pack("{s:s,s:s}", "new_level", member_level_name(new_level), "target_node_id",
                     target_text);
}

bool event_data_is_revocation_reason(const char *reason)
{
    return strcmp(reason, "compromised") == 0 || strcmp(reason, "inactive") == 0 ||
           strcmp(reason, "policy_violation") == 0 || strcmp(reason, "other") == 0;
}

static bool decode_revoked(const json_t *data, const struct node_id *author,
                           struct member_revoked *out)
{
    static const char *const members[] = {"client_id", "target_node_id", "reason", "co_signers",
                                          NULL};
    const char *client_id = NULL;
    size_t client_id_bytes = 0;
    return fields_are(data, members) &&
           fields_string(data, "client_id", &client_id, &client_id_bytes) && client_id_bytes >= 1 &&
           client_id_bytes <= EVENT_DATA_MOST_CLIENT_ID_BYTES &&
           fields_node_id(data, "target_node_id", &out->target) &&
           fields_string(data, "reason", &out->reason, NULL) &&
           event_data_is_revocation_reason(out->reason) &&
           decode_co_signers(data, author,
                             event_data_revocation_statement(client_id, out->reason, &out->target),
                             &out->co_signers);
}

static bool decode_level(const json_t *data, const struct node_id *author,
                         struct level_changed *out)
{
    static const char *const members[] = {"target_node_id", "new_level", "co_signers", NULL};
    return fields_are(data, members) && fields_node_id(data, "target_node_id", &out->target) &&
           is_level(data, "new_level", &out->new_level) &&
           decode_co_signers(data, author, event_data_level_statement(out->new_level, &out->target),
                             &out->co_signers);
}

static bool decode_policy(const json_t *data, struct policy_updated *out, struct error *error)
{
    static const char *const members[] = {"policy", NULL};
    return fields_are(data, members) &&
           policy_parse(json_object_get(data, "policy"), &out->policy, error) == RESULT_OK;
}

static bool decode_manifest(const json_t *data, const struct node_id *author,
                            const struct node_id *community_id, struct manifest_updated *out)
{
    static const char *const members[] = {"manifest", NULL};
    return fields_are(data, members) && fields_object(data, "manifest", &out->manifest) &&
           is_manifest_of(out->manifest, author, community_id);
}

enum result event_data_decode(enum event_type type, const json_t *data,
                              const struct node_id *author, const struct node_id *community_id,
                              union event_data *data_out, struct error *error)
{
    bool fits = false;
    struct error reason = {""};
    memset(data_out, 0, sizeof *data_out);
    switch (type) {
    case EVENT_MESSAGE_SENT:
        fits = decode_message(data, author, &data_out->message, &reason);
        break;
    case EVENT_MESSAGE_DELIVERED:
        fits = decode_receipt(data, "delivered_at", &data_out->receipt);
        break;
    case EVENT_MESSAGE_READ:
        fits = decode_receipt(data, "read_at", &data_out->receipt);
        break;
    case EVENT_COMMUNITY_CREATED:
        fits = decode_created(data, community_id, &data_out->created, &reason);
        break;
    case EVENT_MEMBER_INVITED:
        fits = decode_invited(data, &data_out->invited);
        break;
    case EVENT_MEMBER_JOINED:
        fits = decode_joined(data, author, community_id, &data_out->joined);
        break;
    case EVENT_MEMBER_REVOKED:
        fits = decode_revoked(data, author, &data_out->revoked);
        break;
    case EVENT_MEMBER_PROMOTED:
    case EVENT_MEMBER_DEMOTED:
        fits = decode_level(data, author, &data_out->level);
        break;
    case EVENT_POLICY_UPDATED:
        fits = decode_policy(data, &data_out->policy, &reason);
        break;
    case EVENT_MANIFEST_UPDATED:
        fits = decode_manifest(data, author, community_id, &data_out->manifest);
        break;
    case EVENT_OTHER_SERVICE:
        fits = json_is_object(data);
        break;
    }
    if (type > EVENT_OTHER_SERVICE) {
        fits = json_is_object(data);
    }
    if (fits) {
        return RESULT_OK;
    }
    return error_set(error, RESULT_INVALID, "%s",
                     reason.message[0] != '\0' ? reason.message
                                               : "The event's data breaks the rules of its type.");
}

void event_data_deinit(enum event_type type, union event_data *data)
{
    if (type == EVENT_MEMBER_REVOKED) {
        memory_free(data->revoked.co_signers.node_ids);
    } else if (type == EVENT_MEMBER_PROMOTED || type == EVENT_MEMBER_DEMOTED) {
        memory_free(data->level.co_signers.node_ids);
    }
}
