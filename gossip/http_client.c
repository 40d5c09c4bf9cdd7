#include "gossip/http_client.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/memory.h"

enum { LOOK_EVERY_MS = 1000 };
static const struct http_guard no_guard = {0};

struct transfer {
    CURL *easy;
    const atomic_bool *cancelled; /* NULL: never */
    int64_t begun_ms;
    int64_t quiet_ms;
    int64_t sent_ms;  /* the request began to be sent; 0: not yet */
    int64_t moved_ms; /* when … */
    curl_off_t moved; /* … so many bytes had moved */
    bool stalled;
    const struct http_guard *guard; /* NULL: none */
    char *url;
    struct curl_slist *headers;
    char *body;
    struct http_answer answer;
    size_t most_bytes;
    bool too_large;
    bool too_much; /* for its account just now */
    http_client_done *done;
    void *context;
    bool ended;  /* it is being concluded */
    bool doomed; /* it is to be */
    struct transfer *next;
    struct transfer *previous;
};

struct http_client {
    CURLM *multi;
    struct http_guard guard; /* {0}: none */
    struct transfer *transfers;
    int64_t renewed_ms; /* monotonic; 0: never */
};

enum result http_client_start(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? RESULT_OK : RESULT_IO;
}

void http_client_stop(void)
{
    curl_global_cleanup();
}

static size_t collect(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t length = size * count;
    struct http_answer *answer = &transfer->answer;
    transfer->too_large = answer->body.length_bytes + length > transfer->most_bytes;
    transfer->too_much = answer->account != NULL && !transfer->too_large &&
                         !account_charge(answer->account, ACCOUNT_BYTES, length);
    if (transfer->too_large || transfer->too_much) {
        return 0;
    }
    answer->charged_bytes += length;
    buffer_append(&answer->body, bytes, length);
    return length;
}

/* Whether it takes too long for what it is at. */
static bool is_stalled(struct transfer *transfer, curl_off_t moved)
{
    curl_off_t connected_us = 0;
    int64_t now_ms = clock_monotonic_ms(clock_system());
    if (transfer->sent_ms == 0) {
        transfer->begun_ms = transfer->begun_ms == 0 ? now_ms : transfer->begun_ms;
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
        return connected_us == 0 && now_ms - transfer->begun_ms >= HTTP_CLIENT_CONNECT_MS;
    }
    if (moved - transfer->moved >= HTTP_CLIENT_PROGRESS_BYTES) {
        transfer->moved = moved;
        transfer->moved_ms = now_ms;
    }
    return now_ms - transfer->moved_ms >= transfer->quiet_ms;
}

/* curl asks at least once a second; anything but 0 ends the transfer. */
static int watch(void *context, curl_off_t download_total, curl_off_t download_now,
                 curl_off_t upload_total, curl_off_t upload_now)
{
    struct transfer *transfer = context;
    (void)download_total;
    (void)upload_total;
    transfer->stalled = is_stalled(transfer, download_now + upload_now);
    bool cancelled = transfer->cancelled != NULL && atomic_load(transfer->cancelled);
    return transfer->stalled || cancelled ? 1 : 0;
}

/* The connection is there, new or kept. */
static int note_sending(void *context, char *their_address, char *our_address, int their_port,
                        int our_port)
{
    struct transfer *transfer = context;
    (void)their_address;
    (void)our_address;
    (void)their_port;
    (void)our_port;
    transfer->sent_ms = transfer->moved_ms = clock_monotonic_ms(clock_system());
    return CURL_PREREQFUNC_OK;
}

static bool set_deadlines(struct transfer *transfer, const struct http_call *call)
{
    CURL *easy = transfer->easy;
    long total_ms = (long)(call->total_ms == 0 ? HTTP_CLIENT_TOTAL_MS : call->total_ms);
    transfer->quiet_ms = call->quiet_ms == 0 ? HTTP_CLIENT_QUIET_MS : call->quiet_ms;
    transfer->cancelled = call->cancelled;
    return curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, watch) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, note_sending) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CLIENT_HANDSHAKE_MS) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, total_ms) == CURLE_OK;
}

