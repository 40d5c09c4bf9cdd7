#include "protocol/event.h"

#include <stdbool.h>
#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/event_private.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "protocol/number.h"

struct verified_event {
    struct event *event;
    struct buffer text; /* canonical, with signature */
};

const char *event_refusal_name(enum event_refusal refusal)
{
    switch (refusal) {
    case EVENT_ACCEPTABLE:
        return "";
    case EVENT_BAD:
        return "bad_event";
    case EVENT_SCHEMA_UNKNOWN:
        return "schema_unknown";
    case EVENT_WRONG_COMMUNITY:
        return "wrong_community";
    case EVENT_INVALID_SIGNATURE:
        return "invalid_signature";
    case EVENT_LAMPORT_TOO_FAR:
        return "lamport_too_far";
    case EVENT_UNKNOWN_AUTHOR:
        return "unknown_author";
    case EVENT_REVOKED_AUTHOR:
        return "revoked_author";
    }
    return "bad_event";
}

static bool read_envelope(const json_t *json, struct event *event, const char **type_name_out,
                          struct error *error)
{
    static const char *const members[] = {"schema_version", "event_id", "lamport",    "wall_clock",
                                          "community_id",   "author",   "event_type", "data",
                                          "signature",      NULL};
    int64_t version = 0;
    int64_t seconds = 0;
    const char *event_id = NULL;
    const char *wall_clock = NULL;
    if (!json_members_are(json, members) ||
        !json_members_integer(json, "schema_version", 1, 1, &version) ||
        !json_members_string(json, "event_id", &event_id, NULL) || !ulid_is_valid(event_id) ||
        !json_members_integer(json, "lamport", 1, NUMBER_SAFE_INTEGER, &event->lamport) ||
        !json_members_string(json, "wall_clock", &wall_clock, NULL) ||
        wall_clock_parse(wall_clock, &seconds) != RESULT_OK ||
        !json_members_node_id(json, "community_id", &event->community_id) ||
        !json_members_node_id(json, "author", &event->author) ||
        !json_members_string(json, "event_type", type_name_out, NULL)) {
        (void)error_set(error, RESULT_INVALID, "The event lacks a member or has one too many.");
        return false;
    }
    const char *signature = json_string_value(json_object_get(json, "signature"));
    if (signature != NULL && strlen(signature) < sizeof event->signature_text) {
        memcpy(event->signature_text, signature, strlen(signature) + 1);
    }
    memcpy(event->event_id, event_id, sizeof event->event_id);
    memcpy(event->wall_clock, wall_clock, sizeof event->wall_clock);
    return true;
}

bool event_settle(struct event *event, const struct event_kind *kind, const json_t *data,
                  struct error *error)
{
    if (data != NULL && event_kind_decode(kind, data, &event->author, &event->community_id,
                                          &event->data, error) != RESULT_OK) {
        return false;
    }
    event->type = kind->type;
    if (kind->type == EVENT_COMMUNITY_CREATED &&
        (event->lamport != 1 || !node_id_equal(&event->author, &event->community_id))) {
        (void)error_set(error, RESULT_INVALID,
                        "A community is created by its root key, at lamport 1.");
        return false;
    }
    if (event->signed_text.length_bytes + EVENT_SIGNATURE_MEMBER_BYTES > EVENT_MOST_BYTES) {
        (void)error_set(error, RESULT_INVALID, "The event is larger than %d bytes.",
                        EVENT_MOST_BYTES);
        return false;
    }
    return true;
}

void event_hash_each(struct event *const *events, size_t count)
{
    struct blake3_text *texts = memory_allocate(count, sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        const struct buffer *text = &events[i]->signed_text;
        texts[i] = (struct blake3_text){text->data, text->length_bytes, events[i]->hash};
    }
    blake3_hash_each(texts, count);
    memory_free(texts);
}

static enum event_refusal parse(json_t *json, const struct node_id *community_id,
                                struct event *event, struct error *error)
{
    const char *type_name = NULL;
    if (canonical_check_nesting(json, CANONICAL_MOST_NESTING) != RESULT_OK ||
        !read_envelope(json, event, &type_name, error)) {
        return EVENT_BAD;
    }
    const struct event_kind *kind = event_kind_find(type_name, strlen(type_name));
    if (kind == NULL) {
        return EVENT_SCHEMA_UNKNOWN;
    }
    if (community_id != NULL && !node_id_equal(community_id, &event->community_id)) {
        return EVENT_WRONG_COMMUNITY;
    }
    if (canonical_write_without(json, "signature", &event->signed_text) != RESULT_OK ||
        !event_settle(event, kind, json_object_get(json, "data"), error)) {
        return EVENT_BAD;
    }
    event_hash_each(&event, 1);
    return EVENT_ACCEPTABLE;
}

enum event_refusal event_parse(json_t *json, const struct node_id *community_id,
                               struct event **event_out)
{
    struct event *event = memory_allocate(1, sizeof *event);
    event->json = json_incref(json);
    enum event_refusal refusal = parse(json, community_id, event, NULL);
    if (refusal == EVENT_ACCEPTABLE) {
        *event_out = event;
    } else {
        event_destroy(&event);
    }
    return refusal;
}

