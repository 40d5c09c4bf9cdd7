#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/limits.h"
#include "server/connections.h"
#include "support/test_support.h"

enum { MOST = 4, SECOND_MS = 1000 };

static _Atomic int64_t now_ms; /* the sweeper reads it, too */
static unsigned told;          /* how often anybody has */
static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t was_told = PTHREAD_COND_INITIALIZER;

static int64_t tell(void *context)
{
    (void)context;
    (void)pthread_mutex_lock(&telling);
    told++;
    (void)pthread_cond_signal(&was_told);
    (void)pthread_mutex_unlock(&telling);
    return now_ms;
}

/* Until the sweeper has looked at what is so now; nobody else reads the clock meanwhile. */
static void await_sweep(void)
{
    (void)pthread_mutex_lock(&telling);
    for (unsigned before = told; told < before + 2;) {
        (void)pthread_cond_wait(&was_told, &telling);
    }
    (void)pthread_mutex_unlock(&telling);
}

static const struct clock clock_of_test = {tell, tell, NULL};

/* How often this thread had a socket's state told: the C library's own function, counted. */
static _Thread_local unsigned asked;

int getsockopt(int descriptor, int level, int name, void *value, socklen_t *length)
{
    asked++;
    return (int)syscall(SYS_getsockopt, descriptor, level, name, value, length);
}

/* A connection and the other end of it. */
struct visitor {
    struct connection *connection;
    int ends[2];
};

static struct log_limit *refusals;

static struct connections *open_connections(bool from_anywhere, size_t spare)
{
    struct connections *connections = NULL;
    refusals = log_limit_create(1);
    struct connections_options options = {.clock = &clock_of_test,
                                          .refusals = refusals,
                                          .idle_ms = LIMITS_PEER_IDLE_MS,
                                          .spare = spare,
                                          .most = from_anywhere ? SIZE_MAX : MOST,
                                          .from_anywhere = from_anywhere,
                                          .tls = true};
    now_ms = (int64_t)5 * SECOND_MS;
    assert_int_equal(connections_create(&options, &connections), RESULT_OK);
    return connections;
}

static void close_connections(struct connections **connections)
{
    connections_destroy(connections);
    log_limit_destroy(&refusals);
}

/* A second after the one before. */
static struct visitor come(struct connections *connections)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct visitor visitor = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, visitor.ends), 0);
    now_ms += SECOND_MS;
    visitor.connection =
        connections_add(connections, visitor.ends[0], (const struct sockaddr *)&address);
    return visitor;
}

static void leave(struct connections *connections, struct visitor *visitor)
{
    connections_remove(connections, &visitor->connection);
    (void)close(visitor->ends[0]);
    (void)close(visitor->ends[1]);
}

static bool is_open(const struct visitor *visitor)
{
    char byte = 0;
    ssize_t got = recv(visitor->ends[1], &byte, 1, MSG_DONTWAIT);
    assert_true(got == 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)));
    return got < 0;
}

/* Which of them are open, as a text: "1" and "0". */
static const char *look_at(const struct visitor *visitors, size_t count)
{
    static char text[16];
    for (size_t i = 0; i < count; i++) {
        text[i] = is_open(&visitors[i]) ? '1' : '0';
    }
    text[count] = '\0';
    return text;
}

static void connections_add__closes_the_oldest_idle_and_members_last(void **state)
{
    struct connections *connections = open_connections(false, 0);
    struct visitor visitors[9];
    (void)state;
    for (size_t i = 0; i < MOST; i++) { /* 0: an idle member, 1 … 3: strangers, 1 idle as of late */
        visitors[i] = come(connections);
    }
    connections_welcome(connections, visitors[0].connection, false);
    connections_idle(connections, visitors[0].connection);
    now_ms += SECOND_MS;
    connections_idle(connections, visitors[1].connection);
    assert_string_equal(look_at(visitors, 4), "1111");
    visitors[4] = come(connections);
    assert_string_equal(look_at(visitors, 5), "11011");
    visitors[5] = come(connections);
    assert_string_equal(look_at(visitors, 6), "110011");
    visitors[6] = come(connections);
    assert_string_equal(look_at(visitors, 7), "1000111");
    /* They become members, all of them idle: now the oldest of these. */
    for (size_t i = 4; i < 7; i++) {
        connections_welcome(connections, visitors[i].connection, false);
        connections_idle(connections, visitors[i].connection);
    }
    visitors[7] = come(connections);
    assert_string_equal(look_at(visitors, 8), "00001111");
    for (size_t i = 0; i < 8; i++) {
        leave(connections, &visitors[i]);
    }
    close_connections(&connections);
}

