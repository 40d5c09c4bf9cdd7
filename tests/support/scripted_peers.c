#include "support/scripted_peers.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/lock.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"

enum { MINUTE_MS = 60000, ABOVE_ALL = 1000000, MOST_VARINT_BYTES = 10 };

static int64_t wall_ms(void *context)
{
    const struct scripted_peers *scripted = context;
    return INT64_C(1800000000000) + scripted->now_ms;
}

static int64_t monotonic_ms(void *context)
{
    return ((const struct scripted_peers *)context)->now_ms;
}

static void on_commit(void *context, const struct committed_event *events, size_t count)
{
    struct scripted_peers *scripted = context;
    if (scripted->gossip != NULL) {
        gossip_events_stored(scripted->gossip, events, count);
    }
}

static uint8_t number_of(const struct scripted_peers *scripted, const struct node_id *peer)
{
    for (uint8_t i = 2; peer != NULL && i <= scripted->peers; i++) {
        if (node_id_equal(peer, test_id(i))) {
            return i;
        }
    }
    return 0;
}

static void take_request(void *context, const struct http_call *request, http_client_done *done,
                         void *done_context)
{
    struct scripted_peers *scripted = context;
    for (size_t i = 0; i < SCRIPTED_MOST_REQUESTS; i++) {
        struct scripted_request *slot = &scripted->requests[i];
        if (!slot->waiting) {
            *slot = (struct scripted_request){
                .waiting = true,
                .peer = number_of(scripted, request->peer),
                .url = memory_duplicate_string(request->url),
                .most_answer_bytes = request->most_answer_bytes,
                .account = request->account == NULL ? NULL : account_share(request->account),
                .done = done,
                .context = done_context};
            buffer_append(&slot->body, request->body, request->body_bytes);
            scripted->asked++;
            return;
        }
    }
    fail_msg("too many requests wait: %s", request->url);
}

static void open_log(struct scripted_peers *scripted)
{
    struct test_log *test = &scripted->log;
    struct error error = {""};
    test->directory = test_directory();
    test->key = test_key(1);
    test->lock = lock_create();
    struct event_log_options options = {.directory = test->directory,
                                        .community_id = test->key.node_id,
                                        .key = &test->key,
                                        .clock = &scripted->clock,
                                        .synchronous = true,
                                        .answers_messages = true,
                                        .on_commit = on_commit,
                                        .context = scripted};
    if (event_log_open(&options, &test->log, &error) != RESULT_OK) {
        fail_msg("%s", error.message);
    }
}

void scripted_peers_open(struct scripted_peers *scripted, uint8_t peers)
{
    scripted_peers_open_with(scripted, peers, NULL, NULL);
}

void scripted_peers_open_with(struct scripted_peers *scripted, uint8_t peers,
                              struct readers *own_readers, struct readers *peer_readers)
{
    memset(scripted, 0, sizeof *scripted);
    scripted->peers = (uint8_t)(peers + 1);
    scripted->clock = (struct clock){wall_ms, monotonic_ms, scripted};
    scripted->transport = (struct gossip_transport){take_request, scripted};
    open_log(scripted);
    (void)test_log_populate(&scripted->log, scripted->peers);
    scripted->accounts = test_accounts();
    struct gossip_options options = {.accounts = scripted->accounts,
                                     .log = scripted->log.log,
                                     .key = &scripted->log.key,
                                     .clock = &scripted->clock,
                                     .own_readers = own_readers,
                                     .peer_readers = peer_readers,
                                     .most_connections = LIMITS_OUTWARD_CONNECTIONS,
                                     .transport = &scripted->transport};
    assert_int_equal(gossip_start(&options, &scripted->gossip), RESULT_OK);
    scripted->wake_at_ms = gossip_step(scripted->gossip);
}

static void forget(struct scripted_request *request)
{
    memory_free(request->url);
    buffer_deinit(&request->body);
    account_close(&request->account);
    *request = (struct scripted_request){0};
}

void scripted_peers_close(struct scripted_peers *scripted)
{
    gossip_stop(scripted->gossip);
    gossip_destroy(&scripted->gossip);
    for (size_t i = 0; i < SCRIPTED_MOST_REQUESTS; i++) {
        forget(&scripted->requests[i]);
    }
    test_log_close(&scripted->log);
    account_table_destroy(&scripted->accounts);
}

void scripted_peers_settle(struct scripted_peers *scripted)
{
    while (!scripted->hurried && scripted->gossip->working > 0) {
        (void)sched_yield();
        scripted->wake_at_ms = gossip_step(scripted->gossip);
    }
}

/* Twice: what its own doing brought waits for the second. */
static void step(struct scripted_peers *scripted)
{
    (void)gossip_step(scripted->gossip);
    scripted->wake_at_ms = gossip_step(scripted->gossip);
    scripted_peers_settle(scripted);
}

static void step_on(struct scripted_peers *scripted, int64_t until_ms)
{
    int64_t next_ms =
        scripted->wake_at_ms <= scripted->now_ms ? scripted->now_ms + 1 : scripted->wake_at_ms;
    scripted->now_ms = next_ms < until_ms ? next_ms : until_ms;
    step(scripted);
}

void scripted_peers_run(struct scripted_peers *scripted, int64_t until_ms)
{
    step(scripted);
    while (scripted->now_ms < until_ms) {
        step_on(scripted, until_ms);
    }
}

struct scripted_request *scripted_peers_find(struct scripted_peers *scripted, uint8_t peer,
                                             const char *path)
{
    for (size_t i = 0; i < SCRIPTED_MOST_REQUESTS; i++) {
        struct scripted_request *request = &scripted->requests[i];
        if (request->waiting && request->peer == peer && strstr(request->url, path) != NULL) {
            return request;
        }
    }
    return NULL;
}

