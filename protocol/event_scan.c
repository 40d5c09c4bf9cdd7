#include "protocol/event_scan.h"

#include <string.h>

#include "core/memory.h"
#include "core/thread.h"
#include "protocol/base64url.h"
#include "protocol/canonical.h"
#include "protocol/event_kind_private.h"
#include "protocol/event_private.h"
#include "protocol/json_build.h"
#include "protocol/number.h"

struct cursor {
    const char *at;
    const char *end;
    const struct node_id *reader; /* whose messages are read whole; NULL: everybody's */
};

/* Goes on behind the literal when it comes next. */
static bool take(struct cursor *cursor, const char *literal)
{
    size_t length = strlen(literal);
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, literal, length) != 0) {
        return false;
    }
    cursor->at += length;
    return true;
}

/* The `size_bytes - 1` bytes that come next, as text. */
static bool take_text(struct cursor *cursor, char *text_out, size_t size_bytes)
{
    size_t length = size_bytes - 1;
    if ((size_t)(cursor->end - cursor->at) < length) {
        return false;
    }
    memcpy(text_out, cursor->at, length);
    text_out[length] = '\0';
    cursor->at += length;
    return strlen(text_out) == length;
}

static bool take_node_id(struct cursor *cursor, struct node_id *node_id_out)
{
    char text[NODE_ID_TEXT_BYTES];
    return take_text(cursor, text, sizeof text) && node_id_parse(text, node_id_out) == RESULT_OK;
}

static bool take_kind(struct cursor *cursor, const struct event_kind **kind_out)
{
    const char *name = cursor->at;
    while (cursor->at < cursor->end && *cursor->at != '"') {
        cursor->at++;
    }
    *kind_out = event_kind_find(name, (size_t)(cursor->at - name));
    return *kind_out != NULL;
}

static bool take_lamport(struct cursor *cursor, int64_t *lamport_out)
{
    const char *begin = cursor->at;
    int64_t lamport = 0;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9' &&
           lamport <= NUMBER_SAFE_INTEGER) {
        lamport = lamport * 10 + (*cursor->at++ - '0');
    }
    *lamport_out = lamport;
    return cursor->at > begin && *begin != '0' && lamport <= NUMBER_SAFE_INTEGER;
}

/* Behind the object that begins here, whatever is in it. */
static bool skip_object(struct cursor *cursor)
{
    int depth = 0;
    bool in_string = false;
    for (; cursor->at < cursor->end; cursor->at++) {
        char byte = *cursor->at;
        if (in_string) {
            cursor->at += byte == '\\' && cursor->at + 1 < cursor->end ? 1 : 0;
            in_string = byte != '"';
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '{' || byte == '[') {
            depth++;
        } else if ((byte == '}' || byte == ']') && --depth == 0) {
            cursor->at++;
            return true;
        }
    }
    return false;
}

/* The object as JSON, when its text is canonical. */
static bool take_data(struct cursor *cursor, json_t **data_out)
{
    const char *begin = cursor->at;
    struct buffer canonical;
    buffer_init(&canonical);
    bool taken = cursor->at < cursor->end && *begin == '{' && skip_object(cursor) &&
                 canonical_parse(begin, (size_t)(cursor->at - begin), CANONICAL_MOST_NESTING - 1,
                                 data_out, NULL) == RESULT_OK &&
                 canonical_write(*data_out, &canonical) == RESULT_OK &&
                 canonical.length_bytes == (size_t)(cursor->at - begin) &&
                 memcmp(canonical.data, begin, canonical.length_bytes) == 0;
    buffer_deinit(&canonical);
    return taken;
}

/* A string without escapes, up to its quotation mark, that is UTF-8; NULL: the parser must look. */
static json_t *take_plain(struct cursor *cursor)
{
    json_t *string = NULL;
    const char *begin = cursor->at;
    while (cursor->at < cursor->end && *cursor->at != '"' && *cursor->at != '\\' &&
           (unsigned char)*cursor->at >= ' ') {
        cursor->at++;
    }
    if (cursor->at == cursor->end || *cursor->at != '"' ||
        json_build_try_text(begin, (size_t)(cursor->at - begin), &string) != RESULT_OK) {
        return NULL;
    }
    return string;
}

