#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/thread.h"
#include "gossip/http_client.h"
#include "support/test_support.h"

/* Listens on loopback and answers one request with the text; then it hangs up, or waits for the
 * other side to. */
struct server {
    int door;
    const char *text;
    bool hangs_up;
    struct thread *thread;
    struct sockaddr_in address;
};

static void serve_one(void *context)
{
    struct server *server = context;
    char room[1024];
    int visitor = accept(server->door, NULL, NULL);
    assert_true(recv(visitor, room, sizeof room, 0) > 0);
    assert_int_equal(send(visitor, server->text, strlen(server->text), 0), strlen(server->text));
    while (!server->hangs_up && recv(visitor, room, sizeof room, 0) > 0) {
    }
    (void)close(visitor);
}

static void open_server(struct server *server)
{
    socklen_t length = sizeof server->address;
    server->address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    server->door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->door, (struct sockaddr *)&server->address, length), 0);
    assert_int_equal(listen(server->door, 1), 0);
    assert_int_equal(getsockname(server->door, (struct sockaddr *)&server->address, &length), 0);
    assert_int_equal(thread_start("server", serve_one, server, &server->thread), RESULT_OK);
}

static enum result call_for(struct account *account, struct server *server, int64_t quiet_ms,
                            struct http_answer *answer)
{
    open_server(server);
    char *url = memory_format("http://127.0.0.1:%u/", ntohs(server->address.sin_port));
    struct http_call call = {.url = url, .method = "GET", .quiet_ms = quiet_ms, .account = account};
    enum result result = http_client_call(&call, answer);
    memory_free(url);
    thread_join(&server->thread);
    (void)close(server->door);
    return result;
}

static enum result call_server(struct server *server, int64_t quiet_ms, struct http_answer *answer)
{
    return call_for(NULL, server, quiet_ms, answer);
}

static void http_client_call__ends_when_nothing_moves_and_gives_what_came(void **state)
{
    struct server server = {.text =
                                "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe first of it"};
    struct http_answer answer = {0};
    (void)state;
    assert_int_equal(call_server(&server, 50, &answer), RESULT_TIMEOUT);
    assert_string_equal(buffer_text(&answer.body), "the first of it");
    assert_int_equal(answer.status, 200);
    assert_true(answer.took_ms > 0);
    http_client_deinit_answer(&answer);
}

static void http_client_call__gives_what_came_before_the_connection_broke(void **state)
{
    struct server server = {.text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe first of it",
                            .hangs_up = true};
    struct http_answer answer = {0};
    (void)state;
    assert_int_equal(call_server(&server, 0, &answer), RESULT_UNREACHABLE);
    assert_string_equal(buffer_text(&answer.body), "the first of it");
    assert_false(answer.uncounted);
    http_client_deinit_answer(&answer);
}

static int start(void **state)
{
    (void)state;
    return http_client_start() == RESULT_OK ? 0 : 1;
}

static int stop(void **state)
{
    (void)state;
    http_client_stop();
    return 0;
}

static void http_client_call__is_told_that_it_does_not_count(void **state)
{
    struct server server = {.text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                                    "x-hearthnet-uncounted: 1\r\n\r\n"};
    struct http_answer answer = {0};
    (void)state;
    assert_int_equal(call_server(&server, 0, &answer), RESULT_OK);
    assert_true(answer.uncounted);
    http_client_deinit_answer(&answer);
}

/* Whom we call pays for what it answers, as long as that is there. */
static void http_client_call__charges_an_answer_to_an_account(void **state)
{
    static const struct account_bounds bounds = {.of_one = {6}, .of_all = {100}};
    struct account_key key = account_key_of_node(test_id(1)->key);
    struct account_table *accounts = account_table_create(&bounds, 1);
    struct account *peer = account_open(accounts, &key);
    struct server server = {.text = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour"};
    struct http_answer first = {0};
    struct http_answer second = {0};
    (void)state;
    assert_int_equal(call_for(peer, &server, 0, &first), RESULT_OK);
    assert_int_equal(account_charged(peer, ACCOUNT_BYTES), 4);
    assert_int_equal(call_for(peer, &server, 0, &second), RESULT_BUSY);
    http_client_deinit_answer(&second);
    http_client_deinit_answer(&first);
    assert_int_equal(account_charged(peer, ACCOUNT_BYTES), 0);
    account_close(&peer);
    account_table_destroy(&accounts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_client_call__ends_when_nothing_moves_and_gives_what_came),
        cmocka_unit_test(http_client_call__charges_an_answer_to_an_account),
        cmocka_unit_test(http_client_call__gives_what_came_before_the_connection_broke),
        cmocka_unit_test(http_client_call__is_told_that_it_does_not_count),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
