#include <string.h>

#include "handlers/endpoints.h"
#include "handlers/message_json.h"

struct listing {
    const struct services *services;
    struct event_log *log;
    const struct membership *membership;
    json_t *conversations;
    json_t *last_message; /* of the conversation at hand */
};

static void take_last_message(void *context, const struct history_message *message)
{
    struct listing *listing = context;
    listing->last_message = message_to_json(message, &listing->services->key->node_id);
}

static json_t *describe(struct listing *listing, const struct node_id *peer, int64_t unread)
{
    json_t *entry =
        services_describe_node(listing->services, peer, membership_find(listing->membership, peer));
    char id[NODE_ID_TEXT_BYTES];
    node_id_format(peer, id);
    listing->last_message = NULL;
    (void)history_last_message(listing->log, peer, take_last_message, listing);
    (void)json_object_set_new(entry, "peer", json_string(id));
    (void)json_object_set_new(entry, "unread", json_integer(unread));
    (void)json_object_set_new(entry, "last_message",
                              listing->last_message == NULL ? json_null() : listing->last_message);
    return entry;
}

static void add_conversation(void *context, const struct history_conversation *conversation)
{
    struct listing *listing = context;
    (void)json_array_append_new(listing->conversations,
                                describe(listing, &conversation->peer, conversation->unread));
}

static bool is_listed(const json_t *conversations, const struct node_id *node_id)
{
    char id[NODE_ID_TEXT_BYTES];
    size_t index;
    json_t *entry;
    node_id_format(node_id, id);
    json_array_foreach(conversations, index, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, "peer")), id) == 0) {
            return true;
        }
    }
    return false;
}

void conversations_handle(struct exchange *exchange, const struct services *services)
{
    struct event_log *log = services_log(services, exchange);
    if (log == NULL) {
        return;
    }
    const struct log_snapshot *snapshot = event_log_acquire(log);
    struct listing listing = {.services = services,
                              .log = log,
                              .membership = snapshot->membership,
                              .conversations = json_array()};
    enum result result = history_conversations(log, add_conversation, &listing);
    for (size_t i = 0; i < snapshot->membership->member_count; i++) {
        const struct node_id *node_id = &snapshot->membership->members[i].node_id;
        if (!node_id_equal(node_id, &services->key->node_id) &&
            !is_listed(listing.conversations, node_id)) {
            (void)json_array_append_new(listing.conversations, describe(&listing, node_id, 0));
        }
    }
    event_log_release(log, &snapshot);
    if (result != RESULT_OK) {
        json_decref(listing.conversations);
        exchange_reply_error(exchange, WIRE_INTERNAL_ERROR,
                             "The conversations can't be read; see the node's log.");
        return;
    }
    exchange_reply_output(exchange, json_pack("{s:o}", "conversations", listing.conversations));
}
