#include "server/socket_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test_support.h"

enum { SOMEBODY = 65534 };

/* A connection of loopback: the other end may be of another process. */
struct pair {
    int listener;
    int ours;
    struct sockaddr_in here;
    struct sockaddr_in there;
};

static void open_listener(struct pair *pair)
{
    socklen_t length = sizeof pair->here;
    *pair = (struct pair){.listener = socket(AF_INET, SOCK_STREAM, 0)};
    pair->here.sin_family = AF_INET;
    pair->here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(pair->listener, (struct sockaddr *)&pair->here, length), 0);
    assert_int_equal(listen(pair->listener, 1), 0);
    assert_int_equal(getsockname(pair->listener, (struct sockaddr *)&pair->here, &length), 0);
}

static int connect_to(const struct pair *pair)
{
    int client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&pair->here, sizeof pair->here), 0);
    return client;
}

static void take_connection(struct pair *pair)
{
    socklen_t length = sizeof pair->there;
    pair->ours = accept(pair->listener, (struct sockaddr *)&pair->there, &length);
    assert_true(pair->ours >= 0);
}

/* Both ends are ours; the client's is returned. */
static int open_pair(struct pair *pair)
{
    open_listener(pair);
    int client = connect_to(pair);
    take_connection(pair);
    return client;
}

static enum result find(const struct pair *pair, uid_t *uid_out)
{
    return socket_owner_find(pair->ours, (const struct sockaddr *)&pair->there, uid_out);
}

static void close_pair(const struct pair *pair)
{
    (void)close(pair->ours);
    (void)close(pair->listener);
}

static void socket_owner_find__names_us_for_a_connection_of_ours(void **state)
{
    struct pair pair;
    uid_t uid = SOMEBODY;
    (void)state;
    int client = open_pair(&pair);
    assert_int_equal(find(&pair, &uid), RESULT_OK);
    assert_int_equal(uid, getuid());
    assert_int_equal(socket_owner_probe(), RESULT_OK);
    (void)close(client);
    close_pair(&pair);
}

/* The kernel has it that root owns what was closed: whoever asks and goes at once is not root. */
static void socket_owner_find__names_nobody_for_what_was_closed(void **state)
{
    static const char request[] = "GET / HTTP/1.1\r\n\r\n";
    struct pair pair;
    uid_t uid = SOMEBODY;
    (void)state;
    int client = open_pair(&pair);
    assert_int_equal(write(client, request, sizeof request - 1), sizeof request - 1);
    (void)close(client);
    assert_int_equal(find(&pair, &uid), RESULT_NOT_FOUND);
    assert_int_equal(uid, SOMEBODY);
    close_pair(&pair);
}

/* Its port is another program's then, who did not ask. */
static void socket_owner_find__names_nobody_for_what_was_reset(void **state)
{
    static const char request[] = "GET / HTTP/1.1\r\n\r\n";
    const struct linger at_once = {.l_onoff = 1};
    const int on = 1;
    struct pair pair;
    uid_t uid = SOMEBODY;
    (void)state;
    int next = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(setsockopt(next, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    for (bool taken = true; taken;) { /* by who has nothing to do with this, between the two */
        int gone = open_pair(&pair);
        assert_int_equal(write(gone, request, sizeof request - 1), sizeof request - 1);
        assert_int_equal(setsockopt(gone, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
        (void)close(gone);
        taken = bind(next, (struct sockaddr *)&pair.there, sizeof pair.there) != 0;
        if (taken) {
            assert_int_equal(errno, EADDRINUSE);
            close_pair(&pair);
        }
    }
    assert_int_equal(connect(next, (struct sockaddr *)&pair.here, sizeof pair.here), 0);
    assert_int_equal(find(&pair, &uid), RESULT_NOT_FOUND);
    assert_int_equal(uid, SOMEBODY);
    (void)close(next);
    close_pair(&pair);
}

/* Whoever holds it: who made it says whose it is. */
static void socket_owner_find__names_who_made_a_socket_that_was_passed_on(void **state)
{
    struct pair pair;
    uid_t uid = SOMEBODY;
    int status = 0;
    int hold[2];
    (void)state;
    int client = open_pair(&pair);
    assert_int_equal(pipe(hold), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        (void)close(hold[1]);
        _exit((getuid() != 0 || setuid(SOMEBODY) == 0) && read(hold[0], &byte, 1) == 0 ? 0 : 1);
    }
    (void)close(client);
    assert_int_equal(find(&pair, &uid), RESULT_OK);
    assert_int_equal(uid, getuid());
    (void)close(hold[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    (void)close(hold[0]);
    close_pair(&pair);
}

/* What another user opened is that user's; without root there is none but ourselves to open it. */
static void socket_owner_find__names_another_user(void **state)
{
    const uid_t other = getuid() == 0 ? SOMEBODY : getuid();
    struct pair pair;
    uid_t uid = 0;
    int status = 0;
    int hold[2];
    (void)state;
    open_listener(&pair);
    assert_int_equal(pipe(hold), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        (void)close(hold[1]);
        if (setuid(other) != 0) {
            _exit(1);
        }
        int client = connect_to(&pair);
        _exit(read(hold[0], &byte, 1) == 0 && client >= 0 ? 0 : 1);
    }
    take_connection(&pair);
    assert_int_equal(find(&pair, &uid), RESULT_OK);
    assert_int_equal(uid, other);
    (void)close(hold[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    (void)close(hold[0]);
    close_pair(&pair);
}

static void socket_owner_find__says_that_it_cannot_ask_just_now(void **state)
{
    struct pair pair;
    struct rlimit before;
    uid_t uid = SOMEBODY;
    (void)state;
    int client = open_pair(&pair);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = {0, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum result result = find(&pair, &uid);
    enum result probed = socket_owner_probe();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(result, RESULT_FULL);
    assert_int_equal(probed, RESULT_FULL);
    (void)close(client);
    close_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(socket_owner_find__names_us_for_a_connection_of_ours),
        cmocka_unit_test(socket_owner_find__names_nobody_for_what_was_closed),
        cmocka_unit_test(socket_owner_find__names_nobody_for_what_was_reset),
        cmocka_unit_test(socket_owner_find__names_who_made_a_socket_that_was_passed_on),
        cmocka_unit_test(socket_owner_find__names_another_user),
        cmocka_unit_test(socket_owner_find__says_that_it_cannot_ask_just_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
