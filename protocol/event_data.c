#include "protocol/event_data.h"

#include <string.h>

#include "core/buffer.h"
#include "protocol/base64url.h"
#include "protocol/canonical.h"
#include "protocol/display_text.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"

bool event_data_is_cid(const char *text)
{
    static const char prefix[] = "blake3:";
    return strlen(text) == EVENT_DATA_CID_TEXT_BYTES - 1 &&
           strncmp(text, prefix, sizeof prefix - 1) == 0 &&
           strspn(text + sizeof prefix - 1, "0123456789abcdef") == 64;
}

bool event_data_is_attachment_name(const char *name, size_t name_bytes)
{
    return name_bytes >= 1 && name_bytes <= EVENT_DATA_MOST_NAME_BYTES &&
           strchr(name, '/') == NULL && !display_text_has_control_character(name);
}

static enum result check_attachment(const json_t *attachment, struct error *error)
{
    static const char *const members[] = {"cid", "name", NULL};
    const char *cid = NULL;
    const char *name = NULL;
    size_t name_bytes = 0;
    if (!json_members_are(attachment, members) ||
        !json_members_string(attachment, "cid", &cid, NULL) || !event_data_is_cid(cid)) {
        return error_set(error, RESULT_INVALID,
                         "An attachment is {\"cid\":\"blake3:<64 hex>\",\"name\":\"…\"}.");
    }
    if (!json_members_string(attachment, "name", &name, &name_bytes) ||
        !event_data_is_attachment_name(name, name_bytes)) {
        return error_set(error, RESULT_INVALID,
                         "An attachment's name has 1 to %d bytes, no / and no control characters.",
                         EVENT_DATA_MOST_NAME_BYTES);
    }
    return RESULT_OK;
}

enum result event_data_check_frame(const char *client_id, const json_t *attachments,
                                   struct error *error)
{
    size_t index;
    json_t *attachment;
    size_t client_id_bytes = strlen(client_id);
    if (client_id_bytes < 1 || client_id_bytes > EVENT_DATA_MOST_CLIENT_ID_BYTES) {
        return error_set(error, RESULT_INVALID, "The client_id must have 1 to %d bytes.",
                         EVENT_DATA_MOST_CLIENT_ID_BYTES);
    }
    if (json_array_size(attachments) > EVENT_DATA_MOST_ATTACHMENTS) {
        return error_set(error, RESULT_INVALID, "A message carries at most %d attachments.",
                         EVENT_DATA_MOST_ATTACHMENTS);
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

enum result event_data_check_message(const char *client_id, const char *body, size_t body_bytes,
                                     const json_t *attachments, struct error *error)
{
    (void)body;
    if (body_bytes > EVENT_DATA_MOST_BODY_BYTES) {
        return error_set(error, RESULT_INVALID,
                         "The text has %zu bytes, and the most is %d (64 KiB); send it in parts.",
                         body_bytes, EVENT_DATA_MOST_BODY_BYTES);
    }
    if (body_bytes == 0 && json_array_size(attachments) == 0) {
        return error_set(error, RESULT_INVALID, "The message is empty: write something.");
    }
    return event_data_check_frame(client_id, attachments, error);
}

/* What libsodium takes was always accepted, and some of it is beyond ASCII: it has the last word.
 */
static bool measure(const char *text, size_t length_bytes, size_t *bytes_out)
{
    struct buffer bytes;
    if (base64url_measure_public(text, length_bytes, bytes_out)) {
        return true;
    }
    buffer_init(&bytes);
    bool decoded = base64url_decode(text, length_bytes, &bytes) == RESULT_OK;
    *bytes_out = bytes.length_bytes;
    buffer_deinit(&bytes);
    return decoded;
}

bool event_data_is_ciphertext(const char *text, size_t length_bytes)
{
    const size_t most_digits = (EVENT_DATA_MOST_CIPHERTEXT_BYTES * 8 + 5) / 6;
    size_t bytes = 0;
    return length_bytes <= most_digits && measure(text, length_bytes, &bytes) &&
           bytes >= EVENT_DATA_LEAST_CIPHERTEXT_BYTES && bytes <= EVENT_DATA_MOST_CIPHERTEXT_BYTES;
}

enum result event_data_check_sealed(const char *client_id, const json_t *envelope,
                                    const json_t *attachments, struct error *error)
{
    static const char *const members[] = {"e2e", "header", "ciphertext", NULL};
    bool e2e = false;
    const json_t *header = NULL;
    const char *ciphertext = NULL;
    size_t ciphertext_bytes = 0;
    if (!json_members_are(envelope, members) || !json_members_boolean(envelope, "e2e", &e2e) ||
        !e2e || !json_members_object(envelope, "header", &header) ||
        canonical_measure(header) > EVENT_DATA_MOST_HEADER_BYTES ||
        !json_members_string(envelope, "ciphertext", &ciphertext, &ciphertext_bytes) ||
        !event_data_is_ciphertext(ciphertext, ciphertext_bytes)) {
        return error_set(error, RESULT_INVALID,
                         "A body is a text or {\"e2e\":true,\"header\":{…},\"ciphertext\":\"…\"}.");
    }
    return event_data_check_frame(client_id, attachments, error);
}

void event_data_write_attachments(const struct message_sent *message, struct buffer *text)
{
    if (message->attachments == NULL) {
        buffer_append_text(text, "[]");
    } else {
        (void)canonical_write(message->attachments, text);
    }
}

/* The body has no NUL, so the parts can't be mistaken for each other. */
void event_data_hash_message(const struct message_sent *message,
                             uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    struct buffer said;
    buffer_init(&said);
    buffer_append(&said, message->recipient.key, NODE_ID_BYTES);
    buffer_append_text(&said, message->body);
    buffer_append_byte(&said, '\0');
    event_data_write_attachments(message, &said);
    blake3_hash(said.data, said.length_bytes, hash_out);
    buffer_deinit(&said);
}

json_t *event_data_revocation_statement(const char *client_id, const char *reason,
                                        const struct node_id *target)
{
    char target_text[NODE_ID_TEXT_BYTES];
    node_id_format(target, target_text);
    return json_build_pack("{s:s,s:s,s:s}", "client_id", client_id, "reason", reason,
                           "target_node_id", target_text);
}

json_t *event_data_level_statement(enum member_level new_level, const struct node_id *target)
{
    char target_text[NODE_ID_TEXT_BYTES];
    node_id_format(target, target_text);
    return json_build_pack("{s:s,s:s}", "new_level", member_level_name(new_level), "target_node_id",
                           target_text);
}

bool event_data_is_revocation_reason(const char *reason)
{
    return strcmp(reason, "compromised") == 0 || strcmp(reason, "inactive") == 0 ||
           strcmp(reason, "policy_violation") == 0 || strcmp(reason, "other") == 0;
}
