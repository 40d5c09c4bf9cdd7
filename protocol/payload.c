#include "protocol/payload.h"

#include <string.h>

#include "protocol/base64url.h"
#include "protocol/canonical.h"
#include "protocol/display_text.h"
#include "protocol/event_data.h"
#include "protocol/hex.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/number.h"
#include "protocol/signing.h"

enum { HASH_TEXT_BYTES = 2 * BLAKE3_HASH_BYTES + 1 };

static bool read_target(const json_t *json, const char *name, struct payload *payload)
{
    payload->has_target = json_members_hash(json, name, payload->target);
    return payload->has_target;
}

static bool read_body(const json_t *json, struct payload *payload)
{
    return json_members_string(json, "body", &payload->body, &payload->body_bytes) &&
           payload->body_bytes <= EVENT_DATA_MOST_BODY_BYTES;
}

/* 32 bytes in base64url. */
static bool read_key(const json_t *json, const char *name, struct content_key *key_out)
{
    const char *text = NULL;
    return json_members_string(json, name, &text, NULL) &&
           base64url_decode_exact(text, key_out->key, sizeof key_out->key);
}

/* What opens a file that was sealed (§24.10). */
static bool has_file_key(const json_t *attachment)
{
    struct content_key key;
    int64_t size_bytes = 0;
    const char *type = NULL;
    size_t type_bytes = 0;
    bool has =
        read_key(attachment, "key", &key) &&
        json_members_integer(attachment, "size_bytes", 0, NUMBER_SAFE_INTEGER, &size_bytes) &&
        json_members_string(attachment, "type", &type, &type_bytes) &&
        type_bytes <= PAYLOAD_MOST_TYPE_BYTES && !display_text_has_control_character(type);
    signing_wipe(&key, sizeof key);
    return has;
}

static bool is_attachment(const json_t *attachment)
{
    const char *cid = NULL;
    const char *name = NULL;
    size_t name_bytes = 0;
    const json_t *voice = json_object_get(attachment, "voice");
    int64_t duration_ms = 0;
    bool in_clear = json_object_get(attachment, "key") == NULL &&
                    json_object_get(attachment, "size_bytes") == NULL &&
                    json_object_get(attachment, "type") == NULL;
    return json_members_string(attachment, "cid", &cid, NULL) && event_data_is_cid(cid) &&
           json_members_string(attachment, "name", &name, &name_bytes) &&
           event_data_is_attachment_name(name, name_bytes) &&
           (in_clear || has_file_key(attachment)) &&
           (voice == NULL ||
            json_members_integer(voice, "duration_ms", 0, NUMBER_SAFE_INTEGER, &duration_ms));
}

static bool read_attachments(const json_t *json, struct payload *payload)
{
    if (json_object_get(json, "attachments") == NULL) {
        return true;
    }
    if (!json_members_array(json, "attachments", &payload->attachments) ||
        json_array_size(payload->attachments) > EVENT_DATA_MOST_ATTACHMENTS) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(payload->attachments); i++) {
        if (!is_attachment(json_array_get(payload->attachments, i))) {
            return false;
        }
    }
    return true;
}

static bool read_text(const json_t *json, struct payload *payload)
{
    return read_body(json, payload) && read_attachments(json, payload) &&
           (payload->body_bytes > 0 || json_array_size(payload->attachments) > 0) &&
           (json_object_get(json, "reply_to") == NULL || read_target(json, "reply_to", payload));
}

/* Nothing may be left of a text: the attachments of what is edited stay. */
static bool read_edit(const json_t *json, struct payload *payload)
{
    return read_target(json, "of", payload) && read_body(json, payload);
}

static bool read_delete(const json_t *json, struct payload *payload)
{
    return read_target(json, "of", payload);
}

static bool read_reaction(const json_t *json, struct payload *payload)
{
    size_t emoji_bytes = 0;
    return read_target(json, "to", payload) &&
           json_members_string(json, "emoji", &payload->emoji, &emoji_bytes) &&
           emoji_bytes <= PAYLOAD_MOST_EMOJI_BYTES;
}

static bool read_keys(const json_t *json, struct payload *payload)
{
    if (!json_members_array(json, "keys", &payload->keys)) {
        return false;
    }
    payload->key_count = json_array_size(payload->keys);
    return payload->key_count <= PAYLOAD_MOST_KEYS;
}

static const struct {
    const char *name;
    enum payload_kind kind;
    bool (*read)(const json_t *json, struct payload *payload);
} kinds[] = {
    {"text", PAYLOAD_TEXT, read_text},       {"edit", PAYLOAD_EDIT, read_edit},
    {"delete", PAYLOAD_DELETE, read_delete}, {"reaction", PAYLOAD_REACTION, read_reaction},
    {"keys", PAYLOAD_KEYS, read_keys},
};

static enum envelope_outcome read_kind(struct payload *payload)
{
    const char *name = NULL;
    if (!json_members_string(payload->json, "kind", &name, NULL)) {
        return ENVELOPE_UNREADABLE;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            payload->kind = kinds[i].kind;
            return kinds[i].read(payload->json, payload) ? ENVELOPE_OPENED : ENVELOPE_UNREADABLE;
        }
    }
    return ENVELOPE_UNSUPPORTED;
}

