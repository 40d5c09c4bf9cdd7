#include "support/alike.h"

#include <string.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/event_scan.h"
#include "protocol/offer.h"

static struct node_id community_of(const char *text, size_t length_bytes)
{
    static const char member[] = "\"community_id\":\"";
    const size_t id_bytes = NODE_ID_TEXT_BYTES - 1;
    struct node_id community_id = {{0}};
    const char *found = memmem(text, length_bytes, member, sizeof member - 1);
    const char *id = found == NULL ? NULL : found + sizeof member - 1;
    if (id != NULL && (size_t)(text + length_bytes - id) >= id_bytes) {
        char *copy = memory_duplicate(id, id_bytes);
        (void)!node_id_parse(copy, &community_id);
        memory_free(copy);
    }
    return community_id;
}

static bool are_texts(const char *left, const char *right)
{
    return strcmp(left, right) == 0;
}

static bool are_attachments(const json_t *left, const json_t *right)
{
    return (json_array_size(left) == 0 && json_array_size(right) == 0) ||
           json_equal(left, right) != 0;
}

static bool are_messages(const struct message_sent *left, const struct message_sent *right)
{
    return left->body_bytes == right->body_bytes && are_texts(left->body, right->body) &&
           are_texts(left->client_id, right->client_id) &&
           are_attachments(left->attachments, right->attachments) &&
           left->sealed == right->sealed &&
           (left->sealed ? json_equal(left->envelope, right->envelope) != 0
                         : left->envelope == right->envelope) &&
           node_id_equal(&left->recipient, &right->recipient);
}

static bool are_offers(const struct event *one, const struct event *other)
{
    struct offer left;
    struct offer right;
    bool offers = offer_of(one, &left);
    return offer_of(other, &right) == offers &&
           (!offers ||
            (node_id_equal(&left.peer, &right.peer) &&
             memcmp(&left.key, &right.key, sizeof left.key) == 0 &&
             left.to_everybody == right.to_everybody && left.is_reset == right.is_reset));
}

static bool are_events(const struct event *left, const struct event *right)
{
    bool alike = memcmp(left->hash, right->hash, sizeof left->hash) == 0 &&
                 left->signed_text.length_bytes == right->signed_text.length_bytes &&
                 memcmp(left->signed_text.data, right->signed_text.data,
                        left->signed_text.length_bytes) == 0 &&
                 are_texts(left->event_id, right->event_id) &&
                 are_texts(left->signature_text, right->signature_text) &&
                 are_texts(left->wall_clock, right->wall_clock) &&
                 left->lamport == right->lamport && left->type == right->type &&
                 node_id_equal(&left->author, &right->author) &&
                 node_id_equal(&left->community_id, &right->community_id);
    if (alike && left->type == EVENT_MESSAGE_SENT) {
        alike = are_messages(&left->data.message, &right->data.message);
    } else if (alike &&
               (left->type == EVENT_MESSAGE_DELIVERED || left->type == EVENT_MESSAGE_READ)) {
        alike = are_texts(left->data.receipt.at, right->data.receipt.at) &&
                are_texts(left->data.receipt.target_event_id, right->data.receipt.target_event_id);
    }
    return alike && are_offers(left, right);
}

/* By the parser, of a text that is canonical; NULL: it is none, or nothing that is accepted so far.
 */
static struct event *parse(const char *text, size_t length, const struct node_id *community_id)
{
    json_t *json = NULL;
    struct event *event = NULL;
    struct buffer again;
    struct signature signature;
    buffer_init(&again);
    if (canonical_parse(text, length, CANONICAL_MOST_NESTING, &json, NULL) == RESULT_OK &&
        canonical_write(json, &again) == RESULT_OK && again.length_bytes == length &&
        memcmp(again.data, text, length) == 0) {
        (void)event_parse(json, community_id, &event);
    }
    if (event != NULL && signing_parse_signature(event->signature_text, &signature) != RESULT_OK) {
        event_destroy(&event);
    }
    json_decref(json);
    buffer_deinit(&again);
    return event;
}

/* As the only one of a page; NULL: it is left to the parser. */
static struct event *scan_for(const struct node_id *reader, const char *text, size_t length,
                              const struct node_id *community_id)
{
    struct buffer page;
    struct event *event = NULL;
    size_t count = 0;
    buffer_init(&page);
    buffer_append_text(&page, "{\"events\":[");
    buffer_append(&page, text, length);
    buffer_append_text(&page, "]}");
    const struct foreign_text foreign = {.bytes = page.data, .length_bytes = page.length_bytes};
    (void)event_scan_page(&foreign, community_id, reader, 1, &event, &count);
    buffer_deinit(&page);
    return event;
}

static bool is_between_others(const struct event *event)
{
    return event->type == EVENT_MESSAGE_SENT && event->data.message.sealed &&
           event->data.message.envelope == NULL;
}

/* Who reads is told nothing of envelopes between others, and takes the same events. */
static const char *difference_for_readers(const struct event *parsed, const char *text,
                                          size_t length)
{
    const struct node_id stranger = {{0xff}};
    const char *difference = NULL;
    struct event *theirs = scan_for(&stranger, text, length, &parsed->community_id);
    struct event *own = scan_for(&parsed->author, text, length, &parsed->community_id);
    if (theirs == NULL || own == NULL) {
        difference = "not read for somebody";
    } else if (!are_events(own, parsed) ||
               memcmp(theirs->hash, parsed->hash, sizeof parsed->hash) != 0 ||
               (is_between_others(theirs)
                    ? !parsed->data.message.sealed || theirs->data.message.body[0] != '\0'
                    : !are_events(theirs, parsed))) {
        difference = "read otherwise for somebody";
    }
    event_destroy(&theirs);
    event_destroy(&own);
    return difference;
}

const char *alike_difference(const char *text, size_t length_bytes)
{
    size_t taken = 0;
    const char *difference = NULL;
    struct event *scanned = NULL;
    struct node_id community_id = community_of(text, length_bytes);
    bool read = event_scan_one(text, length_bytes, &community_id, &scanned, &taken);
    struct event *parsed = parse(text, read ? taken : length_bytes, &community_id);
    if (read != (parsed != NULL)) {
        difference = read ? "only scanned" : "only parsed";
    } else if (read && (taken > length_bytes || !are_events(scanned, parsed))) {
        difference = "read otherwise";
    } else if (read) {
        difference = difference_for_readers(parsed, text, taken);
    } else {
        const struct node_id stranger = {{0xff}};
        struct event *theirs = scan_for(&stranger, text, length_bytes, &community_id);
        difference = theirs == NULL ? NULL : "only read for somebody else";
        event_destroy(&theirs);
    }
    event_destroy(&scanned);
    event_destroy(&parsed);
    return difference;
}
