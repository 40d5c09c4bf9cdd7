#include <string.h>

#include "core/memory.h"
#include "handlers/contact_json.h"
#include "handlers/handlers.h"
#include "handlers/message_json.h"
#include "protocol/json_text.h"
#include "store/history_conversations.h"
#include "store/log_verified.h"

/* Of the answer. Who is pinned comes first, who is blocked last, if that is asked for. */
enum part { HEAD, PINNED, OTHERS, BLOCKED, TAIL, PARTS };

static const char unreadable[] = "The conversations can't be read; see the node's log.";

struct listing {
    const struct node_parts *node;
    struct event_log *log;
    const struct membership *membership;
    char self[NODE_ID_TEXT_BYTES];
    struct log_verified_marks marks;
    struct log_contacts contacts;
    bool with_blocked;
    struct buffer parts[PARTS];
};

static void add_first_unread(struct buffer *out, const struct history_conversation *conversation)
{
    if (conversation->first_unread == NULL) {
        json_text_add_null(out, "first_unread");
        return;
    }
    *json_text_name(out, "first_unread", 1) = '{';
    json_text_add(out, "event_id", conversation->first_unread);
    json_text_add_integer(out, "lamport", conversation->first_unread_lamport);
    buffer_append_byte(out, '}');
}

static void add_last_message(struct buffer *out, const struct listing *listing,
                             const struct history_message *message, const char *peer)
{
    if (message == NULL) {
        json_text_add_null(out, "last_message");
    } else {
        (void)json_text_name(out, "last_message", 0);
        message_json_write(message, listing->self, peer, out);
    }
}

static void write_entry(struct buffer *out, const struct listing *listing,
                        const struct history_conversation *conversation,
                        const struct log_contact *contact)
{
    const struct node_id *peer = &conversation->peer;
    struct node_look look;
    char id[NODE_ID_TEXT_BYTES];
    char short_id[NODE_ID_SHORT_BYTES];
    node_parts_look_at_member(listing->node, peer, conversation->member, listing->membership,
                              &look);
    node_id_format(peer, id);
    node_id_format_short(peer, short_id);
    json_text_separate(out);
    buffer_append_byte(out, '{');
    json_text_add_bool(out, "blocked", contact->blocked);
    json_text_add(out, "display_name", look.display_name);
    json_text_add_bool(out, "e2e", conversation->is_sealed);
    add_first_unread(out, conversation);
    add_last_message(out, listing, conversation->last_message, id);
    json_text_add(out, "last_seen", look.last_seen[0] == '\0' ? NULL : look.last_seen);
    json_text_add(out, "level", look.level);
    json_text_add_integer(out, "lost_there", look.level == NULL ? 0 : conversation->lost_there);
    json_text_add_bool(out, "muted", contact->muted);
    json_text_add(out, "namesake", contact_json_namesake(&listing->contacts, peer, &look));
    json_text_add(out, "nickname", contact->nickname);
    json_text_add_plain(out, "node_id", id, NODE_ID_TEXT_BYTES - 1);
    json_text_add_bool(out, "online", look.online);
    json_text_add_plain(out, "peer", id, NODE_ID_TEXT_BYTES - 1);
    json_text_add_bool(out, "pinned", contact->pinned);
    json_text_add_plain(out, "short_id", short_id, NODE_ID_SHORT_BYTES - 1);
    json_text_add_integer(out, "unread", conversation->unread);
    json_text_add_bool(out, "verified",
                       log_verified_find(&listing->marks, listing->membership, peer) != 0);
    buffer_append_byte(out, '}');
}

static void list(void *context, const struct history_conversation *conversation)
{
    struct listing *listing = context;
    const struct log_contact *contact = log_contacts_find(&listing->contacts, &conversation->peer);
    struct history_conversation shown = *conversation;
    if (contact->blocked && !listing->with_blocked) {
        return;
    }
    if (contact->blocked) {
        shown.unread = 0;
        shown.first_unread = NULL;
    }
    enum part part = contact->blocked ? BLOCKED : contact->pinned ? PINNED : OTHERS;
    write_entry(&listing->parts[part], listing, &shown, contact);
}

