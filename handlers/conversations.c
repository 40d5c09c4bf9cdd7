#include <string.h>

#include "handlers/contact_json.h"
#include "handlers/handlers.h"
#include "handlers/message_json.h"
#include "protocol/json_build.h"
#include "store/history.h"
#include "store/log_verified.h"

struct listing {
    const struct node_parts *parts;
    struct event_log *log;
    const struct membership *membership;
    struct log_verified_marks marks;
    struct log_contacts contacts;
    bool with_blocked;
    bool is_done;       /* the one that is asked for */
    size_t next_member; /* the first that is not listed yet; members are in the order of NodeIDs */
    json_t *pinned;     /* they come first, … */
    json_t *conversations;
    json_t *blocked; /* … and these last, if they are asked for */
};

static json_t *make_first_unread(const struct history_conversation *conversation)
{
    return json_build_pack("{s:s,s:I}", "event_id", conversation->first_unread, "lamport",
                           (json_int_t)conversation->first_unread_lamport);
}

static void list(struct listing *listing, const struct history_conversation *conversation)
{
    const struct node_id *peer = &conversation->peer;
    const struct log_contact *contact = log_contacts_find(&listing->contacts, peer);
    const struct history_message *last = conversation->last_message;
    char id[NODE_ID_TEXT_BYTES];
    bool is_heard = !contact->blocked;
    bool is_member = membership_find(listing->membership, peer) != NULL;
    if (contact->blocked && !listing->with_blocked) {
        return;
    }
    json_t *entry = node_parts_describe_node(listing->parts, peer, listing->membership);
    contact_json_describe(entry, &listing->contacts, peer);
    node_id_format(peer, id);
    (void)json_object_set_new(entry, "peer", json_build_text(id));
    (void)json_object_set_new(entry, "lost_there",
                              json_integer(is_member ? conversation->lost_there : 0));
    (void)json_object_set_new(entry, "e2e", json_boolean(conversation->is_sealed));
    (void)json_object_set_new(
        entry, "verified",
        json_boolean(log_verified_find(&listing->marks, listing->membership, peer) != 0));
    (void)json_object_set_new(entry, "unread", json_integer(is_heard ? conversation->unread : 0));
    (void)json_object_set_new(entry, "first_unread",
                              is_heard && conversation->first_unread != NULL
                                  ? make_first_unread(conversation)
                                  : json_null());
    (void)json_object_set_new(
        entry, "last_message",
        last == NULL ? json_null() : message_json_make(last, &listing->parts->key->node_id));
    (void)json_array_append_new(contact->blocked  ? listing->blocked
                                : contact->pinned ? listing->pinned
                                                  : listing->conversations,
                                entry);
}

/* The members before that node, of whom the log knows nothing; NULL: all that are left. */
static void list_members_before(struct listing *listing, const struct node_id *peer)
{
    for (; listing->next_member < listing->membership->member_count; listing->next_member++) {
        const struct node_id *member = &listing->membership->members[listing->next_member].node_id;
        const struct history_conversation nothing = {.peer = *member};
        int order = peer == NULL ? -1 : memcmp(member->key, peer->key, NODE_ID_BYTES);
        if (order > 0) {
            return;
        }
        if (order < 0 && !node_id_equal(member, &listing->parts->key->node_id)) {
            list(listing, &nothing);
        }
    }
}

/* Who is no member is listed for what was written. */
static void add_conversation(void *context, const struct history_conversation *conversation)
{
    struct listing *listing = context;
    list_members_before(listing, &conversation->peer);
    if (conversation->last_message != NULL ||
        membership_find(listing->membership, &conversation->peer) != NULL) {
        list(listing, conversation);
    }
}

static enum result list_all(struct listing *listing)
{
    enum result result = history_conversations(listing->log, NULL, add_conversation, listing);
    list_members_before(listing, NULL);
    return result;
}

static void add_one(void *context, const struct history_conversation *conversation)
{
    struct listing *listing = context;
    list(listing, conversation);
    listing->is_done = true;
}

static enum result list_one(struct listing *listing, const struct node_id *peer)
{
    const struct history_conversation nothing = {.peer = *peer};
    enum result result = history_conversations(listing->log, peer, add_one, listing);
    if (!listing->is_done) {
        list(listing, &nothing);
    }
    return result;
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
        result = peer == NULL ? list_all(listing) : list_one(listing, peer);
    }
    log_verified_free(&listing->marks);
    log_contacts_free(&listing->contacts);
    return result;
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
    struct listing listing = {.parts = parts,
                              .log = log,
                              .membership = snapshot->membership,
                              .with_blocked = with_blocked,
                              .pinned = json_array(),
                              .conversations = json_array(),
                              .blocked = json_array()};
    enum result result = list_wanted(&listing, peer_text == NULL ? NULL : &peer);
    log_snapshot_release(log, &snapshot);
    (void)json_array_extend(listing.pinned, listing.conversations);
    (void)json_array_extend(listing.pinned, listing.blocked);
    json_decref(listing.conversations);
    json_decref(listing.blocked);
    if (result != RESULT_OK) {
        json_decref(listing.pinned);
        request_reply_error(request, WIRE_INTERNAL_ERROR,
                            "The conversations can't be read; see the node's log.");
        return;
    }
    request_reply_output(request, json_build_pack("{s:o}", "conversations", listing.pinned));
}
