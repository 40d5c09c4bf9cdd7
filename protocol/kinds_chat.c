/* Direct messages and their receipts (§5). */
#include "protocol/event_kind_private.h"
#include "protocol/json_members.h"
#include "protocol/ulid.h"

static bool decode_message(const json_t *data, const struct node_id *author,
                           const struct node_id *community_id, union event_data *data_out,
                           struct error *error)
{
    static const char *const members[] = {"client_id", "recipient", "body", "attachments", NULL};
    struct message_sent *out = &data_out->message;
    const json_t *body = json_object_get(data, "body");
    (void)community_id;
    if (!json_members_are(data, members) ||
        !json_members_node_id(data, "recipient", &out->recipient) ||
        node_id_equal(&out->recipient, author) ||
        !json_members_string(data, "client_id", &out->client_id, NULL) ||
        !json_members_array(data, "attachments", &out->attachments)) {
        return false;
    }
    if (json_is_string(body)) {
        out->body = json_string_value(body);
        out->body_bytes = json_string_length(body);
        return event_data_check_message(out->client_id, out->body, out->body_bytes,
                                        out->attachments, error) == RESULT_OK;
    }
    out->body = "";
    out->sealed = true;
    out->envelope = body;
    return event_data_check_sealed(out->client_id, body, out->attachments, error) == RESULT_OK;
}

static bool read_receipt(const json_t *data, const char *at_name, struct receipt *out)
{
    const char *const members[] = {"target_event_id", at_name, NULL};
    return json_members_are(data, members) &&
           json_members_string(data, "target_event_id", &out->target_event_id, NULL) &&
           ulid_is_valid(out->target_event_id) && json_members_wall_clock(data, at_name, &out->at);
}

static bool decode_delivered(const json_t *data, const struct node_id *author,
                             const struct node_id *community_id, union event_data *data_out,
                             struct error *error)
{
    (void)author;
    (void)community_id;
    (void)error;
    return read_receipt(data, "delivered_at", &data_out->receipt);
}

static bool decode_read(const json_t *data, const struct node_id *author,
                        const struct node_id *community_id, union event_data *data_out,
                        struct error *error)
{
    (void)author;
    (void)community_id;
    (void)error;
    return read_receipt(data, "read_at", &data_out->receipt);
}

const struct event_kind event_kind_message_sent = {
    .name = "chat.message.sent", .type = EVENT_MESSAGE_SENT, .decode = decode_message};

const struct event_kind event_kind_message_delivered = {.name = "chat.message.delivered",
                                                        .type = EVENT_MESSAGE_DELIVERED,
                                                        .is_receipt = true,
                                                        .decode = decode_delivered};

const struct event_kind event_kind_message_read = {.name = "chat.message.read",
                                                   .type = EVENT_MESSAGE_READ,
                                                   .is_receipt = true,
                                                   .decode = decode_read};
