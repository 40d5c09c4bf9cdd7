#include "handlers/message_json.h"

#include <string.h>

#include "protocol/canonical.h"
#include "protocol/json_build.h"
#include "protocol/json_text.h"
#include "protocol/wall_clock.h"

/* In the words of §24.14. */
static const char *name_e2e(enum message_e2e e2e)
{
    switch (e2e) {
    case MESSAGE_WAITING:
        return "waiting";
    case MESSAGE_OPENED:
        return "ok";
    case MESSAGE_UNREADABLE:
        return "unreadable";
    case MESSAGE_DELETED:
        return "deleted";
    case MESSAGE_EXPIRED:
        return "expired";
    case MESSAGE_CLEAR:
    case MESSAGE_UNSUPPORTED:
        break;
    }
    return "unsupported";
}

/* What is so of few messages is a member of these alone. */
static void add_if_any(struct buffer *out, const char *name, const char *text)
{
    if (text != NULL) {
        json_text_add(out, name, text);
    }
}

static void add_attachments(struct buffer *out, const char *text)
{
    json_t *attachments = NULL;
    (void)json_text_name(out, "attachments", 0);
    if (strcmp(text, "[]") == 0 || canonical_parse(text, strlen(text), CANONICAL_MOST_NESTING,
                                                   &attachments, NULL) != RESULT_OK) {
        buffer_append_text(out, "[]");
        return;
    }
    (void)canonical_write(attachments, out);
    json_decref(attachments);
}

static void add_e2e(struct buffer *out, enum message_e2e e2e)
{
    if (e2e == MESSAGE_CLEAR) {
        json_text_add_bool(out, "e2e", false);
    } else {
        json_text_add(out, "e2e", name_e2e(e2e));
    }
}

/* "2027-01-03"; "": soon. */
static void add_gone_by(struct buffer *out, int64_t day)
{
    const int64_t day_s = 86400;
    char at[WALL_CLOCK_TEXT_BYTES] = "";
    if (day > 0) {
        wall_clock_format(day * day_s, at);
        at[strcspn(at, "T")] = '\0';
    }
    if (day != HISTORY_KEY_IS_GONE) {
        json_text_add(out, "gone_by", at);
    }
}

static void write_reaction(struct buffer *out, const char *emoji, const char *from,
                           const char *and_from)
{
    json_text_separate(out);
    buffer_append_byte(out, '{');
    json_text_add(out, "emoji", emoji);
    *json_text_name(out, "from", 1) = '[';
    json_text_write(out, from);
    if (and_from != NULL) {
        json_text_separate(out);
        json_text_write(out, and_from);
    }
    buffer_append_text(out, "]}");
}

static void add_reactions(struct buffer *out, const struct history_message *message,
                          const char *own, const char *other)
{
    const char *ours = message->own_reaction;
    const char *theirs = message->peer_reaction;
    bool same = strcmp(ours, theirs) == 0;
    if (ours[0] == '\0' && theirs[0] == '\0') {
        return;
    }
    *json_text_name(out, "reactions", 1) = '[';
    if (ours[0] != '\0') {
        write_reaction(out, ours, own, same ? other : NULL);
    }
    if (theirs[0] != '\0' && !same) {
        write_reaction(out, theirs, other, NULL);
    }
    buffer_append_byte(out, ']');
}

void message_json_write(const struct history_message *message, const char *own, const char *other,
                        struct buffer *out)
{
    buffer_append_byte(out, '{');
    add_attachments(out, message->attachments);
    json_text_add(out, "body", message->body);
    json_text_add(out, "created_at", message->created_at);
    add_if_any(out, "deleted_at", message->deleted_at);
    add_if_any(out, "deleted_there_at", message->deleted_there_at);
    json_text_add(out, "delivered_at", message->delivered_at);
    add_e2e(out, message->e2e);
    add_if_any(out, "edited_at", message->edited_at);
    json_text_add(out, "event_id", message->event_id);
    json_text_add_plain(out, "from", message->outgoing ? own : other, NODE_ID_TEXT_BYTES - 1);
    add_gone_by(out, message->key_goes);
    json_text_add_integer(out, "lamport", message->lamport);
    add_reactions(out, message, own, other);
    json_text_add(out, "read_at", message->read_at);
    add_if_any(out, "reply_to", message->reply_to);
    json_text_add_plain(out, "to", message->outgoing ? other : own, NODE_ID_TEXT_BYTES - 1);
    buffer_append_byte(out, '}');
}

json_t *message_json_make(const struct history_message *message, const struct node_id *self)
{
    struct buffer text;
    struct node_id peer;
    char own[NODE_ID_TEXT_BYTES];
    char other[NODE_ID_TEXT_BYTES];
    json_t *object = NULL;
    buffer_init(&text);
    memcpy(peer.key, message->peer, NODE_ID_BYTES);
    node_id_format(self, own);
    node_id_format(&peer, other);
    message_json_write(message, own, other, &text);
    if (canonical_parse(buffer_text(&text), text.length_bytes, CANONICAL_MOST_NESTING, &object,
                        NULL) != RESULT_OK) {
        object = json_object();
    }
    buffer_deinit(&text);
    return object;
}