/* A member whose value is base64url up to its quotation mark, behind `begin`, of which the last
 * `of_value` characters are the value's own. `object` NULL: it is but passed. */
static bool take_digits(struct cursor *cursor, const char *begin, size_t of_value, const char *name,
                        json_t *object)
{
    if (!take(cursor, begin)) {
        return false;
    }
    const char *value = cursor->at - of_value;
    cursor->at += base64url_span_public(cursor->at, (size_t)(cursor->end - cursor->at));
    if (object != NULL) {
        json_build_member(object, name, json_build_ascii(value, (size_t)(cursor->at - value)));
    }
    return take(cursor, "\"");
}

/* As our own kind writes it; NULL: it is but passed. */
static bool take_header(struct cursor *cursor, json_t *header)
{
    const char *begin = cursor->at;
    if (!take_digits(cursor, "{\"commit\":\"", 0, "commit", header) ||
        !take_digits(cursor, ",\"keys\":\"", 0, "keys", header)) {
        return false;
    }
    const char *reply = cursor->at; /* or there is none */
    if (!take_digits(cursor, ",\"reply\":\"x25519:", sizeof "x25519:" - 1, "reply", header) &&
        cursor->at != reply) {
        return false;
    }
    if (header != NULL) {
        json_build_member(header, "v", json_build_number(1));
    }
    return take(cursor, ",\"v\":1}") &&
           (size_t)(cursor->at - begin) <= EVENT_DATA_MOST_HEADER_BYTES;
}

/* NULL both: it is but passed. */
static bool take_envelope(struct cursor *cursor, json_t *envelope, json_t *header)
{
    if (!take(cursor, "{\"ciphertext\":\"")) {
        return false;
    }
    const char *digits = cursor->at;
    return take_digits(cursor, "", 0, "ciphertext", envelope) &&
           event_data_is_ciphertext(digits, (size_t)(cursor->at - 1 - digits)) &&
           take(cursor, ",\"e2e\":true,\"header\":") && take_header(cursor, header) &&
           take(cursor, "}");
}

/* Of one that was passed before. */
static json_t *build_envelope(struct cursor cursor)
{
    json_t *envelope = json_object();
    json_t *header = json_object();
    (void)take_envelope(&cursor, envelope, header);
    json_build_member(envelope, "e2e", json_true());
    json_build_member(envelope, "header", header);
    return envelope;
}

/* NULL: the parser must look. */
static json_t *take_string(struct cursor *cursor)
{
    json_t *string = take(cursor, "\"") ? take_plain(cursor) : NULL;
    (void)take(cursor, "\""); /* before which that ends */
    return string;
}

/* Who reads has no use for what others have sealed to others. */
static bool is_read(const struct cursor *cursor, const struct event *event)
{
    return cursor->reader == NULL || node_id_equal(cursor->reader, &event->author) ||
           node_id_equal(cursor->reader, &event->data.message.recipient);
}

/* What most events are, a message without attachments, needs no parser. */
static bool take_message(struct cursor *cursor, struct event *event)
{
    struct message_sent *message = &event->data.message;
    json_t *body = NULL; /* a text, or an envelope */
    json_t *client_id = NULL;
    if (!take(cursor, "{\"attachments\":[],\"body\":")) {
        return false;
    }
    const struct cursor begin = *cursor;
    const bool sealed = begin.at < begin.end && *begin.at == '{';
    if (!(sealed ? take_envelope(cursor, NULL, NULL) : (body = take_string(cursor)) != NULL) ||
        !take(cursor, ",\"client_id\":") || (client_id = take_string(cursor)) == NULL ||
        !take(cursor, ",\"recipient\":\"") || !take_node_id(cursor, &message->recipient) ||
        !take(cursor, "\"}")) {
        json_decref(body);
        json_decref(client_id);
        return false;
    }
    message->attachments = NULL;
    message->sealed = sealed;
    message->envelope = sealed && is_read(cursor, event) ? (body = build_envelope(begin)) : NULL;
    message->body = sealed ? "" : json_string_value(body);
    message->body_bytes = sealed ? 0 : json_string_length(body);
    message->client_id = json_string_value(client_id);
    event->json = body == NULL ? client_id : json_build_pack("[o,o]", body, client_id);
    return (sealed ? event_data_check_frame(message->client_id, NULL, NULL)
                   : event_data_check_message(message->client_id, message->body,
                                              message->body_bytes, NULL, NULL)) == RESULT_OK &&
           !node_id_equal(&message->recipient, &event->author);
}