void event_hash_json(const json_t *json, uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    struct buffer text;
    buffer_init(&text);
    memset(hash_out, 0, BLAKE3_HASH_BYTES);
    if (json_is_object(json) && canonical_write_without(json, "signature", &text) == RESULT_OK) {
        blake3_hash(text.data, text.length_bytes, hash_out);
    }
    buffer_deinit(&text);
}

void event_destroy(struct event **event)
{
    if (*event == NULL) {
        return;
    }
    event_kind_release((*event)->type, &(*event)->data);
    buffer_deinit(&(*event)->signed_text);
    json_decref((*event)->json);
    memory_free(*event);
    *event = NULL;
}

/* Consumes the event. Its canonical text is the signed one with the signature in its place in the
 * order of keys: just before the wall clock, whose length never varies. */
static struct verified_event *make_verified(struct event *event, const char *signature_text)
{
    static const char member[] = ",\"signature\":\"";
    const size_t tail_bytes = sizeof ",\"wall_clock\":\"\"}" - 1 + WALL_CLOCK_TEXT_BYTES - 1;
    struct verified_event *verified = memory_allocate(1, sizeof *verified);
    verified->event = event;
    verified->text = event->signed_text; /* in its place: nobody else needs that any more */
    buffer_init(&event->signed_text);
    size_t head_bytes = verified->text.length_bytes - tail_bytes;
    (void)buffer_extend(&verified->text, EVENT_SIGNATURE_MEMBER_BYTES);
    char *at = verified->text.data + head_bytes;
    memmove(at + EVENT_SIGNATURE_MEMBER_BYTES, at, tail_bytes);
    memcpy(at, member, sizeof member - 1);
    memcpy(at + sizeof member - 1, signature_text, SIGNATURE_TEXT_BYTES - 1);
    at[EVENT_SIGNATURE_MEMBER_BYTES - 1] = '"';
    return verified;
}

enum result event_prove(struct event *event, struct error *error)
{
    enum result result = event->proven ? RESULT_OK
                                       : event_kind_prove(event_kind_get(event->type),
                                                          &event->author, &event->data, error);
    event->proven = result == RESULT_OK;
    return result;
}

enum result event_verify(struct event **event, struct verified_event **verified_out)
{
    struct signature signature;
    const struct buffer *signed_text = &(*event)->signed_text;
    if (signing_parse_signature((*event)->signature_text, &signature) != RESULT_OK ||
        signing_verify(&(*event)->author, signed_text->data, signed_text->length_bytes,
                       &signature) != RESULT_OK) {
        event_destroy(event);
        return RESULT_UNAUTHORIZED;
    }
    if (event_prove(*event, NULL) != RESULT_OK) {
        event_destroy(event);
        return RESULT_INVALID;
    }
    *verified_out = make_verified(*event, (*event)->signature_text);
    *event = NULL;
    return RESULT_OK;
}

enum result event_sign(struct event_draft *draft, const struct signing_key *key,
                       const struct node_id *community_id, const char *event_id, int64_t lamport,
                       int64_t wall_seconds, struct verified_event **verified_out,
                       struct error *error)
{
    char author[NODE_ID_TEXT_BYTES];
    char community[NODE_ID_TEXT_BYTES];
    char wall_clock[WALL_CLOCK_TEXT_BYTES];
    char signature_text[SIGNATURE_TEXT_BYTES];
    struct signature signature;
    struct event *event = memory_allocate(1, sizeof *event);

    node_id_format(&key->node_id, author);
    node_id_format(community_id, community);
    wall_clock_format(wall_seconds, wall_clock);
    event->json =
        json_build_pack("{s:i,s:s,s:I,s:s,s:s,s:s,s:s,s:o,s:s}", "schema_version", 1, "event_id",
                        event_id, "lamport", (json_int_t)lamport, "wall_clock", wall_clock,
                        "community_id", community, "author", author, "event_type",
                        event_kind_name(draft->type), "data", draft->data, "signature", "");
    draft->data = NULL;
    enum result result = RESULT_INVALID;
    if (parse(event->json, community_id, event, error) == EVENT_ACCEPTABLE &&
        event_prove(event, error) == RESULT_OK) {
        signing_sign(key, event->signed_text.data, event->signed_text.length_bytes, &signature);
        signing_format_signature(&signature, signature_text);
        *verified_out = make_verified(event, signature_text);
        event = NULL;
        result = RESULT_OK;
    }
    event_destroy(&event);
    return result;
}

const struct event *event_verified_get(const struct verified_event *verified)
{
    return verified->event;
}

void event_verified_destroy(struct verified_event **verified)
{
    if (*verified == NULL) {
        return;
    }
    event_destroy(&(*verified)->event);
    buffer_deinit(&(*verified)->text);
    memory_free(*verified);
    *verified = NULL;
}

const char *event_verified_text(const struct verified_event *verified, size_t *length_bytes_out)
{
    *length_bytes_out = verified->text.length_bytes;
    return verified->text.data;
}

int event_compare(const struct event *left, const struct event *right)
{
    if (left->lamport != right->lamport) {
        return left->lamport < right->lamport ? -1 : 1;
    }
    int order = strcmp(left->event_id, right->event_id);
    return order != 0 ? order : memcmp(left->hash, right->hash, sizeof left->hash);
}
