#include <string.h>

#include "core/memory.h"
#include "handlers/appending.h"
#include "handlers/chat_gate.h"
#include "handlers/handlers.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"
#include "store/event_reader.h"
#include "store/history.h"
#include "store/log_append_change.h"

static void on_changed(struct appending *changing)
{
    const struct append_answer *answer = &changing->answer;
    if (answer->result != RESULT_OK) {
        request_reply_error(changing->request, wire_code_of_append(answer->result),
                            answer->error.message);
    } else if (answer->event_id[0] == '\0') { /* on this device alone */
        request_reply_output(changing->request, json_build_pack("{s:n}", "event_id"));
    } else {
        request_reply_output(changing->request,
                             json_build_pack("{s:s,s:I}", "event_id", answer->event_id, "lamport",
                                             (json_int_t)answer->lamport));
    }
    memory_free(changing);
}

/* Whether the words, and the client_id, are such as a message has; false after answering. */
static bool check(struct request *request, const struct log_change *change, size_t text_bytes)
{
    struct error error = {""};
    bool has_words = text_bytes > 0; /* an edit may leave none */
    if (event_data_check_message(change->client_id, has_words ? change->text : "-",
                                 has_words ? text_bytes : 1, NULL, &error) != RESULT_OK) {
        request_reply_error(request, WIRE_BAD_REQUEST, error.message);
        return false;
    }
    return true;
}

/* What the body may have: all of it texts. */
static bool has_known_members(const json_t *body, const char *own)
{
    const char *const known[] = {"event_id", "peer", "client_id", own};
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        bool is_known = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            is_known = is_known || strcmp(known[i], name) == 0;
        }
        if (!is_known || !json_is_string(value)) {
            return false;
        }
    }
    return true;
}

/* False after answering that the message has no words, or is that of somebody who is not there.
 * Which one is meant where several have its id, the store says. */
static bool reaches(struct request *request, const struct node_parts *parts, struct event_log *log,
                    const struct log_change *change)
{
    struct node_id found;
    if (change->here_only ||
        event_reader_has_used(log, change->client_id)) { /* it is answered again */
        return true;
    }
    if (change->kind != PAYLOAD_DELETE &&
        !chat_gate_has_words(request, log, change->peer, change->event_id)) {
        return false;
    }
    if (parts->store_and_forward) {
        return true;
    }
    if (change->peer != NULL) {
        return chat_gate_reaches(request, parts, change->peer);
    }
    return history_peer_of(log, change->event_id, &found) != RESULT_OK ||
           chat_gate_reaches(request, parts, &found);
}

static void append(struct request *request, const struct node_parts *parts, struct event_log *log,
                   const struct log_change *change)
{
    struct appending *changing = memory_allocate(1, sizeof *changing);
    *changing = (struct appending){.request = request, .parts = parts, .then = on_changed};
    if (log_append_change(log, change, appending_done, changing) != RESULT_OK) {
        memory_free(changing);
        request_reply_error(request, WIRE_CAPACITY_EXCEEDED,
                            "Too much is being written at once; try again in a second.");
    }
}

/* What all of them have in common. `own`: the member that one alone has; `expected`: what to say
 * when that is wrong; NULL: it is right. */
static void change_message(struct request *request, const struct node_parts *parts,
                           const struct log_change *asked, size_t text_bytes, const char *own,
                           const char *expected)
{
    char minted[ULID_TEXT_BYTES];
    const char *peer_text = NULL;
    struct node_id peer;
    struct log_change change = *asked;
    struct event_log *log =
        chat_gate_is_open(request, parts) ? node_parts_log(parts, request) : NULL;
    if (log == NULL) {
        return;
    }
    if (expected == NULL && !has_known_members(request->body, own)) {
        expected =
            "Beside that there may be \"peer\" and \"client_id\", all of them texts; nothing "
            "else.";
    }
    if (expected == NULL &&
        (!json_members_string(request->body, "event_id", &change.event_id, NULL) ||
         !ulid_is_valid(change.event_id))) {
        expected = "event_id is no event's id.";
    }
    if (expected != NULL) {
        request_reply_error(request, WIRE_BAD_REQUEST, expected);
        return;
    }
    parts->mint_id(parts->node, minted);
    change.client_id = minted;
    (void)json_members_string(request->body, "client_id", &change.client_id, NULL);
    if (json_members_string(request->body, "peer", &peer_text, NULL)) {
        if (!node_parts_resolve(parts, request, peer_text, &peer)) {
            return;
        }
        change.peer = &peer;
    }
    if (check(request, &change, text_bytes) && reaches(request, parts, log, &change)) {
        append(request, parts, log, &change);
    }
}

void chat_change_edit_handle(struct request *request, const struct node_parts *parts)
{
    struct log_change change = {.kind = PAYLOAD_EDIT, .text = ""};
    size_t bytes = 0;
    bool whole = json_members_string(request->body, "body", &change.text, &bytes);
    change_message(request, parts, &change, bytes, "body",
                   whole ? NULL : "Expected {\"event_id\":\"…\",\"body\":\"…\"}.");
}

void chat_change_delete_handle(struct request *request, const struct node_parts *parts)
{
    struct log_change change = {.kind = PAYLOAD_DELETE, .text = ""};
    const char *whom = "";
    (void)json_members_string(request->body, "for", &whom, NULL);
    change.here_only = strcmp(whom, "me") == 0;
    change_message(request, parts, &change, 0, "for",
                   change.here_only || strcmp(whom, "both") == 0
                       ? NULL
                       : "Expected {\"event_id\":\"…\",\"for\":\"both\"} or {…,\"for\":\"me\"}.");
}

void chat_change_react_handle(struct request *request, const struct node_parts *parts)
{
    struct log_change change = {.kind = PAYLOAD_REACTION, .text = ""};
    size_t bytes = 0;
    bool whole = json_members_string(request->body, "emoji", &change.text, &bytes) &&
                 bytes <= PAYLOAD_MOST_EMOJI_BYTES;
    change_message(request, parts, &change, bytes, "emoji",
                   whole ? NULL
                         : "Expected {\"event_id\":\"…\",\"emoji\":\"…\"}, with 32 bytes at most; "
                           "\"\" takes it back.");
}
