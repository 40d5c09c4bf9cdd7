/* A client of nodes that costs little beside them: one thread, nothing allocated once it runs.
 *   load http|tab PORT CONNECTIONS SECONDS METHOD PATH [BODY]
 *       each connection asks again once it is answered; tab: as from a page of ours
 *   load keypress PORT BODY OTHER-PORT TOPIC RATE SECONDS
 *       RATE messages a second are due at PORT; timed from then until they are pushed at OTHER-PORT
 *   load mqtt PORT CONNECTIONS SECONDS BODY
 *       the same with a broker: published at QoS 1, kept for a subscriber who is away
 *   load xmpp PORT CONNECTIONS SECONDS BODY
 *       the same with a server that has the accounts load (its password too) and away at localhost:
 *       a message to away, acknowledged (XEP-0198)
 *   load tabs PORT TOPIC COUNT BODY TIMES
 *       opens so many WebSockets and says so, then for a line of its input sends TIMES messages one
 *       by one, each timed until the last tab has it; open until its input ends
 * ######## in a body is a message's number. Prints JSON; times are microseconds. */
#include "bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    DIGITS = 8,
    POOL = 128, /* of connections that type */
    MOST_MESSAGES = 1000000,
    STEPS = 32, /* of the histogram, between a time and twice as long */
    LAST_WAIT_US = 10000000
};
static const char mark[] = "#no";

static struct {
    uint64_t counts[64 * STEPS];
    uint64_t all;
    int64_t longest;
} times;
static uint64_t errors;
static int poller;
static char request[LOAD_REQUEST_BYTES];
static size_t request_bytes;
static const char *more = ""; /* a header, with its line's end */
static char *numbered; /* where the number goes in a request, relative to `request`; NULL: none */
static int64_t due_us[MOST_MESSAGES];
static int64_t arrived;

void load_require(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "load: %s%s%s\n", what, errno != 0 ? ": " : "",
                      errno != 0 ? strerror(errno) : "");
        exit(1);
    }
}

static int64_t now_us(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static size_t bucket_of(int64_t us)
{
    int octave = us < STEPS ? 0 : 58 - __builtin_clzll((unsigned long long)us);
    return (size_t)octave * STEPS + (size_t)(us >> octave);
}

static void note(int64_t us)
{
    times.counts[bucket_of(us)]++;
    times.all++;
    times.longest = us > times.longest ? us : times.longest;
}

/* The middle of the bucket; what was asked for of `all`. */
static double percentile(double part)
{
    uint64_t below = 0;
    for (size_t i = 0; i < sizeof times.counts / sizeof times.counts[0]; i++) {
        below += times.counts[i];
        if (times.all > 0 && (double)below >= part * (double)times.all) {
            size_t octave = i < 2 * (size_t)STEPS ? 0 : i / STEPS - 1;
            return ((double)(i - octave * STEPS) + (octave > 0 ? 0.5 : 0.0)) *
                   (double)(1ULL << octave);
        }
    }
    return 0;
}

static void print_times(double seconds)
{
    (void)printf("{\"count\":%llu,\"errors\":%llu,\"per_second\":%.1f,\"p50\":%.0f,\"p99\":%.0f,"
                 "\"longest\":%lld}\n",
                 (unsigned long long)times.all, (unsigned long long)errors,
                 (double)times.all / seconds, percentile(0.5), percentile(0.99),
                 (long long)times.longest);
    (void)fflush(stdout);
}

void load_prepare(const char *text, size_t bytes)
{
    load_require(bytes < sizeof request, "the request is too long");
    memcpy(request, text, bytes);
    request_bytes = bytes;
    numbered = memmem(request, bytes, "########", DIGITS);
}

static void prepare(const char *port, const char *method, const char *path, const char *body)
{
    char text[LOAD_REQUEST_BYTES];
    int length =
        body == NULL
            ? snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n%s\r\n", method,
                       path, port, more)
            : snprintf(text, sizeof text,
                       "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Type: application/json\r\n"
                       "%sContent-Length: %zu\r\n\r\n%s",
                       method, path, port, more, strlen(body), body);
    load_require(length > 0 && (size_t)length < sizeof text, "the request is too long");
    load_prepare(text, (size_t)length);
}

