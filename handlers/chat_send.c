#include "core/memory.h"
#include "handlers/appending.h"
#include "handlers/capabilities.h"
#include "handlers/handlers.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "store/event_reader.h"

/* A send that waits for the disk, then for the recipient's node. */
struct sending {
    struct appending base; /* first: the one pointer becomes the other */
    struct node_id recipient;
    bool direct;
};

static void reply(struct request *request, void *context)
{
    struct sending *sending = context;
    const struct append_answer *answer = &sending->base.answer;
    request_reply_output(request,
                         json_build_pack("{s:s,s:I,s:s}", "event_id", answer->event_id, "lamport",
                                         (json_int_t)answer->lamport, "delivered",
                                         sending->direct ? "direct" : "queued"));
    memory_free(sending);
}

static void on_decided(void *context, bool direct)
{
    struct sending *sending = context;
    sending->direct = direct;
    sending->base.request->go_on(sending->base.request, reply, sending);
}

static void on_appended(struct appending *base)
{
    struct sending *sending = (struct sending *)base;
    const struct append_answer *answer = &base->answer;
    struct gossip *gossip = base->parts->gossip(base->parts->node);
    if (answer->result != RESULT_OK) {
        request_reply_error(base->request, wire_code_of_append(answer->result),
                            answer->error.message);
        memory_free(sending);
        return;
    }
    sending->direct =
        answer->repeated &&
        event_reader_is_delivered(base->parts->log(base->parts->node), answer->event_id);
    if (sending->direct || gossip == NULL ||
        gossip_wait_delivery(gossip, &sending->recipient, answer->event_id, answer->seq, on_decided,
                             sending) != RESULT_OK) {
        reply(base->request, sending);
    }
}

/* False after answering what is wrong with it. */
static bool check(struct request *request, const struct node_parts *parts,
                  const struct node_id *recipient, const char *client_id, const char *body,
                  size_t body_bytes, const json_t *attachments)
{
    struct error error = {""};
    if (node_id_equal(recipient, &parts->key->node_id)) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "The recipient is this node itself; choose another member.");
        return false;
    }
    if (event_data_check_message(client_id, body, body_bytes, attachments, &error) != RESULT_OK) {
        request_reply_error(request, WIRE_BAD_REQUEST, error.message);
        return false;
    }
    struct gossip *gossip = parts->gossip(parts->node);
    if (!parts->store_and_forward &&
        (gossip == NULL || !gossip_presence(gossip, recipient).online)) {
        request_reply_error(request, WIRE_PARTITION,
                            "The recipient is not reachable now, and store_and_forward is switched "
                            "off on this node.");
        return false;
    }
    return true;
}

void chat_send_call(struct request *request, const struct node_parts *parts, const json_t *input)
{
    char minted[ULID_TEXT_BYTES];
    const char *client_id = minted;
    const char *recipient_text = "";
    const char *body = "";
    size_t body_bytes = 0;
    struct node_id recipient;
    const json_t *attachments = json_object_get(input, "attachments");
    struct event_log *log = NULL;
    if (!parts->chat_enabled) {
        request_reply_error(request, WIRE_NOT_IMPLEMENTED,
                            "Chat is switched off on this node ([chat] enabled = false).");
        return;
    }
    log = node_parts_log(parts, request);
    parts->mint_id(parts->node, minted);
    (void)json_members_string(input, "client_id", &client_id, NULL);
    (void)json_members_string(input, "recipient", &recipient_text, NULL);
    (void)json_members_string(input, "body", &body, &body_bytes);
    if (log == NULL || !node_parts_resolve(parts, request, recipient_text, &recipient) ||
        !check(request, parts, &recipient, client_id, body, body_bytes, attachments)) {
        return;
    }
    struct sending *sending = memory_allocate(1, sizeof *sending);
    sending->base = (struct appending){.request = request, .parts = parts, .then = on_appended};
    sending->recipient = recipient;
    struct event_draft draft = event_draft_message(client_id, &recipient, body, attachments);
    if (log_append_event(log, &draft, appending_done, sending) != RESULT_OK) {
        memory_free(sending);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "Too many messages are being written at once; try again in a second.");
    }
}

void chat_send_handle(struct request *request, const struct node_parts *parts)
{
    capabilities_call(capabilities_find("chat.send"), request, parts, request->body);
}