/* Who is no member is listed for what was written. */
static void list_if_any(void *context, const struct history_conversation *conversation)
{
    if (conversation->last_message != NULL || conversation->member != NULL) {
        list(context, conversation);
    }
}

/* Those who are blocked are out of sight, but by their name. False after answering what is wrong.
 */
static bool read_blocked(struct request *request, bool *with_blocked_out)
{
    const char *text = request->query(request, "blocked");
    *with_blocked_out =
        request->query(request, "peer") != NULL || (text != NULL && strcmp(text, "true") == 0);
    if (text != NULL && strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        request_reply_error(request, WIRE_BAD_REQUEST, "blocked is true or false.");
        return false;
    }
    return true;
}

static enum result list_wanted(struct listing *listing, const struct node_id *peer)
{
    enum result result = log_verified_read(listing->log, &listing->marks);
    if (result == RESULT_OK) {
        result = log_contacts_read(listing->log, &listing->contacts);
    }
    if (result == RESULT_OK) {
        result = history_conversations(listing->log, listing->membership, peer,
                                       peer == NULL ? list_if_any : list, listing);
    }
    log_verified_free(&listing->marks);
    log_contacts_free(&listing->contacts);
    return result;
}

/* The parts one behind the other, as they are sent. */
struct telling {
    struct reply_stream stream;
    struct buffer parts[PARTS];
    size_t part; /* the next one */
};

/* What is long is here already: it is a piece as it is, for each one is two changes of threads. */
static enum reply_piece next(struct reply_stream *stream, struct buffer *piece)
{
    struct telling *telling = (struct telling *)stream;
    for (; telling->part < PARTS; telling->part++) {
        struct buffer *part = &telling->parts[telling->part];
        if (part->length_bytes <= REQUEST_PIECE_BYTES) {
            buffer_append(piece, buffer_text(part), part->length_bytes);
        } else if (piece->length_bytes == 0) {
            buffer_deinit(piece);
            *piece = *part;
            buffer_init(part);
        } else {
            return REPLY_PIECE;
        }
    }
    return REPLY_PIECE_LAST;
}

static void end(struct reply_stream *stream)
{
    struct telling *telling = (struct telling *)stream;
    for (size_t i = 0; i < PARTS; i++) {
        buffer_deinit(&telling->parts[i]);
    }
    memory_free(telling);
}

static void part_by_commas(struct buffer *parts)
{
    struct buffer *before = NULL;
    for (size_t i = PINNED; i <= BLOCKED; i++) {
        if (parts[i].length_bytes > 0) {
            if (before != NULL) {
                buffer_append_byte(before, ',');
            }
            before = &parts[i];
        }
    }
}

static void reply(struct request *request, struct buffer *parts)
{
    struct telling *telling = memory_allocate(1, sizeof *telling);
    telling->stream = (struct reply_stream){.next = next, .end = end};
    buffer_append_format(&parts[HEAD], "{\"meta\":{\"ms\":%lld},\"output\":{\"conversations\":[",
                         (long long)(clock_monotonic_ms(request->clock) - request->started_ms));
    part_by_commas(parts);
    buffer_append_text(&parts[TAIL], "]}}");
    memcpy(telling->parts, parts, sizeof telling->parts);
    request_reply_stream(request, &telling->stream, unreadable);
}

void conversations_handle(struct request *request, const struct node_parts *parts)
{
    struct node_id peer;
    bool with_blocked = false;
    const char *peer_text = request->query(request, "peer");
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL || !read_blocked(request, &with_blocked) ||
        (peer_text != NULL && !node_parts_resolve(parts, request, peer_text, &peer))) {
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    struct listing listing = {.node = parts,
                              .log = log,
                              .membership = snapshot->membership,
                              .with_blocked = with_blocked};
    node_id_format(&parts->key->node_id, listing.self);
    enum result result = list_wanted(&listing, peer_text == NULL ? NULL : &peer);
    log_snapshot_release(log, &snapshot);
    if (result == RESULT_OK) {
        reply(request, listing.parts);
        return;
    }
    for (size_t i = 0; i < PARTS; i++) {
        buffer_deinit(&listing.parts[i]);
    }
    request_reply_error(request, WIRE_INTERNAL_ERROR, unreadable);
}