static bool take_receipt(struct cursor *cursor, struct event *event, const char *at_member)
{
    struct receipt *receipt = &event->data.receipt;
    char at[WALL_CLOCK_TEXT_BYTES];
    char target[ULID_TEXT_BYTES];
    int64_t seconds = 0;
    if (!take(cursor, at_member) || !take_text(cursor, at, sizeof at) ||
        wall_clock_parse(at, &seconds) != RESULT_OK || !take(cursor, "\",\"target_event_id\":\"") ||
        !take_text(cursor, target, sizeof target) || !ulid_is_valid(target) ||
        !take(cursor, "\"}")) {
        return false;
    }
    event->json = json_build_pack("[s,s]", at, target);
    receipt->at = json_string_value(json_array_get(event->json, 0));
    receipt->target_event_id = json_string_value(json_array_get(event->json, 1));
    return true;
}

static bool take_delivered(struct cursor *cursor, struct event *event)
{
    return take_receipt(cursor, event, "{\"delivered_at\":\"");
}

static bool take_read(struct cursor *cursor, struct event *event)
{
    return take_receipt(cursor, event, "{\"read_at\":\"");
}

/* The kinds whose data is read without a parser. It comes before the type's name, so each is tried.
 */
static const struct {
    const struct event_kind *kind;
    bool (*take)(struct cursor *cursor, struct event *event);
} plain_kinds[] = {{&event_kind_message_sent, take_message},
                   {&event_kind_message_delivered, take_delivered},
                   {&event_kind_message_read, take_read}};

/* The kind whose data this is, now in its place; NULL: none of them, and the cursor is where it
 * was. */
static const struct event_kind *take_plain_data(struct cursor *cursor, struct event *event)
{
    const struct cursor begin = *cursor;
    for (size_t i = 0; i < sizeof plain_kinds / sizeof plain_kinds[0]; i++) {
        if (plain_kinds[i].take(cursor, event)) {
            return plain_kinds[i].kind;
        }
        *cursor = begin;
        json_decref(event->json);
        event->json = NULL;
    }
    return NULL;
}

static bool scan(struct cursor *cursor, struct event *event)
{
    int64_t seconds = 0;
    struct signature signature;
    const char *begin = cursor->at;
    const char *head_end = NULL;
    const struct event_kind *kind = NULL;
    if (!take(cursor, "{\"author\":\"") || !take_node_id(cursor, &event->author) ||
        !take(cursor, "\",\"community_id\":\"") || !take_node_id(cursor, &event->community_id) ||
        !take(cursor, "\",\"data\":")) {
        return false;
    }
    const struct event_kind *plain = take_plain_data(cursor, event);
    if ((plain == NULL && !take_data(cursor, &event->json)) || !take(cursor, ",\"event_id\":\"") ||
        !take_text(cursor, event->event_id, sizeof event->event_id) ||
        !ulid_is_valid(event->event_id) || !take(cursor, "\",\"event_type\":\"") ||
        !take_kind(cursor, &kind) || (plain != NULL && kind != plain) ||
        !take(cursor, "\",\"lamport\":") || !take_lamport(cursor, &event->lamport) ||
        !take(cursor, ",\"schema_version\":1")) {
        return false;
    }
    head_end = cursor->at;
    if (!take(cursor, ",\"signature\":\"") ||
        !take_text(cursor, event->signature_text, sizeof event->signature_text) ||
        signing_parse_signature(event->signature_text, &signature) != RESULT_OK ||
        !take(cursor, "\"")) {
        return false;
    }
    const char *tail = cursor->at;
    if (!take(cursor, ",\"wall_clock\":\"") ||
        !take_text(cursor, event->wall_clock, sizeof event->wall_clock) ||
        wall_clock_parse(event->wall_clock, &seconds) != RESULT_OK || !take(cursor, "\"}")) {
        return false;
    }
    buffer_reserve(&event->signed_text, (size_t)(cursor->at - begin)); /* for the signature, too */
    buffer_append(&event->signed_text, begin, (size_t)(head_end - begin));
    buffer_append(&event->signed_text, tail, (size_t)(cursor->at - tail));
    return event_settle(event, kind, plain != NULL ? NULL : event->json, NULL);
}