void load_connect(struct load_connection *connection, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(port)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int on = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    load_require(connection->fd >= 0 && connect(connection->fd, (struct sockaddr *)(void *)&address,
                                                sizeof address) == 0,
                 "no connection");
    (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    load_require(epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &event) == 0, "no epoll");
}

void load_talk(const struct load_connection *connection, const char *text, const char *expected)
{
    char came[8192];
    size_t had = 0;
    load_require(send(connection->fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text),
                 "a greeting is not taken");
    do {
        ssize_t more = recv(connection->fd, came + had, sizeof came - had, 0);
        load_require(more > 0, expected);
        had += (size_t)more;
    } while (memmem(came, had, expected, strlen(expected)) == NULL);
}

/* One request goes into a socket's buffer as a whole: it is short, and the last one is answered. */
static void ask(struct load_connection *connection, int64_t begun_us, int64_t number)
{
    memcpy(connection->request, request, request_bytes);
    if (numbered != NULL) {
        char digits[32];
        (void)snprintf(digits, sizeof digits, "%s%05lld", mark, (long long)number);
        memcpy(connection->request + (numbered - request), digits, DIGITS);
    }
    connection->busy = true;
    connection->begun_us = begun_us;
    connection->head_bytes = 0;
    connection->in_body = false;
    load_require(send(connection->fd, connection->request, request_bytes, MSG_NOSIGNAL) ==
                     (ssize_t)request_bytes,
                 "a request is not taken");
}

static void read_head(struct load_connection *connection)
{
    const char *length = strcasestr(connection->head, "\r\nContent-Length:");
    connection->chunked = strcasestr(connection->head, "\r\nTransfer-Encoding: chunked") != NULL;
    connection->in_body = true;
    connection->last_chunk = false;
    connection->line_bytes = 0;
    connection->left = length == NULL ? 0 : strtoll(length + 17, NULL, 10);
    if (strncmp(connection->head, "HTTP/1.1 200", 12) != 0) {
        if (errors++ == 0) {
            (void)fprintf(stderr, "load: %.60s\n", connection->head);
        }
    }
}

/* A line of a chunked body has come: the next chunk's length, or the end of all. */
static bool take_line(struct load_connection *connection)
{
    connection->line[connection->line_bytes] = '\0';
    connection->line_bytes = 0;
    if (connection->last_chunk) {
        return true;
    }
    connection->left = strtoll(connection->line, NULL, 16);
    connection->last_chunk = connection->left == 0;
    connection->left += connection->last_chunk ? 0 : 2;
    return false;
}

/* True when the answer is whole. */
static bool feed(struct load_connection *connection, const char *bytes, size_t count)
{
    if (connection->answer == LOAD_FOUR_BYTES) {
        connection->head_bytes += count;
        return connection->head_bytes == 4;
    }
    if (connection->answer == LOAD_ONE_ELEMENT) {
        load_require(connection->head_bytes > 0 || bytes[0] == '<', "no element is the answer");
        connection->head_bytes += count;
        return bytes[count - 1] == '>';
    }
    for (size_t i = 0; i < count;) {
        if (!connection->in_body) {
            load_require(connection->head_bytes + 1 < LOAD_HEAD_BYTES,
                         "an answer has too long a head");
            connection->head[connection->head_bytes++] = bytes[i++];
            connection->head[connection->head_bytes] = '\0';
            if (connection->head_bytes >= 4 &&
                memcmp(connection->head + connection->head_bytes - 4, "\r\n\r\n", 4) == 0) {
                read_head(connection);
            }
        } else if (connection->left > 0) {
            size_t rest = count - i;
            size_t taken = rest < (size_t)connection->left ? rest : (size_t)connection->left;
            connection->left -= (int64_t)taken;
            i += taken;
        } else if (connection->chunked) {
            char byte = bytes[i++];
            if (byte == '\n' && take_line(connection)) {
                return true;
            }
            if (byte != '\n' && connection->line_bytes + 1 < sizeof connection->line) {
                connection->line[connection->line_bytes++] = byte;
            }
        }
        if (connection->in_body && !connection->chunked && connection->left == 0) {
            return true;
        }
    }
    return false;
}

