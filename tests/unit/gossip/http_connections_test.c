#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/memory.h"
#include "gossip/http_client.h"
#include "support/test_support.h"

enum { MOST_CONNECTIONS = 8, PATIENCE_MS = 10000 };

/* Answers each request with "ok", or keeps silent; counts who connects. */
struct server {
    char *url;
    int listener;
    int connections[MOST_CONNECTIONS];
    int count;
    int requests;
    bool silent;
};

struct call {
    int ended;
    enum result result;
    long status;
};

static void open_server(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    *server = (struct server){.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->listener, MOST_CONNECTIONS), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &length), 0);
    server->url = memory_format("http://127.0.0.1:%u/x", (unsigned)ntohs(address.sin_port));
}

static void close_server(struct server *server)
{
    for (int i = 0; i < server->count; i++) {
        assert_int_equal(close(server->connections[i]), 0);
    }
    assert_int_equal(close(server->listener), 0);
    memory_free(server->url);
}

static void serve(struct server *server)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    char request[1024];
    int accepted = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK);
    if (accepted >= 0) {
        assert_true(server->count < MOST_CONNECTIONS);
        server->connections[server->count++] = accepted;
    }
    for (int i = 0; i < server->count; i++) {
        if (recv(server->connections[i], request, sizeof request, 0) > 0) {
            server->requests++;
            if (!server->silent) {
                assert_int_equal(send(server->connections[i], answer, sizeof answer - 1, 0),
                                 sizeof answer - 1);
            }
        }
    }
}

static void ended(void *context, enum result result, struct http_answer *answer)
{
    struct call *call = context;
    call->ended++;
    call->result = result;
    call->status = answer->status;
}

static void begin(struct http_client *client, const struct server *server, struct call *call)
{
    const struct http_call http = {.url = server->url, .method = "GET"};
    *call = (struct call){0};
    http_client_send(client, &http, ended, call);
}

static void run_until(struct http_client *client, struct server *server, const int *number,
                      int wanted)
{
    for (int i = 0; i < PATIENCE_MS / 10 && *number != wanted; i++) {
        http_client_run(client, 10);
        serve(server);
    }
    assert_int_equal(*number, wanted);
}

static void run(struct http_client *client, struct server *server)
{
    struct call call;
    begin(client, server, &call);
    run_until(client, server, &call.ended, 1);
    assert_int_equal(call.result, RESULT_OK);
}

static void http_client_renew__leaves_older_connections_alone(void **state)
{
    struct server server;
    struct http_client *client = http_client_create(16, NULL);
    (void)state;
    open_server(&server);
    run(client, &server);
    run(client, &server);
    assert_int_equal(server.count, 1); /* kept */
    http_client_renew(client);
    run(client, &server);
    assert_int_equal(server.count, 2);
    http_client_destroy(&client);
    close_server(&server);
}

static bool is_ours(void *context, const char *url, const char *local_address)
{
    const struct server *server = context;
    return strcmp(url, server->url) == 0 && strcmp(local_address, "127.0.0.1") == 0;
}

static bool is_elsewhere(void *context, const char *url, const char *local_address)
{
    (void)context;
    (void)url;
    return strcmp(local_address, "127.0.0.1") != 0;
}

static void http_client_cut__ends_the_calls_that_are_meant_and_no_others(void **state)
{
    struct server server;
    struct call new_one;
    struct call kept;
    struct http_client *client = http_client_create(16, NULL);
    (void)state;
    open_server(&server);
    run(client, &server);
    server.silent = true;
    server.requests = 0;
    begin(client, &server, &kept); /* over the connection that is there */
    begin(client, &server, &new_one);
    run_until(client, &server, &server.requests, 2);
    http_client_cut(client, is_elsewhere, NULL);
    assert_int_equal(kept.ended + new_one.ended, 0);
    http_client_cut(client, is_ours, &server);
    assert_int_equal(kept.ended, 1);
    assert_int_equal(new_one.ended, 1);
    assert_int_equal(kept.result, RESULT_UNREACHABLE);
    assert_int_equal(new_one.status, 0);
    server.silent = false;
    run(client, &server);
    http_client_destroy(&client);
    close_server(&server);
}

static void cut_all(void *context, enum result result, struct http_answer *answer)
{
    (void)result;
    (void)answer;
    struct server *server = ((void **)context)[0];
    http_client_cut(((void **)context)[1], is_ours, server);
    ((void **)context)[0] = NULL;
}

