#include <string.h>

#include "core/memory.h"
#include "handlers/capabilities.h"
#include "protocol/json_build.h"
#include "support/scripted_peers.h"

enum { BOB = 2 };

/* The owner's request, without a socket: its steps are done at once, and counted. */
struct asked {
    struct request base;
    unsigned steps;
    char *answer;
};

static void take_step(struct request *request, request_step *step, void *context)
{
    ((struct asked *)request)->steps++;
    step(request, context);
}

static void take_reply(struct request *request, const struct reply *reply)
{
    struct asked *asked = (struct asked *)request;
    assert_int_equal(reply->status, 200);
    asked->answer = memory_format("%.*s", (int)reply->length_bytes, (const char *)reply->bytes);
}

static struct event_log *log_of(void *node)
{
    return ((struct scripted_peers *)node)->log.log;
}

static struct gossip *gossip_of(void *node)
{
    return ((struct scripted_peers *)node)->gossip;
}

static void mint(void *node, char text_out[static ULID_TEXT_BYTES])
{
    (void)node;
    (void)test_ulid(7, text_out);
}

static void send_to_bob(struct scripted_peers *scripted, const struct node_parts *parts,
                        struct asked *asked)
{
    char bob[NODE_ID_TEXT_BYTES];
    node_id_format(test_id(BOB), bob);
    *asked = (struct asked){
        .base = {.go_on = take_step, .reply = take_reply, .clock = &scripted->clock}};
    json_t *input = json_build_pack("{s:s,s:s}", "recipient", bob, "body", "Hi");
    chat_send_call(&asked->base, parts, input);
    json_decref(input);
}

/* Gossip hears from the writer who waits; the answer is all that a reader is needed for. What is
 * said a second time is looked up before. */
static void chat_send__wakes_no_reader_before_it_is_decided(void **state)
{
    static const char taken[] =
        "{\"accepted\":1,\"new_head\":1,\"rejected\":0,\"rejected_reasons\":[]}";
    struct scripted_peers scripted;
    struct asked asked;
    (void)state;
    scripted_peers_open(&scripted, 1);
    const struct node_parts parts = {.key = &scripted.log.key,
                                     .chat_enabled = true,
                                     .store_and_forward = true,
                                     .node = &scripted,
                                     .log = log_of,
                                     .gossip = gossip_of,
                                     .mint_id = mint};
    scripted_peers_claim(&scripted, scripted_peers_await(&scripted, BOB, "/reconcile"), "", 0);
    send_to_bob(&scripted, &parts, &asked);
    struct scripted_request *push = scripted_peers_await(&scripted, BOB, "/events");
    assert_int_equal(asked.steps, 0);
    assert_null(asked.answer);
    scripted_peers_answer(&scripted, push, taken, sizeof taken - 1);
    assert_int_equal(asked.steps, 1);
    assert_non_null(strstr(asked.answer, "\"direct\""));
    memory_free(asked.answer);
    send_to_bob(&scripted, &parts, &asked);
    scripted_peers_run(&scripted, scripted.now_ms + 1);
    assert_int_equal(asked.steps, 2);
    assert_non_null(strstr(asked.answer, "\"direct\""));
    memory_free(asked.answer);
    scripted_peers_close(&scripted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chat_send__wakes_no_reader_before_it_is_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