/* But for its hash. Goes on behind it; false: the cursor is anywhere. */
static bool take_event(struct cursor *cursor, const struct node_id *community_id,
                       struct event **event_out)
{
    struct event *event = memory_allocate(1, sizeof *event);
    if (!scan(cursor, event) || !node_id_equal(&event->community_id, community_id)) {
        event_destroy(&event);
        return false;
    }
    *event_out = event;
    return true;
}

bool event_scan_one(const char *text, size_t length_bytes, const struct node_id *community_id,
                    struct event **event_out, size_t *taken_out)
{
    struct cursor cursor = {text, text + length_bytes, NULL};
    if (!take_event(&cursor, community_id, event_out)) {
        return false;
    }
    event_hash_each(event_out, 1);
    *taken_out = (size_t)(cursor.at - text);
    return true;
}

/* Behind the list comes nothing, or members that are nobody's business here; but all of it is one
 * JSON text. */
static bool take_end(struct cursor *cursor)
{
    json_t *others = NULL;
    struct buffer text;
    if (take(cursor, "]}")) {
        return cursor->at == cursor->end;
    }
    if (!take(cursor, "],")) {
        return false;
    }
    buffer_init(&text);
    buffer_append_byte(&text, '{');
    buffer_append(&text, cursor->at, (size_t)(cursor->end - cursor->at));
    bool taken = canonical_parse(text.data, text.length_bytes, CANONICAL_MOST_NESTING_REQUEST,
                                 &others, NULL) == RESULT_OK &&
                 json_object_size(others) > 0 && json_object_get(others, "events") == NULL;
    json_decref(others);
    buffer_deinit(&text);
    return taken;
}

bool event_scan_page(const struct foreign_text *page, const struct node_id *community_id,
                     const struct node_id *reader, size_t most, struct event **events_out,
                     size_t *count_out)
{
    struct cursor cursor = {page->bytes, page->bytes + page->length_bytes, reader};
    size_t count = 0;
    thread_expect(THREAD_PARSES);
    bool scanned = take(&cursor, "{\"events\":[") && !take(&cursor, "]");
    while (scanned) {
        scanned = count < most && take_event(&cursor, community_id, &events_out[count]);
        count += scanned ? 1 : 0;
        if (scanned && !take(&cursor, ",")) {
            break;
        }
    }
    scanned = scanned && take_end(&cursor);
    while (!scanned && count > 0) {
        event_destroy(&events_out[--count]);
    }
    event_hash_each(events_out, count);
    *count_out = count;
    return scanned;
}

/* The first byte behind the value that begins there; NULL: it is not whole. */
static const char *find_end_of_object(const char *at, const char *end)
{
    size_t depth = 0;
    bool quoted = false;
    for (; at < end; at++) {
        if (quoted && *at == '\\') {
            at++; /* and what it escapes */
        } else if (quoted) {
            quoted = *at != '"';
        } else if (*at == '"') {
            quoted = true;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if ((*at == '}' || *at == ']') && --depth == 0) {
            return at + 1;
        }
    }
    return NULL;
}

bool event_scan_broken_page(const char *text, size_t length_bytes, struct buffer *page_out)
{
    struct cursor cursor = {text, text + length_bytes, NULL};
    const char *whole = NULL; /* up to here */
    thread_expect(THREAD_PARSES);
    if (!take(&cursor, "{\"events\":[")) {
        return false;
    }
    while (cursor.at < cursor.end && *cursor.at == '{') {
        const char *behind = find_end_of_object(cursor.at, cursor.end);
        if (behind == NULL) {
            break;
        }
        whole = cursor.at = behind;
        (void)take(&cursor, ",");
    }
    if (whole != NULL) {
        buffer_append(page_out, text, (size_t)(whole - text));
        buffer_append_text(page_out, "]}");
    }
    return whole != NULL;
}