/* Numbers behind marks, wherever they stand in what is pushed. */
static void find_marks(struct load_connection *tab, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (tab->matched < sizeof mark - 1) {
            tab->matched = bytes[i] == mark[tab->matched] ? tab->matched + 1 : bytes[i] == mark[0];
            tab->number = 0;
            continue;
        }
        tab->number = tab->number * 10 + (bytes[i] - '0');
        if (++tab->matched == DIGITS) {
            tab->matched = 0;
            if (tab->number != tab->seen) { /* both in the event and in what it opened to */
                tab->seen = tab->number;
                arrived++;
                if (tab->number < MOST_MESSAGES && due_us[tab->number] != 0) {
                    note(now_us() - due_us[tab->number]);
                }
            }
        }
    }
}

static void upgrade(struct load_connection *tab, const char *port, const char *topic)
{
    char path[512];
    char text[1024];
    (void)snprintf(path, sizeof path,
                   "/pubsub/v1/subscribe?topic=%s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n"
                   "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                   topic, port);
    load_connect(tab, port);
    tab->is_tab = true;
    tab->seen = -1;
    int length = snprintf(text, sizeof text, "GET %s", path);
    load_require(send(tab->fd, text, (size_t)length, MSG_NOSIGNAL) == length, "no WebSocket");
    size_t had = 0;
    while (had < sizeof text - 1 && strstr(text, "\"ready\"") == NULL) {
        ssize_t came = recv(tab->fd, text + had, sizeof text - 1 - had, 0);
        load_require(came > 0, "a WebSocket is refused");
        had += (size_t)came;
        for (size_t i = had - (size_t)came; i < had; i++) {
            text[i] = text[i] == '\0' ? ' ' : text[i];
        }
        text[had] = '\0';
    }
}

static int64_t until_us; /* each connection asks again; 0: none does */

static void ask_again(struct load_connection *connection)
{
    int64_t now = now_us();
    note(now - connection->begun_us);
    if (now < until_us) {
        ask(connection, now, 0);
    }
}

/* One wait of `wait_us` at most, and what came. */
static void turn(int64_t wait_us)
{
    static char bytes[262144];
    struct epoll_event events[256];
    const struct timespec wait = {.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000};
    int count = epoll_pwait2(poller, events, 256, &wait, NULL);
    for (int i = 0; i < count; i++) {
        struct load_connection *connection = events[i].data.ptr;
        ssize_t came = recv(connection->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        load_require(came > 0 || (came < 0 && errno == EAGAIN), "a connection was closed");
        if (came > 0 && connection->is_tab) {
            find_marks(connection, bytes, (size_t)came);
        } else if (came > 0 && feed(connection, bytes, (size_t)came)) {
            connection->busy = false;
            if (until_us != 0) {
                ask_again(connection);
            }
        }
    }
}

void load_ask_all(struct load_connection *all, size_t connections, double seconds)
{
    int64_t begun = now_us();
    until_us = begun + (int64_t)(seconds * 1e6);
    for (size_t i = 0; i < connections; i++) {
        ask(&all[i], now_us(), 0);
    }
    while (now_us() < until_us) {
        turn(100000);
    }
    double took = (double)(now_us() - begun) / 1e6;
    double in_time = times.all == 0 ? 1 : (double)times.all;
    for (size_t i = 0; i < connections; i++) {
        while (all[i].busy && now_us() < until_us + LAST_WAIT_US) {
            turn(100000);
        }
        errors += all[i].busy ? 1 : 0;
    }
    print_times(took * (double)times.all / in_time); /* what came behind the end is no part of it */
}

static void run_http(char **arguments, int count)
{
    size_t connections = strtoull(arguments[1], NULL, 10);
    struct load_connection *all = calloc(connections, sizeof *all);
    load_require(all != NULL, "no memory");
    prepare(arguments[0], arguments[3], arguments[4], count > 5 ? arguments[5] : NULL);
    for (size_t i = 0; i < connections; i++) {
        load_connect(&all[i], arguments[0]);
    }
    load_ask_all(all, connections, atof(arguments[2]));
    free(all);
}

static void type_all(struct load_connection *pool, int64_t rate, int64_t messages)
{
    int64_t begun = now_us() + 1000;
    size_t next = 0;
    for (int64_t number = 0; number < messages || arrived < messages;) {
        int64_t now = now_us();
        int64_t due = begun + number * 1000000 / rate;
        if (now > begun + messages * 1000000 / rate + LAST_WAIT_US) {
            errors += (uint64_t)(messages - arrived);
            break;
        }
        for (size_t tried = 0; tried < POOL && number < messages && now >= due; tried++) {
            struct load_connection *connection = &pool[next++ % POOL];
            if (!connection->busy) {
                due_us[number] = due;
                ask(connection, now, number++);
                due = begun + number * 1000000 / rate;
            }
        }
        turn(number == messages || now >= due ? 1000 : due - now);
    }
}

static void run_keypress(char **arguments, int count)
{
    static struct load_connection pool[POOL];
    static struct load_connection screen;
    int64_t rate = strtoll(arguments[4], NULL, 10);
    int64_t messages = (int64_t)((double)rate * atof(arguments[5]));
    (void)count;
    load_require(rate > 0 && messages <= 99999, "five digits are all that a message's number has");
    prepare(arguments[0], "POST", "/api/v1/chat/send", arguments[1]);
    upgrade(&screen, arguments[2], arguments[3]);
    for (size_t i = 0; i < POOL; i++) {
        load_connect(&pool[i], arguments[0]);
    }
    type_all(pool, rate, messages);
    print_times((double)messages / (double)rate);
}

static void run_tabs(char **arguments, int count)
{
    static struct load_connection sender;
    size_t tabs = strtoull(arguments[2], NULL, 10);
    int messages = atoi(arguments[4]);
    char line[16];
    struct load_connection *all = calloc(tabs, sizeof *all);
    (void)count;
    load_require(all != NULL, "no memory");
    for (size_t i = 0; i < tabs; i++) {
        upgrade(&all[i], arguments[0], arguments[1]);
    }
    prepare(arguments[0], "POST", "/api/v1/chat/send", arguments[3]);
    load_connect(&sender, arguments[0]);
    (void)printf("open\n");
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        for (int number = 0; number < messages; number++) {
            int64_t begun = now_us();
            arrived = 0;
            ask(&sender, begun, number);
            while ((arrived < (int64_t)tabs || sender.busy) && now_us() < begun + LAST_WAIT_US) {
                turn(100000);
            }
            errors += arrived < (int64_t)tabs ? 1 : 0;
            note(now_us() - begun);
        }
        print_times(1);
    }
    free(all);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(char **arguments, int count);
        int arguments;
    } all[] = {{"http", run_http, 5},  {"tab", run_http, 5},          {"mqtt", load_mqtt, 4},
               {"xmpp", load_xmpp, 4}, {"keypress", run_keypress, 6}, {"tabs", run_tabs, 5}};
    more = argc > 1 && strcmp(argv[1], "tab") == 0 ? "Sec-Fetch-Site: same-origin\r\n" : "";
    poller = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (argc >= 2 + all[i].arguments && strcmp(argv[1], all[i].name) == 0) {
            all[i].run(argv + 2, argc - 2);
            return 0;
        }
    }
    errno = 0;
    load_require(false, "http, mqtt, xmpp, keypress or tabs, as the head of its source says");
}