struct scripted_request *scripted_peers_await(struct scripted_peers *scripted, uint8_t peer,
                                              const char *path)
{
    const int64_t until_ms = scripted->now_ms + MINUTE_MS;
    step(scripted);
    struct scripted_request *request = scripted_peers_find(scripted, peer, path);
    while (request == NULL && scripted->now_ms < until_ms) {
        step_on(scripted, until_ms);
        request = scripted_peers_find(scripted, peer, path);
    }
    if (request == NULL) {
        fail_msg("peer %u is not asked for %s within a minute", peer, path);
    }
    return request;
}

static void conclude(struct scripted_peers *scripted, struct scripted_request *request,
                     enum result result, long status, const void *bytes, size_t length_bytes)
{
    struct http_answer answer = {
        .status = status, .took_ms = request->took_ms, .uncounted = request->uncounted};
    http_client_done *done = request->done;
    void *context = request->context;
    buffer_append(&answer.body, bytes, length_bytes);
    if (request->account != NULL) { /* as the client does it */
        answer.account = account_share(request->account);
        answer.charged_bytes = length_bytes;
        assert_true(account_charge(answer.account, ACCOUNT_BYTES, length_bytes));
    }
    forget(request);
    done(context, result, &answer);
    http_client_deinit_answer(&answer);
    step(scripted);
}

void scripted_peers_answer(struct scripted_peers *scripted, struct scripted_request *request,
                           const void *bytes, size_t length_bytes)
{
    conclude(scripted, request, RESULT_OK, 200, bytes, length_bytes);
}

void scripted_peers_refuse(struct scripted_peers *scripted, struct scripted_request *request,
                           long status, const char *text)
{
    conclude(scripted, request, RESULT_OK, status, text, strlen(text));
}

void scripted_peers_fail(struct scripted_peers *scripted, struct scripted_request *request)
{
    conclude(scripted, request, RESULT_UNREACHABLE, 0, "", 0);
}

void scripted_peers_crowd(struct scripted_peers *scripted, struct scripted_request *request)
{
    conclude(scripted, request, RESULT_BUSY, 200, "", 0);
}

void scripted_peers_overflow(struct scripted_peers *scripted, struct scripted_request *request)
{
    conclude(scripted, request, RESULT_FULL, 200, "", 0);
}

void scripted_peers_break_off(struct scripted_peers *scripted, struct scripted_request *request,
                              const void *bytes, size_t length_bytes)
{
    conclude(scripted, request, RESULT_UNREACHABLE, 200, bytes, length_bytes);
}

void scripted_peers_stall(struct scripted_peers *scripted, struct scripted_request *request,
                          const void *bytes, size_t length_bytes)
{
    conclude(scripted, request, RESULT_TIMEOUT, 200, bytes, length_bytes);
}

static void append_varint(struct buffer *message, uint64_t number)
{
    uint8_t bytes[MOST_VARINT_BYTES];
    size_t at = sizeof bytes;
    bytes[--at] = (uint8_t)(number & 127U);
    while ((number >>= 7U) > 0) {
        bytes[--at] = (uint8_t)((number & 127U) | 128U);
    }
    buffer_append(message, bytes + at, sizeof bytes - at);
}

void scripted_peers_claim(struct scripted_peers *scripted, struct scripted_request *request,
                          const void *hashes, size_t count)
{
    struct buffer message;
    buffer_init(&message);
    buffer_append(&message, "\x61", 1);
    append_varint(&message, ABOVE_ALL);         /* up to there … */
    buffer_append(&message, "\0\0\0\0\x02", 5); /* … skipped; then to infinity a list of ids */
    append_varint(&message, count);
    buffer_append(&message, hashes, count * BLAKE3_HASH_BYTES);
    scripted_peers_answer(scripted, request, message.data, message.length_bytes);
    buffer_deinit(&message);
}

void scripted_peers_lack(struct scripted_peers *scripted, struct scripted_request *request)
{
    scripted_peers_answer(scripted, request, "\x61\0\0\x02\0", 5);
}

void scripted_peers_deliver(struct scripted_peers *scripted, struct scripted_request *request,
                            const char *const *texts, size_t count)
{
    struct buffer answer;
    buffer_init(&answer);
    buffer_append_text(&answer, "{\"events\":[");
    for (size_t i = 0; i < count; i++) {
        buffer_append_format(&answer, "%s%s", i == 0 ? "" : ",", texts[i]);
    }
    buffer_append_text(&answer, "],\"missing\":[]}");
    scripted_peers_answer(scripted, request, answer.data, answer.length_bytes);
    buffer_deinit(&answer);
}

char *scripted_peers_message(uint8_t recipient, unsigned number,
                             uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    struct signing_key author = test_key(3);
    char id[ULID_TEXT_BYTES];
    size_t length = 0;
    struct verified_event *event =
        test_event(event_draft_message("c", test_id(recipient), "Hi", NULL), &author, test_id(1),
                   test_ulid(number, id), 50);
    char *text = memory_format("%s", event_verified_text(event, &length));
    memcpy(hash_out, event_verified_get(event)->hash, BLAKE3_HASH_BYTES);
    event_verified_destroy(&event);
    return text;
}

size_t scripted_peers_count(const struct scripted_request *request, const char *text)
{
    size_t count = 0;
    for (const char *at = strstr(buffer_text(&request->body), text); at != NULL;
         at = strstr(at + 1, text)) {
        count++;
    }
    return count;
}