static void connections_add__closes_nobody_in_the_middle_of_a_request(void **state)
{
    struct connections *connections = open_connections(false, 0);
    struct visitor visitors[MOST + 3];
    (void)state;
    for (size_t i = 0; i < MOST; i++) {
        visitors[i] = come(connections);
    }
    connections_welcome(connections, visitors[0].connection, false);
    connections_receiving(connections, visitors[0].connection); /* half a body is here */
    connections_welcome(connections, visitors[1].connection, false);
    connections_handling(connections, visitors[1].connection); /* a long-poll */
    connections_handling(connections, visitors[2].connection); /* and a stranger's request */
    connections_sending(connections, visitors[3].connection);
    for (size_t i = MOST; i < MOST + 2; i++) { /* whoever comes now has to go */
        visitors[i] = come(connections);
        assert_string_equal(look_at(visitors, i), i == MOST ? "1111" : "11110");
        assert_false(is_open(&visitors[i]));
    }
    /* A member that has its answer can be asked to come again, and is, before one that has not. */
    connections_sending(connections, visitors[0].connection);
    connections_idle(connections, visitors[0].connection);
    connections_welcome(connections, visitors[3].connection, false);
    visitors[MOST + 2] = come(connections);
    assert_string_equal(look_at(visitors, MOST + 3), "0111001");
    for (size_t i = 0; i < MOST + 3; i++) {
        leave(connections, &visitors[i]);
    }
    close_connections(&connections);
}

static void connections_add__has_scripts_give_way_to_a_tab(void **state)
{
    struct connections *connections = open_connections(false, 1);
    struct visitor visitors[MOST + 4];
    (void)state;
    for (size_t i = 0; i < MOST; i++) {
        visitors[i] = come(connections);
        connections_welcome(connections, visitors[i].connection, i == 0);
        connections_idle(connections, visitors[i].connection);
    }
    visitors[4] = come(connections); /* the tab's first is the oldest, and stays */
    connections_handling(connections, visitors[4].connection);
    assert_string_equal(look_at(visitors, 5), "10111");
    connections_handling(connections, visitors[2].connection);
    connections_handling(connections, visitors[3].connection);
    visitors[5] = come(connections); /* the tab's next: nobody can go for it, so it is spared … */
    assert_string_equal(look_at(visitors, 6), "101111");
    visitors[6] = come(connections); /* … but not any number of them: the oldest that never asked */
    assert_string_equal(look_at(visitors, 7), "1011101");
    connections_handling(connections, visitors[6].connection);
    visitors[7] = come(connections);
    assert_string_equal(look_at(visitors, 8), "10111010");
    for (size_t i = 0; i < MOST + 4; i++) {
        leave(connections, &visitors[i]);
    }
    close_connections(&connections);
}

static void connections_add__keeps_an_addresss_requests_too(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct connections *connections = open_connections(true, 0);
    struct connection *crowd[LIMITS_ADDRESS_CONNECTIONS];
    struct visitor busy = come(connections);
    (void)state;
    connections_welcome(connections, busy.connection, false);
    connections_receiving(connections, busy.connection);
    struct visitor idle = come(connections);
    connections_welcome(connections, idle.connection, false);
    connections_idle(connections, idle.connection);
    for (size_t i = 0; i < LIMITS_ADDRESS_CONNECTIONS; i++) { /* without sockets, and answering */
        now_ms++;
        crowd[i] = connections_add(connections, -1, (const struct sockaddr *)&address);
        connections_handling(connections, crowd[i]);
    }
    struct visitor last = come(connections);
    assert_true(is_open(&busy));
    assert_true(is_open(&idle));
    assert_false(is_open(&last));
    for (size_t i = 0; i < LIMITS_ADDRESS_CONNECTIONS; i++) {
        connections_remove(connections, &crowd[i]);
    }
    leave(connections, &busy);
    leave(connections, &idle);
    leave(connections, &last);
    close_connections(&connections);
}