static void http_client_cut__may_be_called_where_a_call_ends(void **state)
{
    struct server server;
    struct call other;
    struct http_client *client = http_client_create(16, NULL);
    void *both[] = {&server, client};
    (void)state;
    open_server(&server);
    server.silent = true;
    begin(client, &server, &other);
    run_until(client, &server, &server.requests, 1);
    server.silent = false;
    const struct http_call http = {.url = server.url, .method = "GET"};
    http_client_send(client, &http, cut_all, both);
    run_until(client, &server, &other.ended, 1);
    assert_null(both[0]);
    http_client_destroy(&client);
    close_server(&server);
}

static bool is_open(const struct server *server)
{
    char byte;
    return recv(server->connections[0], &byte, 1, MSG_PEEK) < 0; /* nothing more to read yet */
}

static void http_client_create__keeps_no_more_connections_than_it_may(void **state)
{
    enum { MOST = 2, SERVERS = 5 };
    struct server servers[SERVERS];
    struct http_client *client = http_client_create(MOST, NULL);
    int open = 0;
    (void)state;
    for (int i = 0; i < SERVERS; i++) {
        open_server(&servers[i]);
        run(client, &servers[i]);
    }
    for (int i = 0; i < SERVERS; i++) {
        open += is_open(&servers[i]) ? 1 : 0;
    }
    assert_int_equal(open, MOST);
    http_client_destroy(&client);
    for (int i = 0; i < SERVERS; i++) {
        close_server(&servers[i]);
    }
}

struct guarding {
    bool opens;
    int asked;
    int answered;
};

static bool may_open(void *context, const char *url, const struct sockaddr *address)
{
    struct guarding *guarding = context;
    assert_memory_equal(url, "http://127.0.0.1:", 17);
    assert_int_equal(address->sa_family, AF_INET);
    guarding->asked++;
    return guarding->opens;
}

static void note_answer(void *context, const char *url, const char *address)
{
    struct guarding *guarding = context;
    assert_memory_equal(url, "http://127.0.0.1:", 17);
    assert_string_equal(address, "127.0.0.1");
    guarding->answered++;
}

static int64_t count_waits(void)
{
    struct rusage used;
    assert_int_equal(getrusage(RUSAGE_THREAD, &used), 0);
    return used.ru_nvcsw;
}

static void http_client_run__does_not_wait_when_something_ends_at_once(void **state)
{
    enum { TIMES = 5 };
    struct guarding guarding = {.opens = false};
    const struct http_guard guard = {may_open, note_answer, &guarding};
    struct http_client *client = http_client_create(16, &guard);
    struct server server;
    (void)state;
    open_server(&server);
    int64_t before = count_waits();
    for (int i = 0; i < TIMES; i++) {
        struct call call;
        begin(client, &server, &call);
        run_until(client, &server, &call.ended, 1);
    }
    assert_in_range(count_waits() - before, 0, TIMES - 1);
    close_server(&server);
    http_client_destroy(&client);
}

static void http_client_create__asks_the_guard_before_a_connection(void **state)
{
    struct guarding guarding = {.opens = false};
    const struct http_guard guard = {may_open, note_answer, &guarding};
    struct http_client *client = http_client_create(16, &guard);
    struct server server;
    struct call call;
    (void)state;
    open_server(&server);
    begin(client, &server, &call);
    run_until(client, &server, &call.ended, 1);
    assert_int_equal(call.result, RESULT_UNREACHABLE);
    assert_int_equal(guarding.asked, 1);
    assert_int_equal(guarding.answered, 0);
    assert_int_equal(server.count, 0);
    guarding.opens = true;
    run(client, &server);
    run(client, &server);
    assert_int_equal(guarding.asked, 2); /* the second time there is a connection */
    assert_int_equal(guarding.answered, 2);
    const struct http_call by_owner = {.url = server.url, .method = "GET", .anywhere = true};
    guarding.opens = false;
    http_client_renew(client);
    http_client_send(client, &by_owner, ended, &call);
    run_until(client, &server, &call.ended, 2);
    assert_int_equal(call.result, RESULT_OK);
    assert_int_equal(guarding.asked, 2);
    http_client_destroy(&client);
    close_server(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_client_renew__leaves_older_connections_alone),
        cmocka_unit_test(http_client_cut__ends_the_calls_that_are_meant_and_no_others),
        cmocka_unit_test(http_client_cut__may_be_called_where_a_call_ends),
        cmocka_unit_test(http_client_create__keeps_no_more_connections_than_it_may),
        cmocka_unit_test(http_client_run__does_not_wait_when_something_ends_at_once),
        cmocka_unit_test(http_client_create__asks_the_guard_before_a_connection),
    };
    assert_int_equal(http_client_start(), RESULT_OK);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    http_client_stop();
    return failed;
}