static bool set_blob(CURL *easy, CURLoption option, const char *text)
{
    struct curl_blob blob = {(void *)(uintptr_t)text, strlen(text), CURL_BLOB_NOCOPY};
    return curl_easy_setopt(easy, option, &blob) == CURLE_OK;
}

/* A path that is dead without a word: what was sent is not acknowledged, or nobody answers the
 * probes of an idle connection. What can't be set is noticed later, by a call's deadline. */
static int watch_path(void *context, curl_socket_t socket, curlsocktype purpose)
{
    const int on = 1;
    const int idle_s = 10;
    const int interval_s = 3;
    const int count = 3;
    const unsigned dead_ms = LIMITS_PEER_DEAD_MS;
    (void)context;
    (void)purpose;
    (void)setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    (void)setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    (void)setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof dead_ms);
    return CURL_SOCKOPT_OK;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct transfer *transfer = context;
    const struct http_guard *guard = transfer->guard;
    (void)purpose;
    return guard->may_open(guard->context, transfer->url, &address->addr)
               ? socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol)
               : CURL_SOCKET_BAD;
}

static bool set_guard(struct transfer *transfer, const struct http_client *client,
                      const struct http_call *call)
{
    if (client->guard.may_open == NULL || call->anywhere) {
        return true;
    }
    transfer->guard = &client->guard;
    transfer->url = memory_duplicate_string(call->url);
    return curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETDATA, transfer) == CURLE_OK;
}

static void tell_guard(const struct transfer *transfer)
{
    const char *address = NULL;
    if (transfer->guard != NULL && transfer->answer.status != 0 &&
        curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_IP, &address) == CURLE_OK &&
        address != NULL) {
        transfer->guard->answered(transfer->guard->context, transfer->url, address);
    }
}

/* Names that hang are left to themselves: nobody waits for the resolver's thread. */
static bool set_connection(CURL *easy, const struct http_call *call)
{
    return curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, watch_path) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, call->fresh ? 1L : 0L) == CURLE_OK;
}

/* curl counts the age of connections in whole seconds: one too many is made anew, none too few. */
static bool set_age(CURL *easy, const struct http_client *client)
{
    enum { SECOND_MS = 1000, TWO_SECONDS_MS = 2000 };
    int64_t since_ms = clock_monotonic_ms(clock_system()) - client->renewed_ms;
    if (client->renewed_ms == 0) {
        return true;
    }
    return since_ms < TWO_SECONDS_MS
               ? curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK
               : curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN,
                                  (long)(since_ms / SECOND_MS) - 1) == CURLE_OK;
}

/* No CA and no names: the pinned key is the identity. Without the pin nothing is sent. */
static bool set_tls(CURL *easy, const struct http_call *call)
{
    char pin[SIGNING_PIN_BYTES];
    if (call->peer != NULL) {
        signing_format_pin(call->peer, pin);
    }
    bool valid =
        (call->peer == NULL || curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, pin) == CURLE_OK) &&
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) == CURLE_OK;
    if (valid && call->identity != NULL) {
        valid = curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM") == CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM") == CURLE_OK &&
                set_blob(easy, CURLOPT_SSLCERT_BLOB, call->identity->certificate_pem) &&
                set_blob(easy, CURLOPT_SSLKEY_BLOB, call->identity->key_pem);
    }
    return valid;
}