/* A connection over TCP, whose bytes are counted. */
static struct visitor come_by_tcp(struct connections *connections)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    struct visitor visitor = {0};
    int door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    visitor.ends[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(door, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(door, 1), 0);
    assert_int_equal(getsockname(door, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(connect(visitor.ends[1], (struct sockaddr *)&address, sizeof address), 0);
    visitor.ends[0] = accept(door, NULL, NULL);
    (void)close(door);
    visitor.connection =
        connections_add(connections, visitor.ends[0], (const struct sockaddr *)&address);
    return visitor;
}

/* Moves so many bytes after ten seconds. */
static void move(int from, int to, size_t bytes)
{
    static char room[LIMITS_PROGRESS_BYTES];
    now_ms += (int64_t)10 * SECOND_MS;
    assert_int_equal(send(from, room, bytes, 0), bytes);
    assert_int_equal(recv(to, room, bytes, MSG_WAITALL), bytes);
    await_sweep();
}

static void connections__lets_a_body_and_an_answer_take_as_long_as_they_move(void **state)
{
    struct connections *connections = open_connections(true, 0);
    (void)state;
    for (int sends = 0; sends <= 1; sends++) {
        struct visitor visitor = come_by_tcp(connections);
        const int here = visitor.ends[0];
        const int there = visitor.ends[1];
        connections_receiving(connections, visitor.connection);
        if (sends) {
            connections_sending(connections, visitor.connection);
        } else {
            connections_body(connections, visitor.connection);
        }
        for (int i = 0; i < 2; i++) {
            move(sends ? here : there, sends ? there : here, LIMITS_PROGRESS_BYTES);
            assert_true(is_open(&visitor));
        }
        move(sends ? here : there, sends ? there : here, LIMITS_PROGRESS_BYTES - 1);
        assert_true(is_open(&visitor));
        now_ms += (int64_t)5 * SECOND_MS;
        await_sweep();
        assert_false(is_open(&visitor));
        leave(connections, &visitor);
    }
    close_connections(&connections);
}

static void connections__ask_the_kernel_nothing_for_a_request(void **state)
{
    struct connections *connections = open_connections(false, 0);
    struct visitor visitor = come_by_tcp(connections);
    (void)state;
    asked = 0;
    connections_receiving(connections, visitor.connection);
    connections_body(connections, visitor.connection);
    connections_handling(connections, visitor.connection);
    connections_sending(connections, visitor.connection);
    connections_idle(connections, visitor.connection);
    assert_int_equal(asked, 0);
    leave(connections, &visitor);
    close_connections(&connections);
}

/* What came with the last request is no beginning of the next one. */
static void connections__see_a_request_begin_behind_another_one(void **state)
{
    struct connections *connections = open_connections(true, 0);
    struct visitor visitor = come_by_tcp(connections);
    (void)state;
    move(visitor.ends[1], visitor.ends[0], 100);
    connections_receiving(connections, visitor.connection);
    connections_idle(connections, visitor.connection);
    await_sweep();
    now_ms += LIMITS_HEADERS_MS;
    await_sweep();
    assert_true(is_open(&visitor));
    move(visitor.ends[1], visitor.ends[0], 1);
    now_ms += LIMITS_HEADERS_MS - 1;
    await_sweep();
    assert_true(is_open(&visitor));
    now_ms += 1;
    await_sweep();
    assert_false(is_open(&visitor));
    leave(connections, &visitor);
    close_connections(&connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_add__closes_the_oldest_idle_and_members_last),
        cmocka_unit_test(connections_add__closes_nobody_in_the_middle_of_a_request),
        cmocka_unit_test(connections_add__has_scripts_give_way_to_a_tab),
        cmocka_unit_test(connections_add__keeps_an_addresss_requests_too),
        cmocka_unit_test(connections__lets_a_body_and_an_answer_take_as_long_as_they_move),
        cmocka_unit_test(connections__ask_the_kernel_nothing_for_a_request),
        cmocka_unit_test(connections__see_a_request_begin_behind_another_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
