#include <string.h>

#include "core/memory.h"
#include "handlers/appending.h"
#include "handlers/capabilities.h"
#include "handlers/chat_gate.h"
#include "handlers/handlers.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "store/event_reader.h"

/* A send that waits for the disk, then for the recipient's node. */
struct sending {
    struct appending base; /* first: the one pointer becomes the other */
    struct node_id recipient;
    bool required; /* to be sealed */
    bool direct;
};

static void reply(struct request *request, void *context)
{
    struct sending *sending = context;
    const struct append_answer *answer = &sending->base.answer;
    request_reply_output(
        request, json_build_pack("{s:s,s:I,s:s,s:b}", "event_id", answer->event_id, "lamport",
                                 (json_int_t)answer->lamport, "delivered",
                                 sending->direct ? "direct" : "queued", "e2e", (int)answer->e2e));
    memory_free(sending);
}

static void on_decided(void *context, bool direct)
{
    struct sending *sending = context;
    sending->direct = direct;
    sending->base.request->go_on(sending->base.request, reply, sending);
}

static void refuse(const struct sending *sending)
{
    const struct append_answer *answer = &sending->base.answer;
    bool missing = answer->result == RESULT_MISMATCH && sending->required;
    request_reply_error(sending->base.request,
                        missing ? WIRE_E2E_SESSION_MISSING : wire_code_of_append(answer->result),
                        missing && sending->base.parts->e2e_required
                            ? "The recipient's device can't receive encrypted messages yet, and "
                              "this node sends no others ([e2e] require = true); write again when "
                              "it has been updated."
                            : answer->error.message);
}

static bool wait_delivery(struct sending *sending)
{
    const struct node_parts *parts = sending->base.parts;
    const struct append_answer *answer = &sending->base.answer;
    struct gossip *gossip = parts->gossip(parts->node);
    return gossip != NULL && gossip_wait_delivery(gossip, &sending->recipient, answer->event_id,
                                                  answer->seq, on_decided, sending) == RESULT_OK;
}

static void on_appended(struct appending *base)
{
    struct sending *sending = (struct sending *)base;
    const struct append_answer *answer = &base->answer;
    if (answer->result != RESULT_OK) {
        refuse(sending);
        memory_free(sending);
        return;
    }
    sending->direct =
        answer->repeated &&
        event_reader_is_delivered(base->parts->log(base->parts->node), answer->event_id);
    if (sending->direct || !answer->repeated || !wait_delivery(sending)) {
        reply(base->request, sending);
    }
}

/* On the writer's thread. Gossip hears who waits before the recipient's node can have answered. */
static void on_written(void *context, const struct append_answer *answer)
{
    struct sending *sending = context;
    sending->base.answer = *answer;
    if (answer->result != RESULT_OK || answer->repeated || !wait_delivery(sending)) {
        appending_done(&sending->base, answer);
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
    return event_reader_has_used(parts->log(parts->node), client_id) || /* it is answered again */
           chat_gate_reaches(request, parts, recipient);
}

/* The message that it answers, if it does; false after answering what is wrong with it. */
static bool read_reply_to(struct request *request, const json_t *input, const char **reply_to_out)
{
    if (json_members_string(input, "reply_to", reply_to_out, NULL) &&
        !ulid_is_valid(*reply_to_out)) {
        request_reply_error(request, WIRE_BAD_REQUEST, "reply_to is no event's id.");
        return false;
    }
    return true;
}

static bool may_answer(struct request *request, struct event_log *log,
                       const struct node_id *recipient, const char *client_id, const char *reply_to)
{
    return reply_to[0] == '\0' || event_reader_has_used(log, client_id) ||
           chat_gate_has_words(request, log, recipient, reply_to);
}

/* Whether it must be sealed (§24.5). False after answering what is wrong with the input. */
static bool read_e2e(struct request *request, const json_t *input, bool *required_out)
{
    const char *e2e = "allowed";
    (void)json_members_string(input, "e2e", &e2e, NULL);
    *required_out = strcmp(e2e, "required") == 0;
    if (!*required_out && strcmp(e2e, "allowed") != 0) {
        request_reply_error(request, WIRE_BAD_REQUEST, "e2e is \"required\" or \"allowed\".");
        return false;
    }
    return true;
}

static void append(struct sending *sending, struct event_log *log, struct event_draft *draft)
{
    struct request *request = sending->base.request;
    if (log_append_event(log, draft, on_written, sending) != RESULT_OK) {
        memory_free(sending);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "Too many messages are being written at once; try again in a second.");
    }
}

void chat_send_call(struct request *request, const struct node_parts *parts, const json_t *input)
{
    char minted[ULID_TEXT_BYTES];
    const char *client_id = minted;
    const char *recipient_text = "";
    const char *reply_to = "";
    const char *body = "";
    size_t body_bytes = 0;
    struct node_id recipient;
    const json_t *attachments = json_object_get(input, "attachments");
    struct event_log *log = NULL;
    bool required = false;
    if (!chat_gate_is_open(request, parts)) {
        return;
    }
    log = node_parts_log(parts, request);
    parts->mint_id(parts->node, minted);
    (void)json_members_string(input, "client_id", &client_id, NULL);
    (void)json_members_string(input, "recipient", &recipient_text, NULL);
    (void)json_members_string(input, "body", &body, &body_bytes);
    if (log == NULL || !node_parts_resolve(parts, request, recipient_text, &recipient) ||
        !read_reply_to(request, input, &reply_to) || !read_e2e(request, input, &required) ||
        !check(request, parts, &recipient, client_id, body, body_bytes, attachments) ||
        !may_answer(request, log, &recipient, client_id, reply_to)) {
        return;
    }
    struct sending *sending = memory_allocate(1, sizeof *sending);
    sending->base = (struct appending){.request = request, .parts = parts, .then = on_appended};
    sending->recipient = recipient;
    struct event_draft draft = event_draft_message(client_id, &recipient, body, attachments);
    memcpy(draft.reply_to, reply_to, strlen(reply_to) + 1);
    sending->required = draft.sealed_only = required || parts->e2e_required;
    append(sending, log, &draft);
}

void chat_send_handle(struct request *request, const struct node_parts *parts)
{
    capabilities_call(capabilities_find("chat.send"), request, parts, request->body);
}
