#include "core/memory.h"
#include "handlers/endpoints.h"
#include "protocol/fields.h"

static void on_marked(void *context, const struct append_answer *answer)
{
    struct exchange *exchange = context;
    if (answer->result != RESULT_OK) {
        exchange_reply_error(exchange, wire_code_of_append(answer->result), answer->error.message);
        return;
    }
    exchange_reply_output(exchange, json_pack("{s:b}", "already", (int)answer->repeated));
}

void chat_read_handle(struct exchange *exchange, const struct services *services)
{
    static const char *const members[] = {"peer", "event_id", NULL};
    const char *peer_text = NULL;
    const char *event_id = NULL;
    struct node_id peer;
    struct event_log *log = services_log(services, exchange);
    if (log == NULL) {
        return;
    }
    if (!fields_are(exchange->body, members) ||
        !fields_string(exchange->body, "peer", &peer_text, NULL) ||
        !fields_string(exchange->body, "event_id", &event_id, NULL) || !ulid_is_valid(event_id)) {
        exchange_reply_error(exchange, WIRE_BAD_REQUEST,
                             "Expected {\"peer\":\"ed25519:…\",\"event_id\":\"…\"}.");
        return;
    }
    if (services_resolve(services, exchange, peer_text, &peer) &&
        event_log_mark_read(log, &peer, event_id, !services->read_receipts_enabled, on_marked,
                            exchange) != RESULT_OK) {
        exchange_reply_error(exchange, WIRE_CAPACITY_EXCEEDED,
                             "Too much is being written at once; try again in a second.");
    }
}