enum envelope_outcome payload_read(const void *text, size_t length_bytes,
                                   struct payload *payload_out)
{
    const struct payload nothing = {.body = "", .emoji = ""};
    enum envelope_outcome outcome = ENVELOPE_UNREADABLE;
    *payload_out = nothing;
    if (length_bytes <= ENVELOPE_MOST_PAYLOAD_BYTES &&
        canonical_parse(text, length_bytes, CANONICAL_MOST_NESTING, &payload_out->json, NULL) ==
            RESULT_OK) {
        outcome = read_kind(payload_out);
    }
    if (outcome != ENVELOPE_OPENED) {
        json_decref(payload_out->json);
        *payload_out = nothing;
    }
    return outcome;
}

void payload_deinit(struct payload *payload)
{
    json_decref(payload->json);
    *payload = (struct payload){.body = "", .emoji = ""};
}

bool payload_asks_for_receipt(enum payload_kind kind)
{
    return kind == PAYLOAD_TEXT || kind == PAYLOAD_EDIT || kind == PAYLOAD_DELETE;
}

bool payload_key_at(const struct payload *payload, size_t index, struct payload_key *key_out)
{
    const json_t *entry = json_array_get(payload->keys, index);
    if (json_members_hash(entry, "event", key_out->event) &&
        read_key(entry, "key", &key_out->key)) {
        return true;
    }
    signing_wipe(key_out, sizeof *key_out);
    return false;
}

void payload_write_attachments(const struct payload *payload, struct buffer *text)
{
    json_t *public = json_array();
    for (size_t i = 0; i < json_array_size(payload->attachments); i++) {
        const json_t *attachment = json_array_get(payload->attachments, i);
        (void)json_array_append_new(
            public, json_build_pack("{s:O,s:O}", "cid", json_object_get(attachment, "cid"), "name",
                                    json_object_get(attachment, "name")));
    }
    (void)canonical_write(public, text);
    json_decref(public);
}

/* Consumes the object. */
static enum result finish(json_t *object, struct buffer *text)
{
    size_t before_bytes = text->length_bytes;
    enum result result = canonical_write(object, text);
    json_decref(object);
    if (result == RESULT_OK && text->length_bytes - before_bytes > ENVELOPE_MOST_PAYLOAD_BYTES) {
        buffer_truncate(text, before_bytes);
        return RESULT_INVALID;
    }
    return result;
}

void payload_write_opened(const struct payload *payload, struct buffer *text)
{
    json_t *public = json_build_copy(payload->json);
    size_t index;
    json_t *attachment;
    json_array_foreach(json_object_get(public, "attachments"), index, attachment)
    {
        (void)json_object_del(attachment, "key");
    }
    (void)canonical_write(public, text);
    json_decref(public);
}

void payload_write_opened_keys(const char (*event_ids)[ULID_TEXT_BYTES], size_t count,
                               struct buffer *text)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, json_build_text(event_ids[i]));
    }
    json_t *public = json_build_pack("{s:s,s:o}", "kind", "keys", "events", list);
    (void)canonical_write(public, text);
    json_decref(public);
}

static json_t *hash_text(const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    char text[HASH_TEXT_BYTES];
    hex_format(hash, BLAKE3_HASH_BYTES, text);
    return json_build_text(text);
}

enum result payload_write_text(const char *body, const json_t *attachments, const uint8_t *reply_to,
                               struct buffer *text)
{
    json_t *object = json_build_pack("{s:s,s:s}", "kind", "text", "body", body);
    if (json_array_size(attachments) > 0) {
        (void)json_object_set_new(object, "attachments", json_build_copy(attachments));
    }
    if (reply_to != NULL) {
        (void)json_object_set_new(object, "reply_to", hash_text(reply_to));
    }
    return finish(object, text);
}

enum result payload_write_edit(const uint8_t of[static BLAKE3_HASH_BYTES], const char *body,
                               struct buffer *text)
{
    return finish(
        json_build_pack("{s:s,s:o,s:s}", "kind", "edit", "of", hash_text(of), "body", body), text);
}

void payload_write_delete(const uint8_t of[static BLAKE3_HASH_BYTES], struct buffer *text)
{
    (void)finish(json_build_pack("{s:s,s:o}", "kind", "delete", "of", hash_text(of)), text);
}

void payload_write_reaction(const uint8_t to[static BLAKE3_HASH_BYTES], const char *emoji,
                            struct buffer *text)
{
    (void)finish(
        json_build_pack("{s:s,s:o,s:s}", "kind", "reaction", "to", hash_text(to), "emoji", emoji),
        text);
}

void payload_write_keys(const struct payload_key *keys, size_t count, struct buffer *text)
{
    json_t *list = json_array();
    struct buffer key;
    buffer_init(&key);
    for (size_t i = 0; i < count; i++) {
        buffer_clear(&key);
        base64url_encode(keys[i].key.key, sizeof keys[i].key.key, &key);
        (void)json_array_append_new(list,
                                    json_build_pack("{s:o,s:s}", "event", hash_text(keys[i].event),
                                                    "key", buffer_text(&key)));
    }
    if (count > 0) {
        signing_wipe(key.data, key.length_bytes);
    }
    buffer_deinit(&key);
    (void)finish(json_build_pack("{s:s,s:o}", "kind", "keys", "keys", list), text);
}