static bool prepare(struct transfer *transfer, const struct http_call *call)
{
    CURL *easy = transfer->easy = curl_easy_init();
    transfer->most_bytes =
        call->most_answer_bytes == 0 ? HTTP_CLIENT_MOST_ANSWER_BYTES : call->most_answer_bytes;
    transfer->answer.account = call->account == NULL ? NULL : account_share(call->account);
    bool is_https = strncmp(call->url, "https://", 8) == 0;
    if (easy == NULL || is_https != (call->peer != NULL || call->any_key) ||
        (is_https && !set_tls(easy, call)) || !set_connection(easy, call)) {
        return false;
    }
    bool valid =
        set_deadlines(transfer, call) &&
        curl_easy_setopt(easy, CURLOPT_URL, call->url) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK;
    if (valid && strcmp(call->method, "POST") == 0) {
        transfer->body = memory_duplicate(call->body, call->body_bytes);
        const char *type = call->content_type;
        transfer->headers =
            curl_slist_append(NULL, type == NULL ? "Content-Type: application/json" : type);
        transfer->headers = curl_slist_append(transfer->headers, "Expect:");
        valid = curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body) == CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_bytes) ==
                    CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
    }
    return valid;
}

static void release(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    memory_free(transfer->body);
    memory_free(transfer->url);
}

static enum result to_result(const struct transfer *transfer, CURLcode code)
{
    if (code == CURLE_OK) {
        return RESULT_OK;
    }
    if (transfer->too_large || transfer->too_much) {
        return transfer->too_large ? RESULT_FULL : RESULT_BUSY;
    }
    if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH) {
        return RESULT_UNAUTHORIZED;
    }
    return code == CURLE_OPERATION_TIMEDOUT || transfer->stalled ? RESULT_TIMEOUT
                                                                 : RESULT_UNREACHABLE;
}

static void read_status(struct transfer *transfer)
{
    if (transfer->sent_ms != 0) {
        int64_t took_ms = clock_monotonic_ms(clock_system()) - transfer->sent_ms;
        transfer->answer.took_ms = took_ms > 0 ? took_ms : 1;
    }
    struct curl_header *header = NULL;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->answer.status);
    if (curl_easy_header(transfer->easy, "Date", 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
        time_t shown = curl_getdate(header->value, NULL);
        transfer->answer.date = shown > 0 ? (int64_t)shown : 0;
    }
    transfer->answer.uncounted = curl_easy_header(transfer->easy, HTTP_CLIENT_UNCOUNTED, 0,
                                                  CURLH_HEADER, -1, &header) == CURLHE_OK;
}

enum result http_client_call(const struct http_call *call, struct http_answer *answer_out)
{
    struct transfer transfer = {0};
    enum result result = RESULT_UNREACHABLE;
    if (prepare(&transfer, call)) {
        result = to_result(&transfer, curl_easy_perform(transfer.easy));
        read_status(&transfer);
    }
    release(&transfer);
    *answer_out = transfer.answer;
    return result;
}

void http_client_deinit_answer(struct http_answer *answer)
{
    buffer_deinit(&answer->body);
    if (answer->account != NULL) {
        account_give_back(answer->account, ACCOUNT_BYTES, answer->charged_bytes);
        account_close(&answer->account);
    }
}

struct http_answer http_client_take_answer(struct http_answer *answer)
{
    struct http_answer taken = *answer;
    buffer_init(&answer->body);
    answer->account = NULL;
    return taken;
}

struct http_client *http_client_create(size_t most_connections, const struct http_guard *guard)
{
    struct http_client *client = memory_allocate(1, sizeof *client);
    client->guard = *(guard == NULL ? &no_guard : guard);
    client->multi = curl_multi_init();
    (void)curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)most_connections);
    (void)curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)most_connections);
    return client;
}

static void finish(struct http_client *client, struct transfer *transfer)
{
    if (transfer->next != NULL) {
        transfer->next->previous = transfer->previous;
    }
    if (transfer->previous != NULL) {
        transfer->previous->next = transfer->next;
    } else {
        client->transfers = transfer->next;
    }
    (void)curl_multi_remove_handle(client->multi, transfer->easy);
    release(transfer);
    http_client_deinit_answer(&transfer->answer);
    memory_free(transfer);
}

void http_client_destroy(struct http_client **client)
{
    if (*client == NULL) {
        return;
    }
    while ((*client)->transfers != NULL) {
        finish(*client, (*client)->transfers);
    }
    (void)curl_multi_cleanup((*client)->multi);
    memory_free(*client);
    *client = NULL;
}

