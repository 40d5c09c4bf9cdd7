#include "handlers/message_json.h"

#include <string.h>

#include "protocol/canonical.h"
#include "protocol/json_build.h"
#include "protocol/wall_clock.h"

/* In the words of §24.14. */
static json_t *name_e2e(enum message_e2e e2e)
{
    switch (e2e) {
    case MESSAGE_CLEAR:
        return json_false();
    case MESSAGE_WAITING:
        return json_build_text("waiting");
    case MESSAGE_OPENED:
        return json_build_text("ok");
    case MESSAGE_UNREADABLE:
        return json_build_text("unreadable");
    case MESSAGE_DELETED:
        return json_build_text("deleted");
    case MESSAGE_EXPIRED:
        return json_build_text("expired");
    case MESSAGE_UNSUPPORTED:
        break;
    }
    return json_build_text("unsupported");
}

/* What is so of few messages is a member of these alone. */
static void add_text(json_t *object, const char *name, const char *text)
{
    if (text != NULL) {
        (void)json_object_set_new(object, name, json_build_stored_text(text));
    }
}

/* "2027-01-03"; "": soon. */
static void add_gone_by(json_t *object, int64_t day)
{
    const int64_t day_s = 86400;
    char at[WALL_CLOCK_TEXT_BYTES] = "";
    if (day > 0) {
        wall_clock_format(day * day_s, at);
        at[strcspn(at, "T")] = '\0';
    }
    if (day != HISTORY_KEY_IS_GONE) {
        (void)json_object_set_new(object, "gone_by", json_build_text(at));
    }
}

static json_t *make_reaction(const char *emoji, const char *from, const char *and_from)
{
    json_t *people = json_build_pack("[s]", from);
    if (and_from != NULL) {
        (void)json_array_append_new(people, json_build_text(and_from));
    }
    return json_build_pack("{s:o,s:o}", "emoji", json_build_stored_text(emoji), "from", people);
}

static void add_reactions(json_t *object, const struct history_message *message, const char *own,
                          const char *other)
{
    const char *ours = message->own_reaction;
    const char *theirs = message->peer_reaction;
    bool same = strcmp(ours, theirs) == 0;
    json_t *reactions = json_array();
    if (ours[0] != '\0') {
        (void)json_array_append_new(reactions, make_reaction(ours, own, same ? other : NULL));
    }
    if (theirs[0] != '\0' && !same) {
        (void)json_array_append_new(reactions, make_reaction(theirs, other, NULL));
    }
    if (json_array_size(reactions) > 0) {
        (void)json_object_set_new(object, "reactions", reactions);
    } else {
        json_decref(reactions);
    }
}

json_t *message_json_make(const struct history_message *message, const struct node_id *self)
{
    char own[NODE_ID_TEXT_BYTES];
    char other[NODE_ID_TEXT_BYTES];
    struct node_id peer;
    json_t *attachments = NULL;
    memcpy(peer.key, message->peer, NODE_ID_BYTES);
    node_id_format(self, own);
    node_id_format(&peer, other);
    if (canonical_parse(message->attachments, strlen(message->attachments), CANONICAL_MOST_NESTING,
                        &attachments, NULL) != RESULT_OK) {
        attachments = json_array();
    }
    json_t *object = json_build_pack(
        "{s:o,s:I,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o}", "event_id",
        json_build_stored_text(message->event_id), "lamport", (json_int_t)message->lamport, "from",
        message->outgoing ? own : other, "to", message->outgoing ? other : own, "body",
        json_build_stored_text(message->body), "e2e", name_e2e(message->e2e), "attachments",
        attachments, "created_at", json_build_stored_text(message->created_at), "delivered_at",
        json_build_stored_text(message->delivered_at), "read_at",
        json_build_stored_text(message->read_at));
    add_text(object, "reply_to", message->reply_to);
    add_text(object, "edited_at", message->edited_at);
    add_text(object, "deleted_at", message->deleted_at);
    add_text(object, "deleted_there_at", message->deleted_there_at);
    add_gone_by(object, message->key_goes);
    add_reactions(object, message, own, other);
    return object;
}