void http_client_send(struct http_client *client, const struct http_call *call,
                      http_client_done *done, void *context)
{
    struct transfer *transfer = memory_allocate(1, sizeof *transfer);
    transfer->done = done;
    transfer->context = context;
    if (!prepare(transfer, call) || !set_age(transfer->easy, client) ||
        !set_guard(transfer, client, call) ||
        curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer) != CURLE_OK ||
        curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK) {
        release(transfer);
        done(context, RESULT_UNREACHABLE, &transfer->answer);
        http_client_deinit_answer(&transfer->answer);
        memory_free(transfer);
        return;
    }
    transfer->next = client->transfers;
    if (transfer->next != NULL) {
        transfer->next->previous = transfer;
    }
    client->transfers = transfer;
}

static void conclude(struct http_client *client, struct transfer *transfer, enum result result)
{
    transfer->ended = true;
    read_status(transfer);
    tell_guard(transfer);
    transfer->done(transfer->context, result, &transfer->answer);
    finish(client, transfer);
}

static bool is_to_be_cut(const struct transfer *transfer,
                         bool (*is_cut)(void *context, const char *url, const char *local_address),
                         void *context)
{
    const char *url = NULL;
    const char *local_address = NULL;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &url);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_LOCAL_IP, &local_address);
    return !transfer->ended && url != NULL &&
           is_cut(context, url, local_address == NULL ? "" : local_address);
}

void http_client_cut(struct http_client *client,
                     bool (*is_cut)(void *context, const char *url, const char *local_address),
                     void *context)
{
    for (struct transfer *at = client->transfers; at != NULL; at = at->next) {
        at->doomed = at->doomed || is_to_be_cut(at, is_cut, context); /* by an outer cut, too */
    }
    struct transfer *transfer = client->transfers;
    while (transfer != NULL) {
        if (transfer->doomed) {
            transfer->doomed = false;
            conclude(client, transfer, RESULT_UNREACHABLE);
            transfer = client->transfers; /* what follows from it may have changed them all */
        } else {
            transfer = transfer->next;
        }
    }
}

void http_client_renew(struct http_client *client)
{
    client->renewed_ms = clock_monotonic_ms(clock_system());
}

/* Moves what can be moved; false: nothing ended. */
static bool perform(struct http_client *client)
{
    int number = 0;
    const CURLMsg *ended = NULL;
    bool any = false;
    (void)curl_multi_perform(client->multi, &number);
    for (; (ended = curl_multi_info_read(client->multi, &number)) != NULL; any = true) {
        struct transfer *transfer = NULL;
        CURLcode code = ended->data.result;
        (void)curl_easy_getinfo(ended->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        conclude(client, transfer, to_result(transfer, code));
    }
    return any;
}

/* An answer may be there as soon as its request is sent. */
void http_client_run(struct http_client *client, int64_t timeout_ms)
{
    const int most_ms = client->transfers == NULL ? 60000 : LOOK_EVERY_MS; /* to watch() */
    int wait_ms = timeout_ms > most_ms ? most_ms : (int)timeout_ms;
    if (!perform(client)) {
        (void)curl_multi_poll(client->multi, NULL, 0, wait_ms, NULL);
        (void)perform(client);
    }
}

struct waiting {
    bool ended;
    enum result result;
    struct http_answer *answer;
};

static void take_answer(void *context, enum result result, struct http_answer *answer)
{
    struct waiting *waiting = context;
    waiting->ended = true;
    waiting->result = result;
    *waiting->answer = http_client_take_answer(answer);
}

enum result http_client_wait(struct http_client *client, const struct http_call *call,
                             struct http_answer *answer_out)
{
    struct waiting waiting = {.answer = answer_out};
    http_client_send(client, call, take_answer, &waiting);
    while (!waiting.ended) {
        http_client_run(client, LOOK_EVERY_MS);
    }
    return waiting.result;
}

void http_client_wake(struct http_client *client)
{
    (void)curl_multi_wakeup(client->multi);
}
